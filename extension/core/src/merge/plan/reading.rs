//! Reading: how a staged text becomes a value of its column's type.
use super::super::name::{Ident, Literal};
use super::super::table::{Column, StagedColumn};
use super::Plan;

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// It has the type already.
    AsIs,
    /// By the strict grammar of the type; what passes can be cast.
    Strict,
    /// By the strict grammar of the type beneath a domain; then the domain's own checks, which may raise.
    Domain(&'a str),
    /// By the type's own input function, which may raise.
    Input,
}

impl<'a> Reading<'a> {
    pub(super) fn of(column: &'a Column, staged: &StagedColumn) -> Self {
        if staged.type_name != "text" || column.type_name == "text" {
            return Reading::AsIs;
        }
        match &column.base_type {
            None if crate::value::is_readable(&column.type_name) => Reading::Strict,
            Some(base) if crate::value::is_readable(base) => Reading::Domain(base),
            _ => Reading::Input,
        }
    }

    pub(super) fn may_raise(self) -> bool {
        matches!(self, Reading::Domain(_) | Reading::Input)
    }
}

/// The value of a text by the type's input function. A cast would cut what is too long for `char(3)`; this raises.
pub(super) fn by_input(column: &Column, text: &str) -> String {
    let type_name = &column.type_name;
    match column.carrier() {
        // As a field of a record a text would become a JSON string.
        base @ ("json" | "jsonb") => format!("{text}::{base}::{type_name}"),
        _ => {
            format!("(select p.v from jsonb_to_record(jsonb_build_object('v', {text})) as p (v {type_name}))")
        }
    }
}

impl<'a> Plan<'a> {
    pub(super) fn reading(&self, column: &'a Column) -> Reading<'a> {
        let staged = self.staged.column(column.name.as_str());
        staged.map_or(Reading::AsIs, |staged| Reading::of(column, staged))
    }

    /// Columns whose reading may raise.
    pub(super) fn risky_columns(&self) -> impl Iterator<Item = &'a Column> {
        self.columns.iter().copied().filter(|column| self.reading(column).may_raise())
    }

    /// For each column whose reading may raise, a query that does for one staged row, and the column's name.
    pub fn readings_of(&self, place: i64) -> Vec<(String, &'a str)> {
        let reads = self.risky_columns().map(|column| {
            let query = format!(
                "select {}\nfrom {} as s{}",
                by_input(column, &format!("s.{}", column.name)),
                self.staged.name,
                super::Rows::Between(place, place).condition("s"),
            );
            (query, column.name.as_str())
        });
        reads.collect()
    }

    /// The value by the input function; of a record that lacks the column none, and nothing is asked of its domain.
    pub(super) fn by_input_unless_absent(&self, column: &Column, text: &str) -> String {
        let value = by_input(column, text);
        match self.staged_meta("absent", "c").filter(|_| self.is_partial(column)) {
            Some(absent) => format!("case when not {} then {value} end", super::lacks(column, &absent)),
            None => value,
        }
    }

    /// `etl_value_fault(text, type)`: null where the text is a value of the type.
    pub(super) fn fault(&self, text: &str, type_name: &str) -> String {
        let schema = Ident::new(&self.options.extension_schema);
        format!("{schema}.etl_value_fault({text}, {})", Literal::new(type_name))
    }
}
