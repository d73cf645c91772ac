//! `DICTIONARY.md`: what every exported column means, from the comments of the migrations.
use postgres::Transaction;

use super::tables::Table;
use crate::error::Error;

const COLUMNS: &str = "
    select
        attribute.attname::text as name,
        pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as type,
        not attribute.attnotnull as is_nullable,
        coalesce(
            (
                select attribute.attnum = any (index.indkey::int2[])
                from pg_catalog.pg_index as index
                where index.indrelid = attribute.attrelid and index.indisprimary
            ),
            false
        ) as is_key,
        (
            select pg_catalog.string_agg(
                pg_catalog.format('%s.%s', target.relname, referenced.attname),
                ', ' order by target.relname, referenced.attname
            )
            from pg_catalog.pg_constraint as reference
            join pg_catalog.pg_class as target on target.oid = reference.confrelid
            cross join lateral rows from (
                pg_catalog.unnest(reference.conkey),
                pg_catalog.unnest(reference.confkey)
            ) as pair (own, other)
            join pg_catalog.pg_attribute as referenced
                on referenced.attrelid = reference.confrelid and referenced.attnum = pair.other
            where reference.contype = 'f'
                and reference.conrelid = attribute.attrelid
                and pair.own = attribute.attnum
        ) as refers_to,
        pg_catalog.col_description(attribute.attrelid, attribute.attnum) as comment
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text))
        and attribute.attnum > 0
        and not attribute.attisdropped
    order by attribute.attnum";

/// A column as the dictionary shows it.
#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    is_nullable: bool,
    is_key: bool,
    refers_to: Option<String>,
    comment: Option<String>,
}

/// The dictionary of a dataset's tables, in their order.
///
/// # Errors
/// What the server reports.
pub fn render(transaction: &mut Transaction<'_>, dataset: &str, tables: &[Table]) -> Result<String, Error> {
    let mut text = format!(
        "# {dataset}\n\nOne file a table, rows ordered by key. Made by `loader export {dataset}` from the comments in the database.\n"
    );
    for table in tables {
        let rows = transaction
            .query(COLUMNS, &[&table.schema, &table.name])
            .map_err(|error| Error::database(format!("look at the columns of {}", table.name), error))?;
        let column = |row: &postgres::Row| Column {
            name: row.get("name"),
            kind: row.get("type"),
            is_nullable: row.get("is_nullable"),
            is_key: row.get("is_key"),
            refers_to: row.get("refers_to"),
            comment: row.get("comment"),
        };
        let columns: Vec<Column> = rows.iter().map(column).collect();
        text.push_str(&section(&table.name, table.comment.as_deref(), &columns));
    }
    Ok(text)
}

fn section(table: &str, comment: Option<&str>, columns: &[Column]) -> String {
    let mut text = format!("\n## {table}\n\n");
    if let Some(comment) = comment {
        text.push_str(&format!("{}\n\n", comment.trim()));
    }
    text.push_str("| column | type | nullable | key | references | meaning |\n|---|---|---|---|---|---|\n");
    for column in columns {
        let yes = |is_so: bool| if is_so { "yes" } else { "" };
        let cells = [
            column.name.as_str(),
            &column.kind,
            yes(column.is_nullable),
            yes(column.is_key),
            column.refers_to.as_deref().unwrap_or(""),
            column.comment.as_deref().unwrap_or(""),
        ];
        text.push_str(&format!("| {} |\n", cells.map(cell).join(" | ")));
    }
    text
}

/// A cell of a Markdown table ends at a bar or a line's end.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_lists_columns_with_their_meaning() {
        let columns = [
            Column {
                name: "vote_id".into(),
                kind: "bigint".into(),
                is_nullable: false,
                is_key: true,
                refers_to: None,
                comment: Some("Number of the vote.".into()),
            },
            Column {
                name: "post_id".into(),
                kind: "bigint".into(),
                is_nullable: true,
                is_key: false,
                refers_to: Some("posts.id".into()),
                comment: Some("The post | voted\non.".into()),
            },
        ];
        insta::assert_snapshot!(section("votes", Some("Votes for posts."), &columns), @r"

        ## votes

        Votes for posts.

        | column | type | nullable | key | references | meaning |
        |---|---|---|---|---|---|
        | vote_id | bigint |  | yes |  | Number of the vote. |
        | post_id | bigint | yes |  | posts.id | The post \| voted on. |
        ");
    }
}
