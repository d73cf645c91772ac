//! A question's rows, as the server renders them: every type prints, and memory does not grow with the rows.
use std::borrow::Cow;
use std::io::Write;

use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::Type;
use postgres::{RowIter, Transaction};

use super::bind::Bound;
use super::question::Question;
use crate::cli::{FileFormat, RowFormat};
use crate::database::quoted;
use crate::error::Error;
use crate::output::{self, Column, Listing, formula};

/// One row of text, none for null.
type Row = Vec<Option<String>>;

/// What a JSON answer came to.
enum Printed {
    /// One value, which the question made.
    Value,
    /// An array of rows.
    Rows,
}

/// A question put to the server, its columns known.
pub struct Answer {
    name: String,
    bound: Bound,
    columns: Vec<Column>,
    /// The answer has one column, of type json or jsonb.
    is_json_value: bool,
    /// Whether a column may hold what a spreadsheet would run.
    may_hold_formulas: Vec<bool>,
}

impl Answer {
    /// Has the server read the statement, and takes its columns' names and types from there.
    ///
    /// # Errors
    /// Failed (exit 1) when the server does not accept the statement.
    pub fn prepare(
        transaction: &mut Transaction<'_>,
        question: &Question,
        bound: Bound,
    ) -> Result<Self, Error> {
        check_values(transaction, question, &bound)?;
        let types = vec![Type::TEXT; bound.values.len()];
        // By itself first: what is wrong with it is then said of the file's own words.
        transaction.prepare_typed(&bound.sql, &types).map_err(|error| refused(question, error))?;
        let statement = transaction
            .prepare_typed(&format!("select * from (\n{}\n) as etl_question", bound.sql), &types)
            .map_err(|error| no_query(question, error))?;
        let is_json = |kind: &Type| [Type::JSON, Type::JSONB].contains(kind);
        let numbers = [Type::INT2, Type::INT4, Type::INT8, Type::NUMERIC, Type::FLOAT4, Type::FLOAT8];
        let columns: Vec<Column> = statement
            .columns()
            .iter()
            .map(|column| Column {
                name: column.name().to_owned(),
                is_number: numbers.contains(column.type_()),
            })
            .collect();
        if columns.is_empty() {
            return Err(Error::failed(format!("question {} has no columns", question.name)));
        }
        let is_json_value = columns.len() == 1 && is_json(statement.columns()[0].type_());
        let may_hold_formulas =
            statement.columns().iter().map(|column| formula::may_hold(column.type_())).collect();
        Ok(Answer { name: question.name.clone(), bound, columns, is_json_value, may_hold_formulas })
    }

    /// The format that suits a file of it: JSON where the answer is made to be one JSON value, else CSV.
    pub fn natural_format(&self) -> FileFormat {
        if self.is_json_value { FileFormat::Json } else { FileFormat::Csv }
    }

    /// Writes the rows into a file. A file that holds one JSON value ends where the value ends.
    ///
    /// # Errors
    /// As [`Answer::print`].
    pub fn write(
        &self,
        transaction: &mut Transaction<'_>,
        format: FileFormat,
        escape_formulas: bool,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        match format {
            FileFormat::Csv => self.print_csv(transaction, escape_formulas, out),
            FileFormat::Json => match self.print_json(transaction, out)? {
                Printed::Value => Ok(()),
                Printed::Rows => Ok(writeln!(out)?),
            },
        }
    }

    /// Prints the rows.
    ///
    /// # Errors
    /// Failed (exit 1) when the statement fails or the output cannot be written.
    pub fn print(
        &self,
        transaction: &mut Transaction<'_>,
        format: RowFormat,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        match format {
            RowFormat::Json => {
                self.print_json(transaction, out)?;
                Ok(writeln!(out)?)
            }
            RowFormat::Csv => self.print_csv(transaction, false, out),
            RowFormat::Table => {
                let mut rows: Vec<Row> = Vec::new();
                self.each(transaction, &self.as_text(), |row| {
                    rows.push(row);
                    Ok(())
                })?;
                Ok(Listing { columns: self.columns.clone(), rows }.write(format, out)?)
            }
        }
    }

    fn print_csv(
        &self,
        transaction: &mut Transaction<'_>,
        escape_formulas: bool,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let names: Vec<_> = self.columns.iter().map(|column| Some(column.name.as_str())).collect();
        output::csv_row(out, &names)?;
        self.each(transaction, &self.as_text(), |row| {
            let mut values: Vec<Option<Cow<'_, str>>> =
                row.iter().map(|value| value.as_deref().map(Cow::Borrowed)).collect();
            if escape_formulas {
                for (value, _) in values.iter_mut().zip(&self.may_hold_formulas).filter(|(_, may)| **may) {
                    *value = value.as_deref().map(|text| Cow::Owned(formula::escaped(text).into_owned()));
                }
            }
            let values: Vec<_> = values.iter().map(Option::as_deref).collect();
            Ok(output::csv_row(out, &values)?)
        })
    }

