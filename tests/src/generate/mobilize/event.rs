//! Events and their timeslots: long HTML descriptions, a few events at several versions, private and virtual places.

use super::Maker;
use super::person::phone;
use crate::generate::json::Json;
use crate::generate::random::Random;
use crate::generate::words::{EVENT_TYPES, FAMILY, GIVEN, PLACES, RARE, TITLES, VENUES, WORDS};

/// Epoch seconds of 2020-01-01, when the first event is created.
const FIRST: i64 = 1_577_836_800;
const PRIVATE: &str = "This event’s address is private. Sign up for more details";

impl Maker {
    /// Which event an attendance is for.
    pub(super) fn event_of(&self, attendance: u64) -> u64 {
        let events = self.scale.events;
        let met = self.scale.met(events, attendance);
        if self.scale.is_first(events, attendance) {
            return met - 1;
        }
        self.random("where", attendance).skewed(met)
    }

    /// Id of an event.
    pub(super) fn event_id(event: u64) -> i64 {
        250_000 + i64::try_from(event).unwrap_or(0) * 11
    }

    /// The organization that owns an event.
    pub(super) fn owner_of(&self, event: u64) -> u64 {
        self.random("owner", event).below(self.scale.organizations - 1)
    }

    /// The event as one attendance shows it; `seen` numbers that showing.
    pub(super) fn event(&self, event: u64, seen: u64) -> Json {
        self.event_in(event, seen, self.random("event as shown", seen), false)
    }

    /// The event as a list of events shows it: as it is now, with all its timeslots, and with instructions and tags of
    /// which attendances may say nothing.
    pub(super) fn listed_event(&self, event: u64) -> Json {
        let seen = u64::MAX - event;
        let mut record = self.event_in(event, seen, self.random("event as listed", event), true);
        let mut told = self.random("told in lists only", event);
        if told.percent(50) {
            record.set("instructions", Json::text(plain(&mut told, 5, 25)));
        }
        if told.percent(50) {
            let tag = vec![("id", Json::Int(200)), ("name", Json::text(told.pick(WORDS)))];
            record.set("tags", Json::List(vec![Json::Object(tag)]));
        }
        record
    }

