# The checks of test.sh, a function each; they use its settings and its `compose`, `loader` and `server`.
# shellcheck shell=bash disable=SC2154,SC2016

step() { echo "[$SECONDS s] $1"; }
note() { echo "    $1"; }
fail() { echo "docker-test: $1" >&2; exit 1; }

# Two texts that should be the same.
same() {
    [ "$2" = "$3" ] || { diff <(echo "$2") <(echo "$3") >&2 || true; fail "$1: expected (<) and found (>) differ"; }
}

# A command that should be refused, with a word of the refusal.
refused() {
    local word=$1 said
    shift
    if said=$("$@" 2>&1); then fail "not refused: $*"; fi
    [[ $said == *"$word"* ]] || fail "refused with other words than '$word': $*: $said"
}

# The one container of a service.
container() { containers --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False; }
state() { docker inspect --format "{{.State.$2}}" "$(container "$1")"; }
image() { docker inspect --format '{{.Image}}' "$(container "$1")"; }

sizes() { docker images --format '{{.Repository}} {{.Size}}' | sed -n "s/^$project-//p" | paste -sd ,; }

# What a page of docs/ shows for a command, without notes (they go to stderr). The pages' own test keeps them true.
shown() {
    awk -v line="\$ $2" '$0 == line { on = 1; next } on && /^(\$ |```)/ { exit } on' "docs/$1.md" | grep -v ': loader quarantine list'
}

# Waits until a service has run and ended well; with a time, until it has started after that time and ended.
ended_well() {
    local tries=0 started=none
    # A container that is made and not started yet counts as "not running", so `docker wait` would return at once.
    until [[ $(state "$1" Status 2>/dev/null) == exited ]] && started=$(state "$1" StartedAt) && [ "$started" != "${2:-}" ]; do
        kill -0 "$attached" 2>/dev/null || fail "compose ended before $1 did: $(tail -n 20 "$work/up.log")"
        [ $((tries += 1)) -le 600 ] || fail "$1 has not ended after two minutes"
        sleep 0.2
    done
    same "the exit status of $1" 0 "$(state "$1" ExitCode)"
}

check_up() {
    for service in migrate load summarise; do ended_well "$service"; done
    same "the database after the load" "running healthy" "$(state postgres Status) $(state postgres Health.Status)"
    kill -0 "$attached" || fail "compose ended although the database is up"
}

check_answers() {
    same summary_output.json "$(shown people 'loader query summary_output --format json')" "$(cat "$PG_ETL_FOLDER/output/summary_output.json")"
    same most_completed_event.json "$(shown mobilize 'loader query most_completed_event --format json')" \
        "$(tr -d '\n' < "$PG_ETL_FOLDER/output/most_completed_event.json")"
    local page command
    while read -r page command; do
        # shellcheck disable=SC2086
        same "$command" "$(shown "$page" "$command")" "$(loader ${command#loader })"
    done <<'END'
mobilize loader query event_rsvps event_id=250000 --format json
people loader query births_by_country
posts loader query votes_per_post_per_week
posts loader query mean_votes_per_post_per_week
vaccines loader query people_per_dose
rides loader query trips_without_charges
rides loader query churned_drivers as_of=2021-07-11
END
    same "files" "mean_votes_per_post_per_week most_completed_event people_per_dose summary_output trips_without_charges votes_per_post_per_week" \
        "$(basename -s .json "$PG_ETL_FOLDER"/output/* | paste -sd ' ')"
    same "whose the files are" "$PG_ETL_UID:$PG_ETL_GID" "$(stat -c %u:%g "$PG_ETL_FOLDER/output" "$PG_ETL_FOLDER"/output/* | sort -u)"
}

# Every row's place and writers, in all datasets and the quarantine: as before, unless something was written or locked.
physical() {
    server "select md5(string_agg(rows, '' order by name))
        from (
            select oid::regclass::text as name,
                query_to_xml(format('select ctid, xmin, xmax from %s order by ctid', oid::regclass), false, true, '')::text as rows
            from pg_class
            where relkind = 'r'
                and (relnamespace::regnamespace::text in ('mobilize', 'people', 'posts', 'rides', 'vaccines')
                    or oid = 'etl.quarantine'::regclass)
        ) as tables"
}

