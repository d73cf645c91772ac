//! Tables drafted from samples: columns, the key, and the references that the samples allow.
use std::collections::HashSet;

use super::column::Seen;
use super::name::Names;
use super::sample::Sample;
use crate::config::Format;

/// Columns that are looked at for a key of several columns.
const KEY_COLUMNS: usize = 12;

/// The combinations of a key's values that there may be for each record.
const GRID: usize = 10;

/// A table to be.
#[derive(Debug)]
pub struct Table {
    /// Name of the table, and of the source.
    pub name: String,
    /// The file it is drafted from.
    pub location: String,
    /// How that file is framed.
    pub format: Format,
    /// Records of the sample, and how many more were damaged.
    pub records: usize,
    /// Records that could not be read.
    pub damaged: usize,
    /// Whether the sample is all of the file.
    pub is_whole: bool,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Names of the key's columns; empty where the sample shows none.
    pub key: Vec<String>,
    /// Columns whose values are keys of another table, or of this one.
    pub references: Vec<Reference>,
    /// Fields that no load function can read.
    pub unreadable: Vec<String>,
}

/// A column to be.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: &'static str,
    /// Whether every record of the sample has a value.
    pub is_filled: bool,
    /// How the load function finds its field.
    pub from: String,
    /// What was seen of it.
    pub seen: Seen,
}

/// A column whose values all are keys of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The table it may refer to.
    pub table: String,
    /// How many different values that was true of.
    pub values: usize,
}

impl Table {
    /// A table for the records of a sample, without its references.
    pub fn of(sample: Sample, names: &mut Names) -> Self {
        let name = names.like(stem(&sample.location), "records");
        let mut column_names = Names::default();
        let columns = (1..).zip(sample.fields).map(|(number, field)| Column {
            name: column_names.like(&field.path.join("_"), &format!("column_{number}")),
            type_name: field.seen.type_name(),
            is_filled: sample.records > 0 && field.seen.filled == sample.records,
            from: field.from,
            seen: field.seen,
        });
        let columns: Vec<Column> = columns.collect();
        let key = key(&name, &columns, sample.records);
        Table {
            name,
            key,
            columns,
            location: sample.location,
            format: sample.format,
            records: sample.records,
            damaged: sample.damaged,
            is_whole: sample.is_whole,
            references: Vec::new(),
            unreadable: sample.unreadable,
        }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Looks for references among the tables, and puts those that are referred to first.
pub fn relate(mut tables: Vec<Table>) -> Vec<Table> {
    let found: Vec<Vec<Reference>> = tables.iter().map(|table| references(table, &tables)).collect();
    for (table, references) in tables.iter_mut().zip(found) {
        table.references = references;
    }
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &Table| {
            let is_parent = |name: &str| name != table.name && tables.iter().any(|other| other.name == name);
            table.references.iter().any(|reference| is_parent(&reference.table))
        };
        // In a circle nobody is first: the order of the files stays.
        let next = tables.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

/// `data/Orders 2024.csv.gz` is `Orders 2024`.
fn stem(location: &str) -> &str {
    let name = location.rsplit('/').next().unwrap_or(location);
    match name.char_indices().skip(1).find(|(_, character)| *character == '.') {
        Some((dot, _)) => &name[..dot],
        None => name,
    }
}

/// The column that tells the records apart: `id`, the table's own, the first, another `_id`, any; else two or three
/// columns that do so together. None where no sample of a record was seen.
fn key(table: &str, columns: &[Column], records: usize) -> Vec<String> {
    let singular = singular(table);
    let rank = |(place, column): &(usize, &Column)| match column.name.as_str() {
        "id" => 0,
        name if name.strip_suffix("_id").is_some_and(|stem| stem == table || stem == singular) => 1,
        _ if *place == 0 => 2,
        name if name.ends_with("_id") => 3,
        _ => 4,
    };
    let can_be = |column: &Column| column.is_filled && column.seen.can_be_key();
    let single = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| can_be(column) && column.seen.values().len() == records)
        .min_by_key(rank);
    if let Some((_, column)) = single {
        return vec![column.name.clone()];
    }
    let candidates: Vec<&Column> = columns.iter().filter(|column| can_be(column)).take(KEY_COLUMNS).collect();
    let tell_apart = |chosen: &[&Column]| {
        // Dimensions such as state and week fill their grid; columns that hardly repeat tell records apart by accident.
        let grid = chosen.iter().map(|column| column.seen.values().len()).product::<usize>();
        if grid > GRID * records {
            return false;
        }
        let mut rows = HashSet::with_capacity(records);
        (0..records).all(|record| {
            rows.insert(chosen.iter().map(|column| column.seen.hash(record)).collect::<Vec<_>>())
        })
    };
    let chosen = combinations(&candidates).into_iter().find(|chosen| tell_apart(chosen));
    chosen.unwrap_or_default().iter().map(|column| column.name.clone()).collect()
}

/// All pairs, then all triples, in the order of the columns.
fn combinations<'a>(columns: &[&'a Column]) -> Vec<Vec<&'a Column>> {
    let (mut pairs, mut triples) = (Vec::new(), Vec::new());
    for (i, first) in columns.iter().enumerate() {
        for (j, second) in columns.iter().enumerate().skip(i + 1) {
            pairs.push(vec![*first, *second]);
            triples.extend(columns.iter().skip(j + 1).map(|third| vec![*first, *second, *third]));
        }
    }
    pairs.extend(triples);
    pairs
}

fn references(table: &Table, tables: &[Table]) -> Vec<Reference> {
    let mut found = Vec::new();
    for column in &table.columns {
        let values = column.seen.values();
        let is_key = table.key == [column.name.clone()];
        let Some(stem) = column.name.strip_suffix("_id").filter(|_| !values.is_empty()) else { continue };
        let holds_all = |other: &&Table| match other.key.as_slice() {
            [key] if other.name != table.name || !is_key => other
                .column(key)
                .is_some_and(|key| key.type_name == column.type_name && values.is_subset(&key.seen.values())),
            _ => false,
        };
        let parents: Vec<&Table> = tables.iter().filter(holds_all).collect();
        let is_named = |other: &&&Table| {
            other.name == stem || singular(&other.name) == stem || other.key == [column.name.clone()]
        };
        // Small numbers are keys of every table: without a name that fits, only a single one is believed.
        let parent = match parents.as_slice() {
            [one] => Some(one),
            several => several.iter().find(is_named),
        };
        if let Some(parent) = parent {
            found.push(Reference {
                column: column.name.clone(),
                table: parent.name.clone(),
                values: values.len(),
            });
        }
    }
    found
}

/// One of `orders` is an order, one of `cities` a city.
fn singular(table: &str) -> String {
    match (table.strip_suffix("ies"), table.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => table.to_owned(),
    }
}
