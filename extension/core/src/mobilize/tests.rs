//! Every documented field, every kind of damage, and the real file where it is there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;

mod damage;
mod lists;
mod real;

/// A record with all fields that are documented or met, each with a value of its own.
fn full() -> Value {
    json!({
        "id": 1, "created_date": 1_500_000_001, "modified_date": 1_500_000_002,
        "person": {
            "id": 20, "person_id": 21, "user_id": 22, "created_date": 1_500_000_003, "modified_date": 1_500_000_004,
            "given_name": "Zoë", "family_name": "O\"Neil\n", "sms_opt_in_status": "OPT_OUT",
            "blocked_date": 1_500_000_005,
            "email_addresses": [{"primary": false, "address": "b@x"}, {"primary": true, "address": "a@x"}],
            "phone_numbers": [{"primary": true, "number": "0123"}],
            "postal_addresses": [{"primary": true, "postal_code": "07302"}],
        },
        "event": {
            "id": 30, "title": "T", "summary": "S", "description": "D", "event_type": "CANVASS",
            "timezone": "America/New_York", "created_date": 1_500_000_006, "modified_date": 1_500_000_007,
            "sponsor": {"id": 40, "name": "Owner"}, "approval_status": "APPROVED", "visibility": "PUBLIC",
            "address_visibility": "PRIVATE", "created_by_volunteer_host": true, "is_virtual": false,
            "virtual_action_url": "v", "high_priority": true, "featured_image_url": "f", "browser_url": "b",
            "accessibility_status": "ACCESSIBLE", "accessibility_notes": "n", "instructions": "i",
            "tags": [{"id": 1, "name": "one"}, {"id": 2, "name": null}],
            "event_campaign": {"id": 50, "slug": "s", "event_create_page_url": "e"},
            "contact": {"name": "N", "email_address": "c@x", "phone_number": "9", "owner_user_id": 23},
            "location": {
                "venue": "V", "address_lines": ["one", ""], "locality": "L", "region": "NY", "country": "US",
                "postal_code": "00501", "location": {"latitude": 40.5, "longitude": -73},
                "congressional_district": "12", "state_leg_district": "66", "state_senate_district": "27",
            },
            "timeslots": [{"id": 61, "start_date": 1_500_000_008, "end_date": 1_500_000_009, "max_attendees": 5,
                           "is_full": true, "instructions": "t"}],
        },
        "timeslot": {"id": 60, "start_date": 1_500_000_010, "end_date": 1_500_000_011, "max_attendees": 7,
                     "is_full": false, "instructions": "u"},
        "sponsor": {
            "id": 41, "name": "Promoter", "slug": "p", "org_type": "PAC", "is_coordinated": false,
            "is_independent": true, "is_primary_campaign": false, "race_type": "GOVERNOR", "state": "NY",
            "district": "14", "candidate_name": "C", "event_feed_url": "ef", "logo_url": "l",
            "created_date": 1_500_000_012, "modified_date": 1_500_000_013,
        },
        "status": "CONFIRMED", "attended": true, "rating": "Positive", "feedback": "good",
        "referrer": {"utm_source": "1", "utm_medium": "2", "utm_campaign": "3", "utm_term": "4", "utm_content": "5",
                     "url": "6"},
        "custom_signup_field_values": [
            {"custom_field_id": 70, "custom_field_name": "q", "text_value": "a", "boolean_value": null},
            {"custom_field_id": 71, "custom_field_name": "r", "text_value": null, "boolean_value": true},
        ],
        "added_by_mobilize_tomorrow": {"id": [1, 2, {"deep": null}]},
    })
}

fn seconds(epoch: Option<Epoch>) -> i64 {
    epoch.unwrap().seconds() - 1_500_000_000
}

fn text<'a>(text: &'a Text<'_>) -> &'a str {
    text.as_deref().unwrap()
}