    fn event_in(&self, event: u64, seen: u64, mut shown: Random, is_listed: bool) -> Json {
        let mut stable = self.random("event", event);
        let id = Self::event_id(event);
        let owner = self.owner_of(event);
        let created = FIRST + stable.between(0, 30_000_000);
        let mut modified = created + stable.between(1_000, 20_000_000);
        let mut title = format!("{} {}", stable.pick(TITLES), stable.pick(RARE));
        // Two events in fifty share their title with another one.
        if stable.percent(96) {
            title.push_str(&format!(" no. {event}"));
        }
        // One event in ten was edited: some records still show it as it was.
        let has_history = stable.percent(10);
        if has_history && !is_listed && shown.percent(30) {
            modified -= shown.between(1, 2) * 3_600;
            title.push_str(" (DRAFT)");
        }
        let is_virtual = stable.percent(60);
        let is_campaign = stable.percent(10);
        let has_tags = stable.percent(30);
        let lists_timeslots = stable.percent(5) || is_listed;
        // Volunteer hosts sign in turn: one version, several contacts.
        let host = if stable.percent(5) { shown.below(3) } else { 0 };
        let mut contact = self.random("contact", event * 3 + host);
        let description = html(&mut stable, 60, 220);
        let instructions = stable.percent(40).then(|| plain(&mut stable, 20, 120));
        Json::Object(vec![
            ("id", Json::Int(id)),
            ("title", Json::text(title)),
            ("description", Json::text(description)),
            (
                "summary",
                Json::text(if stable.percent(50) { plain(&mut stable, 3, 9) } else { String::new() }),
            ),
            (
                "featured_image_url",
                Json::text(format!("https://images.example/uploads/event/{id}_{created}.png?w=800")),
            ),
            ("high_priority", Json::or_null(stable.percent(20).then_some(true))),
            ("sponsor", self.organization(owner, seen)),
            (
                "timeslots",
                if lists_timeslots {
                    Json::List(
                        (0..self.timeslots_of(event)).map(|slot| self.timeslot(event, slot, seen)).collect(),
                    )
                } else {
                    Json::Null
                },
            ),
            ("location", if is_virtual { Json::Null } else { location(&mut stable) }),
            (
                "timezone",
                Json::text(stable.pick(&[
                    "America/New_York",
                    "America/Chicago",
                    "America/Los_Angeles",
                    "Pacific/Honolulu",
                ])),
            ),
            ("event_type", Json::text(stable.pick(EVENT_TYPES))),
            ("browser_url", Json::text(format!("https://mobilize.example/org{owner}/event/{id}/"))),
            ("created_date", Json::Int(created)),
            ("modified_date", Json::Int(modified)),
            ("visibility", Json::text(stable.pick(&["PUBLIC", "PUBLIC", "PRIVATE"]))),
            ("address_visibility", Json::text(stable.pick(&["PUBLIC", "PUBLIC", "PRIVATE"]))),
            ("created_by_volunteer_host", Json::Bool(stable.percent(10))),
            ("is_virtual", Json::Bool(is_virtual)),
            (
                "virtual_action_url",
                Json::or_null(
                    (is_virtual && stable.percent(20)).then(|| format!("https://action.example/{id}")),
                ),
            ),
            (
                "contact",
                Json::Object(vec![
                    ("name", Json::text(format!("{} {}", contact.pick(GIVEN), contact.pick(FAMILY)))),
                    ("email_address", Json::text(format!("host{host}.{event}@example.org"))),
                    ("phone_number", Json::text(phone(&mut contact))),
                    (
                        "owner_user_id",
                        Json::Int(470_000 + 3 * i64::try_from(event % self.scale.people).unwrap_or(0)),
                    ),
                ]),
            ),
            (
                "accessibility_status",
                Json::or_null(
                    stable.percent(60).then(|| stable.pick(&["ACCESSIBLE", "NOT_ACCESSIBLE", "NOT_SURE"])),
                ),
            ),
            ("accessibility_notes", Json::or_null(stable.percent(10).then(|| plain(&mut stable, 4, 12)))),
            (
                "tags",
                if has_tags {
                    Json::List(
                        (0..stable.below(3))
                            .map(|tag| {
                                Json::Object(vec![
                                    ("id", Json::Int(100 + i64::try_from(tag).unwrap_or(0))),
                                    ("name", Json::text(stable.pick(WORDS))),
                                ])
                            })
                            .collect(),
                    )
                } else {
                    Json::Null
                },
            ),
            (
                "approval_status",
                Json::text(stable.pick(&[
                    "APPROVED",
                    "APPROVED",
                    "APPROVED",
                    "NEEDS_APPROVAL",
                    "NEEDS_HOST_VERIFICATION",
                ])),
            ),
            (
                "event_campaign",
                if is_campaign {
                    Json::Object(vec![
                        ("id", Json::Int(900 + i64::try_from(event % 9).unwrap_or(0))),
                        ("slug", Json::text(format!("campaign{}", event % 9))),
                        (
                            "event_create_page_url",
                            Json::text(format!(
                                "https://mobilize.example/org{owner}/c/campaign{}/event/create/",
                                event % 9
                            )),
                        ),
                    ])
                } else {
                    Json::Null
                },
            ),
            ("instructions", Json::or_null(instructions)),
        ])
    }

    /// How many timeslots an event has: from 1 to 9, of which a file meets about four.
    pub(super) fn timeslots_of(&self, event: u64) -> u64 {
        1 + self.random("timeslots", event).below(9)
    }

