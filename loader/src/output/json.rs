//! Rows as a JSON array of objects, one object a line.
use super::Column;

/// A JSON string, quoted and escaped.
pub fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `[{...},` and a line for each further row; keys in column order.
pub fn array(columns: &[Column], rows: &[Vec<Option<String>>]) -> String {
    let objects: Vec<String> = rows.iter().map(|row| object(columns, row)).collect();
    format!("[{}]", objects.join(",\n"))
}

fn object(columns: &[Column], row: &[Option<String>]) -> String {
    let members: Vec<String> = columns
        .iter()
        .zip(row)
        .map(|(column, value)| {
            let value = match value {
                None => "null".to_owned(),
                Some(number) if column.is_number => number.clone(),
                Some(text) => string(text),
            };
            format!("{}:{value}", string(&column.name))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}