#[test]
fn every_field_of_attendance_and_person_arrives() {
    let record = full().to_string();
    let row = Attendance::parse(&record);
    assert_eq!(row.problem, None);
    assert_eq!(row.attendance_id, Some(1));
    assert_eq!([seconds(row.created_date), seconds(row.modified_date)], [1, 2]);
    assert_eq!([row.user_id, row.event_id, row.timeslot_id], [Some(22), Some(30), Some(60)]);
    assert_eq!(row.sponsor_organization_id, Some(41));
    assert_eq!(
        [text(&row.status), text(&row.rating), text(&row.feedback)],
        ["CONFIRMED", "Positive", "good"]
    );
    assert_eq!(row.attended, Some(true));
    let referrer = &row.referrer;
    let utm = [&referrer.utm_source, &referrer.utm_medium, &referrer.utm_campaign, &referrer.utm_term];
    assert_eq!(utm.map(text), ["1", "2", "3", "4"]);
    assert_eq!([text(&referrer.utm_content), text(&referrer.url)], ["5", "6"]);
    assert!(row.absent.is_empty() && !row.is_masked);

    let person = row.person.unwrap();
    assert_eq!(person.problem, None);
    assert_eq!([person.user_id, person.person_id], [Some(22), Some(21)]);
    assert_eq!(
        [seconds(person.created_date), seconds(person.modified_date), seconds(person.blocked_date)],
        [3, 4, 5]
    );
    assert_eq!([text(&person.given_name), text(&person.family_name)], ["Zoë", "O\"Neil\n"]);
    assert_eq!(text(&person.sms_opt_in_status), "OPT_OUT");
    assert_eq!(text(&person.email_address), "a@x");
    assert_eq!(person.other_email_addresses, Some(vec![Cow::Borrowed("b@x")]));
    assert_eq!([text(&person.phone_number), text(&person.postal_code)], ["0123", "07302"]);
    assert_eq!([person.other_phone_numbers, person.other_postal_codes], [None, None]);
}

#[test]
fn every_field_of_the_event_arrives() {
    let record = full().to_string();
    let row = Event::parse(&record, Shown::InAttendance);
    assert_eq!(row.problem, None);
    assert_eq!([row.event_id, row.sponsor_organization_id], [Some(30), Some(40)]);
    assert_eq!([text(&row.title), text(&row.summary), text(&row.description)], ["T", "S", "D"]);
    assert_eq!([text(&row.event_type), text(&row.timezone)], ["CANVASS", "America/New_York"]);
    assert_eq!([seconds(row.created_date), seconds(row.modified_date)], [6, 7]);
    let seen = [&row.approval_status, &row.visibility, &row.address_visibility];
    assert_eq!(seen.map(text), ["APPROVED", "PUBLIC", "PRIVATE"]);
    let flags = [row.created_by_volunteer_host, row.is_virtual, row.high_priority];
    assert_eq!(flags, [Some(true), Some(false), Some(true)]);
    let urls = [&row.virtual_action_url, &row.featured_image_url, &row.browser_url];
    assert_eq!(urls.map(text), ["v", "f", "b"]);
    let words = [&row.accessibility_status, &row.accessibility_notes, &row.instructions];
    assert_eq!(words.map(text), ["ACCESSIBLE", "n", "i"]);
    assert_eq!(row.tag_ids, Some(vec![Some(1), Some(2)]));
    assert_eq!(row.tag_names, Some(vec![Some("one".into()), None]));
    assert_eq!(row.campaign.event_campaign_id, Some(50));
    assert_eq!([text(&row.campaign.slug), text(&row.campaign.event_create_page_url)], ["s", "e"]);
    let contact = [&row.contact.name, &row.contact.email_address, &row.contact.phone_number];
    assert_eq!(contact.map(text), ["N", "c@x", "9"]);
    assert_eq!(row.contact.owner_user_id, Some(23));
    let place = &row.location;
    assert_eq!(place.address_lines, Some(vec!["one".into(), "".into()]));
    let address = [&place.venue, &place.locality, &place.region, &place.country, &place.postal_code];
    assert_eq!(address.map(text), ["V", "L", "NY", "US", "00501"]);
    assert_eq!([place.latitude, place.longitude], [Some(40.5), Some(-73.0)]);
    let districts = [&place.congressional_district, &place.state_leg_district, &place.state_senate_district];
    assert_eq!(districts.map(text), ["12", "66", "27"]);

    let listed: Vec<_> = explode_timeslots(row.timeslots.unwrap(), Shown::InAttendance).collect();
    assert_eq!(listed.len(), 1);
    assert_eq!([listed[0].timeslot_id, listed[0].max_attendees], [Some(61), Some(5)]);
    assert_eq!([seconds(listed[0].start_date), seconds(listed[0].end_date)], [8, 9]);
    assert_eq!((listed[0].is_full, text(&listed[0].instructions)), (Some(true), "t"));
}

