//! The first line: which columns the fields belong to.

use super::problem::MALFORMED;

/// As many columns as a table of PostgreSQL can have.
pub(super) const MOST_COLUMNS: usize = 1600;

/// A column's name as names of columns are compared: without the blanks around it, in lower case, each run of blanks
/// as one.
///
/// ```
/// assert_eq!(etl_core::frame::loose_name(" Population  Estimate 2018"), "population estimate 2018");
/// ```
pub fn loose_name(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// The columns of a source.
#[derive(Debug)]
pub(super) struct Header {
    /// Names as they stand in the file, without the blanks around them.
    pub names: Vec<String>,
    /// What stands before each value in a record's JSON text: `{"id":` or `,"name":`.
    pub keys: Vec<Vec<u8>>,
}

impl Header {
    /// The header with these names.
    ///
    /// # Errors
    /// 42701 if two names are equal, compared loosely.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Result<Header, (&'static str, String)> {
        let names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        let mut seen = std::collections::HashMap::with_capacity(names.len());
        for (column, name) in (1..).zip(&names) {
            if let Some(earlier) = seen.insert(loose_name(name), column) {
                return Err(("42701", twice(earlier, column, &names)));
            }
        }
        let keys = names.iter().enumerate().map(|(column, name)| {
            let mut key = vec![if column == 0 { b'{' } else { b',' }];
            write_string(&mut key, name);
            key.push(b':');
            key
        });
        Ok(Header { keys: keys.collect(), names })
    }
}

fn twice(earlier: usize, column: usize, names: &[String]) -> String {
    let name = |column: usize| names.get(column - 1).map(String::as_str).unwrap_or_default();
    match name(column) {
        "" => format!("columns {earlier} and {column} of the header have no name; at most one may lack it"),
        later if later == name(earlier) => {
            format!("columns {earlier} and {column} of the header are both named \"{later}\"")
        }
        later => format!(
            "columns {earlier} and {column} of the header, \"{}\" and \"{later}\", are the same name: case and blanks do not tell columns apart",
            name(earlier)
        ),
    }
}

/// Appends a JSON string.
pub(super) fn write_string(json: &mut Vec<u8>, text: &str) {
    // Writing a string into a Vec has no way to fail.
    let _ = serde_json::to_writer(json, text);
}

/// Why a source whose first byte that is not blank is this one is no CSV.
pub(super) fn foreign(first: u8) -> Option<&'static str> {
    match first {
        b'<' => Some("HTML or XML, not CSV (a first column whose name begins with `<` must be in quotes)"),
        b'{' | b'[' => {
            Some("JSON, not CSV (a first column whose name begins with a bracket must be in quotes)")
        }
        _ => None,
    }
}

/// Why a header line with so many columns is none.
pub(super) fn too_many(columns: usize) -> Option<(&'static str, String)> {
    (columns > MOST_COLUMNS)
        .then(|| ("54011", format!("the header names {columns} columns, the limit is {MOST_COLUMNS}")))
}

/// Why a header line that is blank is none.
pub(super) fn blank() -> (&'static str, String) {
    (MALFORMED, "expected a header, the names of the columns, found a blank line".to_owned())
}
