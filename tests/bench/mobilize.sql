-- What the benchmark compares with: a load of the same records into the same tables, written by hand for this one feed. jsonb staging, the newest record of
-- each key by `distinct on`, `insert ... on conflict ... do update ... where ... is distinct from`. It takes its input for clean: one bad record ends it.
-- psql -f mobilize.sql < attendances.jsonl
\set ON_ERROR_STOP on
begin;
set local timezone = 'UTC';

create unlogged table staging.handwritten (line bigint generated always as identity, record jsonb not null);
-- Quote and delimiter that JSON cannot hold: every line arrives as it is.
\copy staging.handwritten (record) from pstdin with (format csv, quote e'\x01', delimiter e'\x02')

-- Each record is taken apart once; of the event only what every record needs, for its description is most of the record.
create temporary table flat on commit drop as
select
    line, r.id, r.created_date, r.modified_date, r.status, r.attended, r.rating, r.feedback, r.sponsor, r.custom_signup_field_values,
    r.person, (r.person ->> 'user_id')::bigint as user_id, (r.person ->> 'modified_date')::bigint as person_modified_date,
    t.*,
    f.*,
    (r.event ->> 'id')::bigint as event_id,
    (r.event ->> 'modified_date')::bigint as event_modified_date,
    r.event ->> 'event_type' as event_type,
    r.event -> 'sponsor' as event_sponsor,
    r.event -> 'timeslots' as event_timeslots
from staging.handwritten,
    jsonb_to_record(record) as r(id bigint, created_date bigint, modified_date bigint, status text, attended boolean, rating text, feedback text,
        person jsonb, event jsonb, timeslot jsonb, sponsor jsonb, referrer jsonb, custom_signup_field_values jsonb),
    lateral (
        select (r.timeslot ->> 'id')::bigint as timeslot_id, (r.timeslot ->> 'start_date')::bigint as start_date, (r.timeslot ->> 'end_date')::bigint as end_date,
            (r.timeslot ->> 'max_attendees')::bigint as max_attendees, (r.timeslot ->> 'is_full')::boolean as is_full, r.timeslot ->> 'instructions' as instructions
    ) as t,
    lateral (
        select r.referrer ->> 'utm_source' as utm_source, r.referrer ->> 'utm_medium' as utm_medium, r.referrer ->> 'utm_campaign' as utm_campaign,
            r.referrer ->> 'utm_term' as utm_term, r.referrer ->> 'utm_content' as utm_content, r.referrer ->> 'url' as url
    ) as f;
analyze flat;

insert into mobilize.organizations as t
select distinct on (organization_id)
    (s ->> 'id')::bigint as organization_id,
    s ->> 'name',
    s ->> 'slug',
    s ->> 'org_type',
    (s ->> 'is_coordinated')::boolean,
    (s ->> 'is_independent')::boolean,
    (s ->> 'is_primary_campaign')::boolean,
    s ->> 'race_type',
    s ->> 'state',
    s ->> 'district',
    s ->> 'candidate_name',
    s ->> 'event_feed_url',
    s ->> 'logo_url',
    to_timestamp((s ->> 'created_date')::bigint),
    to_timestamp((s ->> 'modified_date')::bigint)
from (
    select line, sponsor as s from flat
    union all
    select line, event_sponsor from flat
) as sponsors
where jsonb_typeof(s) = 'object'
order by organization_id, (s ->> 'modified_date')::bigint desc nulls last, line desc
on conflict (organization_id) do update
set (name, slug, org_type, is_coordinated, is_independent, is_primary_campaign, race_type, state, district, candidate_name, event_feed_url, logo_url, created_date, modified_date)
  = (excluded.name, excluded.slug, excluded.org_type, excluded.is_coordinated, excluded.is_independent, excluded.is_primary_campaign, excluded.race_type, excluded.state, excluded.district,
     excluded.candidate_name, excluded.event_feed_url, excluded.logo_url, excluded.created_date, excluded.modified_date)
where t.* is distinct from excluded.*
  and (t.modified_date is null or excluded.modified_date >= t.modified_date);

insert into mobilize.people as t
select
    user_id,
    coalesce(p ->> 'person_id', p ->> 'id')::bigint,
    to_timestamp((p ->> 'created_date')::bigint),
    to_timestamp((p ->> 'modified_date')::bigint),
    p ->> 'given_name',
    p ->> 'family_name',
    p -> 'email_addresses' -> 0 ->> 'address',
    null::text[],
    p -> 'phone_numbers' -> 0 ->> 'number',
    null::text[],
    p -> 'postal_addresses' -> 0 ->> 'postal_code',
    null::text[],
    p ->> 'sms_opt_in_status',
    to_timestamp((p ->> 'blocked_date')::bigint)
