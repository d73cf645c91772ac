//! The merge in SQL: every statement that classifies and writes, generated from the catalog's description.
//!
//! ```text
//! compared     what differs from the target's rows, found while it is read            (`etl_load`, where it can)
//! changed      what differs from them of that which is staged                         (`etl_merge`; where that is most of it, all are judged)
//! candidates   the staged rows, typed, with the parked rows that are tried again      (only where needed)
//! contested    keys of several candidates of which one lacks a column: those are filled (only where some record lacks one)
//! judgements   for each candidate its key, the rule it breaks, if any, and what it would do if it won
//! contenders   the candidates of each contested key, and which of them wins           (only where some key is contested)
//! refused      winners that stand in each other's way, until none does                (only where they can collide)
//! losers       those who contended and lost                                           (only where some key is contested)
//! overtaken    those who wait in vain for a parent                                    (only where some rule is broken)
//! tally        how many candidates of each source met which fate: judgements, losers and overtaken tell it
//! write        the target
//! fates        those of them that are the quarantine's business                       (only where there are any)
//! kept, quarantine, restate, close, overtake, count
//! ```
//! Candidates are known by their `ctid`, which stays put: filling alone updates them, and all are judged again after it.
//! Everything runs under `search_path = pg_catalog, pg_temp`, so only operators and functions of `pg_catalog` are
//! found by bare names; names of the catalog pass through [`Ident`].
mod candidates;
mod changed;
mod columns;
mod compared;
mod contests;
mod count;
mod fates;
mod faults;
mod fill;
mod judgements;
mod kept;
mod order;
mod overtaken;
mod quarantine;
mod reading;
mod retry;
mod rows;
mod rules;
mod standing;
mod unique;
mod write;

pub use faults::Raised;
pub use retry::Replay;
pub use rows::{Rows, number};
pub use standing::Standing;
pub use write::Writes;

use super::equality::Equality;
use super::name::{Ident, Literal};
use super::table::{Column, Key, META, Staged, Target};
use columns::{differs, lacks, ranked, same, same_in};
use reading::Reading;

/// A call that cannot be planned: the caller's mistake, not a record's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// Class of the mistake.
    pub sqlstate: &'static str,
    /// What is wrong, with names.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// A temporary table to be made, and what the optimiser is to know of it where it is worth that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Creates and fills it.
    pub table: String,
    /// Analyzes it.
    pub statistics: String,
}

/// What the caller asks for, and what the data made it necessary to plan for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The version column, if the target has one.
    pub version: Option<Ident>,
    /// The run that the outcomes are recorded under.
    pub run_id: i64,
    /// The dataset of the run.
    pub dataset: String,
    /// Whether `staging.run_<id>` exists, where records are looked up that `staged` does not carry.
    pub has_staging: bool,
    /// Whether earlier runs parked records of this target that are tried again.
    pub retries: bool,
    /// Which rows are not judged because they equal the target's.
    pub left_out: LeftOut,
    /// Columns that some record lacks although `staged` has them.
    pub partial: Vec<Ident>,
    /// How a replay names its quarantined rows; none in any other run.
    pub replay: Option<Replay>,
    /// Schema of the extension's own functions.
    pub extension_schema: String,
}

/// Rows that equal the target's, and are not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftOut {
    /// None is left out.
    #[default]
    Nothing,
    /// Those that are staged and not in `etl_changed`; they are counted in `etl_unchanged`.
    OfStaged,
    /// Those that are in `etl_unchanged`: they were not staged at all.
    Unstaged,
}

/// A planned merge of one staged relation into one target.
#[derive(Debug)]
pub struct Plan<'a> {
    target: &'a Target,
    staged: &'a Staged,
    options: &'a Options,
    key: &'a Key,
    /// Columns of the target that `staged` has, in catalog order.
    columns: Vec<&'a Column>,
    /// Columns of the target that it lacks: kept on update, default on insert.
    lacking: Vec<&'a Column>,
    /// Whether user code raised over some candidate.
    has_faults: bool,
    /// Whether some key may have more than one record that could win.
    has_contests: bool,
    /// Whether some candidate may have broken a rule.
    has_broken: bool,
}

