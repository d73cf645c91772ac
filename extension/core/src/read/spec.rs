//! What a reader is told for each record: the plan of the columns, as a JSON text in the generated statement.
use serde::{Deserialize, Serialize};

use super::pointer::Pointer;

/// How to make rows of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The array that a row is made of for each element; none where a record is a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Pointer>,
    /// The columns, in the order of their values.
    pub columns: Vec<SpecColumn>,
}

/// How to make one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecColumn {
    /// Where it is from.
    pub from: From,
    /// What messages call the place.
    pub label: String,
    /// The type of the column, as `format_type` spells it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether a blank text stays one: the column is NOT NULL, of a text type and not of the primary key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_blank: bool,
    /// What stands for a value that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The format of a date or time, as strftime writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// A field of the record, by its name, matched loosely.
    Field(String),
    /// A place in the record.
    Pointer(Pointer),
    /// A place in the element.
    Element(Pointer),
    /// The element's place, from 1.
    Position,
    /// Nowhere: the default is the value.
    Constant,
}
