//! The rules of a target, numbered: what a judgement points at and the quarantine explains.
use super::super::name::{Ident, Literal};
use super::super::table::{Check, Child, Column, Parent, Unique};
use super::Plan;

/// A rule that a record can break.
pub(super) enum Rule<'a> {
    /// It came with a problem of its own, from framing, parsing or conversion, or user code raised over it.
    Readable,
    NotNull(&'a Column),
    /// MATCH FULL: all columns of the reference are null, or none.
    Full(&'a Parent),
    Check(&'a Check),
    /// Some partition takes the row.
    Partition(&'a str),
    Parent(&'a Parent),
    Unique(&'a Unique),
    /// What others refer to stays.
    Child(&'a Child),
}

impl<'a> Plan<'a> {
    /// The rules in the order of judgement; a rule's number is its place, from 1.
    pub(super) fn rules(&self) -> Vec<Rule<'a>> {
        let required = self.target.columns.iter().filter(|column| {
            let given = self.is_staged(&column.name);
            column.not_null && (given || column.default.is_none())
        });
        std::iter::once(Rule::Readable)
            .chain(required.map(Rule::NotNull))
            .chain(self.target.parents.iter().filter(|parent| parent.is_full).map(Rule::Full))
            .chain(self.target.checks.iter().map(Rule::Check))
            .chain(self.target.partitions.as_deref().map(Rule::Partition))
            .chain(self.target.parents.iter().map(Rule::Parent))
            .chain(self.uniques().map(Rule::Unique))
            .chain(self.children().map(Rule::Child))
            .collect()
    }

    /// Unique indexes that two rows of different keys can collide in.
    pub(super) fn uniques(&self) -> impl Iterator<Item = &'a Unique> {
        let key = &self.key.columns;
        self.target.uniques.iter().filter(move |unique| {
            let has = |name: &Ident| unique.values.iter().any(|value| value.column.as_ref() == Some(name));
            !key.iter().all(has)
        })
    }

    /// Foreign keys to columns that an update may change: those of the key it never does.
    pub(super) fn children(&self) -> impl Iterator<Item = &'a Child> {
        let key = &self.key.columns;
        self.target.children.iter().filter(move |child| !child.referred.iter().all(|it| key.contains(it)))
    }

    /// Foreign keys within the table to columns beside the key: the winner of a key may not have what a loser had.
    pub(super) fn inner_references(&self) -> impl Iterator<Item = &'a Parent> {
        let key = &self.key.columns;
        let parents = self.target.parents.iter().filter(|parent| parent.itself);
        parents.filter(move |parent| !parent.referred.iter().all(|it| key.contains(it)))
    }

    /// The rules as rows of (rule, sqlstate, field, constraint_name, message); nulls for what the record says itself.
    pub(super) fn rule_rows(&self) -> String {
        let rows = self.rules().into_iter().enumerate().map(|(index, rule)| {
            let texts = [rule.sqlstate().map(String::from), rule.field(), rule.constraint(), rule.message()];
            let texts = texts.map(|it| it.map_or("null".into(), |it| Literal::new(it).to_string()));
            format!("({}, {})", index + 1, texts.join(", "))
        });
        rows.collect::<Vec<_>>().join(",\n        ")
    }
}

fn names(columns: &[Ident]) -> String {
    columns.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ")
}

impl Rule<'_> {
    fn sqlstate(&self) -> Option<&'static str> {
        match self {
            Rule::Readable => None,
            Rule::NotNull(_) => Some("23502"),
            Rule::Check(_) | Rule::Partition(_) => Some("23514"),
            Rule::Full(_) | Rule::Parent(_) | Rule::Child(_) => Some("23503"),
            Rule::Unique(_) => Some("23505"),
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Rule::Readable | Rule::Check(_) | Rule::Partition(_) => None,
            Rule::NotNull(column) => Some(column.name.as_str().into()),
            Rule::Full(parent) | Rule::Parent(parent) => Some(names(&parent.columns)),
            Rule::Child(child) => Some(names(&child.referred)),
            Rule::Unique(unique) => {
                let columns: Vec<&str> =
                    unique.values.iter().filter_map(|it| Some(it.column.as_ref()?.as_str())).collect();
                (!columns.is_empty()).then(|| columns.join(", "))
            }
        }
    }

    fn constraint(&self) -> Option<String> {
        let name = match self {
            Rule::Readable | Rule::NotNull(_) | Rule::Partition(_) => return None,
            Rule::Check(check) => &check.name,
            Rule::Full(parent) | Rule::Parent(parent) => &parent.constraint,
            Rule::Unique(unique) => &unique.name,
            Rule::Child(child) => &child.constraint,
        };
        Some(name.as_str().into())
    }

    /// What holds for every record that breaks the rule; the others are explained one by one.
    fn message(&self) -> Option<String> {
        match self {
            Rule::Readable | Rule::Parent(_) | Rule::Unique(_) => None,
            Rule::NotNull(column) => {
                Some(format!("{} is missing or null, the column is not null", column.name.as_str()))
            }
            Rule::Full(parent) => {
                Some(format!("some of ({}) are null: match full wants all or none", names(&parent.columns)))
            }
            Rule::Check(check) => {
                Some(format!("check {} does not hold: {}", check.name.as_str(), check.expression))
            }
            Rule::Partition(_) => Some("no partition takes the row".into()),
            Rule::Child(child) => Some(format!(
                "({}) cannot change: rows of {}.{} refer to it",
                names(&child.referred),
                child.table.schema.as_str(),
                child.table.name.as_str()
            )),
        }
    }
}
