-- Mobilize: attendances with the people, events, timeslots and organizations they name.
-- Tables stand in the order in which they are exported; foreign keys follow below, because parents come later.
-- Lists that belong to their row as a whole are arrays: the next version of the row replaces them, and a tag or an
-- address that was taken away is gone with it.
create schema mobilize;
comment on schema mobilize is 'Sign-ups for events, from the attendances list of the Mobilize API.';

create table mobilize.attendances (
    attendance_id            bigint primary key,
    created_date             timestamptz not null,
    modified_date            timestamptz not null,
    user_id                  bigint not null,
    event_id                 bigint not null,
    timeslot_id              bigint not null,
    sponsor_organization_id  bigint,
    status                   text not null,
    attended                 boolean,
    rating                   text,
    feedback                 text,
    referrer_utm_source      text,
    referrer_utm_medium      text,
    referrer_utm_campaign    text,
    referrer_utm_term        text,
    referrer_utm_content     text,
    referrer_url             text
);
comment on table mobilize.attendances is 'One row a sign-up of one person for one timeslot of one event, whatever became of it. Version: modified_date.';
comment on column mobilize.attendances.attendance_id is 'Number of the attendance at Mobilize.';
comment on column mobilize.attendances.created_date is 'When the person signed up; whole seconds, UTC.';
comment on column mobilize.attendances.modified_date is 'When the attendance was last changed; whole seconds, UTC.';
comment on column mobilize.attendances.user_id is 'Who signed up.';
comment on column mobilize.attendances.event_id is 'The event signed up for.';
comment on column mobilize.attendances.timeslot_id is 'The timeslot of the event.';
comment on column mobilize.attendances.sponsor_organization_id is 'The promoting organization if there is one, otherwise the event''s. Left out where the viewing organization is coordinated and the promoting one independent.';
comment on column mobilize.attendances.status is 'REGISTERED, CONFIRMED or CANCELLED; Mobilize may add values.';
comment on column mobilize.attendances.attended is 'Whether the person came; null where nobody said. Some cancelled sign-ups were attended.';
comment on column mobilize.attendances.rating is 'What the person thought of the event, such as Positive or Negative. Undocumented.';
comment on column mobilize.attendances.feedback is 'What the person wrote about the event. Personal data. Undocumented.';
comment on column mobilize.attendances.referrer_utm_source is 'utm_source of the link that led to the sign-up. All referrer columns are left out where the viewing organization is not the promoter.';
comment on column mobilize.attendances.referrer_utm_medium is 'utm_medium of the link.';
comment on column mobilize.attendances.referrer_utm_campaign is 'utm_campaign of the link.';
comment on column mobilize.attendances.referrer_utm_term is 'utm_term of the link.';
comment on column mobilize.attendances.referrer_utm_content is 'utm_content of the link.';
comment on column mobilize.attendances.referrer_url is 'Page that held the link.';

create table mobilize.timeslots (
    timeslot_id          bigint primary key,
    event_id             bigint not null,
    event_modified_date  timestamptz,
    start_date           timestamptz not null,
    end_date             timestamptz not null,
    max_attendees        bigint,
    is_full              boolean,
    instructions         text
);
comment on table mobilize.timeslots is 'One row a time at which an event takes place. Version: event_modified_date.';
comment on column mobilize.timeslots.timeslot_id is 'Number of the timeslot at Mobilize.';
comment on column mobilize.timeslots.event_id is 'The event that takes place then.';
comment on column mobilize.timeslots.event_modified_date is 'When the event that carried this timeslot was last changed; whole seconds, UTC. A timeslot has no date of its own.';
comment on column mobilize.timeslots.start_date is 'When it begins; whole seconds, UTC. The event''s timezone says what the clock there shows.';
comment on column mobilize.timeslots.end_date is 'When it ends; whole seconds, UTC.';
comment on column mobilize.timeslots.max_attendees is 'How many people can sign up; null for no limit, and where the record does not say.';
comment on column mobilize.timeslots.is_full is 'Whether that many people have signed up.';
comment on column mobilize.timeslots.instructions is 'Private instructions sent to those who sign up for this timeslot.';

