//! Attendance: one person's sign-up for one timeslot of one event.

use serde::Deserialize;

use super::fragment::Fragment;
use super::person::Person;
use super::problem::{First, Problem};
use super::value::{At, Epoch, Scalar, Text};

/// One record: the attendance's row, its person, and where its parents' rows are to be found.
#[derive(Debug, Default, PartialEq)]
pub struct Attendance<'a> {
    /// Key.
    pub attendance_id: Option<i64>,
    /// When the person signed up.
    pub created_date: Option<Epoch>,
    /// When the attendance was last changed: the version.
    pub modified_date: Option<Epoch>,
    /// Who signed up.
    pub user_id: Option<i64>,
    /// For which event.
    pub event_id: Option<i64>,
    /// For which timeslot of the event.
    pub timeslot_id: Option<i64>,
    /// The promoting organization, otherwise the event's.
    pub sponsor_organization_id: Option<i64>,
    /// `REGISTERED`, `CANCELLED`, `CONFIRMED`, or what Mobilize adds.
    pub status: Text<'a>,
    /// Whether the person came; nothing where it is not set.
    pub attended: Option<bool>,
    /// How the person got to the sign-up.
    pub referrer: Referrer<'a>,
    /// What the person thought of the event, such as `Positive`; undocumented.
    pub rating: Text<'a>,
    /// What the person wrote about the event; undocumented.
    pub feedback: Text<'a>,
    /// Columns of the attendance that this record leaves out, which is not the same as null.
    pub absent: Vec<&'static str>,
    /// The campaign-finance firewall hides id and event: the row belongs to `masked_attendances`.
    pub is_masked: bool,
    /// Hash of the event's text, where the event is to become a row.
    pub event_hash: Option<i64>,
    /// Hash of the timeslot's text.
    pub timeslot_hash: Option<i64>,
    /// Hash of the sponsor's text.
    pub sponsor_hash: Option<i64>,
    /// Hash of the person's text.
    pub person_hash: Option<i64>,
    /// The list of custom fields as its text, unless it is empty; `explode_custom_fields` reads it.
    pub custom_signup_field_values: Option<&'a str>,
    /// Whether the record has no such list at all.
    pub is_custom_absent: bool,
    /// Who signed up, where the record says.
    pub person: Option<Person<'a>>,
    /// Why this is no row; the person's problem is its own.
    pub problem: Option<Problem>,
}

/// Where a sign-up came from: the parameters of the link.
#[derive(Debug, Default, PartialEq)]
pub struct Referrer<'a> {
    /// The site or list.
    pub utm_source: Text<'a>,
    /// The channel.
    pub utm_medium: Text<'a>,
    /// The campaign.
    pub utm_campaign: Text<'a>,
    /// The term.
    pub utm_term: Text<'a>,
    /// The variant.
    pub utm_content: Text<'a>,
    /// The page that linked here.
    pub url: Text<'a>,
}

/// The top level of a record.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Fields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    modified_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) person: Fragment<'a>,
    #[serde(borrow)]
    pub(super) event: Fragment<'a>,
    #[serde(borrow)]
    pub(super) timeslot: Fragment<'a>,
    #[serde(borrow)]
    pub(super) sponsor: Fragment<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    attended: Scalar<'a>,
    #[serde(borrow)]
    referrer: Fragment<'a>,
    #[serde(borrow)]
    rating: Scalar<'a>,
    #[serde(borrow)]
    feedback: Scalar<'a>,
    #[serde(borrow)]
    custom_signup_field_values: Fragment<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ReferrerFields<'a> {
    #[serde(borrow)]
    utm_source: Scalar<'a>,
    #[serde(borrow)]
    utm_medium: Scalar<'a>,
    #[serde(borrow)]
    utm_campaign: Scalar<'a>,
    #[serde(borrow)]
    utm_term: Scalar<'a>,
    #[serde(borrow)]
    utm_content: Scalar<'a>,
    #[serde(borrow)]
    url: Scalar<'a>,
}

const REFERRER_COLUMNS: [&str; 6] = [
    "referrer_utm_source",
    "referrer_utm_medium",
    "referrer_utm_campaign",
    "referrer_utm_term",
    "referrer_utm_content",
    "referrer_url",
];