from (select distinct on (user_id) user_id, person as p from flat order by user_id, person_modified_date desc, line desc) as newest
on conflict (user_id) do update
set (person_id, created_date, modified_date, given_name, family_name, email_address, phone_number, postal_code, sms_opt_in_status, blocked_date)
  = (excluded.person_id, excluded.created_date, excluded.modified_date, excluded.given_name, excluded.family_name, excluded.email_address, excluded.phone_number, excluded.postal_code,
     excluded.sms_opt_in_status, excluded.blocked_date)
where t.* is distinct from excluded.*
  and excluded.modified_date >= t.modified_date;

-- Events stand in a hundred records each: the newest of each is chosen first, and only those are taken apart.
insert into mobilize.events as t
with newest as (
    select distinct on (event_id) event_id, line
    from flat
    where event_id is not null
    order by event_id, event_modified_date desc, line desc
), whole as (
    select event_id, record -> 'event' as e
    from newest join staging.handwritten using (line)
)
select
    event_id,
    e ->> 'title',
    e ->> 'summary',
    e ->> 'description',
    e ->> 'event_type',
    e ->> 'timezone',
    to_timestamp((e ->> 'created_date')::bigint),
    to_timestamp((e ->> 'modified_date')::bigint),
    (e -> 'sponsor' ->> 'id')::bigint,
    e ->> 'approval_status',
    e ->> 'visibility',
    e ->> 'address_visibility',
    (e ->> 'created_by_volunteer_host')::boolean,
    (e ->> 'is_virtual')::boolean,
    e ->> 'virtual_action_url',
    (e ->> 'high_priority')::boolean,
    e ->> 'featured_image_url',
    e ->> 'browser_url',
    e ->> 'accessibility_status',
    e ->> 'accessibility_notes',
    e ->> 'instructions',
    (select array_agg((tag ->> 'id')::bigint) from jsonb_array_elements(case when jsonb_typeof(e -> 'tags') = 'array' then e -> 'tags' end) as tag),
    (select array_agg(tag ->> 'name') from jsonb_array_elements(case when jsonb_typeof(e -> 'tags') = 'array' then e -> 'tags' end) as tag),
    (e -> 'event_campaign' ->> 'id')::bigint,
    e -> 'event_campaign' ->> 'slug',
    e -> 'event_campaign' ->> 'event_create_page_url',
    e -> 'contact' ->> 'name',
    e -> 'contact' ->> 'email_address',
    e -> 'contact' ->> 'phone_number',
    (e -> 'contact' ->> 'owner_user_id')::bigint,
    e -> 'location' ->> 'venue',
    (select array_agg(l) from jsonb_array_elements_text(case when jsonb_typeof(e -> 'location' -> 'address_lines') = 'array' then e -> 'location' -> 'address_lines' end) as l),
    e -> 'location' ->> 'locality',
    e -> 'location' ->> 'region',
    e -> 'location' ->> 'country',
    e -> 'location' ->> 'postal_code',
    (e -> 'location' -> 'location' ->> 'latitude')::double precision,
    (e -> 'location' -> 'location' ->> 'longitude')::double precision,
    e -> 'location' ->> 'congressional_district',
    e -> 'location' ->> 'state_leg_district',
    e -> 'location' ->> 'state_senate_district'
from whole
on conflict (event_id) do update
set (title, summary, description, event_type, timezone, created_date, modified_date, sponsor_organization_id, approval_status, visibility, address_visibility,
     created_by_volunteer_host, is_virtual, virtual_action_url, high_priority, featured_image_url, browser_url, accessibility_status, accessibility_notes, instructions,
     tag_ids, tag_names, event_campaign_id, event_campaign_slug, event_campaign_event_create_page_url, contact_name, contact_email_address, contact_phone_number,
     contact_owner_user_id, location_venue, location_address_lines, location_locality, location_region, location_country, location_postal_code, location_latitude,
     location_longitude, location_congressional_district, location_state_leg_district, location_state_senate_district)
  = (excluded.title, excluded.summary, excluded.description, excluded.event_type, excluded.timezone, excluded.created_date, excluded.modified_date,
     excluded.sponsor_organization_id, excluded.approval_status, excluded.visibility, excluded.address_visibility, excluded.created_by_volunteer_host, excluded.is_virtual,
     excluded.virtual_action_url, excluded.high_priority, excluded.featured_image_url, excluded.browser_url, excluded.accessibility_status, excluded.accessibility_notes,
     excluded.instructions, excluded.tag_ids, excluded.tag_names, excluded.event_campaign_id, excluded.event_campaign_slug, excluded.event_campaign_event_create_page_url,
     excluded.contact_name, excluded.contact_email_address, excluded.contact_phone_number, excluded.contact_owner_user_id, excluded.location_venue,
     excluded.location_address_lines, excluded.location_locality, excluded.location_region, excluded.location_country, excluded.location_postal_code,
     excluded.location_latitude, excluded.location_longitude, excluded.location_congressional_district, excluded.location_state_leg_district,
     excluded.location_state_senate_district)
