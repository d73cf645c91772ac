//! A question: a read-only statement in a file, and the header comment that says it in words.
//!
//! ```sql
//! -- How many people RSVP'd to an event?
//! -- param event_id bigint
//! -- param as_of timestamp default now()
//! select ... where event_id = :event_id
//! ```
//! The first line is the sentence. A `param` line declares a name, a type and perhaps a default, which is an SQL
//! expression. Other comment lines are for readers of the file.
use crate::error::Error;

/// A question ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The dataset it is about; none for a file of the user's own.
    pub dataset: Option<String>,
    /// What it is called: the file's name without `.sql`.
    pub name: String,
    /// The question in words; empty where the file does not say.
    pub sentence: String,
    /// Declared parameters, in the header's order.
    pub parameters: Vec<Parameter>,
    /// The whole file.
    pub sql: String,
}

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, as in `:event_id`.
    pub name: String,
    /// Its SQL type.
    pub kind: String,
    /// SQL expression that stands for it when it is not given.
    pub default: Option<String>,
}

impl Question {
    /// Reads the header of a question's file.
    ///
    /// # Errors
    /// Usage (exit 2) for a `param` line without name and type, or a name declared twice.
    pub fn parse(dataset: Option<&str>, name: &str, sql: &str) -> Result<Self, Error> {
        let sql = sql.trim_start_matches('\u{feff}');
        let mut question = Question {
            dataset: dataset.map(str::to_owned),
            name: name.to_owned(),
            sentence: String::new(),
            parameters: Vec::new(),
            sql: sql.to_owned(),
        };
        for (index, line) in sql.lines().enumerate() {
            let Some(comment) = line.trim().strip_prefix("--").map(str::trim) else {
                break;
            };
            if let Some(declaration) = comment.strip_prefix("param ") {
                let parameter =
                    Parameter::parse(declaration).ok_or_else(|| malformed(name, index + 1, comment))?;
                if question.parameters.iter().any(|known| known.name == parameter.name) {
                    return Err(Error::usage(format!(
                        "question {name}: parameter {} is declared twice",
                        parameter.name
                    )));
                }
                question.parameters.push(parameter);
            } else if question.sentence.is_empty() {
                question.sentence = comment.to_owned();
            }
        }
        Ok(question)
    }

    /// How it is asked, such as `event_rsvps event_id=<bigint> [as_of=<timestamp>]`.
    pub fn usage(&self) -> String {
        let mut usage = self.name.clone();
        for parameter in &self.parameters {
            usage.push(' ');
            usage.push_str(&parameter.usage());
        }
        usage
    }
}

impl Parameter {
    fn parse(declaration: &str) -> Option<Self> {
        let (name, rest) = declaration.trim().split_once(char::is_whitespace)?;
        let rest = rest.trim();
        let (kind, default) = match split_default(rest) {
            Some((kind, default)) => (kind, Some(default.to_owned())),
            None => (rest, None),
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_');
        let is_whole = is_name && !kind.is_empty() && default.as_deref() != Some("");
        is_whole.then(|| Parameter { name: name.to_owned(), kind: kind.to_owned(), default })
    }

    /// How it is given, such as `event_id=<bigint>`; brackets when it may be left out.
    pub fn usage(&self) -> String {
        match &self.default {
            None => format!("{}=<{}>", self.name, self.kind),
            Some(default) => format!("[{}=<{}>, else {default}]", self.name, self.kind),
        }
    }
}

fn split_default(text: &str) -> Option<(&str, &str)> {
    let start = text.to_ascii_lowercase().find(" default")?;
    let (kind, default) = text.split_at(start);
    Some((kind.trim(), default[" default".len()..].trim()))
}

fn malformed(question: &str, line: usize, found: &str) -> Error {
    Error::usage(format!(
        "question {question}, line {line}: expected -- param NAME TYPE [default EXPRESSION], found -- {found}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_the_sentence_and_the_parameters() {
        let sql = "-- Who came?\n-- Cancelled ones are not counted.\n-- param event_id bigint\n--param as_of timestamp default now()\n\nselect 1 -- param x int\n";
        let question = Question::parse(Some("mobilize"), "who_came", sql).unwrap();
        assert_eq!(question.sentence, "Who came?");
        assert_eq!(question.usage(), "who_came event_id=<bigint> [as_of=<timestamp>, else now()]");
        assert_eq!(question.parameters.len(), 2);
    }

    #[test]
    fn a_type_may_have_several_words() {
        let parameter = Parameter::parse("as_of timestamp without time zone default localtimestamp").unwrap();
        assert_eq!(parameter.kind, "timestamp without time zone");
        assert_eq!(parameter.default.as_deref(), Some("localtimestamp"));
    }

    #[test]
    fn a_file_without_header_is_a_question_too() {
        let question = Question::parse(None, "plain", "select 1").unwrap();
        assert_eq!((question.sentence.as_str(), question.parameters.len()), ("", 0));
    }

    #[test]
    fn malformed_declarations_are_refused() {
        for header in [
            "-- param event_id",
            "-- param 1st int",
            "-- param a int default ",
            "-- param a int\n-- param a int",
        ] {
            assert!(Question::parse(None, "q", header).is_err(), "{header}");
        }
    }
}
