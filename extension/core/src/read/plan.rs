//! The statement that makes a table of a run's staged records, typed.
use super::fields::{Field, Fields, Origin};
use super::pointer::Pointer;
use super::spec::{From, Spec, SpecColumn};
use crate::frame::loose_name;
use crate::merge::name::{Ident, Literal, QualifiedName};
use crate::merge::plan::Misuse;
use crate::merge::table::{Column, READ_META, Staged, StagedColumn, Target};
use crate::value::{Grammar, is_readable};

/// A source of the run that is to be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Source {
    /// Its number in the run.
    pub source: i16,
    /// Its name in the dataset.
    pub name: String,
    /// Where it is, for messages.
    pub location: String,
    /// The column names of a CSV source.
    pub header: Option<Vec<String>>,
}

impl Source {
    /// The column of the header that is meant by a name: the very name, else the one like it.
    fn column(&self, name: &str) -> Option<&str> {
        let header = self.header.as_deref().unwrap_or_default();
        let like = |column: &&String| loose_name(column) == loose_name(name);
        header.iter().find(|column| *column == name).or_else(|| header.iter().find(like)).map(String::as_str)
    }
}

/// How the staged records of some sources become rows of a target.
#[derive(Debug)]
pub struct Plan<'a> {
    target: &'a Target,
    sources: &'a [Source],
    fields: &'a Fields,
    /// Columns that are staged, in the catalog's order, each with where it is from.
    columns: Vec<(&'a Column, &'a Field)>,
}

impl<'a> Plan<'a> {
    /// Finds the columns, and in the headers the fields that they are read from.
    ///
    /// # Errors
    /// 42703 a column that the target does not have, or a CSV source without a column that it must have; 42601 a format for
    /// what is no date, or that is none.
    pub fn new(target: &'a Target, sources: &'a [Source], fields: &'a Fields) -> Result<Self, Misuse> {
        let mut columns = Vec::with_capacity(fields.fields.len());
        for field in &fields.fields {
            let Some(column) = target.column(&field.column) else {
                return Err(unknown_column(target, field));
            };
            check_format(column, field)?;
            columns.push((column, field));
        }
        let mut plan = Plan { target, sources, fields, columns };
        for source in sources.iter().filter(|source| source.header.is_some()) {
            plan.check_header(source)?;
        }
        // What no file has is not staged, what one lacks is absent from its records: so it is never touched.
        plan.columns
            .retain(|(_, field)| sources.is_empty() || sources.iter().any(|source| has_field(source, field)));
        let place = |column: &Column| target.columns.iter().position(|it| it.name == column.name);
        plan.columns.sort_by_key(|(column, _)| place(column));
        Ok(plan)
    }

    fn check_header(&self, source: &'a Source) -> Result<(), Misuse> {
        let is_required =
            |column: &Column| self.is_key(column) || (column.not_null && column.default.is_none());
        for (column, field) in self.columns.iter().filter(|(_, field)| !has_field(source, field)) {
            if is_required(column) {
                return Err(Misuse {
                    sqlstate: "42703",
                    message: format!(
                        "{} (source {}) has no column {}, and {}.{} cannot be without it; {}",
                        source.location,
                        source.name,
                        field.label,
                        self.target.label(),
                        column.name.as_str(),
                        self.seen_in(source),
                    ),
                    hint:
                        "Name the column in the file's first line, or correct the mapping in the load file."
                            .into(),
                });
            }
        }
        Ok(())
    }

    fn is_key(&self, column: &Column) -> bool {
        self.target.keys.iter().any(|key| key.primary && key.columns.contains(&column.name))
    }

