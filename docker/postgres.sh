#!/bin/sh
# Starts the server. Before that: a cluster where there is none, and the database with its extension, roles and passwords.
# What is there already is kept, so a restart, a newer image and a changed password all take this one way.
set -eu

# A cluster that was interrupted while it was made never gets its name.
if [ ! -d "$PGDATA" ]; then
    echo "making a PostgreSQL cluster in $PGDATA"
    rm -rf "$PGDATA.new"
    initdb --pgdata "$PGDATA.new" --encoding UTF8 --locale C.UTF-8 --auth-local peer --auth-host scram-sha-256 >/dev/null
    mv "$PGDATA.new" "$PGDATA"
fi

# One password a role, each in a volume that only the services of this role can read: the one given, else the one that is
# there, else a new one.
keep_password() {
    file=/run/pg_etl/$1/password
    [ -n "$2" ] || [ -s "$file" ] || set -- "$1" "$(head -c 24 /dev/urandom | base64)"
    [ -z "$2" ] || printf '%s' "$2" > "$file"
}
keep_password migrator "${MIGRATOR_PASSWORD:-}"
keep_password loader "${LOADER_PASSWORD:-}"
keep_password reader "${READER_PASSWORD:-}"
unset MIGRATOR_PASSWORD LOADER_PASSWORD READER_PASSWORD

# Prepared behind a socket that nobody else looks for, so that the server counts as up only when all is there. What this
# one logs of its own start and end would only confuse.
pg_ctl --silent --wait start --options "-c listen_addresses='' -c unix_socket_directories=/tmp \
    -c hba_file=/usr/local/share/pg_etl/pg_hba.conf -c log_min_messages=fatal"
psql --host /tmp --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file /usr/local/share/pg_etl/postgres.sql postgres
pg_ctl --silent --wait stop --mode fast

exec postgres -c "listen_addresses=*" -c hba_file=/usr/local/share/pg_etl/pg_hba.conf "$@"