create table mobilize.events (
    event_id                              bigint primary key,
    title                                 text not null,
    summary                               text,
    description                           text,
    event_type                            text not null,
    timezone                              text,
    created_date                          timestamptz not null,
    modified_date                         timestamptz not null,
    sponsor_organization_id               bigint,
    approval_status                       text,
    visibility                            text,
    address_visibility                    text,
    created_by_volunteer_host             boolean,
    is_virtual                            boolean,
    virtual_action_url                    text,
    high_priority                         boolean,
    featured_image_url                    text,
    browser_url                           text,
    accessibility_status                  text,
    accessibility_notes                   text,
    instructions                          text,
    tag_ids                               bigint[],
    tag_names                             text[],
    event_campaign_id                     bigint,
    event_campaign_slug                   text,
    event_campaign_event_create_page_url  text,
    contact_name                          text,
    contact_email_address                 text,
    contact_phone_number                  text,
    contact_owner_user_id                 bigint,
    location_venue                        text,
    location_address_lines                text[],
    location_locality                     text,
    location_region                       text,
    location_country                      text,
    location_postal_code                  text,
    location_latitude                     double precision,
    location_longitude                    double precision,
    location_congressional_district       text,
    location_state_leg_district           text,
    location_state_senate_district        text,
    constraint events_location_latitude check (location_latitude between -90 and 90),
    constraint events_location_longitude check (location_longitude between -180 and 180)
);
comment on table mobilize.events is 'One row an event that somebody signed up for. Version: modified_date.';
comment on column mobilize.events.event_id is 'Number of the event at Mobilize.';
comment on column mobilize.events.title is 'Public name; two events may share one.';
comment on column mobilize.events.summary is 'Public subheading. No longer documented.';
comment on column mobilize.events.description is 'Long description, Markdown or HTML.';
comment on column mobilize.events.event_type is 'Kind of event, such as CANVASS, PHONE_BANK or COMMUNITY; Mobilize adds values.';
comment on column mobilize.events.timezone is 'Name in the time zone database, such as America/New_York.';
comment on column mobilize.events.created_date is 'When the event was created; whole seconds, UTC.';
comment on column mobilize.events.modified_date is 'When the event was last changed; whole seconds, UTC.';
comment on column mobilize.events.sponsor_organization_id is 'The owning organization.';
comment on column mobilize.events.approval_status is 'Approval of a distributed event: APPROVED (all other events too), NEEDS_APPROVAL, REJECTED or NEEDS_HOST_VERIFICATION.';
comment on column mobilize.events.visibility is 'PUBLIC or PRIVATE.';
comment on column mobilize.events.address_visibility is 'PUBLIC or PRIVATE, for the address alone.';
comment on column mobilize.events.created_by_volunteer_host is 'Whether a volunteer made the event with the distributed organizing tool.';
comment on column mobilize.events.is_virtual is 'Whether the event takes place online.';
comment on column mobilize.events.virtual_action_url is 'Where an online event without shifts leads to; null otherwise.';
comment on column mobilize.events.high_priority is 'Whether the organization marked the event; null where nobody did.';
comment on column mobilize.events.featured_image_url is 'Picture; may be empty.';
comment on column mobilize.events.browser_url is 'Canonical URL of the event.';
comment on column mobilize.events.accessibility_status is 'ACCESSIBLE, NOT_ACCESSIBLE, NOT_SURE, or null.';
comment on column mobilize.events.accessibility_notes is 'More on accessibility at the venue.';
comment on column mobilize.events.instructions is 'Private instructions sent to those who sign up.';
comment on column mobilize.events.tag_ids is 'Numbers of the tags, in their order.';
comment on column mobilize.events.tag_names is 'Names of the tags, in the order of tag_ids.';
comment on column mobilize.events.event_campaign_id is 'Number of the distributed campaign that the event is part of; null where there is none.';
comment on column mobilize.events.event_campaign_slug is 'Name of that campaign in URLs.';
comment on column mobilize.events.event_campaign_event_create_page_url is 'Where volunteers make events of that campaign.';
comment on column mobilize.events.contact_name is 'Whom to ask. Personal data.';
comment on column mobilize.events.contact_email_address is 'Address of the contact. Personal data.';
comment on column mobilize.events.contact_phone_number is 'Number of the contact, as it was typed. Personal data.';
comment on column mobilize.events.contact_owner_user_id is 'User who owns the event; no foreign key, for owners need not attend.';
comment on column mobilize.events.location_venue is 'Name of the place, or a sentence where the address is private.';
comment on column mobilize.events.location_address_lines is 'Lines of the address, documented as two, which may be empty.';
comment on column mobilize.events.location_locality is 'City.';
comment on column mobilize.events.location_region is 'Two-letter code of the state.';
comment on column mobilize.events.location_country is 'Two-letter code of the country, ISO 3166-1; Puerto Rico has its own.';
comment on column mobilize.events.location_postal_code is 'Postal code; zeros in front count.';
comment on column mobilize.events.location_latitude is 'Degrees north, WGS 84; null where geocoding failed or the address is private.';
comment on column mobilize.events.location_longitude is 'Degrees east, WGS 84; null where geocoding failed or the address is private.';
comment on column mobilize.events.location_congressional_district is 'Congressional district, as text.';
comment on column mobilize.events.location_state_leg_district is 'District of the state''s lower house, as text.';
comment on column mobilize.events.location_state_senate_district is 'District of the state''s upper house, as text.';

