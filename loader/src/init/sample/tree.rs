//! The fields of a sample's records; those of CSV come as JSON objects, too. The members of an object in a record are fields of
//! their own, one level down; what is nested deeper, and every array, is one field.
use std::collections::HashMap;
use std::fmt;
use std::hash::RandomState;

use etl_core::frame::{Fault, loose_name};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Field, Sample};
use crate::config::Format;
use crate::init::column::{Seen, Value};

/// An object with more members than this, over all records, is rather a map from data to data: it stays one field.
const MEMBERS: usize = 50;

/// A sample ends at this many records,
const RECORDS: usize = 10_000;
/// or this many values: a file of 1,000 columns is sampled by 2,000 records.
const CELLS: usize = 2_000_000;

/// What was seen of the keys of the records.
pub(super) struct Tree<'a> {
    state: &'a RandomState,
    keys: Keyed<Key>,
    records: usize,
    damaged: usize,
    has_other_encoding: bool,
    /// Fields so far, members included.
    width: usize,
    /// Records came when the sample was full.
    is_cut: bool,
}

/// A key of the records.
#[derive(Default)]
struct Key {
    seen: Seen,
    members: Keyed<Seen>,
    /// Some value is neither null nor an object, or the objects have too many members.
    is_one: bool,
    has_objects: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn new(state: &'a RandomState) -> Self {
        let keys = Keyed::new();
        Tree { state, keys, records: 0, damaged: 0, has_other_encoding: false, width: 0, is_cut: false }
    }

    /// Takes in a framed record. A full sample takes no more.
    pub(super) fn take(&mut self, content: &Result<&str, Fault<'_>>) {
        if self.is_full() {
            self.is_cut = true;
            return;
        }
        let members = match content {
            Ok(record) => serde_json::from_str::<Members<'_>>(record).ok(),
            Err(fault) => {
                self.has_other_encoding |= fault.sqlstate == "22021";
                None
            }
        };
        let Some(members) = members else {
            self.damaged += 1;
            return;
        };
        for (name, raw) in members.0 {
            let key = self.keys.of(name);
            let value = value_of(raw);
            key.seen.take(self.records, &value, self.state);
            match (raw.starts_with('{'), &value) {
                (true, _) => key.take_members(self.records, raw, self.state),
                (false, Value::Missing) => {}
                (false, _) => key.is_one = true,
            }
        }
        self.records += 1;
        self.width = self.keys.items.iter().map(|(_, key)| key.members.items.len().max(1)).sum();
    }

    /// Whether the sample is large enough.
    pub(super) fn is_full(&self) -> bool {
        self.records >= RECORDS || self.records.saturating_mul(self.width) >= CELLS
    }

    /// The sample, which has the header's fields where no record had them.
    pub(super) fn into_sample(
        mut self,
        location: &str,
        format: Format,
        header: Vec<String>,
        is_read: bool,
    ) -> Sample {
        for name in header {
            self.keys.of(name);
        }
        let (records, damaged, has_other_encoding) = (self.records, self.damaged, self.has_other_encoding);
        let is_whole = is_read && !self.is_cut;
        let (fields, unreadable) = self.into_fields();
        let location = location.to_owned();
        Sample { location, format, fields, records, damaged, is_whole, unreadable, has_other_encoding }
    }

    /// The fields, and the names of those that no pointer reaches.
    fn into_fields(self) -> (Vec<Field>, Vec<String>) {
        let mut names: HashMap<String, usize> = HashMap::new();
        for (name, _) in &self.keys.items {
            *names.entry(loose_name(name)).or_default() += 1;
        }
        let (mut fields, mut unreadable) = (Vec::new(), Vec::new());
        for (name, key) in self.keys.items {
            let is_alone = names.get(&loose_name(&name)) == Some(&1);
            let is_name = is_alone && !name.starts_with('/') && !name.trim().is_empty();
            let mut add = |path: Vec<String>, is_name: bool, seen: Seen| {
                // A star in a pointer is every element of an array.
                if !is_name && path.iter().any(|part| part == "*") {
                    unreadable.push(path.join("/"));
                    return;
                }
                let from = if is_name { path[0].clone() } else { pointer(&path) };
                fields.push(Field { path, from, seen });
            };
            if key.has_objects && !key.is_one {
                for (member, seen) in key.members.items {
                    add(vec![name.clone(), member], false, seen);
                }
            } else {
                add(vec![name], is_name, key.seen);
            }
        }
        (fields, unreadable)
    }
}

impl Key {
    fn take_members(&mut self, record: usize, raw: &str, state: &RandomState) {
        self.has_objects = true;
        if self.is_one {
            return;
        }
        let Ok(Members(members)) = serde_json::from_str(raw) else { return };
        for (name, raw) in members {
            self.members.of(name).take(record, &value_of(raw), state);
        }
        if self.members.items.len() > MEMBERS {
            self.is_one = true;
            self.members = Keyed::new();
        }
    }
}

/// Things by name, in the order in which they first came.
#[derive(Default)]
struct Keyed<T> {
    items: Vec<(String, T)>,
    places: HashMap<String, usize>,
}

impl<T: Default> Keyed<T> {
    fn new() -> Self {
        Keyed { items: Vec::new(), places: HashMap::new() }
    }

    /// The thing of that name, new where it is not there.
    fn of(&mut self, name: String) -> &mut T {
        let at = *self.places.entry(name).or_insert_with_key(|name| {
            self.items.push((name.clone(), T::default()));
            self.items.len() - 1
        });
        &mut self.items[at].1
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

fn value_of(raw: &str) -> Value {
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => Value::Nested,
        Some(b'n') | None => Value::Missing,
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) if !text.is_empty() => Value::Scalar(text),
            _ => Value::Missing,
        },
        Some(_) => Value::Scalar(raw.to_owned()),
    }
}

/// An object's members in their order, each value as it stands.
struct Members<'a>(Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Keyed<&'de str> = Keyed::new();
                while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    // Of a key that is there twice the last counts, as in jsonb.
                    *members.of(name) = raw.get();
                }
                Ok(Members(members.items))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