#[test]
fn every_field_of_timeslot_organizations_and_answers_arrives() {
    let record = full().to_string();
    let row = Timeslot::parse(&record);
    assert_eq!(row.problem, None);
    assert_eq!([row.timeslot_id, row.max_attendees], [Some(60), Some(7)]);
    assert_eq!([seconds(row.start_date), seconds(row.end_date)], [10, 11]);
    assert_eq!((row.is_full, text(&row.instructions)), (Some(false), "u"));

    let row = Organization::parse(&record, Place::Record);
    assert_eq!(row.problem, None);
    assert_eq!((row.organization_id, text(&row.name), text(&row.slug)), (Some(41), "Promoter", "p"));
    let words = [&row.org_type, &row.race_type, &row.state, &row.district, &row.candidate_name];
    assert_eq!(words.map(text), ["PAC", "GOVERNOR", "NY", "14", "C"]);
    assert_eq!([text(&row.event_feed_url), text(&row.logo_url)], ["ef", "l"]);
    let flags = [row.is_coordinated, row.is_independent, row.is_primary_campaign];
    assert_eq!(flags, [Some(false), Some(true), Some(false)]);
    assert_eq!([seconds(row.created_date), seconds(row.modified_date)], [12, 13]);
    assert_eq!(Organization::parse(&record, Place::Event).organization_id, Some(40));

    let attendance = Attendance::parse(&record);
    let answers: Vec<_> = explode_custom_fields(attendance.custom_signup_field_values.unwrap()).collect();
    assert_eq!(answers.len(), 2);
    assert_eq!((answers[0].custom_field_id, text(&answers[0].custom_field_name)), (Some(70), "q"));
    assert_eq!((text(&answers[0].text_value), answers[0].boolean_value), ("a", None));
    assert_eq!((answers[1].text_value.as_deref(), answers[1].boolean_value), (None, Some(true)));
}

#[test]
fn key_order_does_not_matter() {
    // serde_json's maps are sorted, so a record written backwards is made by hand.
    let forwards = full().to_string();
    let Value::Object(fields) = full() else { panic!("an object") };
    let backwards: Vec<_> =
        fields.iter().rev().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    let backwards = format!(" {{ {} }} ", backwards.join(" , "));
    assert_eq!(Attendance::parse(&forwards), Attendance::parse(&backwards));
}

#[test]
fn absent_is_not_null_where_documented() {
    let mut record = full();
    for key in ["sponsor", "referrer", "custom_signup_field_values"] {
        record[key] = Value::Null;
    }
    let text = record.to_string();
    let row = Attendance::parse(&text);
    assert_eq!((row.problem, row.absent, row.is_custom_absent), (None, vec![], false));
    for key in ["sponsor", "referrer", "custom_signup_field_values"] {
        record.as_object_mut().unwrap().remove(key);
    }
    let text = record.to_string();
    let row = Attendance::parse(&text);
    assert_eq!((row.problem, row.absent.len(), row.is_custom_absent), (None, 7, true));
    assert_eq!((row.sponsor_hash, row.custom_signup_field_values), (None, None));
}

#[test]
fn masked_is_an_id_and_an_event_id_missing_and_nothing_else() {
    let mut record = full();
    record["id"] = Value::Null;
    record["event"] = json!({"id": null, "event_type": "COMMUNITY"});
    record["timeslot"]["id"] = Value::Null;
    let masked = record.to_string();
    let row = Attendance::parse(&masked);
    assert!(row.is_masked && row.problem.is_none());
    assert_eq!([row.event_hash, row.timeslot_hash, row.timeslot_id], [None; 3]);
    assert!(row.sponsor_hash.is_some() && row.person.is_some());
    let row = MaskedAttendance::parse(&masked);
    assert_eq!(row.attendance.problem, None);
    assert_eq!(text(&row.event_type), "COMMUNITY");
    assert_eq!([seconds(row.timeslot.start_date), seconds(row.timeslot.end_date)], [10, 11]);

    record.as_object_mut().unwrap().remove("id");
    record["event"].as_object_mut().unwrap().remove("id");
    assert!(Attendance::parse(&record.to_string()).is_masked);
    record["event"]["id"] = json!(30);
    let row = record.to_string();
    let row = Attendance::parse(&row);
    assert!(!row.is_masked);
    let problem = row.problem.unwrap();
    assert_eq!((problem.sqlstate(), problem.field()), ("23502", "/id"));
    assert_eq!(row.event_id, Some(30), "the event is a row of its own");
    record["id"] = json!(1);
    record["event"]["id"] = Value::Null;
    assert!(!Attendance::parse(&record.to_string()).is_masked);
}

#[test]
fn equal_fragments_have_equal_hashes_and_ids_survive_the_memory() {
    let mut ids = BTreeMap::new();
    for round in 0..2 {
        for id in 0..1_500 {
            let mut record = full();
            record["event"]["id"] = json!(id);
            let record = record.to_string();
            let row = Attendance::parse(&record);
            assert_eq!(row.event_id, Some(id), "round {round}");
            assert_eq!(*ids.entry(id).or_insert(row.event_hash), row.event_hash);
        }
    }
    assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), 1_500);
}