create table mobilize.people (
    user_id                bigint primary key,
    person_id              bigint,
    created_date           timestamptz not null,
    modified_date          timestamptz not null,
    given_name             text,
    family_name            text,
    email_address          text,
    other_email_addresses  text[],
    phone_number           text,
    other_phone_numbers    text[],
    postal_code            text,
    other_postal_codes     text[],
    sms_opt_in_status      text,
    blocked_date           timestamptz
);
comment on table mobilize.people is 'One row a person who signed up for something, masked sign-ups included. Several people may share an address. Version: modified_date.';
comment on column mobilize.people.user_id is 'Number of the user at Mobilize, canonical by its documentation.';
comment on column mobilize.people.person_id is 'Mobilize''s older number (person_id, or else id), which will eventually be null.';
comment on column mobilize.people.created_date is 'When the person was created; whole seconds, UTC.';
comment on column mobilize.people.modified_date is 'When the person was last changed; whole seconds, UTC.';
comment on column mobilize.people.given_name is 'First name. Personal data.';
comment on column mobilize.people.family_name is 'Last name. Personal data.';
comment on column mobilize.people.email_address is 'Primary e-mail address; null where the person''s own organization does not share it. Personal data.';
comment on column mobilize.people.other_email_addresses is 'The other addresses in their order; null where there is none, as documented. Personal data.';
comment on column mobilize.people.phone_number is 'Primary telephone number, as it was typed; may be empty. Personal data.';
comment on column mobilize.people.other_phone_numbers is 'The other numbers in their order; null where there is none, as documented. Personal data.';
comment on column mobilize.people.postal_code is 'Primary postal code; zeros in front count. Personal data.';
comment on column mobilize.people.other_postal_codes is 'The other postal codes in their order; null where there is none, as documented. Personal data.';
comment on column mobilize.people.sms_opt_in_status is 'Consent to text messages of the viewing organization: OPT_IN, OPT_OUT or UNSPECIFIED.';
comment on column mobilize.people.blocked_date is 'Since when the viewing organization blocks the person; whole seconds, UTC; null where it does not.';

