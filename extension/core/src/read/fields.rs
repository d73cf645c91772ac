//! The mapping of a load file: for each column of the target where its value is from.
use serde_json::{Map, Value};

use super::pointer::{self, Pointer};
use crate::merge::name::Ident;
use crate::merge::plan::Misuse;

/// Where a column's value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A field of the record by its name, matched as [`crate::frame::loose_name`] has it.
    Field(String),
    /// A place in the record: RFC 6901, by exact names.
    Pointer(Pointer),
    /// A place in each element of an array: the part of the pointer after `*`.
    Element(Pointer),
    /// The element's place in the array, from 1.
    Position,
    /// The name of the source.
    Source,
    /// A text that is the same for all records.
    Constant(String),
}

/// A column of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The column of the target.
    pub column: Ident,
    /// Where it is from.
    pub origin: Origin,
    /// The place as the mapping writes it, for messages.
    pub label: String,
    /// What stands for a value that is missing, null or blank.
    pub default: Option<String>,
    /// The format of a date or time that is not ISO 8601, as strftime writes it.
    pub format: Option<String>,
}

/// The mapping: columns and where they are from, and the array whose elements make the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The columns, in the order of the mapping.
    pub fields: Vec<Field>,
    /// The array that a row is made of for each element; none where a record is a row.
    pub each: Option<Pointer>,
}

impl Fields {
    /// Reads a mapping, such as `{"vote_id": "Id", "user_id": "/person/user_id", "sku": "/items/*/sku"}`.
    ///
    /// # Errors
    /// 42601 for what is not understood, with the column.
    pub fn parse(mapping: &Value) -> Result<Self, Misuse> {
        let Some(mapping) = mapping.as_object().filter(|mapping| !mapping.is_empty()) else {
            return Err(misuse("fields is not a JSON object of columns".into()));
        };
        let mut read = Fields { fields: Vec::with_capacity(mapping.len()), each: None };
        for (column, given) in mapping {
            let refused = |what: &str| misuse(format!("fields, column {column}: {what}, found {given}"));
            let field = match given {
                Value::String(place) => read.place(column, place).map_err(refused)?,
                Value::Object(parts) => read.declared(column, parts).map_err(refused)?,
                _ => return Err(refused("expected the name of a field, a JSON pointer or an object")),
            };
            read.fields.push(field);
        }
        Ok(read)
    }

    fn declared(&mut self, column: &str, parts: &Map<String, Value>) -> Result<Field, &'static str> {
        let known = ["from", "default", "format", "constant", "source", "position"];
        let alone = parts.len() == 1;
        let stray = |key: &str| {
            !known.contains(&key) || (!alone && ["constant", "source", "position"].contains(&key))
        };
        if parts.keys().any(|key| stray(key)) {
            return Err("expected from with default and format, or one of constant, source, position");
        }
        let text = |key: &str| match parts.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(value)) => Ok(Some(value.to_string())),
            Some(_) => Err("expected a text, a number or a boolean"),
        };
        let bare = |origin: Origin| Field {
            column: Ident::new(column),
            origin,
            label: column.to_owned(),
            default: None,
            format: None,
        };
        if let Some(constant) = text("constant")? {
            return Ok(bare(Origin::Constant(constant)));
        }
        if parts.get("source") == Some(&Value::Bool(true)) {
            return Ok(bare(Origin::Source));
        }
        if let Some(Value::String(array)) = parts.get("position") {
            let Some(array) = array.strip_suffix("/*") else {
                return Err("expected position to name an array's elements, as in /items/*");
            };
            self.explode(Pointer::parse(array)?)?;
            return Ok(bare(Origin::Position));
        }
        let Some(Value::String(from)) = parts.get("from") else {
            return Err("expected from, constant, source or position");
        };
        let field = self.place(column, from)?;
        Ok(Field { default: text("default")?, format: text("format")?, ..field })
    }

    fn place(&mut self, column: &str, place: &str) -> Result<Field, &'static str> {
        let origin = match place.starts_with('/') {
            false if place.trim().is_empty() => return Err("expected the name of a field"),
            false => Origin::Field(place.to_owned()),
            true => match pointer::split_star(place)? {
                None => Origin::Pointer(Pointer::parse(place)?),
                Some((array, rest)) => {
                    self.explode(Pointer::parse(array)?)?;
                    Origin::Element(Pointer::parse(rest)?)
                }
            },
        };
        let column = Ident::new(column);
        Ok(Field { column, origin, label: place.to_owned(), default: None, format: None })
    }

    fn explode(&mut self, array: Pointer) -> Result<(), &'static str> {
        match &self.each {
            Some(each) if *each != array => Err("expected one array with *: a row is an element of one"),
            _ => {
                self.each = Some(array);
                Ok(())
            }
        }
    }
}

fn misuse(message: String) -> Misuse {
    Misuse {
        sqlstate: "42601",
        message,
        hint: "Correct the load file, then: loader migrate DATASET. fields is written as in: {\"vote_id\": \"Id\", \"user_id\": \"/person/user_id\"}".into(),
    }
}
