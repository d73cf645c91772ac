#!/bin/sh
# The loader in its container: `loader.sh ARGUMENT...` is `loader ARGUMENT...` with the role's password and the configuration
# that docker-compose.yml names; `loader.sh summarise` writes the answers to $PG_ETL_QUESTIONS.
set -eu

# From a file: a variable of the container would show in `docker inspect`.
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
fi

if [ "${1:-}" != summarise ]; then
    exec loader ${PG_ETL_CONFIG:+--config "$PG_ETL_CONFIG"} "$@"
fi

if ! mkdir -p "$PG_ETL_OUTPUT" 2>/dev/null || ! [ -w "$PG_ETL_OUTPUT" ]; then
    echo "summarise: $PG_ETL_OUTPUT in the mounted folder cannot be written by user $(id -u), group $(id -g)" >&2
    echo "  next: put PG_ETL_UID and PG_ETL_GID of the folder's owner (id -u, id -g) into .env" >&2
    exit 1
fi
for question in $PG_ETL_QUESTIONS; do
    loader ${PG_ETL_CONFIG:+--config "$PG_ETL_CONFIG"} export "$question" --format json --dir "$PG_ETL_OUTPUT"
done
