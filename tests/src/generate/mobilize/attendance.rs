//! The attendance itself, whole or masked.

use super::event::plain;
use super::{Maker, Take, Version};
use crate::generate::json::Json;
use crate::generate::random::Random;
use crate::generate::words::{CUSTOM_FIELDS, EVENT_TYPES, FEEDBACK};

/// Epoch seconds of 2020-03-01, when the first attendance is made.
const FIRST: i64 = 1_583_020_800;

impl Maker {
    /// When an attendance was made: no two at the same second.
    fn created(&self, attendance: u64) -> i64 {
        FIRST
            + i64::try_from(attendance).unwrap_or(0) * 61
            + self.random("created", attendance).between(0, 60)
    }

    /// An attendance as one of its versions shows it; a later delivery may have changed it.
    pub(super) fn attendance(&self, take: Take) -> Json {
        let number = take.attendance;
        // What belongs to the attendance is drawn from `stable`, what changes with its version from `shown`.
        let mut stable = self.random("attendance", number);
        let mut shown = self.random(
            match take.version {
                Version::Older => "attendance before",
                Version::Base => "attendance",
                Version::Newer => "attendance after",
            },
            number,
        );
        let event = self.event_of(number);
        let slot = stable.below(self.timeslots_of(event));
        let created = self.created(number);
        let modified = created
            + 40_000_000
            + match take.version {
                Version::Older => -shown.between(1, 1_000_000),
                Version::Base => 0,
                Version::Newer => shown.between(1, 1_000_000),
            };
        let seen = number * 3 + take.version as u64;
        let person = self.person(self.person_of(number), take);
        let mut record = Json::Object(vec![
            ("id", Json::Int(961_000 + i64::try_from(number).unwrap_or(0) * 2)),
            ("created_date", Json::Int(created)),
            ("modified_date", Json::Int(modified)),
            ("person", person),
            ("event", self.event(event, seen)),
            ("timeslot", self.timeslot(event, slot, seen)),
            ("sponsor", self.sponsor(event, number, seen)),
            ("status", Json::text(status(&mut shown))),
            (
                "attended",
                match shown.below(100) {
                    0..55 => Json::Null,
                    55..82 => Json::Bool(true),
                    _ => Json::Bool(false),
                },
            ),
            ("referrer", referrer(&mut stable)),
            ("custom_signup_field_values", custom_fields(&mut stable, event)),
            (
                "rating",
                Json::or_null(
                    shown.percent(24).then(|| shown.pick(&["Positive", "Positive", "Positive", "Negative"])),
                ),
            ),
            ("feedback", Json::or_null(shown.percent(10).then(|| shown.pick(FEEDBACK)))),
        ]);
        if stable.below(500) == 0 {
            record.set("carpool_seats", Json::Int(stable.between(1, 4)));
        }
        self.omit(number, &mut record);
        if self.random("changed", number).percent(self.changed) {
            change(&mut record, modified);
        }
        record
    }

    /// Leaves out what the documentation says is left out: for an attendance always the same.
    fn omit(&self, number: u64, record: &mut Json) {
        let mut omitted = self.random("omitted", number);
        if omitted.percent(3) {
            record.remove("sponsor");
        }
        if omitted.percent(5) {
            record.remove("referrer");
        }
        if omitted.percent(5) {
            record.remove("custom_signup_field_values");
        }
    }

    /// The promoting organization if there is one, otherwise the event's.
    fn sponsor(&self, event: u64, number: u64, seen: u64) -> Json {
        let mut random = self.random("sponsor", number);
        match random.below(100) {
            0..4 => Json::Null,
            4..8 => self.organization(random.below(self.scale.organizations), seen),
            _ => self.organization(self.owner_of(event), seen),
        }
    }