    /// Columns that the records of a source say nothing of.
    fn absent_of(&self, source: &Source) -> Vec<&'a Ident> {
        let absent = self.columns.iter().filter(|(_, field)| !has_field(source, field));
        absent.map(|(column, _)| &column.name).collect()
    }

    /// What the first line of a file says. Where it names nothing that is wanted it may be a record, whose values are nobody's
    /// to print.
    fn seen_in(&self, source: &'a Source) -> String {
        let header = source.header.as_deref().unwrap_or_default();
        let other = [";", "\t", "|"].into_iter().find(|sign| header.iter().any(|name| name.contains(sign)));
        match (self.read_of(source).next(), other) {
            (Some(_), _) => format!("its header is: {}", header.join(", ")),
            (None, Some(sign)) => format!(
                "its first line names none of the columns: if its delimiter is {sign:?}, say delimiter = {sign:?} in loader.toml"
            ),
            (None, None) => {
                "its first line names none of the columns: is it another source, or is the header missing?"
                    .to_owned()
            }
        }
    }

    /// The columns of a source's header that the mapping reads.
    pub fn read_of(&self, source: &'a Source) -> impl Iterator<Item = &'a str> {
        self.fields.fields.iter().filter_map(|field| match &field.origin {
            Origin::Field(name) => source.column(name),
            Origin::Pointer(pointer) => {
                source.header.iter().flatten().map(String::as_str).find(|name| pointer.only() == Some(name))
            }
            _ => None,
        })
    }

    /// What the rows are to a merge, if it may compare them with the target's while they are read: one row a record, each with
    /// the same columns, all typed, and none that hides what speaks of the record.
    pub fn comparable(&self, staged: &Ident) -> Option<Staged> {
        // The name of a source is a text until the merge reads it. Values that are equal but not the same are for the merge to rank.
        let is_typed = |(column, field): &(&Column, &Field)| {
            let is_read = field.origin != Origin::Source || column.type_name == "text";
            is_read && is_readable(&column.type_name) && column.equality.collation.is_none()
        };
        let is_plain = self.fields.each.is_none()
            && self.columns.iter().all(is_typed)
            && self.sources.iter().all(|source| self.absent_of(source).is_empty())
            && READ_META.iter().all(|(name, _)| self.target.column(&Ident::new(*name)).is_none());
        is_plain.then(|| {
            let columns =
                self.columns.iter().map(|(column, _)| (column.name.clone(), column.type_name.as_str()));
            let meta = READ_META.map(|(name, type_name)| (Ident::new(name), type_name));
            let columns = columns
                .chain(meta)
                .map(|(name, type_name)| StagedColumn { name, type_name: type_name.into() });
            Staged {
                name: QualifiedName { schema: Ident::new("pg_temp"), name: staged.clone() },
                columns: columns.collect(),
            }
        })
    }

    /// The query that makes rows of what `staging` holds; `reader` is the schema of the extension's functions.
    pub fn rows(&self, staging: &QualifiedName, reader: &str) -> String {
        let spec = Literal::new(serde_json::to_string(&self.spec()).unwrap_or_default());
        let reader = Ident::new(reader);
        // Where the target has a column of the name, the merge knows what speaks of the record by another.
        let meta = |name: &str| match self.target.column(&Ident::new(name)) {
            Some(_) => Ident::new(format!("etl${name}")).to_string(),
            None => name.to_owned(),
        };
        let place = |name: &str| match meta(name) {
            own if own == name => format!("r.{name}"),
            other => format!("r.{name} as {other}"),
        };
        let mut values: Vec<String> = ["source", "line", "byte"].map(place).into();
        let mut position = 0;
        for (column, field) in &self.columns {
            let name = &column.name;
            if field.origin == Origin::Source {
                values.push(format!("r.name as {name}"));
                continue;
            }
            position += 1;
            let cast = if is_readable(&column.type_name) { column.type_name.as_str() } else { "text" };
            values.push(match cast {
                "text" => format!("r.v[{position}] as {name}"),
                _ => format!("r.v[{position}]::{cast} as {name}"),
            });
        }
        for (offset, name) in [(1, "problem"), (2, "sqlstate")] {
            values.push(format!("coalesce(r.{name}, r.v[{}]) as {}", position + offset, meta(name)));
        }
        values.push(format!("r.v[{}] as {}", position + 3, meta("field")));
        let has_absent = self.sources.iter().any(|source| !self.absent_of(source).is_empty());
        let absent = if has_absent { ", n.absent" } else { "" };
        if has_absent {
            values.push(format!("r.absent as {}", meta("absent")));
        }
        let good = "case when s.problem is null then s.record end";
        let (read, join, kept) = match self.fields.each {
            None => (format!("{reader}.etl_parse_record({good}, {spec})"), String::new(), String::new()),
            Some(_) => (
                "e.v".to_owned(),
                format!(
                    "\n    left join lateral {reader}.etl_explode_record({good}, {spec}) as e (v) on true"
                ),
                "\n    where e.v is not null or s.problem is not null".to_owned(),
            ),
        };
        // The offset keeps the record from being read anew for each column; of type bigint, or no worker takes part.
        format!(
            "select\n    {}\nfrom (\n    \
             select s.source, s.line, s.byte, s.problem, s.sqlstate, n.name{absent}, {read} as v\n    \
             from {staging} as s\n    join (values {}) as n (source, name{absent_name}) on n.source = s.source{join}{kept}\n    \
             offset '0'::bigint\n) as r",
            values.join(",\n    "),
            self.names(has_absent),
            absent_name = if has_absent { ", absent" } else { "" },
        )
    }

    /// The rows (number, name, and what is absent) of the sources; of none a number that no source has.
    fn names(&self, has_absent: bool) -> String {
        let absent = |source: &Source| {
            let names =
                self.absent_of(source).into_iter().map(|name| Literal::new(name.as_str()).to_string());
            format!(", array[{}]::text[]", names.collect::<Vec<_>>().join(", "))
        };
        let names = self.sources.iter().map(|it| {
            let absent = if has_absent { absent(it) } else { String::new() };
            format!("({}::smallint, {}{absent})", it.source, Literal::new(&it.name))
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() { "(0::smallint, '')".to_owned() } else { names.join(", ") }
    }

    fn spec(&self) -> Spec {
        let columns = self.columns.iter().filter_map(|(column, field)| {
            let from = match &field.origin {
                Origin::Field(name) => From::Field(name.clone()),
                Origin::Pointer(pointer) => From::Pointer(pointer.clone()),
                Origin::Element(pointer) => From::Element(pointer.clone()),
                Origin::Position => From::Position,
                Origin::Constant(_) => From::Constant,
                Origin::Source => return None,
            };
            let constant = match &field.origin {
                Origin::Constant(text) => Some(text.clone()),
                _ => field.default.clone(),
            };
            let is_text = matches!(Grammar::of(column.carrier()), Some(Grammar::Text(_)));
            // A blank is no name of a row.
            Some(SpecColumn {
                from,
                label: field.label.clone(),
                type_name: column.type_name.clone(),
                keeps_blank: column.not_null && is_text && !self.is_key(column),
                default: constant,
                format: field.format.clone(),
            })
        });
        Spec { each: self.fields.each.clone(), columns: columns.collect() }
    }
}

/// Whether the records of a source may have the field: those of JSON may have any. A pointer is exact, and a CSV record has
/// nothing to go down into.
fn has_field(source: &Source, field: &Field) -> bool {
    let Some(header) = &source.header else { return true };
    match &field.origin {
        _ if field.default.is_some() => true,
        Origin::Field(name) => source.column(name).is_some(),
        Origin::Pointer(pointer) if *pointer == Pointer::default() => true,
        Origin::Pointer(pointer) => pointer.only().is_some_and(|name| header.iter().any(|it| it == name)),
        Origin::Element(_) | Origin::Position => false,
        Origin::Source | Origin::Constant(_) => true,
    }
}

fn unknown_column(target: &Target, field: &Field) -> Misuse {
    let names: Vec<&str> = target.columns.iter().map(|column| column.name.as_str()).collect();
    Misuse {
        sqlstate: "42703",
        message: format!("{} has no column {}", target.label(), field.column.as_str()),
        hint: format!("Its columns are: {}.", names.join(", ")),
    }
}

fn check_format(column: &Column, field: &Field) -> Result<(), Misuse> {
    let Some(format) = &field.format else { return Ok(()) };
    let is_moment = matches!(
        Grammar::of(&column.type_name),
        Some(Grammar::Date | Grammar::Time | Grammar::Timestamp { .. })
    );
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let is_format = format.contains('%') && jiff::fmt::strtime::format(format, &sample).is_ok();
    let has = |signs: &[&str]| signs.iter().any(|sign| format.contains(sign));
    let zoned = matches!(Grammar::of(&column.type_name), Some(Grammar::Timestamp { zoned: true }));
    // An offset that is dropped, one that is missing, an hour that may be of the morning: each would be a guess.
    let is_unambiguous =
        zoned == has(&["%z", "%:z", "%s", "%Q", "%Z"]) && (!has(&["%I", "%l"]) || has(&["%p", "%P"]));
    if is_moment && is_format && is_unambiguous {
        return Ok(());
    }
    let name = column.name.as_str();
    Err(Misuse {
        sqlstate: "42601",
        message: match is_moment {
            true => format!("fields, column {name}: expected a format such as %d/%m/%Y, found {format}"),
            false => format!("fields, column {name}: {} has no format", column.type_name),
        },
        hint: "A format is for date, time and timestamp columns: %Y year, %m month, %d day, %H hour, %M minute, %S second, %.f \
               fraction, %z offset (timestamptz only, and there it must be), %I with %p, as strftime writes them."
            .into(),
    })
}
