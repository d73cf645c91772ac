//! The rules of a target, numbered: what a judgement points at and the quarantine explains.
use super::super::name::Literal;
use super::super::table::{Check, Column, Parent};
use super::Plan;

/// A rule that a record can break.
pub(super) enum Rule<'a> {
    /// It came with a problem of its own: from framing, parsing or conversion.
    Readable,
    NotNull(&'a Column),
    Check(&'a Check),
    Parent(&'a Parent),
}

impl<'a> Plan<'a> {
    /// The rules in the order of judgement; a rule's number is its place, from 1.
    pub(super) fn rules(&self) -> Vec<Rule<'a>> {
        let required = self.target.columns.iter().filter(|column| {
            let given = self.columns.iter().any(|it| it.name == column.name);
            column.not_null && (given || column.default.is_none())
        });
        std::iter::once(Rule::Readable)
            .chain(required.map(Rule::NotNull))
            .chain(self.target.checks.iter().map(Rule::Check))
            .chain(self.target.parents.iter().map(Rule::Parent))
            .collect()
    }

    /// The rules as rows of (rule, sqlstate, field, constraint_name, message); nulls for what the record says itself.
    pub(super) fn rule_rows(&self) -> String {
        let text =
            |value: Option<String>| value.map_or("null".into(), |value| Literal::new(value).to_string());
        let rows = self.rules().into_iter().enumerate().map(|(index, rule)| {
            let (sqlstate, field, constraint, message) = match rule {
                Rule::Readable => (None, None, None, None),
                Rule::NotNull(column) => (
                    Some("23502"),
                    Some(column.name.as_str().to_string()),
                    None,
                    Some(format!("{} is missing or null, the column is not null", column.name.as_str())),
                ),
                Rule::Check(check) => (
                    Some("23514"),
                    None,
                    Some(check.name.as_str().to_string()),
                    Some(format!("check {} does not hold: {}", check.name.as_str(), check.expression)),
                ),
                Rule::Parent(parent) => (
                    Some("23503"),
                    Some(parent.columns.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")),
                    Some(parent.constraint.as_str().to_string()),
                    None,
                ),
            };
            format!(
                "({}, {}, {}, {}, {})",
                index + 1,
                text(sqlstate.map(String::from)),
                text(field),
                text(constraint),
                text(message)
            )
        });
        rows.collect::<Vec<_>>().join(",\n        ")
    }
}
