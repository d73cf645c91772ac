//! Custom fields: what an event's owner asks on sign-up beyond Mobilize's own fields.

use serde::Deserialize;

use super::fragment::Fragment;
use super::problem::{First, Problem};
use super::value::{At, Scalar, Text};

pub(super) const LIST: &str = "/custom_signup_field_values";

/// One answer; its attendance and its version are the record's to say.
#[derive(Debug, Default, PartialEq)]
pub struct CustomField<'a> {
    /// Key, with the attendance's.
    pub custom_field_id: Option<i64>,
    /// Name of the question.
    pub custom_field_name: Text<'a>,
    /// The answer, where it is a text.
    pub text_value: Text<'a>,
    /// The answer, where it is yes or no.
    pub boolean_value: Option<bool>,
    /// Why this is no row.
    pub problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    custom_field_id: Scalar<'a>,
    #[serde(borrow)]
    custom_field_name: Scalar<'a>,
    #[serde(borrow)]
    text_value: Scalar<'a>,
    #[serde(borrow)]
    boolean_value: Scalar<'a>,
}

/// The answers of `/custom_signup_field_values`, given as the list's text; a text that is no list is one row with a
/// problem.
pub fn explode_custom_fields(list: &str) -> impl Iterator<Item = CustomField<'_>> {
    let (items, problem) = match Fragment::whole(list).list::<Fragment<'_>>(At::new(LIST, "")) {
        Ok(items) => (items.unwrap_or_default(), None),
        Err(problem) => (Vec::new(), Some(CustomField { problem: Some(problem), ..CustomField::default() })),
    };
    items.into_iter().enumerate().map(|(index, item)| CustomField::of(item, index)).chain(problem)
}

impl<'a> CustomField<'a> {
    fn of(fragment: Fragment<'a>, index: usize) -> Self {
        let mut first = First::default();
        let at = |key| At::item(LIST, index, key);
        let Some(fields) = first.keep(fragment.object::<Fields<'a>>(at(""))) else {
            first.note(Problem::Missing { field: at("").pointer(), rule: "every item is an answer" });
            return Self { problem: first.into_problem(), ..Self::default() };
        };
        if fields.custom_field_id.is_absent_or_null() {
            first.note(Problem::Missing {
                field: at("custom_field_id").pointer(),
                rule: "answers are keyed by it",
            });
        }
        Self {
            custom_field_id: first.keep(fields.custom_field_id.integer(at("custom_field_id"))),
            custom_field_name: first.keep(fields.custom_field_name.text(at("custom_field_name"))),
            text_value: first.keep(fields.text_value.text(at("text_value"))),
            boolean_value: first.keep(fields.boolean_value.boolean(at("boolean_value"))),
            problem: first.into_problem(),
        }
    }
}
