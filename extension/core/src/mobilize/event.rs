//! Event: what people sign up for, with its place, its contact and its tags.

use serde::Deserialize;

use super::attendance;
use super::fragment::Fragment;
use super::problem::{First, Problem};
use super::value::{At, Epoch, Scalar, Text};

mod details;

use details::Tags;
pub use details::{Campaign, Contact, Location};

const EVENT: &str = "/event";

/// Which record shows the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// An attendance, at `/event`: without what Mobilize tells in lists of events only.
    InAttendance,
    /// A record of a list of events, which is the event as a whole.
    Listed,
}

impl Shown {
    /// JSON pointer to the event.
    pub(super) fn root(self) -> &'static str {
        match self {
            Self::InAttendance => EVENT,
            Self::Listed => "",
        }
    }
}

/// One event as one record shows it.
#[derive(Debug, Default, PartialEq)]
pub struct Event<'a> {
    /// Key.
    pub event_id: Option<i64>,
    /// Public name; two events may share one.
    pub title: Text<'a>,
    /// Public subheading; no longer documented.
    pub summary: Text<'a>,
    /// Long description, Markdown or HTML.
    pub description: Text<'a>,
    /// Kind, such as `CANVASS`.
    pub event_type: Text<'a>,
    /// Name in the time zone database.
    pub timezone: Text<'a>,
    /// When the event was created.
    pub created_date: Option<Epoch>,
    /// When the event was last changed: the version.
    pub modified_date: Option<Epoch>,
    /// The owning organization.
    pub sponsor_organization_id: Option<i64>,
    /// Hash of the owning organization's text.
    pub sponsor_hash: Option<i64>,
    /// Where the approval of a distributed event stands.
    pub approval_status: Text<'a>,
    /// `PUBLIC` or `PRIVATE`.
    pub visibility: Text<'a>,
    /// The same of the address.
    pub address_visibility: Text<'a>,
    /// Made with the distributed organizing tool.
    pub created_by_volunteer_host: Option<bool>,
    /// Takes place online.
    pub is_virtual: Option<bool>,
    /// Where an online event without shifts leads to.
    pub virtual_action_url: Text<'a>,
    /// Marked by the organization.
    pub high_priority: Option<bool>,
    /// Picture.
    pub featured_image_url: Text<'a>,
    /// Canonical URL.
    pub browser_url: Text<'a>,
    /// `ACCESSIBLE`, `NOT_ACCESSIBLE`, `NOT_SURE`.
    pub accessibility_status: Text<'a>,
    /// More on that.
    pub accessibility_notes: Text<'a>,
    /// Private words sent to those who sign up.
    pub instructions: Text<'a>,
    /// Numbers of the tags, in their order.
    pub tag_ids: Option<Vec<Option<i64>>>,
    /// Names of the tags, in the same order.
    pub tag_names: Option<Vec<Text<'a>>>,
    /// The campaign that the event is part of.
    pub campaign: Campaign<'a>,
    /// Whom to ask.
    pub contact: Contact<'a>,
    /// Where it is.
    pub location: Location<'a>,
    /// The event's own list of timeslots as its text, unless it is empty; `explode_timeslots` reads it.
    pub timeslots: Option<&'a str>,
    /// Columns of the event that this record says nothing of, which is not the same as null.
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
    title: Scalar<'a>,
    #[serde(borrow)]
    summary: Scalar<'a>,
    #[serde(borrow)]
    description: Scalar<'a>,
    #[serde(borrow)]
    event_type: Scalar<'a>,
    #[serde(borrow)]
    timezone: Scalar<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    modified_date: Scalar<'a>,
    #[serde(borrow)]
    sponsor: Fragment<'a>,
    #[serde(borrow)]
    approval_status: Scalar<'a>,
    #[serde(borrow)]
    visibility: Scalar<'a>,
    #[serde(borrow)]
    address_visibility: Scalar<'a>,
    #[serde(borrow)]
    created_by_volunteer_host: Scalar<'a>,
    #[serde(borrow)]
    is_virtual: Scalar<'a>,
    #[serde(borrow)]
    virtual_action_url: Scalar<'a>,
    #[serde(borrow)]
    high_priority: Scalar<'a>,
    #[serde(borrow)]
    featured_image_url: Scalar<'a>,
    #[serde(borrow)]
    browser_url: Scalar<'a>,
    #[serde(borrow)]
    accessibility_status: Scalar<'a>,
    #[serde(borrow)]
    accessibility_notes: Scalar<'a>,
    #[serde(borrow)]
    instructions: Scalar<'a>,
    #[serde(borrow)]
    tags: Fragment<'a>,
    #[serde(borrow)]
    event_campaign: Fragment<'a>,
    #[serde(borrow)]
    contact: Fragment<'a>,
    #[serde(borrow)]
    location: Fragment<'a>,
    #[serde(borrow)]
    timeslots: Fragment<'a>,
}

