-- Loading Mobilize's lists without the loader, given as text.
create function @extschema@.etl_load_mobilize(attendances text)
returns setof @extschema@.etl_counts
language sql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
    select * from @extschema@.etl_load_documents('mobilize'::text, '{attendances}'::text[], array[attendances])
$function$;

revoke execute on function @extschema@.etl_load_mobilize(text) from public;
comment on function @extschema@.etl_load_mobilize(text) is
    'Loads Mobilize''s attendances, given as text: an array, JSON lines, a {"data":[...]} page or one object; one row a table, with its counts.';

-- A function of its own, not defaults of the other: what is granted on that one stays.
create function @extschema@.etl_load_mobilize(attendances text, events text, people text default null)
returns setof @extschema@.etl_counts
language sql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
    select * from @extschema@.etl_load_documents('mobilize'::text, '{attendances,events,people}'::text[], array[attendances, events, people])
$function$;

revoke execute on function @extschema@.etl_load_mobilize(text, text, text) from public;
comment on function @extschema@.etl_load_mobilize(text, text, text) is
    'Loads Mobilize''s attendances, events and people, given as text, null for a list that is left out; one row a table, with its counts.';
