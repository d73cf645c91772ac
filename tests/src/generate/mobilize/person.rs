//! People: keyed by `user_id`; the same person may come with several names and emails under one `modified_date`.

use super::{Maker, Take, Version};
use crate::generate::json::Json;
use crate::generate::random::Random;
use crate::generate::words::{FAMILY, GIVEN, PLACES};

/// Epoch seconds of 2019-01-01, when the first person registers.
const FIRST: i64 = 1_546_300_800;

impl Maker {
    /// Which person an attendance is of.
    pub(super) fn person_of(&self, attendance: u64) -> u64 {
        let people = self.scale.people;
        let met = self.scale.met(people, attendance);
        if self.scale.is_first(people, attendance) {
            return met - 1;
        }
        self.random("who", attendance).skewed(met)
    }

    /// The person as one record shows them.
    pub(super) fn person(&self, person: u64, take: Take) -> Json {
        let mut stable = self.random("person", person);
        let mut shown = self.random("person as shown", take.attendance);
        let number = i64::try_from(person).unwrap_or(0);
        let user_id = 470_000 + number * 3;
        let created = FIRST + stable.between(0, 60_000_000);
        let modified = created + stable.between(1_000, 60_000_000);
        let place = PLACES[usize::try_from(stable.below(PLACES.len() as u64)).unwrap_or(0)];
        let (mut given, mut family) = (stable.pick(GIVEN), stable.pick(FAMILY));
        let is_contradictory = stable.percent(60);
        let is_withheld = stable.percent(1);
        let id = if stable.percent(10) { Json::Null } else { Json::Int(user_id - 7_600) };
        // Households and campaigns share addresses of email: several people, one email.
        let mailbox = if stable.percent(20) { number / 7 } else { number };
        let mut alias = 0;
        if is_contradictory {
            alias = shown.below(3);
            if alias == 1 {
                given = shown.pick(GIVEN);
            } else if alias == 2 {
                family = shown.pick(FAMILY);
            }
        }
        let is_older = take.version == Version::Older && shown.percent(30);
        let emails = if is_withheld {
            vec![]
        } else {
            vec![Json::Object(vec![
                ("primary", Json::Bool(true)),
                ("address", Json::text(email(mailbox, alias))),
            ])]
        };
        Json::Object(vec![
            ("id", id.clone()),
            ("person_id", id),
            ("user_id", Json::Int(user_id)),
            ("created_date", Json::Int(created)),
            ("modified_date", Json::Int(if is_older { modified - 500 } else { modified })),
            ("given_name", Json::text(given)),
            ("family_name", Json::text(family)),
            ("email_addresses", Json::List(emails)),
            (
                "phone_numbers",
                Json::List(vec![Json::Object(vec![
                    ("primary", Json::Bool(true)),
                    ("number", Json::text(phone(&mut stable))),
                ])]),
            ),
            (
                "postal_addresses",
                Json::List(vec![Json::Object(vec![
                    ("primary", Json::Bool(true)),
                    ("postal_code", if stable.percent(2) { Json::Null } else { Json::text(place.2) }),
                ])]),
            ),
            (
                "sms_opt_in_status",
                Json::text(stable.pick(&["UNSPECIFIED", "UNSPECIFIED", "UNSPECIFIED", "OPT_IN", "OPT_OUT"])),
            ),
            ("blocked_date", if stable.percent(1) { Json::Int(modified - 86_400) } else { Json::Null }),
        ])
    }
}

fn email(mailbox: i64, alias: u64) -> String {
    match alias {
        0 => format!("volunteer{mailbox}@example.org"),
        1 => format!("volunteer.{mailbox}@example.net"),
        _ => format!("v{mailbox}+mobilize@example.org"),
    }
}

/// A number of the range kept for fiction.
pub(super) fn phone(random: &mut Random) -> String {
    format!("55555501{:02}", random.below(100))
}
