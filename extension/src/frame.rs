//! `etl_frame_json`: a document as its records, framed as the loader frames files.

use std::collections::VecDeque;
use std::convert::Infallible;

use etl_core::frame::{Fault, Framed, JsonFramer, Limits, Refused, Stopped};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

/// How much of the document is framed at a time, bytes: rows are made as they are asked for.
const STEP: usize = 64 * 1024;

/// The records of a JSON document (array, lines, `{"data":[...]}` pages or one object), as the loader stages them.
///
/// `record` is null where `problem` and `sqlstate` say why and `raw` has the bytes. `line` counts from 1, `byte` from 0.
/// A document whose frame is damaged raises, with the line and the byte.
#[pg_extern(immutable, parallel_safe, strict)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the type as it is written here")]
fn etl_frame_json(
    document: &str,
) -> TableIterator<
    '_,
    (
        name!(line, i64),
        name!(byte, i64),
        name!(record, Option<String>),
        name!(raw, Option<Vec<u8>>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<String>),
    ),
> {
    TableIterator::new(Frames {
        rest: document.as_bytes(),
        framer: Some(JsonFramer::new(Limits::default())),
        ready: VecDeque::new(),
    })
}

extension_sql!(
    r#"
comment on function etl_frame_json(text) is
    'The records of a JSON document (array, lines, {"data":[...]} pages or one object) with line (from 1) and byte (from 0). A faulty record is null: raw, problem and sqlstate say why. A document whose frame is damaged raises.';
"#,
    name = "etl_frame_json_comment",
    requires = [etl_frame_json]
);

type Row = (i64, i64, Option<String>, Option<Vec<u8>>, Option<String>, Option<String>);

/// A document being framed, a step ahead of the rows taken from it.
struct Frames<'a> {
    rest: &'a [u8],
    /// None when the document has ended.
    framer: Option<JsonFramer>,
    ready: VecDeque<Row>,
}

impl Iterator for Frames<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while self.ready.is_empty() && self.framer.is_some() {
            self.step();
        }
        self.ready.pop_front()
    }
}

impl Frames<'_> {
    fn step(&mut self) {
        let ready = &mut self.ready;
        let mut sink = |framed: Framed<'_>| {
            ready.push_back(row(framed));
            Ok::<_, Infallible>(())
        };
        let (piece, rest) = self.rest.split_at(self.rest.len().min(STEP));
        self.rest = rest;
        let outcome = match (&mut self.framer, piece.is_empty()) {
            (Some(framer), false) => framer.push(piece, &mut sink),
            (framer, _) => match framer.take() {
                Some(framer) => framer.finish(&mut sink).map(drop),
                None => Ok(()),
            },
        };
        match outcome {
            Ok(()) => {}
            Err(Stopped::Refused(refused)) => raise(&refused),
            Err(Stopped::Sink(never)) => match never {},
        }
    }
}

fn row(framed: Framed<'_>) -> Row {
    let (line, byte) = (framed.line as i64, framed.byte as i64);
    match framed.content {
        Ok(record) => (line, byte, Some(record.to_owned()), None, None, None),
        Err(Fault { sqlstate, message, raw }) => {
            let raw = Some(raw.to_owned());
            let sqlstate = Some(sqlstate.to_owned());
            (line, byte, None, raw, Some(message), sqlstate)
        }
    }
}

/// Raises what refuses the document as a whole.
fn raise(refused: &Refused) {
    let code = match refused.sqlstate {
        "22021" => PgSqlErrorCode::ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
        "22P05" => PgSqlErrorCode::ERRCODE_UNTRANSLATABLE_CHARACTER,
        "54000" => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        _ => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
    };
    ErrorReport::new(code, format!("the JSON document cannot be framed: {refused}"), "etl_frame_json")
        .report(PgLogLevel::ERROR);
}

#[cfg(any(test, feature = "pg_test"))]
#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    #[pg_test]
    fn frames_a_document_with_its_faults() {
        let counts = Spi::get_one::<String>(
            r#"select string_agg(concat_ws(' ', line, byte, coalesce(record, sqlstate)), '; ' order by byte)
               from etl_frame_json(E'[{"a":1}\n,{"a":"\\u0000"},{"b":2}]')"#,
        );
        assert_eq!(counts, Ok(Some(r#"1 1 {"a":1}; 2 10 22P05; 2 25 {"b":2}"#.to_owned())));
    }

    #[pg_test]
    fn frames_more_than_one_step() {
        let count = Spi::get_one::<i64>(
            "select count(*) filter (where record::jsonb ->> 'n' = repeat('x', 100))
             from etl_frame_json((select json_agg(json_build_object('n', repeat('x', 100)))::text
                                  from generate_series(1, 5000)))",
        );
        assert_eq!(count, Ok(Some(5000)));
    }

    #[pg_test(
        error = "the JSON document cannot be framed: line 1, byte 3: expected `,` or `]` after a record, found `{`"
    )]
    fn a_damaged_frame_raises() {
        Spi::run("select * from etl_frame_json('[{}{}]')").expect("raised before it returns");
    }
}
