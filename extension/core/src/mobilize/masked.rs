//! Masked attendance: one behind the campaign-finance firewall, without id, event or timeslot id.

use super::attendance::{Attendance, Fields};
use super::custom_field::LIST;
use super::event;
use super::problem::Problem;
use super::timeslot::Timeslot;
use super::value::Text;

/// What a masked record still says. Its key has one part more, which occurrence it is, for the load to count.
#[derive(Debug, Default, PartialEq)]
pub struct MaskedAttendance<'a> {
    /// The fields that masking leaves alone; `problem` here is the first of all parts.
    pub attendance: Attendance<'a>,
    /// The one field of the event that is not masked, such as `COMMUNITY`.
    pub event_type: Text<'a>,
    /// The timeslot without its id.
    pub timeslot: Timeslot<'a>,
}

impl<'a> MaskedAttendance<'a> {
    /// Reads a record whose `is_masked` is known to be true.
    pub fn parse(record: &'a str) -> Self {
        let fields = match Fields::parse(record) {
            Ok(fields) => fields,
            Err(problem) => return Self::rejected(problem),
        };
        let event_type = event::event_type(fields.event);
        let mut timeslot = Timeslot::masked(fields.timeslot);
        let mut attendance = Attendance::from_fields(fields);
        if attendance.is_custom_absent {
            attendance.absent.push("custom_signup_field_values");
        }
        let answers = attendance.custom_signup_field_values.map(keepable).unwrap_or(Ok(()));
        let problem = attendance.problem.take().or(event_type.as_ref().err().cloned());
        let problem = problem.or(timeslot.problem.take()).or(answers.err());
        attendance.problem = problem;
        Self { attendance, event_type: event_type.unwrap_or_default(), timeslot }
    }

    fn rejected(problem: Problem) -> Self {
        Self { attendance: Attendance { problem: Some(problem), ..Attendance::default() }, ..Self::default() }
    }
}

/// PostgreSQL keeps the answers as jsonb, which refuses NUL, lone surrogates and endless numbers.
fn keepable(answers: &str) -> Result<(), Problem> {
    let field = || LIST.to_owned();
    match serde_json::from_str::<serde_json::Value>(answers) {
        Err(error) => Err(Problem::Unreadable { field: field(), detail: error.to_string() }),
        // Also said of a backslash before "u0000", as in "\\u0000": rare, and better than a load that fails.
        Ok(_) if answers.contains("\\u0000") => Err(Problem::Nul { field: field() }),
        Ok(_) => Ok(()),
    }
}