create table mobilize.organizations (
    organization_id      bigint primary key,
    name                 text not null,
    slug                 text,
    org_type             text,
    is_coordinated       boolean,
    is_independent       boolean,
    is_primary_campaign  boolean,
    race_type            text,
    state                text,
    district             text,
    candidate_name       text,
    event_feed_url       text,
    logo_url             text,
    created_date         timestamptz,
    modified_date        timestamptz
);
comment on table mobilize.organizations is 'One row an organization that owns an event or promoted a sign-up; of some no more than id and name is shown. Version: modified_date, null being lowest.';
comment on column mobilize.organizations.organization_id is 'Number of the organization at Mobilize.';
comment on column mobilize.organizations.name is 'Public name.';
comment on column mobilize.organizations.slug is 'Name in URLs.';
comment on column mobilize.organizations.org_type is 'Kind, such as CAMPAIGN, STATE_PARTY, COORDINATED, INDEPENDENT; PARTY_COMMITTEE and PAC are met, though undocumented.';
comment on column mobilize.organizations.is_coordinated is 'On the coordinated side of campaign finance.';
comment on column mobilize.organizations.is_independent is 'On the independent side of campaign finance, the opposite.';
comment on column mobilize.organizations.is_primary_campaign is 'Whether the campaign is a primary; false where it is no campaign.';
comment on column mobilize.organizations.race_type is 'Kind of race, such as GOVERNOR or STATE_LEG; null where it is no campaign.';
comment on column mobilize.organizations.state is 'Two-letter code of the state; may be empty.';
comment on column mobilize.organizations.district is 'District, in the terms of race_type; may be empty.';
comment on column mobilize.organizations.candidate_name is 'Candidate it stands for; may be empty.';
comment on column mobilize.organizations.event_feed_url is 'Public list of its events.';
comment on column mobilize.organizations.logo_url is 'Picture. Undocumented.';
comment on column mobilize.organizations.created_date is 'When it was created; whole seconds, UTC.';
comment on column mobilize.organizations.modified_date is 'When it was last changed; whole seconds, UTC.';

create table mobilize.attendance_custom_fields (
    attendance_id             bigint not null,
    custom_field_id           bigint not null,
    attendance_modified_date  timestamptz,
    custom_field_name         text,
    text_value                text,
    boolean_value             boolean,
    primary key (attendance_id, custom_field_id),
    constraint attendance_custom_fields_value check (num_nonnulls(text_value, boolean_value) = 1)
);
comment on table mobilize.attendance_custom_fields is 'One row an answer to a question that an event''s owner added to the sign-up. An answer missing from a newer attendance stays. Version: attendance_modified_date.';
comment on column mobilize.attendance_custom_fields.attendance_id is 'The sign-up that was asked.';
comment on column mobilize.attendance_custom_fields.custom_field_id is 'Number of the question at Mobilize.';
comment on column mobilize.attendance_custom_fields.attendance_modified_date is 'When the attendance that carried this answer was last changed; whole seconds, UTC.';
comment on column mobilize.attendance_custom_fields.custom_field_name is 'Name of the question.';
comment on column mobilize.attendance_custom_fields.text_value is 'The answer where it is a text, may be empty; exactly one of text_value and boolean_value is there. Personal data.';
comment on column mobilize.attendance_custom_fields.boolean_value is 'The answer where it is yes or no.';

