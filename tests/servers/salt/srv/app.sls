# one state that changes, one that fails
migrate:
  cmd.run:
    - name: echo migrated to v42

start the gateway:
  cmd.run:
    - name: echo "card gateway does not start" >&2; exit 7
