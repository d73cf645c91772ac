//! Timeslot: one time at which an event takes place.

use serde::Deserialize;

use super::attendance;
use super::event::Shown;
use super::fragment::Fragment;
use super::problem::{First, Problem};
use super::value::{At, Epoch, Scalar, Text};

/// One timeslot as one record shows it; its event and its version are the event's to say.
#[derive(Debug, Default, PartialEq)]
pub struct Timeslot<'a> {
    /// Key.
    pub timeslot_id: Option<i64>,
    /// When it begins.
    pub start_date: Option<Epoch>,
    /// When it ends.
    pub end_date: Option<Epoch>,
    /// How many people can sign up; nothing where there is no limit.
    pub max_attendees: Option<i64>,
    /// Whether that many have.
    pub is_full: Option<bool>,
    /// Private words sent to those who sign up.
    pub instructions: Text<'a>,
    /// Columns of the timeslot that this record says nothing of, which is not the same as null.
    pub absent: Vec<&'static str>,
    /// Why this is no row.
    pub problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    start_date: Scalar<'a>,
    #[serde(borrow)]
    end_date: Scalar<'a>,
    #[serde(borrow)]
    max_attendees: Scalar<'a>,
    #[serde(borrow)]
    is_full: Scalar<'a>,
    #[serde(borrow)]
    instructions: Scalar<'a>,
}

impl Fields<'_> {
    /// The columns of which this timeslot says nothing: keys that are left out, and instructions where none but lists
    /// of events tell them.
    fn absent(&self, shown: Shown) -> Vec<&'static str> {
        let is_untold = shown == Shown::InAttendance && self.instructions.is_absent_or_null();
        [
            (self.max_attendees.is_absent(), "max_attendees"),
            (self.is_full.is_absent(), "is_full"),
            (is_untold || self.instructions.is_absent(), "instructions"),
        ]
        .into_iter()
        .filter_map(|(is_absent, column)| is_absent.then_some(column))
        .collect()
    }
}

impl<'a> Timeslot<'a> {
    /// Reads `/timeslot` of a record.
    pub fn parse(record: &'a str) -> Self {
        let timeslot = attendance::Fields::parse(record).map(|record| record.timeslot);
        match timeslot {
            Ok(timeslot) => Self::of(timeslot, |key| At::new("/timeslot", key), true, Shown::InAttendance),
            Err(problem) => Self { problem: Some(problem), ..Self::default() },
        }
    }

    /// Reads `/timeslot` of a masked record, which has no id, and may have nothing at all.
    pub(super) fn masked(fragment: Fragment<'a>) -> Self {
        match fragment.text() {
            None => Self::default(),
            Some(_) => Self::of(fragment, |key| At::new("/timeslot", key), false, Shown::InAttendance),
        }
    }

    fn of<'p>(fragment: Fragment<'a>, at: impl Fn(&'p str) -> At<'p>, needs_id: bool, shown: Shown) -> Self {
        let mut first = First::default();
        let Some(fields) = first.keep(fragment.object::<Fields<'a>>(at(""))) else {
            first.note(Problem::Missing { field: at("").pointer(), rule: "it was asked for" });
            return Self { problem: first.into_problem(), ..Self::default() };
        };
        if needs_id && fields.id.is_absent_or_null() {
            first.note(Problem::Missing { field: at("id").pointer(), rule: "timeslots are keyed by it" });
        }
        let absent = fields.absent(shown);
        Self {
            timeslot_id: first.keep(fields.id.integer(at("id"))),
            start_date: first.keep(fields.start_date.epoch(at("start_date"))),
            end_date: first.keep(fields.end_date.epoch(at("end_date"))),
            max_attendees: first.keep(fields.max_attendees.integer(at("max_attendees"))),
            is_full: first.keep(fields.is_full.boolean(at("is_full"))),
            instructions: first.keep(fields.instructions.text(at("instructions"))),
            absent,
            problem: first.into_problem(),
        }
    }
}

/// The timeslots of an event's own list, given as the list's text; a text that is no list is one row with a problem.
pub fn explode_timeslots(list: &str, shown: Shown) -> impl Iterator<Item = Timeslot<'_>> {
    const LIST: &str = "/timeslots";
    let at = At::new(LIST, "").within(shown.root());
    let (items, problem) = match Fragment::whole(list).list::<Fragment<'_>>(at) {
        Ok(items) => (items.unwrap_or_default(), None),
        Err(problem) => (Vec::new(), Some(Timeslot { problem: Some(problem), ..Timeslot::default() })),
    };
    let timeslots = items.into_iter().enumerate().map(move |(index, item)| {
        Timeslot::of(item, |key| At::item(LIST, index, key).within(shown.root()), true, shown)
    });
    timeslots.chain(problem)
}