impl<'a> Fields<'a> {
    pub(super) fn parse(record: &'a str) -> Result<Self, Problem> {
        Fragment::record(record)
    }
}

impl<'a> Attendance<'a> {
    /// Reads one record. Whatever it holds, this returns: what breaks a rule is in `problem`.
    pub fn parse(record: &'a str) -> Self {
        match Fields::parse(record) {
            Ok(fields) => Self::from_fields(fields),
            Err(problem) => Self { problem: Some(problem), ..Self::default() },
        }
    }

    pub(super) fn from_fields(fields: Fields<'a>) -> Self {
        let mut first = First::default();
        let at = |key| At::new("", key);

        let has_no_id = fields.id.is_absent_or_null();
        let event_id = fields.event.id("/event");
        let is_masked = has_no_id && event_id == Ok(None);
        if has_no_id && !is_masked {
            let rule = "a record without it is masked only where /event/id is missing too";
            first.note(Problem::Missing { field: at("id").pointer(), rule });
        }
        let attendance_id = first.keep(fields.id.integer(at("id")));
        let event_id = first.keep(event_id);

        let person = Person::of_attendance(fields.person);
        let user_id = person.as_ref().and_then(|person| person.user_id);
        if user_id.is_none() {
            first.note(no_user(person.as_ref()));
        }

        let mut absent = Vec::new();
        if fields.sponsor.is_absent() {
            absent.push("sponsor_organization_id");
        }
        if fields.referrer.is_absent() {
            absent.extend(REFERRER_COLUMNS);
        }

        Self {
            attendance_id,
            created_date: first.keep(fields.created_date.epoch(at("created_date"))),
            modified_date: first.keep(fields.modified_date.epoch(at("modified_date"))),
            user_id,
            event_id,
            timeslot_id: first.keep(fields.timeslot.id("/timeslot")),
            sponsor_organization_id: first.keep(fields.sponsor.id("/sponsor")),
            status: first.keep(fields.status.text(at("status"))),
            attended: first.keep(fields.attended.boolean(at("attended"))),
            referrer: Referrer::parse(fields.referrer, &mut first),
            rating: first.keep(fields.rating.text(at("rating"))),
            feedback: first.keep(fields.feedback.text(at("feedback"))),
            absent,
            is_masked,
            // A masked record has no event or timeslot to speak of, only a type and two times.
            event_hash: fields.event.hash().filter(|_| !is_masked),
            timeslot_hash: fields.timeslot.hash().filter(|_| !is_masked),
            sponsor_hash: fields.sponsor.hash(),
            person_hash: fields.person.hash(),
            custom_signup_field_values: fields.custom_signup_field_values.text().filter(|text| *text != "[]"),
            is_custom_absent: fields.custom_signup_field_values.is_absent(),
            person,
            problem: first.into_problem(),
        }
    }
}

/// Why the attendance has nobody: the person's own problem where it is about the key.
fn no_user(person: Option<&Person<'_>>) -> Problem {
    let of_key = |problem: &&Problem| matches!(problem.field(), "/person" | "/person/user_id");
    person.and_then(|person| person.problem.as_ref()).filter(of_key).cloned().unwrap_or(Problem::Missing {
        field: "/person/user_id".to_owned(),
        rule: "an attendance is somebody's",
    })
}

impl<'a> Referrer<'a> {
    fn parse(fragment: Fragment<'a>, first: &mut First) -> Self {
        let at = |key| At::new("/referrer", key);
        let fields = fragment.object::<ReferrerFields<'a>>(at(""));
        let Some(fields) = first.keep(fields) else {
            return Self::default();
        };
        Self {
            utm_source: first.keep(fields.utm_source.text(at("utm_source"))),
            utm_medium: first.keep(fields.utm_medium.text(at("utm_medium"))),
            utm_campaign: first.keep(fields.utm_campaign.text(at("utm_campaign"))),
            utm_term: first.keep(fields.utm_term.text(at("utm_term"))),
            utm_content: first.keep(fields.utm_content.text(at("utm_content"))),
            url: first.keep(fields.url.text(at("url"))),
        }
    }
}
