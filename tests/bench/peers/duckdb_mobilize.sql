-- The SQL of duckdb_mobilize.py, in DuckDB's dialect: variable input is the file, pg the database. The newest of each key is the greatest modified_date, and
-- of those the last line, as in ../mobilize.sql; DuckDB keeps the order of the lines, so rowid counts them.
-- Most of a record is its event, and most events stand in a hundred records: each is parsed whole only where it is the newest.
create temporary table records as
select
    * exclude (event),
    event as whole_event,
    from_json(event, '{
        "id": "bigint", "modified_date": "bigint", "event_type": "varchar",
        "sponsor": {
            "id": "bigint", "name": "varchar", "slug": "varchar", "org_type": "varchar", "is_coordinated": "boolean", "is_independent": "boolean",
            "is_primary_campaign": "boolean", "race_type": "varchar", "state": "varchar", "district": "varchar", "candidate_name": "varchar",
            "event_feed_url": "varchar", "logo_url": "varchar", "created_date": "bigint", "modified_date": "bigint"
        },
        "timeslots": [{
            "id": "bigint", "start_date": "bigint", "end_date": "bigint", "max_attendees": "bigint", "is_full": "boolean", "instructions": "varchar"
        }]
    }') as event
from read_json(
    getvariable('input'),
    format = 'newline_delimited',
    columns = {
        id: 'bigint',
        created_date: 'bigint',
        modified_date: 'bigint',
        status: 'varchar',
        attended: 'boolean',
        rating: 'varchar',
        feedback: 'varchar',
        custom_signup_field_values: 'json',
        event: 'json',
        person: 'struct(
            id bigint, person_id bigint, user_id bigint, created_date bigint, modified_date bigint, given_name varchar, family_name varchar,
            email_addresses struct(address varchar)[], phone_numbers struct("number" varchar)[], postal_addresses struct(postal_code varchar)[],
            sms_opt_in_status varchar, blocked_date bigint)',
        timeslot: 'struct(id bigint, start_date bigint, end_date bigint, max_attendees bigint, is_full boolean, instructions varchar)',
        sponsor: 'struct(
            id bigint, name varchar, slug varchar, org_type varchar, is_coordinated boolean, is_independent boolean, is_primary_campaign boolean,
            race_type varchar, state varchar, district varchar, candidate_name varchar, event_feed_url varchar, logo_url varchar,
            created_date bigint, modified_date bigint)',
        referrer: 'struct(
            utm_source varchar, utm_medium varchar, utm_campaign varchar, utm_term varchar, utm_content varchar, url varchar)'
    }
);

begin;

insert into pg.mobilize.organizations by name
select
    o.id as organization_id,
    o.* exclude (id, created_date, modified_date),
    to_timestamp(o.created_date) as created_date,
    to_timestamp(o.modified_date) as modified_date
from (
    select max_by(o, (coalesce(o.modified_date, -1), line)) as o
    from (
        select rowid as line, sponsor as o from records
        union all
        select rowid as line, event.sponsor from records
    )
    where o.id is not null
    group by o.id
);

insert into pg.mobilize.people by name
select
    p.user_id,
    coalesce(p.person_id, p.id) as person_id,
    to_timestamp(p.created_date) as created_date,
    to_timestamp(p.modified_date) as modified_date,
    p.given_name,
    p.family_name,
    p.email_addresses[1].address as email_address,
    p.phone_numbers[1].number as phone_number,
    p.postal_addresses[1].postal_code as postal_code,
    p.sms_opt_in_status,
    to_timestamp(p.blocked_date) as blocked_date
from (
    select max_by(person, (person.modified_date, rowid)) as p
    from records
    group by person.user_id
);

insert into pg.mobilize.events by name
select
    event.id as event_id,
    event.title,
    event.summary,
    event.description,
    event.event_type,
    event.timezone,
    to_timestamp(event.created_date) as created_date,
    to_timestamp(event.modified_date) as modified_date,
    event.sponsor.id as sponsor_organization_id,
    event.approval_status,
    event.visibility,
    event.address_visibility,
    event.created_by_volunteer_host,
    event.is_virtual,
    event.virtual_action_url,
    event.high_priority,
    event.featured_image_url,
    event.browser_url,
    event.accessibility_status,
    event.accessibility_notes,
    event.instructions,
    nullif([tag.id for tag in event.tags], []) as tag_ids,
    nullif([tag.name for tag in event.tags], []) as tag_names,
    event.event_campaign.id as event_campaign_id,
    event.event_campaign.slug as event_campaign_slug,
    event.event_campaign.event_create_page_url as event_campaign_event_create_page_url,
    event.contact.name as contact_name,
    event.contact.email_address as contact_email_address,
    event.contact.phone_number as contact_phone_number,
    event.contact.owner_user_id as contact_owner_user_id,
    event.location.venue as location_venue,
    event.location.address_lines as location_address_lines,
    event.location.locality as location_locality,
    event.location.region as location_region,
    event.location.country as location_country,
    event.location.postal_code as location_postal_code,
    event.location.location.latitude as location_latitude,
    event.location.location.longitude as location_longitude,
    event.location.congressional_district as location_congressional_district,
    event.location.state_leg_district as location_state_leg_district,
    event.location.state_senate_district as location_state_senate_district
