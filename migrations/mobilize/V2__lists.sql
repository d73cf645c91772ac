-- Lists of events and of people load, too. A list of events shows all of an event, an attendance only part of it: so
-- of one modified_date the list's word is the greater version, whichever comes first.
alter table mobilize.events
    add column version timestamptz;
alter table mobilize.timeslots
    add column version timestamptz;

update mobilize.events
set version = modified_date;
update mobilize.timeslots
set version = event_modified_date;

comment on schema mobilize is 'Sign-ups for events, from the lists of attendances, events and people of the Mobilize API.';
comment on table mobilize.events is 'One row an event, whether or not somebody signed up for it. Version: version.';
comment on column mobilize.events.version is 'Decides which of two records wins: modified_date, and half a second more where a list of events showed the event, which shows all of it.';
comment on column mobilize.events.high_priority is 'Whether the organization marked the event; null where nobody did. Attendances are met without it.';
comment on column mobilize.events.instructions is 'Private instructions sent to those who sign up. A record of an attendance without them leaves them as they are, and so with tags and campaign.';
comment on column mobilize.events.contact_owner_user_id is 'User who owns the event; no foreign key, for owners need be in no list.';
comment on table mobilize.timeslots is 'One row a time at which an event takes place. Version: version.';
comment on column mobilize.timeslots.version is 'Decides which of two records wins: the version of the event that carried this timeslot.';
comment on table mobilize.people is 'One row a person who signed up for something, masked sign-ups included, or is in the list of people. Several people may share an address. Version: modified_date.';
