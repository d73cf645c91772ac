//! Mobilize: one record of its lists of attendances, events or people, read into flat rows for seven tables.
//!
//! An attendance carries an attendance, its person, and copies of its event, timeslot and organizations. Attendance
//! and person differ from record to record and are read here at once; event, timeslot and sponsor stand unchanged
//! in thousands of records, so they are only hashed, and read once for each distinct text (`docs/mobilize.md`).
//!
//! Nothing here fails for content: a part that breaks a rule says so in its own `problem`, and the other parts
//! are read all the same. All times are whole seconds since 1970 in UTC, as Mobilize sends them.

mod attendance;
mod custom_field;
mod event;
mod fragment;
mod masked;
mod organization;
mod person;
mod problem;
mod timeslot;
mod value;

pub use attendance::{Attendance, Referrer};
pub use custom_field::{CustomField, explode_custom_fields};
pub use event::{Campaign, Contact, Event, Location, Shown};
pub use masked::MaskedAttendance;
pub use organization::{Organization, Place};
pub use person::Person;
pub use problem::Problem;
pub use timeslot::{Timeslot, explode_timeslots};
pub use value::{Epoch, Text};

#[cfg(test)]
mod tests;