impl<'a> Plan<'a> {
    /// Checks that the merge can keep its promises and chooses the key.
    ///
    /// # Errors
    /// 0A000 a target or type that is refused, 42P10 no key, 42703 no such version column, 42804 a staged column of
    /// a type that is neither text nor the target's.
    pub fn new(target: &'a Target, staged: &'a Staged, options: &'a Options) -> Result<Self, Misuse> {
        if !target.refusals.is_empty() {
            return Err(Misuse {
                sqlstate: "0A000",
                message: format!("{} cannot be a target: {}", target.label(), target.refusals.join("; ")),
                hint: "Load an ordinary table and derive the rest from it.".into(),
            });
        }
        let has = |name: &Ident| staged.column(name.as_str()).is_some();
        let given = target.columns.iter().filter(|column| column.generated.is_none());
        let (columns, lacking) = given.partition(|column| has(&column.name));
        let key = choose_key(target, has)?;
        let plan = Plan {
            target,
            staged,
            options,
            key,
            columns,
            lacking,
            has_faults: false,
            has_contests: true,
            has_broken: true,
        };
        plan.check_columns()?;
        plan.check_version()?;
        plan.check_types()?;
        plan.check_meta()?;
        plan.check_replay()?;
        Ok(plan)
    }

    /// Generated columns are computed, never given; an identity column that is always generated is never changed.
    fn check_columns(&self) -> Result<(), Misuse> {
        let is_given = |column: &&Column| self.staged.column(column.name.as_str()).is_some();
        let refused = |column: &Column, what: &str| Misuse {
            sqlstate: "428C9",
            message: format!("column {} of {} is {what}", column.name, self.target.label()),
            hint: "Leave it out of the staged table.".into(),
        };
        if let Some(column) = self.target.columns.iter().filter(is_given).find(|it| it.generated.is_some()) {
            return Err(refused(column, "generated"));
        }
        let fixed = self.columns.iter().find(|it| it.is_fixed && !self.key.columns.contains(&it.name));
        fixed.map_or(Ok(()), |column| Err(refused(column, "generated always as identity")))
    }

    /// A replay by source must know each row's source.
    fn check_replay(&self) -> Result<(), Misuse> {
        if self.options.replay != Some(Replay::BySource) || self.staged.has_meta("source", self.target) {
            return Ok(());
        }
        Err(Misuse {
            sqlstate: "42703",
            message: format!(
                "the staged table of {} has no column source, so no record can be replayed",
                self.target.label()
            ),
            hint: "Let the load function carry source from the run's staging table.".into(),
        })
    }

    fn check_version(&self) -> Result<(), Misuse> {
        let Some(version) = &self.options.version else {
            return Ok(());
        };
        if self.columns.iter().any(|column| column.name == *version) {
            return Ok(());
        }
        Err(Misuse {
            sqlstate: "42703",
            message: format!(
                "version column {version} is not in both {} and the staged table",
                self.target.label()
            ),
            hint: "Name a column that both have, or pass null: then the later record wins.".into(),
        })
    }

    /// The columns that speak of the record have types of their own.
    fn check_meta(&self) -> Result<(), Misuse> {
        let integers: &[&str] = &["smallint", "integer", "bigint"];
        for name in META.iter().filter(|name| self.staged.has_meta(name, self.target)) {
            let wanted = match *name {
                "source" | "line" | "byte" | "copies" | "quarantine_id" => integers,
                "raw" => &["bytea"],
                "absent" => &["text[]"],
                _ => &["text", "character varying"],
            };
            let found = self.staged.meta(name, self.target).map_or("", |column| &column.type_name);
            if !wanted.contains(&found) {
                return Err(Misuse {
                    sqlstate: "42804",
                    message: format!("staged column {name} is {found}, not {}", wanted.join(" or ")),
                    hint: format!(
                        "{name} speaks of the record: stage it as {}, or leave it out.",
                        wanted[wanted.len() - 1]
                    ),
                });
            }
        }
        Ok(())
    }

    fn check_types(&self) -> Result<(), Misuse> {
        for column in &self.columns {
            let Some(staged) = self.staged.column(column.name.as_str()) else {
                continue;
            };
            if staged.type_name != column.type_name && staged.type_name != "text" {
                return Err(Misuse {
                    sqlstate: "42804",
                    message: format!(
                        "staged column {} is {}, the target's is {}",
                        column.name, staged.type_name, column.type_name
                    ),
                    hint: format!("Stage it as text or as {}.", column.type_name),
                });
            }
        }
        Ok(())
    }

    /// Whether the candidates are a table of their own, or the staged relation as it is.
    fn is_materialised(&self) -> bool {
        self.options.retries
            || self.options.left_out == LeftOut::OfStaged
            || !self.options.partial.is_empty()
            || self.options.replay.is_some()
            || self.columns.iter().any(|column| self.reading(column) != Reading::AsIs)
    }

