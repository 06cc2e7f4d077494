# shellcheck shell=bash
# The container image of docker.sh and podman.sh, made from Debian's static busybox, so that no registry is needed.
# It is sourced after lib.sh.

# busybox_image: the image as a tar stream.
busybox_image() {
  local root=$HOME_DIR/rootfs name
  mkdir -p "$root"/{bin,tmp,etc,proc,sys,dev}
  cp /bin/busybox "$root/bin/busybox"
  for name in $(/bin/busybox --list); do
    [ "$name" = busybox ] || ln -sf busybox "$root/bin/$name"
  done
  printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
  tar -C "$root" -cf - .
}

# What the containers run. LOGGER writes one line a second and stops at once when asked to.
# shellcheck disable=SC2016,SC2034 # expanded in the container; used by the scripts that source this
LOGGER='trap "exit 0" TERM; n=0; while :; do n=$((n + 1)); echo "$(date -Iseconds) level=info request=$n path=/orders status=200"; sleep 1 & wait $!; done'
# shellcheck disable=SC2034
IDLER='trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'
# shellcheck disable=SC2034
CRASHER='echo "fatal: no route to database" >&2; exit 3'
# GLUTTON's memory is eaten by a child, so that the shell outlives the kill by a second: an engine that hears of the end of
# a container before it hears of the kill does not say that memory was the reason.
# shellcheck disable=SC2016,SC2034
GLUTTON='(x=0123456789abcdef; while :; do x=$x$x; done); code=$?; sleep 1; exit $code'