    /// An array of objects, one a line; a single JSON value is printed as itself. Without a final line end.
    fn print_json(&self, transaction: &mut Transaction<'_>, out: &mut dyn Write) -> Result<Printed, Error> {
        // Of a single JSON column the value itself comes beside its object: which is wanted shows with the
        // second row.
        let (alias, value) = match self.is_json_value {
            true => {
                let name = quoted(&self.columns[0].name);
                (format!("etl_question ({name})"), format!("etl_question.{name}::text"))
            }
            false => ("etl_question".to_owned(), "null::text".to_owned()),
        };
        let statement = format!(
            "select pg_catalog.row_to_json(etl_question)::text, {value} from (\n{}\n) as {alias}",
            self.bound.sql
        );
        let mut first: Option<Row> = None;
        let mut rows = 0u64;
        self.each(transaction, &statement, |row| {
            rows += 1;
            if rows == 1 {
                first = Some(row);
                return Ok(());
            }
            let before = first.take();
            if let Some(first) = &before {
                write!(out, "[{}", text_of(first, 0))?;
            }
            write!(out, ",\n{}", text_of(&row, 0))?;
            Ok(())
        })?;
        match &first {
            Some(row) if self.is_json_value => {
                write!(out, "{}", text_of(row, 1))?;
                return Ok(Printed::Value);
            }
            Some(row) => write!(out, "[{}]", text_of(row, 0))?,
            None if rows == 0 => write!(out, "[]")?,
            None => write!(out, "]")?,
        }
        Ok(Printed::Rows)
    }

    fn as_text(&self) -> String {
        let aliases: Vec<String> =
            (1..=self.columns.len()).map(|number| quoted(&format!("c{number}"))).collect();
        let texts: Vec<String> = aliases.iter().map(|alias| format!("etl_question.{alias}::text")).collect();
        format!(
            "select {} from (\n{}\n) as etl_question ({})",
            texts.join(", "),
            self.bound.sql,
            aliases.join(", ")
        )
    }

    /// Has the statement's rows pass by, one at a time.
    fn each(
        &self,
        transaction: &mut Transaction<'_>,
        statement: &str,
        mut take: impl FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |error| Error::database(format!("answer {}", self.name), error);
        let types = vec![Type::TEXT; self.bound.values.len()];
        let prepared = transaction.prepare_typed(statement, &types).map_err(failed)?;
        let mut rows: RowIter<'_> = transaction.query_raw(&prepared, &self.bound.values).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let values: Result<Row, _> = (0..row.len()).map(|column| row.try_get(column)).collect();
            take(values.map_err(failed)?)?;
        }
        Ok(())
    }
}

fn text_of(row: &Row, column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or("null")
}

/// Reads each value by its type, alone: a wrong one is named, and is a matter of the command line.
fn check_values(transaction: &mut Transaction<'_>, question: &Question, bound: &Bound) -> Result<(), Error> {
    for (parameter, value) in bound.parameters.iter().zip(&bound.values) {
        let statement = format!("select ($1::{})::text", parameter.kind);
        let read = transaction
            .prepare_typed(&statement, &[Type::TEXT])
            .and_then(|prepared| transaction.query(&prepared, &[value]));
        if let Err(error) = read {
            return Err(Error::usage(format!(
                "{}={value} is not of type {}",
                parameter.name, parameter.kind
            ))
            .caused_by(error)
            .hint(format!("loader query {}", question.usage())));
        }
    }
    Ok(())
}

/// A statement that the server understands, but not as a part of a query: it writes, or changes a setting.
fn no_query(question: &Question, error: postgres::Error) -> Error {
    let codes = [SqlState::SYNTAX_ERROR, SqlState::FEATURE_NOT_SUPPORTED];
    match error.code().is_some_and(|code| codes.contains(code)) {
        true => Error::failed(format!(
            "question {} does more than read: a question is one select, values, table or with (25006)",
            question.name
        ))
        .hint("loader psql"),
        false => refused(question, error),
    }
}

/// The tables are not there yet, or the statement is not one the server understands.
fn refused(question: &Question, error: postgres::Error) -> Error {
    let is_undefined = error.code() == Some(&SqlState::UNDEFINED_TABLE);
    let error = Error::database(format!("ask {}", question.name), error);
    match &question.dataset {
        Some(dataset) if is_undefined => error.hint(format!("loader run {dataset} FILE")),
        _ => error,
    }
}
