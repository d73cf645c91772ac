//! A question's `:names` turned into the server's parameters, and the values that were given.
//!
//! Values never become part of the statement's text. `:event_id` becomes `$1::bigint`, prepared with `$1` of
//! type text: the server reads the value by the type's own input function. Quoted text, comments and casts
//! (`::`) are left alone.
use std::collections::BTreeSet;

use super::question::{Parameter, Question};
use crate::error::Error;

/// A statement with its values, all of type text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The question's statement, without a final semicolon.
    pub sql: String,
    /// `$1`, `$2` and so on.
    pub values: Vec<String>,
    /// What each of the values is for.
    pub parameters: Vec<Parameter>,
}

/// Puts the given values to a question's parameters.
///
/// # Errors
/// Usage (exit 2) for unknown, repeated or missing parameters, naming what the question takes, and for a name
/// in the statement that its header does not declare.
pub fn bind(question: &Question, given: &[(String, String)]) -> Result<Bound, Error> {
    check_given(question, given)?;
    let (mut values, mut parameters) = (Vec::new(), Vec::new());
    let mut numbers: Vec<Option<usize>> = vec![None; question.parameters.len()];
    let mut sql = String::with_capacity(question.sql.len() + 32);
    let mut rest = statement(&question.sql);
    while !rest.is_empty() {
        let (piece, name) = next_name(rest);
        sql.push_str(&rest[..piece]);
        rest = &rest[piece..];
        let Some(name) = name else { continue };
        rest = &rest[1 + name.len()..];
        let position = question.parameters.iter().position(|parameter| parameter.name == name);
        let Some(position) = position else {
            return Err(Error::usage(format!(
                "question {}: :{name} is used but not declared",
                question.name
            ))
            .hint(format!("add the line: -- param {name} TYPE")));
        };
        let parameter = &question.parameters[position];
        match (value_of(parameter, given), &parameter.default) {
            (Some(value), _) => {
                let number = *numbers[position].get_or_insert_with(|| {
                    values.push(value.to_owned());
                    parameters.push(parameter.clone());
                    values.len()
                });
                sql.push_str(&format!("${number}::{}", parameter.kind));
            }
            (None, Some(default)) => sql.push_str(&format!("cast(({default}) as {})", parameter.kind)),
            (None, None) => return Err(missing(question, given)),
        }
    }
    Ok(Bound { sql, values, parameters })
}

fn check_given(question: &Question, given: &[(String, String)]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (name, _) in given {
        if !question.parameters.iter().any(|parameter| parameter.name == *name) {
            return Err(Error::usage(format!("question {} has no parameter {name}", question.name))
                .hint(how(question)));
        }
        if !seen.insert(name) {
            return Err(Error::usage(format!("parameter {name} is given twice")).hint(how(question)));
        }
    }
    let is_missing =
        |parameter: &&Parameter| parameter.default.is_none() && value_of(parameter, given).is_none();
    match question.parameters.iter().find(is_missing) {
        Some(_) => Err(missing(question, given)),
        None => Ok(()),
    }
}

fn missing(question: &Question, given: &[(String, String)]) -> Error {
    let names: Vec<&str> = question
        .parameters
        .iter()
        .filter(|parameter| parameter.default.is_none() && value_of(parameter, given).is_none())
        .map(|parameter| parameter.name.as_str())
        .collect();
    Error::usage(format!("question {} needs {}", question.name, names.join(", "))).hint(how(question))
}

fn how(question: &Question) -> String {
    format!("loader query {}", question.usage())
}

fn value_of<'a>(parameter: &Parameter, given: &'a [(String, String)]) -> Option<&'a str> {
    given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.as_str())
}

/// The file without what would end the statement early when it is put in parentheses.
fn statement(sql: &str) -> &str {
    sql.trim_end().trim_end_matches(';').trim_end()
}

