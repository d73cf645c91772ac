comment on function @extschema@.etl_parse_attendance(text) is 'Reads one record of Mobilize''s attendances list: the attendance, its person, and hashes of its other parts. Never fails for content: problem and person_problem say what is wrong.';
comment on function @extschema@.etl_parse_masked_attendance(text) is 'Reads a record for which etl_parse_attendance says is_masked: an attendance without id and event. problem says what is wrong.';
comment on function @extschema@.etl_parse_event(text) is 'Reads the event of one record of Mobilize''s attendances list. problem says what is wrong.';
comment on function @extschema@.etl_parse_listed_event(text) is 'Reads one record of Mobilize''s list of events, an event as a whole. problem says what is wrong.';
comment on function @extschema@.etl_parse_person(text) is 'Reads one record of Mobilize''s list of people. problem says what is wrong.';
comment on function @extschema@.etl_parse_timeslot(text) is 'Reads the timeslot of one record of Mobilize''s attendances list. problem says what is wrong.';
comment on function @extschema@.etl_parse_organization(text, text) is 'Reads an organization of one record of Mobilize''s lists: place is /sponsor, of an attendance or a listed event, or /event/sponsor. problem says what is wrong.';
comment on function @extschema@.etl_explode_timeslots(text) is 'Reads the list of timeslots inside an event, as etl_parse_event returns it; one row a timeslot. problem says what is wrong.';
comment on function @extschema@.etl_explode_listed_timeslots(text) is 'The same of a listed event, as etl_parse_listed_event returns it; one row a timeslot. problem says what is wrong.';
comment on function @extschema@.etl_explode_custom_fields(text) is 'Reads a list of custom_signup_field_values, as etl_parse_attendance returns it; one row an answer. problem says what is wrong.';

-- Closer to the truth than the thousand rows that the planner takes for granted.
alter function @extschema@.etl_parse_masked_attendance(text) rows 1;
alter function @extschema@.etl_parse_timeslot(text) rows 1;
alter function @extschema@.etl_parse_organization(text, text) rows 1;
alter function @extschema@.etl_parse_person(text) rows 1;
alter function @extschema@.etl_explode_timeslots(text) rows 2;
alter function @extschema@.etl_explode_listed_timeslots(text) rows 2;
alter function @extschema@.etl_explode_custom_fields(text) rows 2;