    /// A timeslot as one record shows it.
    pub(super) fn timeslot(&self, event: u64, slot: u64, seen: u64) -> Json {
        let number = event * 10 + slot;
        let mut stable = self.random("timeslot", number);
        let mut shown = self.random("timeslot as shown", seen);
        let start = FIRST + 30_000_000 + stable.between(0, 20_000) * 1_800;
        Json::Object(vec![
            ("id", Json::Int(540_000 + i64::try_from(number).unwrap_or(0))),
            ("start_date", Json::Int(start)),
            ("end_date", Json::Int(start + stable.between(1, 6) * 1_800)),
            ("max_attendees", Json::or_null(stable.percent(20).then(|| stable.between(5, 200)))),
            // Full or not changes without a new version.
            ("is_full", Json::Bool(stable.percent(5) && shown.percent(50))),
            ("instructions", Json::or_null(stable.percent(10).then(|| plain(&mut stable, 5, 25)))),
        ])
    }
}

fn location(random: &mut Random) -> Json {
    let (locality, region, postal_code, latitude, longitude) =
        PLACES[usize::try_from(random.below(PLACES.len() as u64)).unwrap_or(0)];
    let is_private = random.percent(20);
    let street = format!("{} Example St", 1 + random.below(999));
    let districts = !is_private && random.percent(80);
    let mut district = |of: u64| {
        if districts { Json::text((1 + random.below(of)).to_string()) } else { Json::Null }
    };
    let (congress, lower, upper) = (district(20), district(120), district(40));
    let mut location = Json::Object(vec![
        ("venue", Json::text(if is_private { PRIVATE } else { random.pick(VENUES) })),
        (
            "address_lines",
            Json::List(vec![
                Json::text(if is_private { PRIVATE.to_owned() } else { street }),
                Json::text(""),
            ]),
        ),
        ("locality", Json::text(locality)),
        ("region", Json::text(region)),
        ("country", Json::text("US")),
        ("postal_code", Json::text(postal_code)),
        (
            "location",
            if random.percent(5) {
                Json::Null
            } else {
                Json::Object(vec![
                    ("latitude", Json::Decimal(degrees(latitude + random.between(-9_999, 9_999)))),
                    ("longitude", Json::Decimal(degrees(longitude + random.between(-9_999, 9_999)))),
                ])
            },
        ),
        ("congressional_district", congress),
        ("state_leg_district", lower),
        ("state_senate_district", upper),
    ]);
    if is_private {
        location.remove("location");
    }
    location
}

/// Millionths of a degree as a decimal with six places.
fn degrees(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, part) = (millionths.abs() / 1_000_000, millionths.abs() % 1_000_000);
    format!("{sign}{whole}.{part:06}")
}

fn word(random: &mut Random) -> &'static str {
    if random.below(40) == 0 { random.pick(RARE) } else { random.pick(WORDS) }
}

/// Sentences of `low` to `high` words.
pub(super) fn plain(random: &mut Random, low: i64, high: i64) -> String {
    let mut text = String::new();
    for position in 0..random.between(low, high) {
        if position > 0 {
            text.push_str(match random.below(14) {
                0 => ".\n\n",
                1 => ", ",
                _ => " ",
            });
        }
        text.push_str(word(random));
    }
    text
}

/// Paragraphs with some markup, of `low` to `high` words.
fn html(random: &mut Random, low: i64, high: i64) -> String {
    let mut text = String::from("<p>");
    for _ in 0..random.between(low, high) {
        match random.below(30) {
            0 => text.push_str(".</p>\n<p>"),
            1 => {
                text.push_str("<a href=\"https://example.org/");
                text.push_str(word(random));
                text.push_str("\" target=\"_blank\">");
                text.push_str(word(random));
                text.push_str("</a> ");
            }
            2 => {
                text.push_str("<strong>");
                text.push_str(word(random));
                text.push_str("</strong>&nbsp;");
            }
            _ => {
                text.push_str(word(random));
                text.push(' ');
            }
        }
    }
    text.push_str("</p>");
    text
}
