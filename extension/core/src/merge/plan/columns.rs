//! Columns of two rows: whether they agree, which ranks higher, and whether a record has them at all.
use super::super::name::Literal;
use super::super::table::Column;

/// Whether a record lacks the column; `absent` is its list of those that it lacks.
pub(super) fn lacks(column: &Column, absent: &str) -> String {
    format!("coalesce({} = any ({absent}), false)", Literal::new(column.name.as_str()))
}

/// Whether two rows agree in some columns.
pub(super) fn same_in<'c>(columns: impl Iterator<Item = &'c Column>, left: &str, right: &str) -> String {
    let (named, plain): (Vec<_>, Vec<_>) =
        columns.partition(|column| column.equality.operator.is_some() && column.comparable);
    let side = |alias: &str| {
        let values = plain.iter().map(|column| comparable(column, alias));
        values.collect::<Vec<_>>().join(", ")
    };
    let mut parts = vec![format!("row({}) is not distinct from row({})", side(left), side(right))];
    parts.extend(named.iter().map(|column| same(column, left, right)));
    parts.join(" and ")
}

/// A column as it is compared: by its text where its type has no equality.
fn comparable(column: &Column, alias: &str) -> String {
    let name = &column.name;
    if column.comparable { format!("{alias}.{name}") } else { format!("{alias}.{name}::text") }
}

/// Whether a column is the same in both.
pub(super) fn same(column: &Column, left: &str, right: &str) -> String {
    column.equality.same(&comparable(column, left), &comparable(column, right))
}

/// Whether a column differs.
pub(super) fn differs(column: &Column, left: &str, right: &str) -> String {
    match column.equality.operator.is_some() && column.comparable {
        true => format!("not {}", same(column, left, right)),
        false => format!("{} is distinct from {}", comparable(column, left), comparable(column, right)),
    }
}

/// A column as it is ranked: the same in every database, whatever its collation.
pub(super) fn ranked(column: &Column, alias: &str) -> String {
    let name = &column.name;
    match (column.sortable, column.collatable) {
        (true, false) => format!("{alias}.{name}"),
        (true, true) => format!("({alias}.{name} collate \"C\")"),
        (false, _) => format!("({alias}.{name}::text collate \"C\")"),
    }
}
