-- Mobilize: what a run has staged, into the seven tables of schema mobilize.
--
-- What a record is, its source's name says: attendances, events or people. Whatever brings them, organizations, events,
-- timeslots and people are merged once each.
--
-- Every attendance is parsed once, into mobilize_attendances, which is at the same time what is merged into
-- mobilize.attendances: its columns have the target's names, the others are for the steps here and mean nothing to
-- etl_merge. Events, timeslots and organizations stand in many records: of each distinct text (known by its hash) one
-- record is read, the first of its source, and counts for all its copies.
create function @extschema@.etl_load_mobilize(run_id bigint)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '32MB'
set default_statistics_target = 10
set client_min_messages = 'warning'
-- Parsing is worth a worker, but the planner takes calls of a set-returning function for next to free.
set parallel_setup_cost = 0
set parallel_tuple_cost = 0
-- With the leader two processes read: where there are two cores a third makes it slower.
set max_parallel_workers_per_gather = 1
as $function$
declare
    staging constant text := format('staging.run_%s', run_id);
    -- Numbers of the sources of each kind.
    attendances smallint[];
    events smallint[];
    people smallint[];
    -- Not migrated since lists of events load: attendances are merged as before.
    is_versioned constant boolean := exists (
        select
        from pg_attribute
        where attrelid = to_regclass('mobilize.events')
            and attname = 'version'
            and not attisdropped
    );
    is_replay constant boolean := exists (
        select
        from pg_attribute
        where attrelid = to_regclass(staging)
            and attname = 'quarantine_id'
            and not attisdropped
    );
    event_version constant name := case when is_versioned then 'version' else 'modified_date' end;
    timeslot_version constant name := case when is_versioned then 'version' else 'event_modified_date' end;
