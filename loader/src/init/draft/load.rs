//! The draft of a load file: which field goes into which column.
use super::Draft;
use crate::init::table::Table;
use crate::output::{json_string, printable};

/// The text of `load/<dataset>.sql`.
pub(super) fn text(draft: &Draft<'_>) -> String {
    let dataset = draft.dataset;
    let calls: String = draft.tables.iter().map(|table| call(dataset, table)).collect();
    format!(
        "-- {dataset}: what a run has staged, into the tables of schema {dataset}, parents first. Applied anew by every loader migrate.
-- Left is the column, right the field: a name, a JSON pointer such as \"/person/id\", or with * a row for each element of an
-- array: \"/items/*/sku\".
create or replace function {dataset}.etl_load_{dataset}(run_id bigint)
returns setof public.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
begin
{calls}end
$function$;
revoke execute on function {dataset}.etl_load_{dataset}(bigint) from public;
comment on function {dataset}.etl_load_{dataset}(bigint) is 'Loads what a run has staged into schema {dataset}; a row a table, with its counts.';
"
    )
}

fn call(dataset: &str, table: &Table) -> String {
    let name = &table.name;
    let unread: String =
        table.unreadable.iter().map(|field| format!("    -- Not read: {}.\n", printable(field))).collect();
    let fields = fields(table);
    if !table.key.is_empty() {
        return format!(
            "{unread}    return query select * from public.etl_load(run_id, '{{{name}}}'::text[], '{dataset}.{name}'::text, {fields}::jsonb, null::name);
"
        );
    }
    let columns: Vec<String> = table.columns.iter().map(|column| format!("staged.{}", column.name)).collect();
    let columns = columns.join(", ");
    format!(
        "{unread}    -- No columns tell the records apart: the key is made of all values, and counts records that are equal.
    perform public.etl_read(run_id, '{{{name}}}'::text[], '{dataset}.{name}'::text, {fields}::jsonb, '{name}'::name);
    with numbered as (
        select
            staged.ctid as place,
            pg_catalog.md5(row({columns})::text) as digest,
            row_number() over (partition by row({columns})::text order by staged.source, staged.line, staged.byte) as nth
        from pg_temp.{name} as staged
    )
    update pg_temp.{name} as staged
    set record_key = numbered.digest || '-' || numbered.nth
    from numbered
    where staged.ctid = numbered.place;
    return query select * from public.etl_merge('pg_temp.{name}'::regclass, '{dataset}.{name}'::regclass, null::name, run_id);
"
    )
}

/// The mapping, as a literal. A dollar sign might end the function's body, so it is written as JSON allows.
fn fields(table: &Table) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if table.key.is_empty() {
        pairs.push(("record_key", "{\"constant\": \"\"}".to_owned()));
    }
    pairs.extend(table.columns.iter().map(|column| (column.name.as_str(), json_string(&column.from))));
    let lines: Vec<String> = pairs.iter().map(|(name, from)| format!("        \"{name}\": {from}")).collect();
    let json = format!("{{\n{}\n    }}", lines.join(",\n")).replace('$', "\\u0024");
    format!("'{}'", json.replace('\'', "''"))
}