    /// An attendance behind the campaign-finance firewall: no id, of the event only its type; the rest null in some exports, absent in others.
    pub(super) fn masked(&self, number: u64) -> Json {
        let mut random = self.random("masked attendance", number);
        let event = self.event_of(number);
        let created = self.created(number);
        let take = Take { attendance: number, version: Version::Base };
        let mut timeslot = self.timeslot(event, 0, number);
        let mut record = Json::Object(vec![
            ("id", Json::Null),
            ("created_date", Json::Int(created)),
            ("modified_date", Json::Int(created + random.between(0, 1_000_000))),
            ("person", self.person(self.person_of(number), take)),
            ("event", Json::Object(vec![("event_type", Json::text(random.pick(EVENT_TYPES)))])),
            ("timeslot", Json::Null),
            ("sponsor", self.sponsor(event, number, number)),
            ("status", Json::Null),
            ("attended", Json::Null),
            ("referrer", referrer(&mut random)),
            ("custom_signup_field_values", Json::List(vec![])),
            ("rating", Json::Null),
            ("feedback", Json::Null),
        ]);
        if random.percent(50) {
            timeslot.remove("id");
            record.remove("id");
            record.remove("status");
        } else {
            timeslot.set("id", Json::Null);
            if let Some(event) = record.get("event") {
                for key in [
                    "id",
                    "title",
                    "description",
                    "sponsor",
                    "timeslots",
                    "location",
                    "contact",
                    "created_date",
                    "modified_date",
                ] {
                    event.set(key, Json::Null);
                }
                event.set("visibility", Json::text("PUBLIC"));
                event.set("approval_status", Json::text("APPROVED"));
                event.set("is_virtual", Json::Bool(false));
            }
        }
        record.set("timeslot", timeslot);
        self.omit(number, &mut record);
        record
    }
}

/// Makes an attendance newer than any version of it, and another one.
fn change(record: &mut Json, modified: i64) {
    record.set("modified_date", Json::Int(modified + 2_000_000));
    let is_cancelled = record.get("status") == Some(&mut Json::text("CANCELLED"));
    record.set("status", Json::text(if is_cancelled { "REGISTERED" } else { "CANCELLED" }));
    let has_attended = record.get("attended") == Some(&mut Json::Bool(true));
    record.set("attended", Json::Bool(!has_attended));
}

fn status(random: &mut Random) -> &'static str {
    match random.below(200) {
        0..160 => "REGISTERED",
        160..180 => "CONFIRMED",
        180..199 => "CANCELLED",
        _ => "WAITLISTED",
    }
}

fn referrer(random: &mut Random) -> Json {
    let source = random.percent(15);
    let mut utm = |value: &str, percent| {
        if source && random.percent(percent) { Json::text(value) } else { Json::Null }
    };
    let members = vec![
        ("utm_source", utm("été-2020", 100)),
        ("utm_medium", utm("email", 60)),
        ("utm_campaign", utm("gotv", 50)),
        ("utm_term", utm("", 10)),
        ("utm_content", utm("button-b", 20)),
    ];
    let url = random.percent(25).then(|| format!("https://t.example/{:x}?amp=1", random.below(4_000)));
    let mut referrer = Json::Object(members);
    referrer.set("url", Json::or_null(url));
    referrer
}

fn custom_fields(random: &mut Random, event: u64) -> Json {
    let first = usize::try_from(event).unwrap_or(0) % CUSTOM_FIELDS.len();
    let asked = usize::try_from(event).unwrap_or(0) % 3;
    let values = CUSTOM_FIELDS.iter().cycle().skip(first).take(asked).map(|&(id, name, is_yes_or_no)| {
        let (text, boolean) = if is_yes_or_no {
            (Json::Null, Json::Bool(random.percent(50)))
        } else {
            (Json::text(plain(random, 0, 4)), Json::Null)
        };
        Json::Object(vec![
            ("custom_field_id", Json::Int(id)),
            ("custom_field_name", Json::text(name)),
            ("text_value", text),
            ("boolean_value", boolean),
        ])
    });
    Json::List(values.collect())
}