begin
    if to_regclass('mobilize.masked_attendances') is null then
        raise exception 'the tables of mobilize are not in database %', current_database()
            using errcode = 'undefined_table', hint = 'loader migrate mobilize';
    end if;
    -- A table of the caller's own: another's view or policy under that name would run as the caller.
    if not exists (
        select
        from pg_class
        where oid = to_regclass(staging)
            and relkind = 'r'
            and pg_get_userbyid(relowner) = current_user
    ) then
        raise exception 'run % has nothing staged: there is no table %', run_id, staging
            using errcode = 'undefined_table', hint = 'loader run mobilize FILE, or: select * from etl_load_mobilize(''[...]'')';
    end if;

    -- In a replay each staged record is a source of its own, and the quarantine knows its name.
    execute format($sql$
        select
            coalesce(array_agg(source) filter (where name = 'attendances'), '{}'),
            coalesce(array_agg(source) filter (where name = 'events'), '{}'),
            coalesce(array_agg(source) filter (where name = 'people'), '{}')
        from (%s) as source_of_run
        $sql$, case
            when is_replay then format('select run.source, kept.source_name as name from %s as run join etl.quarantine as kept using (quarantine_id)', staging)
            else format('select source, name from etl.run_sources where run_id = %s', run_id)
        end)
    into attendances, events, people;
    if not is_versioned and events <> '{}' then
        raise exception 'the tables of mobilize in database % cannot take a list of events yet', current_database()
            using errcode = 'undefined_column', hint = 'loader migrate mobilize';
    end if;

    -- What the session has under these names is not ours, and not to be run.
    drop table if exists
        pg_temp.mobilize_attendances, pg_temp.mobilize_events, pg_temp.mobilize_organizations,
        pg_temp.mobilize_timeslots, pg_temp.mobilize_people, pg_temp.mobilize_custom_fields, pg_temp.mobilize_masked;

    execute format($sql$
        create temporary table mobilize_attendances on commit drop as
        select
            run.source,
            run.line,
            run.byte,
            run.ctid as staged,
            -- First, and of a fixed width: most steps below read these and no others.
            parsed.is_masked,
            parsed.has_person,
            parsed.event_hash,
            parsed.timeslot_hash,
            parsed.sponsor_hash,
            parsed.person_hash,
            parsed.attendance_id,
            parsed.created_date,
            parsed.modified_date,
            parsed.user_id,
            parsed.event_id,
            parsed.timeslot_id,
            parsed.sponsor_organization_id,
            parsed.status,
            parsed.attended,
            parsed.rating,
            parsed.feedback,
            parsed.referrer_utm_source,
            parsed.referrer_utm_medium,
            parsed.referrer_utm_campaign,
            parsed.referrer_utm_term,
            parsed.referrer_utm_content,
            parsed.referrer_url,
            parsed.absent,
            coalesce(run.problem, parsed.problem) as problem,
            coalesce(run.sqlstate, parsed.sqlstate) as sqlstate,
            parsed.field,
            parsed.custom_signup_field_values,
            parsed.person_id,
            parsed.person_created_date,
            parsed.person_modified_date,
            parsed.given_name,
            parsed.family_name,
            parsed.email_address,
            parsed.other_email_addresses,
            parsed.phone_number,
            parsed.other_phone_numbers,
            parsed.postal_code,
            parsed.other_postal_codes,
            parsed.sms_opt_in_status,
            parsed.blocked_date,
            parsed.person_problem,
            parsed.person_sqlstate,
            parsed.person_field
        from %s as run
        cross join lateral @extschema@.etl_parse_attendance(case when run.problem is null then run.record end) as parsed
        where run.source = any (%L::smallint[])
        $sql$, staging, attendances);
    analyze pg_temp.mobilize_attendances
        (staged, attendance_id, user_id, event_id, timeslot_id, event_hash, timeslot_hash, sponsor_hash, person_hash, is_masked);

    execute format($sql$
        create temporary table mobilize_events on commit drop as
        with fragment as (
            select source, event_hash, min(staged) as staged, count(*) as copies
            from pg_temp.mobilize_attendances
            where event_hash is not null
            group by source, event_hash
        )
        select
            fragment.source,
            run.line,
            run.byte,
            fragment.staged,
            fragment.copies,
            fragment.event_hash,
            '/event/sponsor' as sponsor_place,
            event.modified_date as version,
            event.*
        from fragment
        join %s as run on run.ctid = fragment.staged
        cross join lateral @extschema@.etl_parse_event(run.record) as event
        $sql$, staging);
    if events <> '{}' then
        execute format($sql$
            insert into pg_temp.mobilize_events
            select
                run.source,
                run.line,
                run.byte,
                run.ctid,
                1,
                null,
                '/sponsor',
                -- Mobilize sends whole seconds: the list comes after every attendance that shows the same, and before all that is newer.
                event.modified_date + interval '0.5 seconds',
                event.*
            from %s as run
            cross join lateral @extschema@.etl_parse_listed_event(run.record) as event
            where run.source = any (%L::smallint[])
                and run.problem is null
            $sql$, staging, events);
        execute format($sql$
            insert into pg_temp.mobilize_events (source, line, byte, copies, problem, sqlstate)
            select source, line, byte, 1, problem, sqlstate
            from %s
            where source = any (%L::smallint[])
                and problem is not null
            $sql$, staging, events);
    end if;

    -- A record may show two organizations: who promoted the sign-up, and who owns the event.
    execute format($sql$
        create temporary table mobilize_organizations on commit drop as
        with fragment as (
            select source, '/sponsor' as place, min(staged) as staged, count(*) as copies
            from pg_temp.mobilize_attendances
            where sponsor_hash is not null
            group by source, sponsor_hash
            union all
            select source, sponsor_place, min(staged), sum(copies)::bigint
            from pg_temp.mobilize_events
            where sponsor_hash is not null
            group by source, sponsor_place, sponsor_hash
        )
        select fragment.source, run.line, run.byte, fragment.copies, organization.*
        from fragment
        join %s as run on run.ctid = fragment.staged
        cross join lateral @extschema@.etl_parse_organization(run.record, fragment.place) as organization
        $sql$, staging);

    -- A timeslot is as new as the event that carries it: the same one under two versions of its event counts twice.
    execute format($sql$
        create temporary table mobilize_timeslots on commit drop as
        with fragment as (
            select
                source,
                event_hash,
                min(event_id) as event_id,
                min(staged) as staged,
                count(*) as copies
            from pg_temp.mobilize_attendances
            where timeslot_hash is not null
            group by source, event_hash, timeslot_hash
        )
        select
            fragment.source,
            run.line,
            run.byte,
            fragment.copies,
            fragment.event_id,
            event.modified_date as event_modified_date,
            event.version,
            timeslot.*
        from fragment
        join %s as run on run.ctid = fragment.staged
        left join pg_temp.mobilize_events as event
            on event.source = fragment.source
            and event.event_hash = fragment.event_hash
        cross join lateral @extschema@.etl_parse_timeslot(run.record) as timeslot
        union all
        select
            event.source,
            event.line,
            event.byte,
            event.copies,
            event.event_id,
            event.modified_date,
            event.version,
            timeslot.*
        from pg_temp.mobilize_events as event
        cross join lateral (
            select * from @extschema@.etl_explode_timeslots(case when event.event_hash is not null then event.timeslots end)
            union all
            select * from @extschema@.etl_explode_listed_timeslots(case when event.event_hash is null then event.timeslots end)
        ) as timeslot
        $sql$, staging);

    create temporary table mobilize_people on commit drop as
    with fragment as (
        select min(staged) as staged, count(*) as copies
        from pg_temp.mobilize_attendances
        where has_person
        group by source, person_hash
    )
    select
        attendance.source,
        attendance.line,
        attendance.byte,
        fragment.copies,
        attendance.user_id,
        attendance.person_id,
        attendance.person_created_date as created_date,
        attendance.person_modified_date as modified_date,
        attendance.given_name,
        attendance.family_name,
        attendance.email_address,
        attendance.other_email_addresses,
        attendance.phone_number,
        attendance.other_phone_numbers,
        attendance.postal_code,
        attendance.other_postal_codes,
        attendance.sms_opt_in_status,
        attendance.blocked_date,
        attendance.person_problem as problem,
        attendance.person_sqlstate as sqlstate,
        attendance.person_field as field
    from fragment
    join pg_temp.mobilize_attendances as attendance on attendance.staged = fragment.staged;
    if people <> '{}' then
        execute format($sql$
            insert into pg_temp.mobilize_people
            select run.source, run.line, run.byte, 1, person.*
            from %s as run
            cross join lateral @extschema@.etl_parse_person(run.record) as person
            where run.source = any (%L::smallint[])
                and run.problem is null
            $sql$, staging, people);
        execute format($sql$
            insert into pg_temp.mobilize_people (source, line, byte, copies, problem, sqlstate)
            select source, line, byte, 1, problem, sqlstate
            from %s
            where source = any (%L::smallint[])
                and problem is not null
            $sql$, staging, people);
    end if;
    analyze pg_temp.mobilize_people (user_id);

    create temporary table mobilize_custom_fields on commit drop as
    select
        attendance.source,
        attendance.line,
        attendance.byte,
        attendance.attendance_id,
        attendance.modified_date as attendance_modified_date,
        answer.*
    from pg_temp.mobilize_attendances as attendance
    cross join lateral @extschema@.etl_explode_custom_fields(attendance.custom_signup_field_values) as answer
    where attendance.attendance_id is not null;

    -- Twins, alike in all of the key, are numbered from the oldest version on: a newer version of one of them moves
    -- it behind the others, and each number's version only grows.
    execute format($sql$
        create temporary table mobilize_masked on commit drop as
        select
            run.source,
            run.line,
            run.byte,
            masked.user_id,
            masked.created_date,
            masked.start_date,
            masked.end_date,
            masked.event_type,
            row_number() over (
                partition by
                    run.source, masked.user_id, masked.created_date, masked.start_date, masked.end_date,
                    masked.event_type
                order by masked.modified_date nulls first, masked::text collate "C"
            ) as occurrence,
            masked.modified_date,
            masked.sponsor_organization_id,
            masked.status,
            masked.attended,
            masked.rating,
            masked.feedback,
            masked.referrer_utm_source,
            masked.referrer_utm_medium,
            masked.referrer_utm_campaign,
            masked.referrer_utm_term,
            masked.referrer_utm_content,
            masked.referrer_url,
            masked.max_attendees,
            masked.is_full,
            masked.instructions,
            case when masked.problem is null then masked.custom_signup_field_values::jsonb end
                as custom_signup_field_values,
            masked.absent,
            masked.problem,
            masked.sqlstate,
            masked.field
        from pg_temp.mobilize_attendances as attendance
        join %s as run on run.ctid = attendance.staged
        cross join lateral @extschema@.etl_parse_masked_attendance(run.record) as masked
        where attendance.is_masked
        $sql$, staging);
    delete from pg_temp.mobilize_attendances where is_masked;

    -- Typed arguments, so that no other function of the name can match them better.
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_organizations'::regclass, 'mobilize.organizations'::regclass, 'modified_date'::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_events'::regclass, 'mobilize.events'::regclass, event_version, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_timeslots'::regclass, 'mobilize.timeslots'::regclass, timeslot_version, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_people'::regclass, 'mobilize.people'::regclass, 'modified_date'::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_attendances'::regclass, 'mobilize.attendances'::regclass, 'modified_date'::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_custom_fields'::regclass, 'mobilize.attendance_custom_fields'::regclass, 'attendance_modified_date'::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.mobilize_masked'::regclass, 'mobilize.masked_attendances'::regclass, 'modified_date'::name, run_id);

    -- Dropped now, so that a transaction can load twice.
    drop table
        pg_temp.mobilize_attendances, pg_temp.mobilize_events, pg_temp.mobilize_organizations,
        pg_temp.mobilize_timeslots, pg_temp.mobilize_people, pg_temp.mobilize_custom_fields, pg_temp.mobilize_masked;
end
$function$;

revoke execute on function @extschema@.etl_load_mobilize(bigint) from public;
comment on function @extschema@.etl_load_mobilize(bigint) is
    'Loads what run run_id has staged in staging.run_<run_id> into the tables of schema mobilize; one row a table, with its counts. The loader calls it.';
