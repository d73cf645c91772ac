//! A record read: its values for each row, and what is wrong with them.
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::pointer::Pointer;
use super::spec::{From, Spec};
use super::value::Target;
use crate::frame::loose_name;
use crate::value::Fault;

/// Names of fields that are remembered, so that a record with keys made of data does not fill the memory.
const REMEMBERED: usize = 4096;

/// The values of one row, in the order of the spec's columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Texts that are values of the columns' types; null too where a value is none.
    pub values: Vec<Option<Cow<'a, str>>>,
    /// The first thing that is wrong.
    pub problem: Option<Problem>,
}

/// What is wrong with a record.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// What was expected and what was found, with the field.
    pub message: String,
    /// SQLSTATE of the rule.
    pub sqlstate: &'static str,
    /// The field, as the mapping names it.
    pub field: String,
}

/// Reads records by one spec.
pub struct Reader {
    each: Option<Place>,
    columns: Vec<(Where, Target)>,
    /// The names of the top level that some column wants, and in which slot they go.
    slots: Slots,
    /// Whether some column wants the record itself.
    wants_whole: bool,
}

/// A place in the record: a slot of the top level, and the way down from there.
struct Place {
    slot: Option<usize>,
    rest: Pointer,
    label: String,
}

enum Where {
    Record(Place),
    Element(Pointer),
    Position,
    Constant,
}

impl Reader {
    /// Prepares for a spec.
    pub fn new(spec: &Spec) -> Self {
        let mut slots = Slots::default();
        let each = spec.each.as_ref().map(|pointer| slots.place(pointer));
        let columns = spec.columns.iter().map(|column| {
            let place = match &column.from {
                From::Field(name) => {
                    let slot = Some(slots.slot(name, true));
                    Where::Record(Place { slot, rest: Pointer::default(), label: name.clone() })
                }
                From::Pointer(pointer) => Where::Record(slots.place(pointer)),
                From::Element(pointer) => Where::Element(pointer.clone()),
                From::Position => Where::Position,
                From::Constant => Where::Constant,
            };
            (place, Target::new(column))
        });
        let columns: Vec<_> = columns.collect();
        let places = columns.iter().filter_map(|(place, _)| match place {
            Where::Record(place) => Some(place),
            _ => None,
        });
        let wants_whole = places.chain(&each).any(|place| place.slot.is_none());
        Reader { each, columns, slots, wants_whole }
    }

    /// The rows of a record, handed on one by one: one, or one for each element of the array.
    pub fn read(&mut self, record: &str, mut take: impl FnMut(Row<'_>)) {
        let mut deserializer = serde_json::Deserializer::from_str(record);
        // The loader stages objects only; this is for those who call by hand.
        let Ok(found) = Slotted(&mut self.slots).deserialize(&mut deserializer) else {
            return take(self.faulty("the record", Fault::expecting("a JSON object", record)));
        };
        if let Some((name, _)) = self.slots.twice.take().and_then(|slot| self.slots.wanted.get(slot)) {
            let fault = Fault::new("22030", "a field that stands once", name);
            return take(self.faulty(name, fault));
        }
        let whole = if self.wants_whole { serde_json::from_str::<&RawValue>(record).ok() } else { None };
        let Some(each) = &self.each else {
            return take(self.row(&found, whole, None));
        };
        let Some(array) = each.find(&found, whole).filter(|value| value.get() != "null") else { return };
        match serde_json::from_str::<Vec<&RawValue>>(array.get()) {
            Err(_) => take(self.faulty(&each.label, Fault::expecting("a list", array.get()))),
            Ok(elements) => {
                for (position, element) in elements.into_iter().enumerate() {
                    take(self.row(&found, whole, Some((position + 1, element))));
                }
            }
        }
    }

    fn row<'a>(
        &'a self,
        found: &[Option<&'a RawValue>],
        whole: Option<&'a RawValue>,
        element: Option<(usize, &'a RawValue)>,
    ) -> Row<'a> {
        let mut row = Row { values: Vec::with_capacity(self.columns.len()), problem: None };
        for (place, target) in &self.columns {
            let value = match place {
                Where::Record(place) => target.read(place.find(found, whole)),
                Where::Element(pointer) => target.read(element.and_then(|(_, value)| pointer.find(value))),
                Where::Position => target.count(element.map_or(0, |(position, _)| position)),
                Where::Constant => target.read(None),
            };
            row.values.push(value.unwrap_or_else(|fault| {
                row.problem.get_or_insert_with(|| Problem::new(target.label(), &fault));
                None
            }));
        }
        row
    }

    fn faulty(&self, label: &str, fault: Fault) -> Row<'_> {
        let values = self.columns.iter().map(|_| None).collect();
        Row { values, problem: Some(Problem::new(label, &fault)) }
    }
}

