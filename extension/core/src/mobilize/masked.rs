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
    let field = LIST.to_owned();
    match crate::value::jsonb(answers) {
        Ok(()) => Ok(()),
        Err(fault) if fault.sqlstate == "22P05" => Err(Problem::Nul { field }),
        // Answers are personal: the rule is named, what was found is not.
        Err(fault) => Err(Problem::Unreadable { field, detail: format!("expected {}", fault.rule) }),
    }
}
