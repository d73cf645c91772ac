//! The statement that makes a table of a run's staged records, typed.
use super::fields::{Field, Fields, Origin};
use super::spec::{From, Spec, SpecColumn};
use crate::frame::loose_name;
use crate::merge::name::{Ident, Literal, QualifiedName};
use crate::merge::plan::Misuse;
use crate::merge::table::{Column, Target};
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
    /// 42703 a column that the target does not have, or a CSV source without a column that it must have; 22023 a format for
    /// what is no date.
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
        // What the header of one file lacks is not staged: so it is never touched.
        plan.columns.retain(|(_, field)| sources.iter().all(|source| has_field(source, field)));
        let place = |column: &Column| target.columns.iter().position(|it| it.name == column.name);
        plan.columns.sort_by_key(|(column, _)| place(column));
        Ok(plan)
    }

    fn check_header(&self, source: &Source) -> Result<(), Misuse> {
        let is_required = |column: &Column, field: &Field| {
            let is_key = self.target.keys.iter().any(|key| key.primary && key.columns.contains(&column.name));
            field.default.is_none() && (is_key || (column.not_null && column.default.is_none()))
        };
        for (column, field) in self.columns.iter().filter(|(_, field)| !has_field(source, field)) {
            // Of several files some may have it: then it would be null for the others, which nobody said.
            let differs = self.sources.iter().any(|other| other.header.is_some() && has_field(other, field));
            if is_required(column, field) || differs {
                let header = source.header.as_deref().unwrap_or_default();
                let reason = match differs {
                    true => "other files of this run have it".to_owned(),
                    false => format!("{}.{} cannot be without it", self.target.label(), column.name.as_str()),
                };
                return Err(Misuse {
                    sqlstate: "42703",
                    message: format!(
                        "{} has no column {}, and {reason}; its header is: {}",
                        source.location,
                        field.label,
                        header.join(", ")
                    ),
                    hint:
                        "Name the column in the file's first line, or correct the mapping in the load file."
                            .into(),
                });
            }
        }
        Ok(())
    }

    /// The columns of a source's header that the mapping reads.
    pub fn read_of(&self, source: &'a Source) -> impl Iterator<Item = &'a str> {
        let names = self.fields.fields.iter().filter_map(header_name);
        names.filter_map(|name| source.column(&name))
    }

    /// Makes `pg_temp.<staged>` of what `staging` holds; `reader` is the schema of the extension's functions.
    pub fn statement(&self, staged: &Ident, staging: &QualifiedName, reader: &str) -> String {
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
            "create temporary table {staged} on commit drop as\nselect\n    {}\nfrom (\n    \
             select s.source, s.line, s.byte, s.problem, s.sqlstate, n.name, {read} as v\n    \
             from {staging} as s\n    join (values {}) as n (source, name) on n.source = s.source{join}{kept}\n    \
             offset '0'::bigint\n) as r",
            values.join(",\n    "),
            self.names(),
        )
    }

    /// The rows (number, name) of the sources; of none a number that no source has.
    fn names(&self) -> String {
        let names =
            self.sources.iter().map(|it| format!("({}::smallint, {})", it.source, Literal::new(&it.name)));
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
            Some(SpecColumn {
                from,
                label: field.label.clone(),
                type_name: column.type_name.clone(),
                keeps_blank: column.not_null && is_text,
                default: constant,
                format: field.format.clone(),
            })
        });
        Spec { each: self.fields.each.clone(), columns: columns.collect() }
    }
}

/// The name that a field has in a header.
fn header_name(field: &Field) -> Option<std::borrow::Cow<'_, str>> {
    match &field.origin {
        Origin::Field(name) => Some(name.into()),
        Origin::Pointer(pointer) => pointer.only().map(Into::into),
        _ => None,
    }
}

/// Whether the records of a source may have the field: those of JSON may have any.
fn has_field(source: &Source, field: &Field) -> bool {
    match header_name(field) {
        Some(name) if source.header.is_some() => source.column(&name).is_some(),
        _ => true,
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
    let is_moment = matches!(
        Grammar::of(&column.type_name),
        Some(Grammar::Date | Grammar::Time | Grammar::Timestamp { .. })
    );
    if field.format.is_none() || is_moment {
        return Ok(());
    }
    Err(Misuse {
        sqlstate: "22023",
        message: format!("fields, column {}: {} has no format", column.name.as_str(), column.type_name),
        hint: "A format is for date, time and timestamp columns.".into(),
    })
}
