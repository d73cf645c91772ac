-- A staged relation as etl_core::merge::table::Staged reads it, as JSON. Parameter: its oid.
select jsonb_build_object(
    'name', jsonb_build_object('schema', n.nspname, 'name', c.relname),
    'columns', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'name', a.attname,
            'type_name', format_type(a.atttypid, a.atttypmod)
        ) order by a.attnum), '[]')
        from pg_attribute as a
        where a.attrelid = c.oid
            and a.attnum > 0
            and not a.attisdropped
    )
)::text
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.oid = $1
    and c.relkind = 'r'
    -- Rows are known by their ctid, which children of the table would repeat.
    and not c.relhassubclass