from (
    select from_json(whole_event, '{
        "id": "bigint", "title": "varchar", "summary": "varchar", "description": "varchar", "event_type": "varchar", "timezone": "varchar",
        "created_date": "bigint", "modified_date": "bigint", "sponsor": {"id": "bigint"}, "approval_status": "varchar", "visibility": "varchar",
        "address_visibility": "varchar", "created_by_volunteer_host": "boolean", "is_virtual": "boolean", "virtual_action_url": "varchar",
        "high_priority": "boolean", "featured_image_url": "varchar", "browser_url": "varchar", "accessibility_status": "varchar",
        "accessibility_notes": "varchar", "instructions": "varchar", "tags": [{"id": "bigint", "name": "varchar"}],
        "event_campaign": {"id": "bigint", "slug": "varchar", "event_create_page_url": "varchar"},
        "contact": {"name": "varchar", "email_address": "varchar", "phone_number": "varchar", "owner_user_id": "bigint"},
        "location": {
            "venue": "varchar", "address_lines": ["varchar"], "locality": "varchar", "region": "varchar", "country": "varchar",
            "postal_code": "varchar", "location": {"latitude": "double", "longitude": "double"}, "congressional_district": "varchar",
            "state_leg_district": "varchar", "state_senate_district": "varchar"
        }
    }') as event
    from records
    where rowid in (
        select max_by(rowid, (event.modified_date, rowid))
        from records
        where event.id is not null
        group by event.id
    )
);

-- An event may list its timeslots beside the one that was signed up for.
insert into pg.mobilize.timeslots by name
select
    t.id as timeslot_id,
    event_id,
    to_timestamp(event_modified_date) as event_modified_date,
    to_timestamp(t.start_date) as start_date,
    to_timestamp(t.end_date) as end_date,
    t.max_attendees,
    t.is_full,
    t.instructions
from (
    select rowid as line, event.id as event_id, event.modified_date as event_modified_date, timeslot as t
    from records
    where event.id is not null
    union all
    select rowid as line, event.id, event.modified_date, unnest(event.timeslots)
    from records
)
qualify row_number() over (partition by t.id order by event_modified_date desc, line desc) = 1;

insert into pg.mobilize.attendances by name
select
    id as attendance_id,
    to_timestamp(created_date) as created_date,
    to_timestamp(modified_date) as modified_date,
    person.user_id,
    event.id as event_id,
    timeslot.id as timeslot_id,
    sponsor.id as sponsor_organization_id,
    status,
    attended,
    rating,
    feedback,
    referrer.utm_source as referrer_utm_source,
    referrer.utm_medium as referrer_utm_medium,
    referrer.utm_campaign as referrer_utm_campaign,
    referrer.utm_term as referrer_utm_term,
    referrer.utm_content as referrer_utm_content,
    referrer.url as referrer_url
from records
where id is not null
qualify row_number() over (partition by id order by records.modified_date desc, rowid desc) = 1;

insert into pg.mobilize.attendance_custom_fields by name
select
    id as attendance_id,
    field.custom_field_id,
    to_timestamp(modified_date) as attendance_modified_date,
    field.custom_field_name,
    field.text_value,
    field.boolean_value
from (
    select
        rowid as line,
        id,
        modified_date,
        unnest(from_json(
            custom_signup_field_values,
            '[{"custom_field_id": "bigint", "custom_field_name": "varchar", "text_value": "varchar", "boolean_value": "boolean"}]'
        )) as field
    from records
    where id is not null
)
qualify row_number() over (partition by id, field.custom_field_id order by modified_date desc, line desc) = 1;

insert into pg.mobilize.masked_attendances by name
select
    person.user_id,
    to_timestamp(created_date) as created_date,
    to_timestamp(timeslot.start_date) as start_date,
    to_timestamp(timeslot.end_date) as end_date,
    event.event_type,
    row_number() over (
        partition by person.user_id, created_date, timeslot.start_date, timeslot.end_date, event.event_type
        order by rowid
    ) as occurrence,
    to_timestamp(modified_date) as modified_date,
    sponsor.id as sponsor_organization_id,
    status,
    attended,
    rating,
    feedback,
    referrer.utm_source as referrer_utm_source,
    referrer.utm_medium as referrer_utm_medium,
    referrer.utm_campaign as referrer_utm_campaign,
    referrer.utm_term as referrer_utm_term,
    referrer.utm_content as referrer_utm_content,
    referrer.url as referrer_url,
    timeslot.max_attendees,
    timeslot.is_full,
    timeslot.instructions,
    nullif(custom_signup_field_values, '[]') as custom_signup_field_values
from records
where id is null
  and event.id is null;

commit;
