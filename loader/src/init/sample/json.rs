//! A sample of a JSON file. The members of an object in a record are fields of their own, one level down; what is
//! nested deeper, and every array, is one field.
use std::collections::HashMap;
use std::fmt;
use std::hash::RandomState;
use std::io::Read;

use etl_core::frame::{JsonFramer, Limits, Stopped};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Field, Sample, is_enough};
use crate::config::Format;
use crate::error::Error;
use crate::init::column::{Seen, Value};

/// An object with more members than this, over all records, is rather a map from data to data: it stays one field.
const MEMBERS: usize = 50;

/// Reads records as the loader frames them.
pub(super) fn read(location: &str, mut input: impl Read, state: &RandomState) -> Result<Sample, Error> {
    let mut framer = JsonFramer::new(Limits::default());
    let mut chunk = vec![0; 64 * 1024];
    let mut tree = Tree { state, keys: Keyed::new(), records: 0, damaged: 0, width: 0, bytes: 0 };
    let refused = |stopped: Stopped<std::convert::Infallible>| {
        Error::usage(format!("{location}: cannot be read as JSON")).caused_by(stopped)
    };
    let mut is_whole = true;
    loop {
        let count = input
            .read(&mut chunk)
            .map_err(|error| Error::failed(format!("{location}: cannot be read")).caused_by(error))?;
        let mut take = |framed: etl_core::frame::Framed<'_>| {
            match framed.content {
                _ if tree.is_full() => is_whole = false,
                Ok(record) => tree.take(record),
                Err(_) => tree.damaged += 1,
            }
            Ok(())
        };
        if count == 0 {
            framer.finish(&mut take).map_err(refused)?;
            break;
        }
        framer.push(&chunk[..count], &mut take).map_err(refused)?;
        tree.bytes += count as u64;
        if tree.is_full() {
            is_whole = false;
            break;
        }
    }
    let (records, damaged) = (tree.records, tree.damaged);
    let (fields, unreadable) = tree.into_fields();
    let location = location.to_owned();
    Ok(Sample { location, format: Format::Json, fields, records, damaged, is_whole, unreadable })
}

/// What was seen of the keys of the records.
struct Tree<'a> {
    state: &'a RandomState,
    keys: Keyed<Key>,
    records: usize,
    damaged: usize,
    /// Fields so far, members included.
    width: usize,
    /// Bytes read for the records.
    bytes: u64,
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

impl Tree<'_> {
    fn is_full(&self) -> bool {
        is_enough(self.records, self.width, self.bytes)
    }

    fn take(&mut self, record: &str) {
        let Ok(members) = serde_json::from_str::<Members<'_>>(record) else {
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

    /// The fields, and the names of those that no pointer reaches.
    fn into_fields(self) -> (Vec<Field>, Vec<String>) {
        let mut names: HashMap<String, usize> = HashMap::new();
        for (name, _) in &self.keys.items {
            *names.entry(loose(name)).or_default() += 1;
        }
        let (mut fields, mut unreadable) = (Vec::new(), Vec::new());
        for (name, key) in self.keys.items {
            let is_alone = names.get(&loose(&name)) == Some(&1);
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

/// How names are matched: without regard to case, and each run of blanks as one.
fn loose(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
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
