#!/usr/bin/env bash
# Repositories of Git, Mercurial and Subversion with history, tags and a branch that is behind; svnserve in front of the last. Where
# `terraform` is on the path, a folder with an applied state, a plan that would change it, and logs. Usage: vcs.sh start|stop DATA
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_servers() {
  local svn
  read -r svn < <(free_ports 1 30000)
  rm -rf git hg svn terraform
  # Nobody's own settings: no signing, no hooks, no aliases.
  export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HGRCPATH='' HGPLAIN=1
  git_repository >logs/git.log 2>&1 || failed git
  hg_repository >logs/hg.log 2>&1 || failed hg
  svnadmin create svn
  printf '[general]\nanon-access = write\n' >svn/conf/svnserve.conf
  start svnserve svnserve --daemon --foreground --listen-host "$HOST" --listen-port "$svn" --root "$HOME_DIR/svn"
  wait_until 30 "svnserve answers" svn info --non-interactive "svn://$HOST:$svn/"
  svn_history "svn://$HOST:$svn" >logs/svn.log 2>&1 || failed svn

  publish TRIOPS_LIVE_GIT "$HOME_DIR/git/shop"
  publish TRIOPS_LIVE_HG "$HOME_DIR/hg/shop"
  publish TRIOPS_LIVE_SVN "svn://$HOST:$svn"
  {
    printf '[[source]]\nname = "git"\nconnector = "git"\npath = ["%s"]\n\n' "$HOME_DIR/git/shop"
    printf '[[source]]\nname = "hg"\nconnector = "mercurial"\npath = ["%s"]\n\n' "$HOME_DIR/hg/shop"
    printf '[[source]]\nname = "svn"\nconnector = "subversion"\nwith = { repository = "svn://%s:%s" }\n\n' "$HOST" "$svn"
  } >sources.toml
  if command -v terraform >/dev/null; then
    terraform_folder >logs/terraform.log 2>&1 || failed terraform
    publish TRIOPS_LIVE_TERRAFORM "$HOME_DIR/terraform/shop"
    printf '[[source]]\nname = "terraform"\nconnector = "terraform"\npath = ["%s"]\n\n' "$HOME_DIR/terraform/shop" >>sources.toml
  fi
}

failed() {
  tail -n 20 "logs/$1.log" >&2
  die "the $1 repository could not be made"
}

commit() {
  local author=$1 at=$2
  shift 2
  GIT_AUTHOR_DATE="@$at +0000" GIT_COMMITTER_DATE="@$at +0000" git -C git/shop -c user.name="$author" -c user.email=dev@example.org commit --quiet --allow-empty "$@"
}

git_repository() {
  git init --quiet --bare --initial-branch=main git/origin.git
  git clone --quiet git/origin.git git/shop
  git -C git/shop checkout --quiet -B main
  echo one >git/shop/app.txt
  git -C git/shop add app.txt
  commit Alice 1795470000 --message "Open the shop"
  GIT_COMMITTER_DATE="@1795470100 +0000" git -C git/shop -c user.name=Alice -c user.email=dev@example.org tag --annotate v1.0.0 --message "First release"
  commit "Bob O'Brien" 1795476187 --message "Ship the new checkout; rm -rf \$HOME"
  git -C git/shop push --quiet --set-upstream origin main
  git -C git/shop reset --quiet --hard HEAD~1
}

hg_repository() {
  mkdir -p hg
  hg init hg/shop
  echo one >hg/shop/app.txt
  hg --cwd hg/shop add app.txt
  hg --cwd hg/shop commit --user 'Alice <alice@example.org>' --date '1795470000 0' --message 'Open the shop'
  hg --cwd hg/shop tag --user 'Alice <alice@example.org>' --date '1795470100 0' 1.0
  echo two >hg/shop/app.txt
  hg --cwd hg/shop commit --user 'Bob <bob@example.org>' --date '1795476187 -7200' --message 'Ship the new checkout'
}

svn_history() {
  svn mkdir --non-interactive --username alice --message 'Open the shop' "$1/trunk" "$1/tags"
  svn mkdir --non-interactive --username bob --message 'Ship the new checkout' "$1/trunk/checkout"
  svn copy --non-interactive --username bob --message 'Release 1.0' "$1/trunk" "$1/tags/1.0"
}

# `terraform_data` is built in: no provider is fetched.
terraform_folder() {
  export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0 TF_CLI_CONFIG_FILE=/dev/null
  mkdir -p terraform/shop
  cd terraform/shop
  cat >main.tf <<'T'
resource "terraform_data" "queue" { input = "orders" }
resource "terraform_data" "flag" { count = 2 }
T
  terraform init -no-color
  terraform apply -no-color -auto-approve -json >apply.ndjson
  sed -i 's/"orders"/"orders-v2"/' main.tf
  terraform plan -no-color -out=plan.bin
  terraform show -no-color -json plan.bin >plan.json
  cd "$HOME_DIR"
}

serve vcs "$@"
