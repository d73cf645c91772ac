-- A target as etl_core::merge::table::Target reads it, as JSON. Parameter: the table's oid.
-- Run under search_path = pg_catalog, pg_temp, so that types and functions of other schemas are deparsed qualified.
with recursive beneath as (
    -- A domain may be made of another: the type at the bottom, and the modifier that came first.
    select
        a.attnum,
        a.atttypid as type_oid,
        a.atttypmod as modifier,
        false as is_domain
    from pg_attribute as a
    where a.attrelid = $1
        and a.attnum > 0
        and not a.attisdropped
    union all
    select
        beneath.attnum,
        t.typbasetype,
        t.typtypmod,
        true
    from beneath
    join pg_type as t on t.oid = beneath.type_oid
    where t.typtype = 'd'
),
col as (
    select
        a.attnum,
        a.attname,
        a.attgenerated,
        a.attidentity,
        a.attnotnull,
        format_type(a.atttypid, a.atttypmod) as type_name,
        case when b.is_domain then format_type(b.type_oid, b.modifier) end as base_type,
        case
            when a.attidentity <> '' then format(
                'nextval(%L::regclass)', pg_get_serial_sequence($1::regclass::text, a.attname)
            )
            when a.attgenerated = '' then coalesce(
                pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 'pg_type'::regclass)
            )
        end as default_value,
        case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end as generated,
        bt.oid as type_oid,
        bt.typtype as type_kind,
        bt.typcategory as type_category,
        a.attcollation
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    join beneath as b on b.attnum = a.attnum
    join pg_type as bt on bt.oid = b.type_oid and bt.typtype <> 'd'
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = $1
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
-- Operators and collations are named only where they are not the ordinary ones.
operator_name as (
    select
        o.oid,
        jsonb_build_object('schema', n.nspname, 'name', o.oprname) as name
    from pg_operator as o
    join pg_namespace as n on n.oid = o.oprnamespace
    where not (n.nspname = 'pg_catalog' and o.oprname = '=')
),
collation_name as (
    select
        c.oid,
        jsonb_build_object('schema', n.nspname, 'name', c.collname) as name
    from pg_collation as c
    join pg_namespace as n on n.oid = c.collnamespace
    where c.oid <> 'pg_catalog.default'::regcollation
),
-- The operator by which an operator class says that two values are equal.
class_equality as (
    select
        c.oid as class_oid,
        c.opcintype,
        c.opcdefault,
        m.amname,
        ao.amopopr as operator_oid
    from pg_opclass as c
    join pg_am as m on m.oid = c.opcmethod
    join pg_amop as ao on ao.amopfamily = c.opcfamily
        and ao.amoplefttype = c.opcintype
        and ao.amoprighttype = c.opcintype
        and ao.amopstrategy = 3
    where m.amname = 'btree'
),
sorting as (
    select
        o.attnum,
        e.class_oid is not null as sortable,
        n.name as operator
    from operand as o
    left join class_equality as e on e.opcintype = o.type_oid and e.opcdefault
    left join operator_name as n on n.oid = e.operator_oid
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
unique_value as (
    select
        i.indexrelid,
        k.place,
        a.attname,
        pg_get_indexdef(i.indexrelid, k.place, false) as expression,
        o.name as operator,
        c.name as collation
    from pg_index as i
    cross join generate_series(1, i.indnkeyatts) as k (place)
    join class_equality as e on e.class_oid = i.indclass[k.place - 1]
    left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[k.place - 1] and a.attnum > 0
    left join operator_name as o on o.oid = e.operator_oid
    left join collation_name as c on c.oid = i.indcollation[k.place - 1]
    where i.indrelid = $1
        and i.indisunique
        and i.indislive
),
unique_index as (
    select
        r.relname,
        pg_get_expr(i.indpred, i.indrelid) as predicate,
        -- Since PostgreSQL 15.
        coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_collide,
        jsonb_agg(jsonb_build_object(
            'column', v.attname,
            'expression', v.expression,
            'equality', jsonb_build_object('operator', v.operator, 'collation', v.collation)
        ) order by v.place) as values
    from pg_index as i
    join pg_class as r on r.oid = i.indexrelid
    join unique_value as v on v.indexrelid = i.indexrelid
    group by i.indexrelid, i.*, r.relname
),
pair as (
    select
        c.oid,
        c.contype,
        k.place,
        a.attname,
        ra.attname as referred,
        o.name as operator,
        case when ra.attcollation <> a.attcollation then l.name end as collation
    from pg_constraint as c
    cross join unnest(c.conkey, c.confkey, c.conpfeqop) with ordinality as k (attnum, referred_attnum, operator_oid, place)
    join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum
    join pg_attribute as ra on ra.attrelid = c.confrelid and ra.attnum = k.referred_attnum
    left join operator_name as o on o.oid = k.operator_oid
    left join collation_name as l on l.oid = ra.attcollation
    where c.contype = 'f'
        and $1 in (c.conrelid, c.confrelid)
),
reference as (
    select
        c.conname,
        c.conrelid,
        c.confrelid,
        c.confmatchtype = 'f' as is_full,
        r.relkind = 'r' as is_only,
        c.confupdtype,
        jsonb_build_object('schema', fn.nspname, 'name', f.relname) as child,
        jsonb_build_object('schema', n.nspname, 'name', r.relname) as parent,
        jsonb_agg(p.attname order by p.place) as columns,
        jsonb_agg(p.referred order by p.place) as referred,
        jsonb_agg(jsonb_build_object('operator', p.operator, 'collation', p.collation) order by p.place) as equalities
    from pg_constraint as c
    join pair as p on p.oid = c.oid
    join pg_class as r on r.oid = c.confrelid
    join pg_namespace as n on n.oid = r.relnamespace
    join pg_class as f on f.oid = c.conrelid
    join pg_namespace as fn on fn.oid = f.relnamespace
    where not exists (
        -- A partitioned table has such a constraint for each partition, beneath the one for the whole.
        select
        from pg_constraint as whole
        where whole.oid = c.conparentid
            and (whole.conrelid = c.conrelid or whole.confrelid = c.confrelid)
    )
    group by c.oid, c.conname, c.conrelid, c.confrelid, c.confmatchtype, c.confupdtype, r.relkind, fn.nspname, f.relname, n.nspname, r.relname
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
    select format('table %s inherits from it', i.inhrelid::regclass)
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhparent
    where i.inhparent = $1 and c.relkind = 'r'
    union all
    select format('partition %s has %I of its own', leaf.relid, own.conname)
    from pg_partition_tree($1) as leaf
    join pg_constraint as own on own.conrelid = leaf.relid
    where leaf.level > 0
        and own.contype in ('c', 'u', 'x', 'f')
        and own.coninhcount = 0
        and own.conparentid = 0
    union all
    select format('constraint %I speaks of the whole row', k.conname)
    from pg_constraint as k
    join pg_class as c on c.oid = k.conrelid
    where k.conrelid = $1
        and k.contype = 'c'
        and strpos(pg_get_expr(k.conbin, k.conrelid), quote_ident(c.relname) || '.*') > 0
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
            'base_type', col.base_type,
            'not_null', col.attnotnull,
            'default', col.default_value,
            'generated', col.generated,
            'is_fixed', col.attidentity = 'a',
            'sortable', s.sortable and s.operator is null,
            'comparable', s.sortable,
            'collatable', col.attcollation <> 0,
            'equality', jsonb_build_object('operator', s.operator, 'collation', l.name)
        ) order by col.attnum), '[]')
        from col
        join sorting as s on s.attnum = col.attnum
        left join collation_name as l on l.oid = col.attcollation
    ),
    'keys', (
        select coalesce(jsonb_agg(jsonb_build_object('name', conname, 'primary', is_primary, 'columns', columns)
            order by is_primary desc, conname), '[]')
        from unique_key
        where is_whole
    ),
    'uniques', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'name', relname,
            'predicate', predicate,
            'nulls_collide', nulls_collide,
            'values', values
        ) order by relname), '[]')
        from unique_index
    ),
    'checks', (
        select coalesce(jsonb_agg(jsonb_build_object('name', conname, 'expression', pg_get_expr(conbin, conrelid))
            order by conname), '[]')
        from pg_constraint
        where conrelid = $1 and contype = 'c'
    ),
    'partitions', (
        -- A target that is a partition itself answers for its own bounds.
        select string_agg('(' || coalesce(nullif(pg_get_partition_constraintdef(leaf.relid), ''), 'true') || ')', ' or ')
        from pg_partition_tree($1) as leaf
        where (c.relkind = 'p' or c.relispartition) and leaf.isleaf
    ),
    'parents', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'constraint', conname,
            'columns', columns,
            'table', parent,
            'referred', referred,
            'itself', confrelid = conrelid,
            'is_full', is_full,
            'is_only', is_only,
            'equalities', equalities
        ) order by conname), '[]')
        from reference
        where conrelid = $1
    ),
    'children', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'constraint', conname,
            'table', child,
            'columns', columns,
            'referred', referred,
            'itself', confrelid = conrelid
        ) order by conname, child), '[]')
        from reference
        -- With these two actions PostgreSQL refuses to change what is referred to; the others follow it.
        where confrelid = $1 and confupdtype in ('a', 'r')
    ),
    'refusals', (select coalesce(jsonb_agg(reason), '[]') from refusal)
)::text
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.oid = $1