impl Fields<'_> {
    /// The columns of which this event says nothing. Null says so where it is documented to: a contact is null for who
    /// may not see it, and instructions and campaign are told in lists of events only. Of tags and priority
    /// attendances are met without.
    fn absent(&self, shown: Shown, tags: &Tags<'_>) -> Vec<&'static str> {
        let mut absent = Vec::new();
        if self.contact.text().is_none() {
            absent.extend(details::CONTACT_COLUMNS);
        }
        if shown == Shown::Listed {
            return absent;
        }
        if self.high_priority.is_absent_or_null() {
            absent.push("high_priority");
        }
        if self.instructions.is_absent_or_null() {
            absent.push("instructions");
        }
        if tags.ids.as_ref().is_none_or(Vec::is_empty) {
            absent.extend(details::TAG_COLUMNS);
        }
        if self.event_campaign.text().is_none() {
            absent.extend(details::CAMPAIGN_COLUMNS);
        }
        absent
    }
}

/// The owning organization inside an event.
pub(super) fn sponsor(event: Fragment<'_>) -> Result<Fragment<'_>, Problem> {
    Ok(event.object::<Fields<'_>>(At::new(EVENT, ""))?.unwrap_or_default().sponsor)
}

/// The event's kind alone, all that a masked record says.
pub(super) fn event_type(event: Fragment<'_>) -> Result<Text<'_>, Problem> {
    event
        .object::<Fields<'_>>(At::new(EVENT, ""))?
        .unwrap_or_default()
        .event_type
        .text(At::new(EVENT, "event_type"))
}

impl<'a> Event<'a> {
    /// Reads the event of a record.
    pub fn parse(record: &'a str, shown: Shown) -> Self {
        let mut first = First::default();
        let root = shown.root();
        let at = |key| At::new("", key).within(root);
        let fields = match shown {
            Shown::InAttendance => {
                attendance::Fields::parse(record).and_then(|record| record.event.object::<Fields<'a>>(at("")))
            }
            Shown::Listed => Fragment::record(record).map(Some),
        };
        let Some(fields) = first.keep(fields) else {
            first.note(Problem::Missing { field: at("").pointer(), rule: "it was asked for" });
            return Self { problem: first.into_problem(), ..Self::default() };
        };
        if fields.id.is_absent_or_null() {
            first.note(Problem::Missing { field: at("id").pointer(), rule: "events are keyed by it" });
        }
        let sponsor = At::new("", "sponsor").within(root).pointer();
        let tags = Tags::parse(fields.tags, root, &mut first);
        let absent = fields.absent(shown, &tags);
        Self {
            event_id: first.keep(fields.id.integer(at("id"))),
            title: first.keep(fields.title.text(at("title"))),
            summary: first.keep(fields.summary.text(at("summary"))),
            description: first.keep(fields.description.text(at("description"))),
            event_type: first.keep(fields.event_type.text(at("event_type"))),
            timezone: first.keep(fields.timezone.text(at("timezone"))),
            created_date: first.keep(fields.created_date.epoch(at("created_date"))),
            modified_date: first.keep(fields.modified_date.epoch(at("modified_date"))),
            sponsor_organization_id: first.keep(fields.sponsor.id(&sponsor)),
            sponsor_hash: fields.sponsor.hash(),
            approval_status: first.keep(fields.approval_status.text(at("approval_status"))),
            visibility: first.keep(fields.visibility.text(at("visibility"))),
            address_visibility: first.keep(fields.address_visibility.text(at("address_visibility"))),
            created_by_volunteer_host: first
                .keep(fields.created_by_volunteer_host.boolean(at("created_by_volunteer_host"))),
            is_virtual: first.keep(fields.is_virtual.boolean(at("is_virtual"))),
            virtual_action_url: first.keep(fields.virtual_action_url.text(at("virtual_action_url"))),
            high_priority: first.keep(fields.high_priority.boolean(at("high_priority"))),
            featured_image_url: first.keep(fields.featured_image_url.text(at("featured_image_url"))),
            browser_url: first.keep(fields.browser_url.text(at("browser_url"))),
            accessibility_status: first.keep(fields.accessibility_status.text(at("accessibility_status"))),
            accessibility_notes: first.keep(fields.accessibility_notes.text(at("accessibility_notes"))),
            instructions: first.keep(fields.instructions.text(at("instructions"))),
            tag_ids: tags.ids,
            tag_names: tags.names,
            campaign: Campaign::parse(fields.event_campaign, root, &mut first),
            contact: Contact::parse(fields.contact, root, &mut first),
            location: Location::parse(fields.location, root, &mut first),
            timeslots: fields.timeslots.text().filter(|text| *text != "[]"),
            absent,
            problem: first.into_problem(),
        }
    }
}
