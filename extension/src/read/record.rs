//! `etl_parse_record` and `etl_explode_record`: one staged record as the texts of a row, or of several.
use std::cell::RefCell;

use etl_core::read::{Reader, Row, Spec};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::{Outcome, misuse};

thread_local! {
    /// The reader of the spec that was asked for last: a statement asks for one, record after record.
    static READER: RefCell<Option<(String, Reader)>> = const { RefCell::new(None) };
}

/// The texts of a row's values, then problem, SQLSTATE and field where there is a problem.
type Texts = Vec<Option<String>>;

/// A record as one row.
#[pg_extern(immutable, strict, parallel_safe, cost = 1000)]
fn etl_parse_record(record: &str, spec: &str) -> Result<Option<Vec<Option<String>>>, ErrorReport> {
    let mut only = None;
    each(record, spec, |row| only = Some(row))?;
    Ok(only)
}

/// A record as a row for each element of the array that the spec names.
#[pg_extern(immutable, strict, parallel_safe, cost = 1000)]
fn etl_explode_record(
    record: &str,
    spec: &str,
) -> Result<SetOfIterator<'static, Vec<Option<String>>>, ErrorReport> {
    let mut rows = Vec::new();
    each(record, spec, |row| rows.push(row))?;
    Ok(SetOfIterator::new(rows))
}

extension_sql!(
    r#"
comment on function etl_parse_record(text, text) is
    'Reads a record by the spec that etl_read makes of its mapping: the texts of the row''s values, then, where something is '
    'wrong, problem, SQLSTATE and field. Never fails for content.';
comment on function etl_explode_record(text, text) is
    'The same for each element of the array that the mapping names with *.';
alter function etl_explode_record(text, text) rows 5;
"#,
    name = "etl_parse_record_comments",
    requires = [etl_parse_record, etl_explode_record]
);

fn each(record: &str, spec: &str, mut take: impl FnMut(Texts)) -> Outcome<()> {
    READER.with_borrow_mut(|kept| {
        let reader = match kept {
            Some((known, reader)) if known == spec => reader,
            _ => &mut kept.insert((spec.to_owned(), Reader::new(&parsed(spec)?))).1,
        };
        reader.read(record, |row| take(texts(row)));
        Ok(())
    })
}

fn parsed(spec: &str) -> Outcome<Spec> {
    serde_json::from_str(spec).map_err(|error| {
        misuse(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("the spec of a reader is not understood: {error}"),
            "etl_read makes it of its mapping: call that.",
        )
    })
}

fn texts(row: Row<'_>) -> Texts {
    let mut texts: Texts = row.values.into_iter().map(|value| value.map(Into::into)).collect();
    if let Some(problem) = row.problem {
        texts.extend([problem.message, problem.sqlstate.to_owned(), problem.field].map(Some));
    }
    texts
}
