//! SQL functions that read timeslots: the one of an attendance, and those that events list.

use etl_core::mobilize::{self as read, Shown};
use pgrx::prelude::*;

use super::{explained, owned, timestamp};

/// The timeslot of one record.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_parse_timeslot(
    record: &str,
) -> TableIterator<
    'static,
    (
        name!(timeslot_id, Option<i64>),
        name!(start_date, Option<TimestampWithTimeZone>),
        name!(end_date, Option<TimestampWithTimeZone>),
        name!(max_attendees, Option<i64>),
        name!(is_full, Option<bool>),
        name!(instructions, Option<String>),
        name!(absent, Option<Vec<&'static str>>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    TableIterator::once(timeslot(read::Timeslot::parse(record)))
}

/// The timeslots of an event's own list, as `etl_parse_event` returns it.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_explode_timeslots<'a>(
    timeslots: &'a str,
) -> TableIterator<
    'a,
    (
        name!(timeslot_id, Option<i64>),
        name!(start_date, Option<TimestampWithTimeZone>),
        name!(end_date, Option<TimestampWithTimeZone>),
        name!(max_attendees, Option<i64>),
        name!(is_full, Option<bool>),
        name!(instructions, Option<String>),
        name!(absent, Option<Vec<&'static str>>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    TableIterator::new(read::explode_timeslots(timeslots, Shown::InAttendance).map(timeslot))
}

/// The same of a listed event, as `etl_parse_listed_event` returns it.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_explode_listed_timeslots<'a>(
    timeslots: &'a str,
) -> TableIterator<
    'a,
    (
        name!(timeslot_id, Option<i64>),
        name!(start_date, Option<TimestampWithTimeZone>),
        name!(end_date, Option<TimestampWithTimeZone>),
        name!(max_attendees, Option<i64>),
        name!(is_full, Option<bool>),
        name!(instructions, Option<String>),
        name!(absent, Option<Vec<&'static str>>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    TableIterator::new(read::explode_timeslots(timeslots, Shown::Listed).map(timeslot))
}

type TimestampColumn = Option<TimestampWithTimeZone>;
type TextColumn = Option<String>;
type TimeslotRow = (
    Option<i64>,
    TimestampColumn,
    TimestampColumn,
    Option<i64>,
    Option<bool>,
    TextColumn,
    Option<Vec<&'static str>>,
    TextColumn,
    Option<&'static str>,
    TextColumn,
);

fn timeslot(row: read::Timeslot<'_>) -> TimeslotRow {
    let (problem, sqlstate, field) = explained(row.problem);
    (
        row.timeslot_id,
        timestamp(row.start_date),
        timestamp(row.end_date),
        row.max_attendees,
        row.is_full,
        owned(row.instructions),
        (!row.absent.is_empty()).then_some(row.absent),
        problem,
        sqlstate,
        field,
    )
}
