#!/usr/bin/env bash
# docker-compose.yml for real: builds both images, `up`, the answers, the loader on files of one's own, who may do what, `up`
# once more, `down -v`. `make docker-test` calls it.
#
# Base images that are not there are made here (base-images.sh) and taken away again, with all that was built on them;
# PG_ETL_KEEP_IMAGES=1 leaves them, which makes the next test a short one.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/docker/checks.sh

if ! command -v docker >/dev/null || ! timeout 20 docker version >/dev/null 2>&1; then
    echo "docker-test: SKIPPED, nothing was tested: no Docker engine answers here"
    exit 0
fi
if docker compose version >/dev/null 2>&1; then
    tool=(docker compose)
elif command -v docker-compose >/dev/null; then
    tool=(docker-compose)
else
    echo "docker-test: SKIPPED, nothing was tested: neither 'docker compose' nor docker-compose is there"
    exit 0
fi

project=pg_etl_test_$$
work=$(mktemp -d)
log=$work/compose.log

# The project's containers in the state given, as compose labels them.
containers() { docker ps --all --quiet --filter "label=com.docker.compose.project=$project" "$@"; }
compose() { "${tool[@]}" --project-name "$project" "$@"; }
loader() { compose run --rm -T loader "$@" 2>>"$log"; }
server() { compose exec -T postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -d pg_etl -c "$1"; }

clean_up() {
    local status=$?
    trap - EXIT
    [ "$status" = 0 ] || { echo "docker-test: FAILED; the last lines of $log:"; tail -n 40 "$log"; } >&2
    compose down --volumes --remove-orphans >>"$log" 2>&1 || true
    if [ -z "${PG_ETL_KEEP_IMAGES:-}" ]; then
        compose down --rmi all >>"$log" 2>&1 || true
        # shellcheck disable=SC2046
        [ ! -s "$work/made" ] || tests/docker/base-images.sh remove $(cat "$work/made") >>"$log" 2>&1 || true
    fi
    [ "$status" != 0 ] || rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT

# The caller's .env and environment are not what is tested. Root is given a user who could not write elsewhere.
while read -r setting; do unset "$setting"; done < <(compgen -e | grep '^PG_ETL_' | grep -v KEEP_IMAGES)
PG_ETL_UID=$(id -u) PG_ETL_GID=$(id -g)
[ "$PG_ETL_UID" != 0 ] || PG_ETL_UID=1234 PG_ETL_GID=1234
export PG_ETL_UID PG_ETL_GID PG_ETL_FOLDER=$work/folder PG_ETL_IMAGES=$project
for setting in OUTPUT CONFIG RUN PORT QUESTIONS MIGRATOR_PASSWORD LOADER_PASSWORD READER_PASSWORD; do
    export "PG_ETL_$setting="
done
mkdir -p "$PG_ETL_FOLDER/tests"
cp -r tests/sample "$PG_ETL_FOLDER/tests/"
printf 'given_name,family_name,date_of_birth,place_of_birth\nNoor,Ek,1990-01-02,\nSol,Ibe,1991-03-04,\n' > "$PG_ETL_FOLDER/own.csv"
[ "$(id -u)" != 0 ] || chown -R "$PG_ETL_UID:$PG_ETL_GID" "$PG_ETL_FOLDER"
chmod 755 "$work"

step "base images"
if [ "$(id -u)" = 0 ]; then
    tests/docker/base-images.sh make >"$work/made" 2>>"$log"
    note "stand-ins made: $(paste -sd ' ' "$work/made")"
else
    note "the engine's own: debootstrap needs root"
fi

step "build"
compose build >>"$log" 2>&1
note "sizes: $(sizes)"

step "up"
volumes_before=$(docker volume ls --quiet | sort)
"${tool[@]}" --project-name "$project" up --no-color >"$work/up.log" 2>&1 &
attached=$!
check_up
note "what it printed: "
sed "s/^/    /; s/$project/pg_etl/g" "$work/up.log"

step "answers";                  check_answers
step "files of one's own";       check_own_files
step "who may do what";          check_rights
step "users, images, secrets";   check_images
step "stopped, and up again";    check_second_up
step "down -v";                  check_down
echo "docker-test: passed in $SECONDS s"
