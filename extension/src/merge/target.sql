-- A target as etl_core::merge::table::Target reads it, as JSON. Parameter: the table's oid.
-- Run under search_path = pg_catalog, pg_temp, so that types and functions of other schemas are deparsed qualified.
with col as (
    select
        a.attnum,
        a.attname,
        a.attgenerated,
        a.attnotnull,
        format_type(a.atttypid, a.atttypmod) as type_name,
        case
            when a.attidentity <> '' then format(
                'nextval(%L::regclass)', pg_get_serial_sequence($1::regclass::text, a.attname)
            )
            else pg_get_expr(d.adbin, d.adrelid)
        end as default_value,
        coalesce(b.oid, t.oid) as type_oid,
        coalesce(b.typtype, t.typtype) as type_kind,
        coalesce(b.typcategory, t.typcategory) as type_category,
        a.attcollation <> 0 as collatable
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    left join pg_type as b on t.typtype = 'd' and b.oid = t.typbasetype
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = $1
        and a.attnum > 0
        and not a.attisdropped
),
-- The type whose operator class serves: varchar sorts as text, arrays, enums and ranges by their polymorphic class.
operand as (
    select
        attnum,
        case
            when type_oid in ('varchar'::regtype) then 'text'::regtype
            when type_kind = 'e' then 'anyenum'::regtype
            when type_kind = 'r' then 'anyrange'::regtype
            when type_kind = 'm' then 'anymultirange'::regtype
            when type_kind = 'c' then 'record'::regtype
            when type_category = 'A' then 'anyarray'::regtype
            else type_oid
        end as type_oid
    from col
),
sorting as (
    select
        o.attnum,
        exists (
            select
            from pg_opclass as c
            join pg_am as m on m.oid = c.opcmethod
            where m.amname = 'btree' and c.opcdefault and c.opcintype = o.type_oid
        ) as sortable
    from operand as o
),
unique_key as (
    select
        c.conname,
        c.contype = 'p' as is_primary,
        jsonb_agg(a.attname order by k.place) as columns,
        bool_and(a.attnotnull) as is_whole
    from pg_constraint as c
    cross join unnest(c.conkey) with ordinality as k (attnum, place)
    join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum
    where c.conrelid = $1
        and c.contype in ('p', 'u')
    group by c.oid, c.conname, c.contype
),
foreign_key as (
    select
        c.conname,
        n.nspname,
        r.relname,
        c.confrelid = c.conrelid as is_itself,
        jsonb_agg(a.attname order by k.place) as columns,
        jsonb_agg(ra.attname order by k.place) as referred
    from pg_constraint as c
    join pg_class as r on r.oid = c.confrelid
    join pg_namespace as n on n.oid = r.relnamespace
    cross join unnest(c.conkey, c.confkey) with ordinality as k (attnum, referred_attnum, place)
    join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum
    join pg_attribute as ra on ra.attrelid = c.confrelid and ra.attnum = k.referred_attnum
    where c.conrelid = $1
        and c.contype = 'f'
        -- A partitioned parent has such a constraint for each of its partitions, beneath the one for the whole.
        and not exists (select from pg_constraint as whole where whole.oid = c.conparentid and whole.conrelid = c.conrelid)
    group by c.oid, c.conname, n.nspname, r.relname, c.confrelid, c.conrelid
),
refusal as (
    select format('it is a %s', case c.relkind
        when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
        else 'relation of kind ' || c.relkind::text
    end) as reason
    from pg_class as c
    where c.oid = $1 and c.relkind not in ('r', 'p')
    union all
    select format('constraint %I is EXCLUDE', conname)
    from pg_constraint
    where conrelid = $1 and contype = 'x'
    union all
    select format('foreign key %I is MATCH FULL', conname)
    from pg_constraint
    where conrelid = $1 and contype = 'f' and confmatchtype <> 's'
    union all
    select format('column %I is generated', attname)
    from col
    where attgenerated <> ''
    union all
    select format('the name of column %I begins with etl$', attname)
    from col
    where starts_with(attname::text, 'etl$')
    union all
    select 'row security applies to ' || current_user
    where row_security_active($1)
    union all
    select 'the database is in ' || getdatabaseencoding() || ', not UTF8'
    where getdatabaseencoding() <> 'UTF8'
)
select jsonb_build_object(
    'name', jsonb_build_object('schema', n.nspname, 'name', c.relname),
    'columns', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'name', col.attname,
            'type_name', col.type_name,
            'not_null', col.attnotnull,
            'default', col.default_value,
            'sortable', s.sortable,
            'comparable', s.sortable,
            'collatable', col.collatable
        ) order by col.attnum), '[]')
        from col
        join sorting as s on s.attnum = col.attnum
    ),
    'keys', (
        select coalesce(jsonb_agg(jsonb_build_object('name', conname, 'primary', is_primary, 'columns', columns)
            order by is_primary desc, conname), '[]')
        from unique_key
        where is_whole
    ),
    'checks', (
        select coalesce(jsonb_agg(jsonb_build_object('name', conname, 'expression', pg_get_expr(conbin, conrelid))
            order by conname), '[]')
        from pg_constraint
        where conrelid = $1 and contype = 'c'
    ),
    'parents', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'constraint', conname,
            'columns', columns,
            'table', jsonb_build_object('schema', nspname, 'name', relname),
            'referred', referred,
            'itself', is_itself
        ) order by conname), '[]')
        from foreign_key
    ),
    'refusals', (select coalesce(jsonb_agg(reason), '[]') from refusal)
)::text
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.oid = $1