/// Length of the text before the next `:name`, and that name; without one, some text and none.
fn next_name(text: &str) -> (usize, Option<&str>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        at += match bytes[at] {
            b'\'' => quoted(rest, '\'', is_escape_string(text, at)),
            b'"' => quoted(rest, '"', false),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => block_comment(rest),
            b'$' => dollar_quoted(rest),
            b':' if rest.starts_with("::") => 2,
            b':' => match identifier(&rest[1..]) {
                "" => 1,
                name => return (at, Some(name)),
            },
            first if first.is_ascii_alphanumeric() || first == b'_' => word(rest),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    (text.len(), None)
}

fn identifier(text: &str) -> &str {
    if text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        &text[..word(text)]
    } else {
        ""
    }
}

/// A word may hold `$`, which opens no quote there.
fn word(text: &str) -> usize {
    text.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(text.len())
}

fn is_escape_string(text: &str, quote: usize) -> bool {
    let before = &text[..quote];
    let is_prefixed = before.ends_with(['e', 'E']);
    is_prefixed
        && !before[..before.len() - 1]
            .ends_with(|previous: char| previous.is_alphanumeric() || previous == '_')
}

/// Length of a quoted piece; a doubled quote is two pieces side by side, which comes to the same.
fn quoted(text: &str, quote: char, has_escapes: bool) -> usize {
    let mut is_escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if has_escapes && next == '\\' {
            is_escaped = true;
        } else if next == quote {
            return at + 1;
        }
    }
    text.len()
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        if text.as_bytes()[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text.as_bytes()[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

fn dollar_quoted(text: &str) -> usize {
    let tag = identifier(&text[1..]).len();
    let mark = 1 + tag;
    if text.as_bytes().get(mark) != Some(&b'$') {
        return 1;
    }
    let (open, body) = text.split_at(mark + 1);
    body.find(open).map_or(text.len(), |close| open.len() + close + open.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str, given: &[(&str, &str)]) -> Result<Bound, Error> {
        let header = "-- Who?\n-- param id bigint\n-- param as_of timestamp default now()\n";
        let question = Question::parse(None, "who", &format!("{header}{sql}")).unwrap();
        let given: Vec<_> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut bound = bind(&question, &given)?;
        bound.sql = bound.sql.strip_prefix(header).unwrap().to_owned();
        Ok(bound)
    }

    #[test]
    fn names_become_parameters_of_their_type() {
        let bound = asked("select :id, :as_of, :id;\n", &[("id", "7")]).unwrap();
        assert_eq!(bound.sql, "select $1::bigint, cast((now()) as timestamp), $1::bigint");
        assert_eq!(bound.values, ["7"]);
    }

    #[test]
    fn numbers_follow_the_statement_not_the_header() {
        let bound = asked("select :as_of, :id", &[("id", "7"), ("as_of", "2021-07-11")]).unwrap();
        assert_eq!(bound.sql, "select $1::timestamp, $2::bigint");
        assert_eq!(bound.values, ["2021-07-11", "7"]);
    }

    #[test]
    fn a_value_never_enters_the_statement() {
        let bound = asked("select :id", &[("id", "1; drop table x")]).unwrap();
        assert_eq!(bound.sql, "select $1::bigint");
    }

    #[test]
    fn quotes_comments_and_casts_are_left_alone() {
        let sql = "select 'a:id''s :id', E'\\':id', \"x:id\", $$ :id $$, $t$ $$ :id $t$, now()::date /* :id /* :id */ :id */ -- :id\n, x[1 : 2], é :: id";
        assert_eq!(asked(sql, &[("id", "7")]).unwrap().sql, sql);
    }

    #[test]
    fn unknown_missing_repeated_and_undeclared_names_are_refused() {
        let unknown = asked("select 1", &[("id", "1"), ("ids", "2")]).unwrap_err().to_string();
        assert!(unknown.contains("no parameter ids"), "{unknown}");
        let missing = asked("select :id", &[]).unwrap_err().to_string();
        assert!(missing.contains("needs id"), "{missing}");
        assert!(asked("select 1", &[("id", "1"), ("id", "2")]).is_err());
        let undeclared = asked("select :idd", &[("id", "1")]).unwrap_err().to_string();
        assert!(undeclared.contains(":idd"), "{undeclared}");
    }
}