check_own_files() {
    local before printed
    before=$(physical)
    printed=$(loader run people tests/sample/people/places.csv tests/sample/people/people.csv)
    same "the samples once more" "people.people 0 0" "$(awk '$1 == "people" { print "people.people", $3, $4 }' <<<"$printed")"
    same "rows of a repeated load" "$before" "$(physical)"
    note "$(head -n 1 <<<"$printed")"

    printed=$(loader run people people=own.csv)
    same "two people of one's own" 2 "$(awk '$1 == "people" { print $3 }' <<<"$printed")"
    same "people" 497 "$(server 'select count(*) from people.people')"
    loader export people --dir exported >/dev/null
    same "whose exports are" "$PG_ETL_UID" "$(stat -c %u "$PG_ETL_FOLDER/exported/people.csv")"
    same "psql" 5 "$(loader psql -X -A -t -c 'select count(distinct dataset) from etl.runs')"
}

check_rights() {
    local as_reader=(compose run --rm -T --no-deps summarise)
    refused 'permission denied' loader_said psql -X -c 'delete from people.people'
    refused 'permission denied' loader_said psql -X -c 'create schema mine'
    refused 'permission denied' "${as_reader[@]}" psql -X -c 'insert into people.countries values (1)'
    same "the reader reads" t "$("${as_reader[@]}" psql -X -A -t -c 'select count(*) > 0 from people.people' 2>>"$log")"
    refused 'pg_hba.conf rejects' compose run --rm -T -e PGUSER=postgres loader psql -X -c 'select 1'
    refused 'password authentication failed' compose run --rm -T -e PGUSER=migrator loader psql -X -c 'select 1'
    same "superusers" postgres "$(server 'select string_agg(rolname, chr(32)) from pg_roles where rolsuper')"
    same "what a service sees of passwords" password "$(compose run --rm -T --entrypoint ls loader /run/pg_etl 2>>"$log")"
    same "where the port is published" 127.0.0.1 \
        "$(docker inspect --format '{{(index .NetworkSettings.Ports "5432/tcp" 0).HostIp}}' "$(container postgres)")"
}

# As `loader`, but with what it said on stderr.
loader_said() { compose run --rm -T loader "$@"; }

check_images() {
    same "the server's user" 999 "$(compose exec -T postgres id -u)"
    same "the loader's user" "$PG_ETL_UID:$PG_ETL_GID" \
        "$(compose run --rm -T --entrypoint sh loader -c 'echo "$(id -u):$(id -g)"' 2>>"$log")"
    local service password user
    for service in postgres load; do
        user=$(docker image inspect --format '{{.Config.User}}' "$(image "$service")")
        [[ $user =~ ^(postgres|[1-9].*)$ ]] || fail "the image of $service runs as '$user'"
        same "compilers and sources in $service" "" \
            "$(docker run --rm --entrypoint sh "$(image "$service")" -c 'command -v cc gcc clang cargo rustc; ls -d /src 2>/dev/null; true')"
    done
    for service in migrator loader reader; do
        password=$(compose exec -T postgres cat "/run/pg_etl/$service/password")
        [ ${#password} -ge 32 ] || fail "the password of $service is short"
        # Not through a pipe to `grep -q`: with pipefail an early end of it would hide a find.
        for place in postgres load; do
            [[ $(docker history --no-trunc "$(image "$place")") != *"$password"* ]] || fail "a password in the history of $place"
            [[ $(docker image inspect "$(image "$place")") != *"$password"* ]] || fail "a password in the image of $place"
            [[ $(docker inspect "$(container "$place")") != *"$password"* ]] || fail "a password in the container of $place"
            [[ $(docker logs "$(container "$place")" 2>&1) != *"$password"* ]] || fail "a password in the log of $place"
        done
    done
}

check_second_up() {
    local before started runs done_runs="select count(*) from etl.runs where status = 'done'"
    before=$(physical)
    runs=$(server "$done_runs")
    started=$(state summarise StartedAt)
    # As Ctrl-C does; the containers stay, and with them the data.
    kill -TERM "$attached"
    wait "$attached" || true
    same "containers that run after the end" "" "$(containers --filter status=running)"
    "${tool[@]}" --project-name "$project" up --no-color >"$work/up-again.log" 2>&1 &
    attached=$!
    ended_well summarise "$started"
    same "runs of the second up" $((runs + 5)) "$(server "$done_runs")"
    same "rows after a second up" "$before" "$(physical)"
}

check_down() {
    compose down --volumes >>"$log" 2>&1
    wait "$attached" 2>/dev/null || true
    same "containers" "" "$(containers)"
    same "volumes" "$volumes_before" "$(docker volume ls --quiet | sort)"
    same "networks" "" "$(docker network ls --quiet --filter "label=com.docker.compose.project=$project")"
}
