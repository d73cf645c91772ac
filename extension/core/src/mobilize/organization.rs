//! Organization: sponsor of an attendance or of an event.

use serde::Deserialize;

use super::attendance;
use super::event;
use super::fragment::Fragment;
use super::problem::{First, Problem};
use super::value::{At, Epoch, Scalar, Text};

/// One organization as one record shows it; some are all null but for id and name.
#[derive(Debug, Default, PartialEq)]
pub struct Organization<'a> {
    /// Key.
    pub organization_id: Option<i64>,
    /// Public name.
    pub name: Text<'a>,
    /// Name in URLs.
    pub slug: Text<'a>,
    /// Kind, such as `CAMPAIGN`, `STATE_PARTY`, `PARTY_COMMITTEE`, `PAC`.
    pub org_type: Text<'a>,
    /// On the coordinated side of campaign finance.
    pub is_coordinated: Option<bool>,
    /// On the independent side of campaign finance.
    pub is_independent: Option<bool>,
    /// Whether the campaign is a primary.
    pub is_primary_campaign: Option<bool>,
    /// Kind of race, such as `GOVERNOR`; nothing where it is no campaign.
    pub race_type: Text<'a>,
    /// Two-letter code of the state; may be empty.
    pub state: Text<'a>,
    /// District, in the terms of the race type.
    pub district: Text<'a>,
    /// Candidate it stands for; may be empty.
    pub candidate_name: Text<'a>,
    /// Public list of its events.
    pub event_feed_url: Text<'a>,
    /// Picture; undocumented.
    pub logo_url: Text<'a>,
    /// When it was created.
    pub created_date: Option<Epoch>,
    /// When it was last changed: the version.
    pub modified_date: Option<Epoch>,
    /// Why this is no row.
    pub problem: Option<Problem>,
}

/// Which of a record's organizations is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/sponsor`: of an attendance the promoting organization, otherwise the event's; of an event its owner.
    Record,
    /// `/event/sponsor` of an attendance: the event's owner.
    Event,
}

impl Place {
    fn pointer(self) -> &'static str {
        match self {
            Self::Record => "/sponsor",
            Self::Event => "/event/sponsor",
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    slug: Scalar<'a>,
    #[serde(borrow)]
    org_type: Scalar<'a>,
    #[serde(borrow)]
    is_coordinated: Scalar<'a>,
    #[serde(borrow)]
    is_independent: Scalar<'a>,
    #[serde(borrow)]
    is_primary_campaign: Scalar<'a>,
    #[serde(borrow)]
    race_type: Scalar<'a>,
    #[serde(borrow)]
    state: Scalar<'a>,
    #[serde(borrow)]
    district: Scalar<'a>,
    #[serde(borrow)]
    candidate_name: Scalar<'a>,
    #[serde(borrow)]
    event_feed_url: Scalar<'a>,
    #[serde(borrow)]
    logo_url: Scalar<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    modified_date: Scalar<'a>,
}

impl<'a> Organization<'a> {
    /// Reads one of a record's organizations; without it there, the problem says so.
    pub fn parse(record: &'a str, place: Place) -> Self {
        let mut first = First::default();
        let at = |key| At::new(place.pointer(), key);
        let Some(fields) = first.keep(Self::fields(record, place)) else {
            first.note(Problem::Missing { field: at("").pointer(), rule: "it was asked for" });
            return Self { problem: first.into_problem(), ..Self::default() };
        };
        if fields.id.is_absent_or_null() {
            first.note(Problem::Missing { field: at("id").pointer(), rule: "organizations are keyed by it" });
        }
        Self {
            organization_id: first.keep(fields.id.integer(at("id"))),
            name: first.keep(fields.name.text(at("name"))),
            slug: first.keep(fields.slug.text(at("slug"))),
            org_type: first.keep(fields.org_type.text(at("org_type"))),
            is_coordinated: first.keep(fields.is_coordinated.boolean(at("is_coordinated"))),
            is_independent: first.keep(fields.is_independent.boolean(at("is_independent"))),
            is_primary_campaign: first.keep(fields.is_primary_campaign.boolean(at("is_primary_campaign"))),
            race_type: first.keep(fields.race_type.text(at("race_type"))),
            state: first.keep(fields.state.text(at("state"))),
            district: first.keep(fields.district.text(at("district"))),
            candidate_name: first.keep(fields.candidate_name.text(at("candidate_name"))),
            event_feed_url: first.keep(fields.event_feed_url.text(at("event_feed_url"))),
            logo_url: first.keep(fields.logo_url.text(at("logo_url"))),
            created_date: first.keep(fields.created_date.epoch(at("created_date"))),
            modified_date: first.keep(fields.modified_date.epoch(at("modified_date"))),
            problem: first.into_problem(),
        }
    }

    fn fields(record: &'a str, place: Place) -> Result<Option<Fields<'a>>, Problem> {
        let record = attendance::Fields::parse(record)?;
        let fragment: Fragment<'a> = match place {
            Place::Record => record.sponsor,
            Place::Event => event::sponsor(record.event)?,
        };
        fragment.object(At::new(place.pointer(), ""))
    }
}
