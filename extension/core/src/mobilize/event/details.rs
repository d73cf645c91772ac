//! The objects and lists inside an event.

use std::borrow::Cow;

use serde::Deserialize;

use crate::mobilize::fragment::Fragment;
use crate::mobilize::problem::First;
use crate::mobilize::value::{At, Scalar, Text};

/// Where an event takes place; nothing known of it for many online events.
#[derive(Debug, Default, PartialEq)]
pub struct Location<'a> {
    /// Name of the place, or a sentence where the address is private.
    pub venue: Text<'a>,
    /// Lines of the address, documented as two, which may be empty.
    pub address_lines: Option<Vec<Cow<'a, str>>>,
    /// City.
    pub locality: Text<'a>,
    /// Two-letter code of the state.
    pub region: Text<'a>,
    /// Two-letter code of the country, ISO 3166-1.
    pub country: Text<'a>,
    /// Postal code; zeros in front count.
    pub postal_code: Text<'a>,
    /// Degrees north, WGS 84.
    pub latitude: Option<f64>,
    /// Degrees east, WGS 84.
    pub longitude: Option<f64>,
    /// Congressional district.
    pub congressional_district: Text<'a>,
    /// District of the state's lower house.
    pub state_leg_district: Text<'a>,
    /// District of the state's upper house.
    pub state_senate_district: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LocationFields<'a> {
    #[serde(borrow)]
    venue: Scalar<'a>,
    #[serde(borrow)]
    address_lines: Fragment<'a>,
    #[serde(borrow)]
    locality: Scalar<'a>,
    #[serde(borrow)]
    region: Scalar<'a>,
    #[serde(borrow)]
    country: Scalar<'a>,
    #[serde(borrow)]
    postal_code: Scalar<'a>,
    #[serde(borrow)]
    location: Fragment<'a>,
    #[serde(borrow)]
    congressional_district: Scalar<'a>,
    #[serde(borrow)]
    state_leg_district: Scalar<'a>,
    #[serde(borrow)]
    state_senate_district: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Coordinates<'a> {
    #[serde(borrow)]
    latitude: Scalar<'a>,
    #[serde(borrow)]
    longitude: Scalar<'a>,
}