impl Problem {
    fn new(label: &str, fault: &Fault) -> Self {
        Problem { message: format!("{label}: {fault}"), sqlstate: fault.sqlstate, field: label.to_owned() }
    }
}

impl Place {
    fn find<'a>(&self, found: &[Option<&'a RawValue>], whole: Option<&'a RawValue>) -> Option<&'a RawValue> {
        let start = match self.slot {
            Some(slot) => found.get(slot).copied().flatten(),
            None => whole,
        };
        start.and_then(|value| self.rest.find(value))
    }
}

/// Names that are wanted, and what has been learnt of the names that came.
#[derive(Default)]
struct Slots {
    /// Each with its loose form where it may be matched loosely.
    wanted: Vec<(String, Option<String>)>,
    /// Names that came, with the slots they are for.
    met: Vec<(String, Match)>,
    /// Where a name stands in `met`.
    known: HashMap<String, usize>,
    /// The keys of the last record in their order, as places in `met`: the next one mostly has the same.
    order: Vec<usize>,
    /// A wanted name that stood twice in the last record.
    twice: Option<usize>,
}

/// What a key of a record is for.
#[derive(Debug, Default)]
struct Match {
    /// Slots that want this very name.
    exact: Vec<usize>,
    /// Slots that want a name like it, and have it only if the very name does not come.
    like: Vec<usize>,
}

impl Slots {
    fn slot(&mut self, name: &str, is_loose: bool) -> usize {
        let wanted = (name.to_owned(), is_loose.then(|| loose_name(name)));
        self.wanted.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.wanted.push(wanted);
            self.wanted.len() - 1
        })
    }

    fn place(&mut self, pointer: &Pointer) -> Place {
        let label = pointer.to_string();
        match pointer.split_first() {
            Some((first, rest)) => Place { slot: Some(self.slot(first, false)), rest, label },
            None => Place { slot: None, rest: Pointer::default(), label },
        }
    }

    /// Notes that the record's key of that number is this one.
    fn note(&mut self, at: usize, key: &str) {
        let last = self.order.get(at).and_then(|place| self.met.get(*place));
        if last.is_some_and(|(name, _)| name == key) {
            return;
        }
        let place = match self.known.get(key) {
            Some(place) => *place,
            None => self.meet(key),
        };
        match self.order.get_mut(at) {
            Some(order) => *order = place,
            None => self.order.push(place),
        }
    }

    fn meet(&mut self, key: &str) -> usize {
        let form = loose_name(key);
        let mut slots = Match::default();
        for (slot, (name, wanted)) in self.wanted.iter().enumerate() {
            if name == key {
                slots.exact.push(slot);
            } else if wanted.as_ref() == Some(&form) {
                slots.like.push(slot);
            }
        }
        // Beyond the limit the last place is for whoever comes.
        self.met.truncate(REMEMBERED);
        let place = self.met.len();
        if place < REMEMBERED {
            self.known.insert(key.to_owned(), place);
        }
        self.met.push((key.to_owned(), slots));
        place
    }

    /// What the record's key of that number is for.
    fn noted(&self, at: usize) -> Option<&Match> {
        self.order.get(at).and_then(|place| self.met.get(*place)).map(|(_, slots)| slots)
    }
}

/// Fills the slots from an object.
struct Slotted<'s>(&'s mut Slots);

impl<'de> DeserializeSeed<'de> for Slotted<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Slotted<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let slots = self.0;
        let mut found: Self::Value = vec![None; slots.wanted.len()];
        let mut is_exact = vec![false; slots.wanted.len()];
        let (mut at, mut twice) = (0, None);
        while map.next_key_seed(Key { slots, at })?.is_some() {
            let wanted = slots.noted(at).filter(|it| !it.exact.is_empty() || !it.like.is_empty());
            at += 1;
            let Some(wanted) = wanted else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &RawValue = map.next_value()?;
            for slot in &wanted.exact {
                twice = twice.or(is_exact[*slot].then_some(*slot));
                found[*slot] = Some(value);
                is_exact[*slot] = true;
            }
            for slot in wanted.like.iter().filter(|slot| !is_exact[**slot]) {
                found[*slot] = Some(value);
            }
        }
        slots.twice = twice;
        Ok(found)
    }
}

/// Notes what the record's key of that number is.
struct Key<'s> {
    slots: &'s mut Slots,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        self.slots.note(self.at, key);
        Ok(())
    }
}
