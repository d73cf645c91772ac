//! Organizations, as they stand in `sponsor`: owners of events and promoters of attendances.

use super::Maker;
use crate::generate::json::Json;
use crate::generate::words::{ORGANIZATIONS, PLACES};

impl Maker {
    /// The organization as one record shows it; `seen` numbers that showing.
    pub(super) fn organization(&self, organization: u64, seen: u64) -> Json {
        let mut stable = self.random("organization", organization);
        let mut shown = self.random("organization as shown", seen);
        let id = 1_300 + i64::try_from(organization).unwrap_or(0) * 7;
        let kind = usize::try_from(organization % ORGANIZATIONS.len() as u64).unwrap_or(0);
        let mut name = ORGANIZATIONS[kind].to_owned();
        if organization >= ORGANIZATIONS.len() as u64 {
            name.push_str(&format!(" #{organization}"));
        }
        let slug = format!("org{organization}");
        if organization + 1 == self.scale.organizations {
            // Known by name only, as organizations on the other side of the firewall are.
            return Json::Object(vec![
                ("id", Json::Int(id)),
                ("name", Json::text(name)),
                ("slug", Json::text(slug)),
                ("modified_date", Json::Null),
                ("org_type", Json::text("PAC")),
            ]);
        }
        let is_coordinated = stable.percent(30);
        let created = 1_520_000_000 + stable.between(0, 50_000_000);
        let mut modified = created + stable.between(100_000, 80_000_000);
        // Some were renamed: older records show the older name.
        if stable.percent(20) && shown.percent(3) {
            modified -= 90_000;
            name.push_str(" (formerly)");
        }
        let is_campaign = organization % 4 == 1;
        let state = PLACES[usize::try_from(stable.below(PLACES.len() as u64)).unwrap_or(0)].1;
        Json::Object(vec![
            ("id", Json::Int(id)),
            ("name", Json::text(name)),
            ("slug", Json::text(slug.clone())),
            ("is_coordinated", Json::Bool(is_coordinated)),
            ("is_independent", Json::Bool(!is_coordinated)),
            (
                "race_type",
                if is_campaign {
                    Json::text(stable.pick(&[
                        "GOVERNOR",
                        "SENATE",
                        "STATE_LEG",
                        "OTHER_LOCAL",
                        "SCHOOL_BOARD",
                    ]))
                } else {
                    Json::Null
                },
            ),
            ("is_primary_campaign", Json::Bool(is_campaign && stable.percent(20))),
            ("state", Json::text(if is_campaign { state } else { "" })),
            (
                "district",
                Json::text(if is_campaign { format!("{:02}", stable.below(20)) } else { String::new() }),
            ),
            ("candidate_name", Json::text(if is_campaign { "A. Okafor-Peña" } else { "" })),
            ("event_feed_url", Json::text(format!("https://mobilize.example/{slug}/"))),
            (
                "logo_url",
                Json::text(format!("https://images.example/uploads/organization/{slug}-logo_{created}.png")),
            ),
            ("created_date", Json::Int(created)),
            ("modified_date", Json::Int(modified)),
            (
                "org_type",
                Json::text(if is_campaign {
                    "CAMPAIGN"
                } else {
                    stable.pick(&["INDEPENDENT", "STATE_PARTY", "COORDINATED", "PARTY_COMMITTEE", "PAC"])
                }),
            ),
        ])
    }
}
