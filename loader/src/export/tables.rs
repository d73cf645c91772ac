//! The tables of a dataset in export order, with how to select their rows in a fixed order.
//!
//! The order of an export is a fact about the dataset, so it stands in the dataset's migrations: it is the
//! order in which they create the tables (by oid; foreign keys may be added below). After a dump and restore
//! it is the dump's; the files' bytes do not depend on it.
use postgres::Transaction;

use crate::database::quoted;
use crate::error::Error;
use crate::output::formula;

/// A table to export.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its schema, which is the dataset's name.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it holds, from its comment.
    pub comment: Option<String>,
    /// Columns in table order.
    columns: Vec<Column>,
    /// What orders the rows: the primary key's columns, else all.
    order: Vec<String>,
}

/// A column to export.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    /// Its type's category in `pg_type`: B is boolean, S is text; a domain has that of what it is made of.
    category: String,
}

/// Categories of numbers, moments, spans of time and booleans: none holds what somebody typed.
const HARMLESS: [&str; 4] = ["N", "D", "T", "B"];

const TABLES: &str = "
    select
        relation.relname::text as name,
        pg_catalog.obj_description(relation.oid, 'pg_class') as comment,
        array(
            select attname::text
            from pg_catalog.pg_attribute
            where attrelid = relation.oid and attnum > 0 and not attisdropped
            order by attnum
        ) as columns,
        array(
            select attcollation <> 0
            from pg_catalog.pg_attribute
            where attrelid = relation.oid and attnum > 0 and not attisdropped
            order by attnum
        ) as are_collated,
        array(
            select type.typcategory::text
            from pg_catalog.pg_attribute as attribute
            join pg_catalog.pg_type as type on type.oid = attribute.atttypid
            where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
            order by attribute.attnum
        ) as categories,
        array(
            select attribute.attname::text
            from pg_catalog.pg_index as index
            cross join lateral pg_catalog.unnest(index.indkey::int2[]) with ordinality as key (attnum, position)
            join pg_catalog.pg_attribute as attribute
                on attribute.attrelid = index.indrelid and attribute.attnum = key.attnum
            where index.indrelid = relation.oid and index.indisprimary
            order by key.position
        ) as key
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    where namespace.nspname = $1
        and relation.relkind in ('r', 'p')
        and not relation.relispartition
    order by relation.oid";

/// The dataset's tables in export order.
///
/// # Errors
/// Mismatch (exit 6) when there are none.
pub fn of_dataset(transaction: &mut Transaction<'_>, dataset: &str) -> Result<Vec<Table>, Error> {
    let failed = |error| Error::database(format!("look at the tables of {dataset}"), error);
    let rows = transaction.query(TABLES, &[&dataset]).map_err(failed)?;
    let table = |row: &postgres::Row| {
        let (columns, categories): (Vec<String>, Vec<String>) = (row.get("columns"), row.get("categories"));
        let (key, are_collated): (Vec<String>, Vec<bool>) = (row.get("key"), row.get("are_collated"));
        let order = if key.is_empty() { &columns } else { &key };
        let is_collated = |name: &String| {
            columns.iter().zip(&are_collated).any(|(column, is_collated)| column == name && *is_collated)
        };
        Table {
            schema: dataset.to_owned(),
            name: row.get("name"),
            comment: row.get("comment"),
            order: order.iter().map(|name| order_by(name, is_collated(name))).collect(),
            columns: columns
                .into_iter()
                .zip(categories)
                .map(|(name, category)| Column { name, category })
                .collect(),
        }
    };
    let tables: Vec<Table> = rows.iter().map(table).collect();
    if tables.is_empty() {
        return Err(Error::mismatch(format!("schema {dataset} has no tables in this database"))
            .hint(format!("loader run {dataset} FILE")));
    }
    Ok(tables)
}

/// Text sorts by bytes: the same everywhere, whatever the database's locale. Qualified, so that it is the
/// column and not the output.
fn order_by(name: &str, is_collated: bool) -> String {
    let collation = if is_collated { " collate \"C\"" } else { "" };
    format!("etl_table.{}{collation}", quoted(name))
}

impl Table {
    /// Its rows in a fixed order.
    pub fn select(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        self.select_of(&columns)
    }

    /// The same for CSV: booleans as true and false, which every reader understands, not t and f; perhaps with text
    /// that a spreadsheet would run escaped.
    pub fn select_text(&self, escape_formulas: bool) -> String {
        let text = |Column { name, category }: &Column| {
            let name = quoted(name);
            match category.as_str() {
                "B" => format!("{name}::text as {name}"),
                other if escape_formulas && !HARMLESS.contains(&other) => {
                    format!("{} as {name}", formula::escaped_in_sql(&name))
                }
                _ => name,
            }
        };
        let columns: Vec<String> = self.columns.iter().map(text).collect();
        self.select_of(&columns)
    }

    fn select_of(&self, columns: &[String]) -> String {
        format!(
            "select {} from {}.{} as etl_table order by {}",
            columns.join(", "),
            quoted(&self.schema),
            quoted(&self.name),
            self.order.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, category: &str) -> Column {
        Column { name: name.into(), category: category.into() }
    }

    #[test]
    fn rows_are_selected_in_key_order() {
        let table = Table {
            schema: "s".into(),
            name: "t".into(),
            comment: None,
            columns: vec![column("id", "N"), column("is \"on\"", "B"), column("name", "S")],
            order: vec![order_by("id", false), order_by("is \"on\"", true)],
        };
        let from = "from \"s\".\"t\" as etl_table order by etl_table.\"id\", etl_table.\"is \"\"on\"\"\" collate \"C\"";
        assert_eq!(table.select(), format!("select \"id\", \"is \"\"on\"\"\", \"name\" {from}"));
        let boolean = "\"is \"\"on\"\"\"::text as \"is \"\"on\"\"\"";
        assert_eq!(table.select_text(false), format!("select \"id\", {boolean}, \"name\" {from}"));
        let name = format!("{} as \"name\"", formula::escaped_in_sql("\"name\""));
        assert_eq!(table.select_text(true), format!("select \"id\", {boolean}, {name} {from}"));
    }
}