where t.* is distinct from excluded.*
  and excluded.modified_date >= t.modified_date;

-- An event may list its timeslots beside the one that was signed up for.
insert into mobilize.timeslots as t
select distinct on (timeslot_id)
    timeslot_id,
    event_id,
    to_timestamp(event_modified_date),
    to_timestamp(start_date),
    to_timestamp(end_date),
    max_attendees,
    is_full,
    instructions
from (
    select line, event_id, event_modified_date, timeslot_id, start_date, end_date, max_attendees, is_full, instructions
    from flat
    where event_id is not null
    union all
    select line, event_id, event_modified_date, l.*
    from flat,
        jsonb_to_recordset(case when jsonb_typeof(event_timeslots) = 'array' then event_timeslots end)
            as l(id bigint, start_date bigint, end_date bigint, max_attendees bigint, is_full boolean, instructions text)
) as shown
order by timeslot_id, event_modified_date desc, line desc
on conflict (timeslot_id) do update
set (event_id, event_modified_date, start_date, end_date, max_attendees, is_full, instructions)
  = (excluded.event_id, excluded.event_modified_date, excluded.start_date, excluded.end_date, excluded.max_attendees, excluded.is_full, excluded.instructions)
where t.* is distinct from excluded.*
  and excluded.event_modified_date >= t.event_modified_date;

insert into mobilize.attendances as t
select distinct on (attendance_id)
    id as attendance_id,
    to_timestamp(created_date),
    to_timestamp(modified_date),
    user_id,
    event_id,
    timeslot_id,
    (sponsor ->> 'id')::bigint,
    status,
    attended,
    rating,
    feedback,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    url
from flat
where id is not null
order by attendance_id, modified_date desc, line desc
on conflict (attendance_id) do update
set (created_date, modified_date, user_id, event_id, timeslot_id, sponsor_organization_id, status, attended, rating, feedback, referrer_utm_source, referrer_utm_medium,
     referrer_utm_campaign, referrer_utm_term, referrer_utm_content, referrer_url)
  = (excluded.created_date, excluded.modified_date, excluded.user_id, excluded.event_id, excluded.timeslot_id, excluded.sponsor_organization_id, excluded.status, excluded.attended,
     excluded.rating, excluded.feedback, excluded.referrer_utm_source, excluded.referrer_utm_medium, excluded.referrer_utm_campaign, excluded.referrer_utm_term,
     excluded.referrer_utm_content, excluded.referrer_url)
where t.* is distinct from excluded.*
  and excluded.modified_date >= t.modified_date;

insert into mobilize.attendance_custom_fields as t
select distinct on (attendance_id, custom_field_id)
    id as attendance_id,
    (field ->> 'custom_field_id')::bigint as custom_field_id,
    to_timestamp(modified_date),
    field ->> 'custom_field_name',
    field ->> 'text_value',
    (field ->> 'boolean_value')::boolean
from flat,
    lateral jsonb_array_elements(case when jsonb_typeof(custom_signup_field_values) = 'array' then custom_signup_field_values end) as field
where id is not null
order by attendance_id, custom_field_id, modified_date desc, line desc
on conflict (attendance_id, custom_field_id) do update
set (attendance_modified_date, custom_field_name, text_value, boolean_value)
  = (excluded.attendance_modified_date, excluded.custom_field_name, excluded.text_value, excluded.boolean_value)
where t.* is distinct from excluded.*
  and excluded.attendance_modified_date >= t.attendance_modified_date;

insert into mobilize.masked_attendances as t
select
    user_id,
    to_timestamp(created_date),
    to_timestamp(start_date),
    to_timestamp(end_date),
    event_type,
    row_number() over (partition by user_id, created_date, start_date, end_date, event_type order by line),
    to_timestamp(modified_date),
    (sponsor ->> 'id')::bigint,
    status,
    attended,
    rating,
    feedback,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    url,
    max_attendees,
    is_full,
    instructions,
    nullif(custom_signup_field_values, '[]')
from flat
where id is null
  and event_id is null
on conflict (user_id, created_date, start_date, end_date, event_type, occurrence) do update
set (modified_date, sponsor_organization_id, status, attended, rating, feedback, referrer_utm_source, referrer_utm_medium, referrer_utm_campaign, referrer_utm_term,
     referrer_utm_content, referrer_url, max_attendees, is_full, instructions, custom_signup_field_values)
  = (excluded.modified_date, excluded.sponsor_organization_id, excluded.status, excluded.attended, excluded.rating, excluded.feedback, excluded.referrer_utm_source,
     excluded.referrer_utm_medium, excluded.referrer_utm_campaign, excluded.referrer_utm_term, excluded.referrer_utm_content, excluded.referrer_url, excluded.max_attendees,
     excluded.is_full, excluded.instructions, excluded.custom_signup_field_values)
where t.* is distinct from excluded.*
  and excluded.modified_date >= t.modified_date;

drop table staging.handwritten;
commit;
