//! Records of the lists of events and of people: the same objects as inside an attendance, at the top of their record.

use proptest::prelude::*;

use super::*;

/// The event of `full()` as a list of events has it.
fn event() -> Value {
    full()["event"].take()
}

/// The person of `full()` as a list of people has them.
fn person() -> Value {
    full()["person"].take()
}

#[test]
fn a_listed_event_is_read_as_the_one_of_an_attendance() {
    let (inside, listed) = (full().to_string(), event().to_string());
    let inside = Event::parse(&inside, Shown::InAttendance);
    let listed_event = Event::parse(&listed, Shown::Listed);
    assert_eq!((&listed_event.problem, listed_event.absent.len()), (&None, 0));
    assert_eq!(listed_event, inside);
    let timeslots = |event: &Event<'_>, shown| -> Vec<_> {
        explode_timeslots(event.timeslots.unwrap(), shown).map(|row| row.timeslot_id).collect()
    };
    assert_eq!(timeslots(&listed_event, Shown::Listed), timeslots(&inside, Shown::InAttendance));
    let owner = Organization::parse(&listed, Place::Record);
    assert_eq!((owner.problem, owner.organization_id), (None, Some(40)));
}

#[test]
fn a_listed_person_is_read_as_the_one_of_an_attendance() {
    let (inside, listed) = (full().to_string(), person().to_string());
    let listed = Person::parse(&listed);
    assert_eq!(listed.problem, None);
    assert_eq!(Some(listed), Attendance::parse(&inside).person);
}

#[test]
fn an_attendance_says_nothing_of_what_only_lists_tell() {
    let untold = ["high_priority", "instructions", "tags", "event_campaign", "contact"];
    let columns = [
        "contact_name",
        "contact_email_address",
        "contact_phone_number",
        "contact_owner_user_id",
        "high_priority",
        "instructions",
        "tag_ids",
        "tag_names",
        "event_campaign_id",
        "event_campaign_slug",
        "event_campaign_event_create_page_url",
    ];
    let mut record = full();
    for key in untold {
        record["event"][key] = Value::Null;
    }
    let text = record.to_string();
    assert_eq!(Event::parse(&text, Shown::InAttendance).absent, columns);
    let text = record["event"].to_string();
    // The contact alone is hidden from requests without a key.
    assert_eq!(Event::parse(&text, Shown::Listed).absent, columns[..4]);

    record["event"]["tags"] = json!([]);
    let text = record.to_string();
    let row = Event::parse(&text, Shown::InAttendance);
    assert!(row.absent.contains(&"tag_ids") && row.tag_ids == Some(vec![]));
    let text = record["event"].to_string();
    let row = Event::parse(&text, Shown::Listed);
    assert!(!row.absent.contains(&"tag_ids") && row.tag_ids == Some(vec![]));
    for key in untold {
        record["event"].as_object_mut().unwrap().remove(key);
    }
    assert_eq!(Event::parse(&record.to_string(), Shown::InAttendance).absent, columns);
}

#[test]
fn a_timeslot_says_nothing_of_keys_that_are_left_out() {
    let list = |item: Value, shown| {
        let text = json!([item]).to_string();
        let row = explode_timeslots(&text, shown).next().unwrap();
        assert_eq!(row.problem, None);
        row.absent
    };
    let bare = json!({"id": 1, "start_date": 2, "end_date": 3});
    assert_eq!(list(bare.clone(), Shown::Listed), ["max_attendees", "is_full", "instructions"]);
    let nulls = json!({"id": 1, "max_attendees": null, "is_full": null, "instructions": null});
    assert_eq!(list(nulls.clone(), Shown::Listed), [""; 0], "null is no limit, and no instructions");
    assert_eq!(list(nulls.clone(), Shown::InAttendance), ["instructions"]);
    let record = json!({"timeslot": nulls}).to_string();
    assert_eq!(Timeslot::parse(&record).absent, ["instructions"]);
}

#[test]
fn pointers_begin_at_the_record_and_people_stay_unquoted() {
    let said = |problem: Option<Problem>| problem.unwrap().to_string();
    for (pointer, value, message) in [
        ("/title", json!(5), "/title: expected a text, found 5"),
        ("/id", json!(null), "/id: missing or null, but events are keyed by it"),
        ("/sponsor/id", json!("x"), "/sponsor/id: expected an integer, found the text \"x\""),
        ("/contact/name", json!(5), "/contact/name: expected a text, found a number"),
        ("/location/location", json!(5), "/location/location: expected an object, found a number"),
        ("/location/address_lines/1", json!(5), "/location/address_lines/1: expected a text, found 5"),
        ("/tags/0/id", json!("x"), "/tags/0/id: expected an integer, found the text \"x\""),
        ("/event_campaign", json!([]), "/event_campaign: expected an object, found a list"),
    ] {
        let mut record = event();
        *record.pointer_mut(pointer).unwrap() = value;
        assert_eq!(said(Event::parse(&record.to_string(), Shown::Listed).problem), message);
    }
    let slots: Vec<_> = explode_timeslots(r#"[{"id":1},{"id":"x"}]"#, Shown::Listed).collect();
    assert_eq!(said(slots[1].problem.clone()), "/timeslots/1/id: expected an integer, found the text \"x\"");
    for (pointer, value, message) in [
        ("/user_id", json!("ana@x"), "/user_id: expected an integer, found a text"),
        ("/user_id", json!(null), "/user_id: missing or null, but people are keyed by it"),
        ("/given_name", json!(5), "/given_name: expected a text, found a number"),
        (
            "/email_addresses/1/address",
            json!(5),
            "/email_addresses/1/address: expected a text, found a number",
        ),
        ("/phone_numbers", json!("5"), "/phone_numbers: expected a list, found a text"),
        ("/modified_date", json!("now"), "/modified_date: expected an integer, found the text \"now\""),
    ] {
        let mut record = person();
        *record.pointer_mut(pointer).unwrap() = value;
        assert_eq!(said(Person::parse(&record.to_string()).problem), message);
    }
}

#[test]
fn what_is_no_record_of_a_list_says_so() {
    for record in ["", "5", "null", "[1]", "{", r#"{"id":1,"id":2}"#] {
        for problem in [Event::parse(record, Shown::Listed).problem, Person::parse(record).problem] {
            let problem = problem.unwrap();
            assert_eq!((problem.sqlstate(), problem.field()), ("22P02", ""), "{record}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(record in ".{0,200}", cut in 0usize..2000) {
        Event::parse(&record, Shown::Listed);
        Person::parse(&record);
        let (event, person) = (event().to_string(), person().to_string());
        let at = event.floor_char_boundary(cut);
        prop_assert_eq!(Event::parse(&event[..at], Shown::Listed).problem.is_some(), at < event.len());
        let at = person.floor_char_boundary(cut);
        prop_assert_eq!(Person::parse(&person[..at]).problem.is_some(), at < person.len());
    }
}