    /// Whether some record lacks the column. A record without a version is of none: it does not take over another's.
    fn is_partial(&self, column: &Column) -> bool {
        self.options.partial.contains(&column.name) && self.version() != Some(&column.name)
    }

    /// The staged columns of a relation, each as it is compared with the target's.
    fn collated_columns(&self, alias: &str) -> String {
        let columns = self.columns.iter().map(|column| {
            let name = &column.name;
            format!("{} as {name}", column.equality.collated(&format!("{alias}.{name}")))
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// Whether a candidate alone does not say what the row would be.
    fn stands_on_target(&self) -> bool {
        !self.lacking.is_empty() || !self.options.partial.is_empty()
    }

    /// `alias.name` of a meta column, if it is staged.
    fn staged_meta(&self, name: &str, alias: &str) -> Option<String> {
        let column = self.staged.meta(name, self.target)?;
        let is_plain = column.name.as_str() == name;
        Some(if is_plain { format!("{alias}.{name}") } else { format!("{alias}.{}", column.name) })
    }

    fn version(&self) -> Option<&Ident> {
        self.options.version.as_ref()
    }

    /// `left.a = right.a and left.b = right.b` over the key.
    fn same_key(&self, left: &str, right: &str) -> String {
        let pairs = self.key.columns.iter().map(|key| self.equal(key, left, right));
        pairs.collect::<Vec<_>>().join(" and ")
    }

    /// `alias.a, alias.b` over the key.
    fn key_of(&self, alias: &str) -> String {
        self.key.columns.iter().map(|key| format!("{alias}.{key}")).collect::<Vec<_>>().join(", ")
    }

    /// `a, b`: the key's names.
    fn key_of_bare(&self) -> String {
        self.key.columns.iter().map(Ident::to_string).collect::<Vec<_>>().join(", ")
    }

    /// `left.column = right.column`.
    fn equal(&self, name: &Ident, left: &str, right: &str) -> String {
        self.equality(name).equal(&format!("{left}.{name}"), &format!("{right}.{name}"))
    }

    /// How two values of a column of the target are compared.
    fn equality(&self, name: &Ident) -> Equality {
        self.target.column(name).map(|column| column.equality.clone()).unwrap_or_default()
    }

    /// Whether the column is staged.
    fn is_staged(&self, name: &Ident) -> bool {
        self.columns.iter().any(|column| column.name == *name)
    }

    /// Whether two rows agree in all columns; generated ones follow from the others.
    fn same_row(&self, left: &str, right: &str) -> String {
        same_in(self.target.columns.iter().filter(|column| column.generated.is_none()), left, right)
    }

    /// Whether `left` goes before `right` or equals it: version, then content, null lowest.
    fn ranks_at_least(&self, left: &str, right: &str) -> String {
        let version = self.version().and_then(|name| self.target.column(name));
        let content = self.target.columns.iter().filter(|column| column.generated.is_none());
        let steps = version.into_iter().chain(content).map(|column| {
            let (l, r) = (ranked(column, left), ranked(column, right));
            format!("when {} then {r} is null or coalesce({l} > {r}, false)", differs(column, left, right))
        });
        format!("case {} else true end", steps.collect::<Vec<_>>().join(" "))
    }
}

/// The primary key if `staged` has it whole, else the one other key it has whole.
fn choose_key(target: &Target, has: impl Fn(&Ident) -> bool) -> Result<&Key, Misuse> {
    let whole = |key: &&Key| key.columns.iter().all(&has);
    let mut candidates = target.keys.iter().filter(whole);
    match (candidates.next(), candidates.next()) {
        (Some(key), _) if key.primary => Ok(key),
        (Some(key), None) => Ok(key),
        (first, _) => {
            let names = target.keys.iter().map(|key| {
                let columns = key.columns.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ");
                format!("{} ({columns})", key.name.as_str())
            });
            let names = names.collect::<Vec<_>>().join(", ");
            let problem = if first.is_some() { "has several keys of" } else { "has no whole key of" };
            Err(Misuse {
                sqlstate: "42P10",
                message: format!("the staged table {problem} {}", target.label()),
                hint: match names.is_empty() {
                    true => "Give the target a primary key.".into(),
                    false => format!("Stage all columns of one of: {names}."),
                },
            })
        }
    }
}

#[cfg(test)]
mod tests;
