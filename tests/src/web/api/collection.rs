//! What an endpoint of the API has: objects in the order of their last change.

use crate::generate::mobilize::Plan;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One object, as it is sent.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it stands among those that were changed in the same second; never changes.
    pub ordinal: u64,
    /// `modified_date`, Unix seconds.
    pub modified: i64,
    /// JSON without a line break.
    pub text: String,
}

/// The objects of an endpoint, sorted by (modified, ordinal).
#[derive(Clone, Debug, Default)]
pub struct Collection {
    items: Vec<Item>,
    next: u64,
}

/// Those of an organization.
#[derive(Clone, Debug, Default)]
pub struct Collections {
    /// Of the endpoint `attendances`.
    pub attendances: Collection,
    /// Of the endpoint `events`.
    pub events: Collection,
    /// Of the endpoint `people`.
    pub people: Collection,
}

type Members<'a> = HashMap<&'a str, &'a RawValue>;

fn members(text: &str) -> Members<'_> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn number(members: &Members<'_>, name: &str) -> Option<i64> {
    members.get(name)?.get().parse().ok()
}

impl Collection {
    fn of(texts: impl IntoIterator<Item = (i64, String)>) -> Self {
        let mut collection = Self::default();
        for (modified, text) in texts {
            collection.push(modified, text);
        }
        collection.sort();
        collection
    }

    fn push(&mut self, modified: i64, text: String) {
        self.items.push(Item { ordinal: self.next, modified, text });
        self.next += 1;
    }

    fn sort(&mut self) {
        self.items.sort_by_key(|item| (item.modified, item.ordinal));
    }

    /// All of them, in order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Their texts, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.items.iter().map(|item| item.text.clone()).collect()
    }

    /// The last change of all, Unix seconds; 0 without any.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.items.last().map_or(0, |item| item.modified)
    }

    /// Changes the objects at these places in the order, all at this moment, and puts them where that puts them.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn change(&mut self, places: &[usize], modified: i64, change: impl Fn(&mut Value)) {
        for place in places {
            let item = &mut self.items[*place];
            let mut object: Value =
                serde_json::from_str(&item.text).unwrap_or_else(|error| panic!("{error} in {}", item.text));
            change(&mut object);
            object["modified_date"] = modified.into();
            item.modified = modified;
            item.text = object.to_string();
        }
        self.sort();
    }

    /// Adds objects, which say by themselves when they were changed.
    ///
    /// # Panics
    /// When one does not.
    pub fn add(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            let modified = number(&members(&text), "modified_date");
            self.push(modified.unwrap_or_else(|| panic!("no modified_date in {text}")), text);
        }
        self.sort();
    }
}

impl Collections {
    /// What an API would have whose attendances are these: of each attendance the newest version, the events and people that they name.
    ///
    /// # Panics
    /// When a record is no attendance.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        // By id: masked attendances have none and stand for themselves.
        let mut attendances: BTreeMap<(Option<i64>, usize), (i64, String)> = BTreeMap::new();
        let (mut events, mut people) = (Newest::default(), Newest::default());
        for (place, record) in plan.collect().into_iter().enumerate() {
            let members = members(&record);
            let id = number(&members, "id");
            let modified = number(&members, "modified_date").unwrap_or_default();
            if let (Some(_), Some(event)) = (id, members.get("event")) {
                events.meet(event.get(), "id");
            }
            people.meet(members["person"].get(), "user_id");
            let key = (id, if id.is_some() { 0 } else { place });
            if attendances.get(&key).is_none_or(|(known, _)| *known < modified) {
                attendances.insert(key, (modified, record));
            }
        }
        Self {
            attendances: Collection::of(attendances.into_values()),
            events: Collection::of(events.known.into_values()),
            people: Collection::of(people.known.into_values()),
        }
    }
}

/// The newest version of each object of a kind.
#[derive(Debug, Default)]
struct Newest {
    known: BTreeMap<i64, (i64, String)>,
    met: HashSet<String>,
}

impl Newest {
    fn meet(&mut self, text: &str, key: &str) {
        if self.met.contains(text) {
            return;
        }
        self.met.insert(text.to_owned());
        let members = members(text);
        let (Some(id), Some(modified)) = (number(&members, key), number(&members, "modified_date")) else {
            return;
        };
        if self.known.get(&id).is_none_or(|(known, _)| *known < modified) {
            self.known.insert(id, (modified, text.to_owned()));
        }
    }
}