create table mobilize.masked_attendances (
    user_id                     bigint not null,
    created_date                timestamptz not null,
    start_date                  timestamptz not null,
    end_date                    timestamptz not null,
    event_type                  text not null,
    occurrence                  bigint not null,
    modified_date               timestamptz not null,
    sponsor_organization_id     bigint,
    status                      text,
    attended                    boolean,
    rating                      text,
    feedback                    text,
    referrer_utm_source         text,
    referrer_utm_medium         text,
    referrer_utm_campaign       text,
    referrer_utm_term           text,
    referrer_utm_content        text,
    referrer_url                text,
    max_attendees               bigint,
    is_full                     boolean,
    instructions                text,
    custom_signup_field_values  jsonb,
    primary key (user_id, created_date, start_date, end_date, event_type, occurrence),
    constraint masked_attendances_occurrence check (occurrence > 0)
);
comment on table mobilize.masked_attendances is 'One row a sign-up behind the campaign-finance firewall: Mobilize hides the attendance''s and the event''s number where the viewing organization is independent and the event''s coordinated. Not counted as RSVP of any event. Version: modified_date.';
comment on column mobilize.masked_attendances.user_id is 'Who signed up.';
comment on column mobilize.masked_attendances.created_date is 'When the person signed up; whole seconds, UTC.';
comment on column mobilize.masked_attendances.start_date is 'When the timeslot begins; whole seconds, UTC.';
comment on column mobilize.masked_attendances.end_date is 'When the timeslot ends; whole seconds, UTC.';
comment on column mobilize.masked_attendances.event_type is 'Kind of event, the one thing that is shown of it.';
comment on column mobilize.masked_attendances.occurrence is 'Which of several sign-ups alike in the other key columns, from 1 within a source, oldest version first.';
comment on column mobilize.masked_attendances.modified_date is 'When the attendance was last changed; whole seconds, UTC.';
comment on column mobilize.masked_attendances.sponsor_organization_id is 'The promoting organization.';
comment on column mobilize.masked_attendances.status is 'REGISTERED, CONFIRMED or CANCELLED; null in all that were met.';
comment on column mobilize.masked_attendances.attended is 'Whether the person came; null in all that were met.';
comment on column mobilize.masked_attendances.rating is 'What the person thought of the event. Undocumented.';
comment on column mobilize.masked_attendances.feedback is 'What the person wrote about the event. Personal data. Undocumented.';
comment on column mobilize.masked_attendances.referrer_utm_source is 'utm_source of the link that led to the sign-up.';
comment on column mobilize.masked_attendances.referrer_utm_medium is 'utm_medium of the link.';
comment on column mobilize.masked_attendances.referrer_utm_campaign is 'utm_campaign of the link.';
comment on column mobilize.masked_attendances.referrer_utm_term is 'utm_term of the link.';
comment on column mobilize.masked_attendances.referrer_utm_content is 'utm_content of the link.';
comment on column mobilize.masked_attendances.referrer_url is 'Page that held the link.';
comment on column mobilize.masked_attendances.max_attendees is 'How many people can sign up for the timeslot; null for no limit, and where the record does not say.';
comment on column mobilize.masked_attendances.is_full is 'Whether that many people have signed up.';
comment on column mobilize.masked_attendances.instructions is 'Private instructions sent to those who sign up for the timeslot.';
comment on column mobilize.masked_attendances.custom_signup_field_values is 'Answers to added questions as Mobilize sends them; jsonb because without an attendance''s number they have no key to be rows by. Null where there is none. Personal data.';

alter table mobilize.events
    add constraint events_sponsor foreign key (sponsor_organization_id) references mobilize.organizations;
alter table mobilize.timeslots
    add constraint timeslots_event foreign key (event_id) references mobilize.events;
alter table mobilize.attendances
    add constraint attendances_person foreign key (user_id) references mobilize.people,
    add constraint attendances_event foreign key (event_id) references mobilize.events,
    add constraint attendances_timeslot foreign key (timeslot_id) references mobilize.timeslots,
    add constraint attendances_sponsor foreign key (sponsor_organization_id) references mobilize.organizations;
alter table mobilize.attendance_custom_fields
    add constraint attendance_custom_fields_attendance foreign key (attendance_id) references mobilize.attendances;
alter table mobilize.masked_attendances
    add constraint masked_attendances_person foreign key (user_id) references mobilize.people,
    add constraint masked_attendances_sponsor foreign key (sponsor_organization_id) references mobilize.organizations;

create index events_sponsor on mobilize.events (sponsor_organization_id);
create index timeslots_event on mobilize.timeslots (event_id);
create index attendances_person on mobilize.attendances (user_id);
create index attendances_event on mobilize.attendances (event_id);
create index attendances_timeslot on mobilize.attendances (timeslot_id);
create index attendances_sponsor on mobilize.attendances (sponsor_organization_id);
create index masked_attendances_sponsor on mobilize.masked_attendances (sponsor_organization_id);

grant usage on schema mobilize to etl_loader, etl_reader;
grant select, insert, update on all tables in schema mobilize to etl_loader;
grant select on all tables in schema mobilize to etl_reader;