impl<'a> Location<'a> {
    pub(super) fn parse(fragment: Fragment<'a>, root: &'static str, first: &mut First) -> Self {
        let at = |key| At::new("/location", key).within(root);
        let fields = fragment.object::<LocationFields<'a>>(at(""));
        let Some(fields) = first.keep(fields) else {
            return Self::default();
        };
        let inner = |key| At::new("/location/location", key).within(root);
        let coordinates =
            first.keep(fields.location.object::<Coordinates<'a>>(inner(""))).unwrap_or_default();
        Self {
            venue: first.keep(fields.venue.text(at("venue"))),
            address_lines: lines(fields.address_lines, root, first),
            locality: first.keep(fields.locality.text(at("locality"))),
            region: first.keep(fields.region.text(at("region"))),
            country: first.keep(fields.country.text(at("country"))),
            postal_code: first.keep(fields.postal_code.text(at("postal_code"))),
            latitude: first.keep(coordinates.latitude.float(inner("latitude"))),
            longitude: first.keep(coordinates.longitude.float(inner("longitude"))),
            congressional_district: first
                .keep(fields.congressional_district.text(at("congressional_district"))),
            state_leg_district: first.keep(fields.state_leg_district.text(at("state_leg_district"))),
            state_senate_district: first.keep(fields.state_senate_district.text(at("state_senate_district"))),
        }
    }
}

/// The lines of an address; a null among them is an empty line, so that the others keep their places.
fn lines<'a>(list: Fragment<'a>, root: &'static str, first: &mut First) -> Option<Vec<Cow<'a, str>>> {
    const LIST: &str = "/location/address_lines";
    let lines = first.keep(list.list::<Scalar<'a>>(At::new(LIST, "").within(root)))?;
    let text = |(index, line): (usize, Scalar<'a>)| {
        first.keep(line.text(At::item(LIST, index, "").within(root))).unwrap_or_default()
    };
    Some(lines.into_iter().enumerate().map(text).collect())
}

/// The columns of a contact, of a campaign and of tags.
pub(super) const CONTACT_COLUMNS: [&str; 4] =
    ["contact_name", "contact_email_address", "contact_phone_number", "contact_owner_user_id"];
pub(super) const CAMPAIGN_COLUMNS: [&str; 3] =
    ["event_campaign_id", "event_campaign_slug", "event_campaign_event_create_page_url"];
pub(super) const TAG_COLUMNS: [&str; 2] = ["tag_ids", "tag_names"];

/// Whom to ask about an event; hidden from unauthenticated requests.
#[derive(Debug, Default, PartialEq)]
pub struct Contact<'a> {
    /// Name.
    pub name: Text<'a>,
    /// Address.
    pub email_address: Text<'a>,
    /// Number.
    pub phone_number: Text<'a>,
    /// The user who owns the event.
    pub owner_user_id: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ContactFields<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    email_address: Scalar<'a>,
    #[serde(borrow)]
    phone_number: Scalar<'a>,
    #[serde(borrow)]
    owner_user_id: Scalar<'a>,
}

impl<'a> Contact<'a> {
    pub(super) fn parse(fragment: Fragment<'a>, root: &'static str, first: &mut First) -> Self {
        let at = |key| At::new("/contact", key).within(root);
        let fields = fragment.object::<ContactFields<'a>>(at(""));
        let Some(fields) = first.keep(fields) else {
            return Self::default();
        };
        Self {
            name: first.keep(fields.name.text(at("name"))),
            email_address: first.keep(fields.email_address.text(at("email_address"))),
            phone_number: first.keep(fields.phone_number.text(at("phone_number"))),
            owner_user_id: first.keep(fields.owner_user_id.integer(at("owner_user_id"))),
        }
    }
}

/// The distributed campaign that an event is part of.
#[derive(Debug, Default, PartialEq)]
pub struct Campaign<'a> {
    /// Number.
    pub event_campaign_id: Option<i64>,
    /// Name in URLs.
    pub slug: Text<'a>,
    /// Where volunteers make events of it.
    pub event_create_page_url: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CampaignFields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    slug: Scalar<'a>,
    #[serde(borrow)]
    event_create_page_url: Scalar<'a>,
}

impl<'a> Campaign<'a> {
    pub(super) fn parse(fragment: Fragment<'a>, root: &'static str, first: &mut First) -> Self {
        let at = |key| At::new("/event_campaign", key).within(root);
        let fields = fragment.object::<CampaignFields<'a>>(at(""));
        let Some(fields) = first.keep(fields) else {
            return Self::default();
        };
        Self {
            event_campaign_id: first.keep(fields.id.integer(at("id"))),
            slug: first.keep(fields.slug.text(at("slug"))),
            event_create_page_url: first.keep(fields.event_create_page_url.text(at("event_create_page_url"))),
        }
    }
}

/// The tags as two lists of one length: a removed tag goes with its event's next version, which a table of tags,
/// where nothing is deleted, could not show.
#[derive(Debug, Default)]
pub(super) struct Tags<'a> {
    pub(super) ids: Option<Vec<Option<i64>>>,
    pub(super) names: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TagFields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
}

impl<'a> Tags<'a> {
    pub(super) fn parse(list: Fragment<'a>, root: &'static str, first: &mut First) -> Self {
        const LIST: &str = "/tags";
        let Some(tags) = first.keep(list.list::<Fragment<'a>>(At::new(LIST, "").within(root))) else {
            return Self::default();
        };
        let (mut ids, mut names) = (Vec::with_capacity(tags.len()), Vec::with_capacity(tags.len()));
        for (index, tag) in tags.into_iter().enumerate() {
            let at = |key| At::item(LIST, index, key).within(root);
            let tag = first.keep(tag.object::<TagFields<'a>>(at(""))).unwrap_or_default();
            ids.push(first.keep(tag.id.integer(at("id"))));
            names.push(first.keep(tag.name.text(at("name"))));
        }
        Self { ids: Some(ids), names: Some(names) }
    }
}
