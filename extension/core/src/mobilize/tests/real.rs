//! The real file, read without a database; its figures are known.

use super::*;

#[test]
fn the_real_file_has_its_known_figures() {
    let Some(folder) = std::env::var_os("ETL_REAL_DATA") else {
        eprintln!("skipped: ETL_REAL_DATA is not set");
        return;
    };
    let file =
        std::fs::read_to_string(std::path::Path::new(&folder).join("mobilize/attendances.json")).unwrap();
    let records: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(&file).unwrap();
    let (mut attendances, mut masked) = (BTreeSet::new(), 0);
    let [mut events, mut timeslots, mut people, mut organizations] = [const { BTreeSet::new() }; 4];
    let mut rsvps = [0; 3];
    for record in &records {
        let row = Attendance::parse(record.get());
        assert_eq!(row.problem, None);
        let person = row.person.unwrap();
        assert_eq!(person.problem, None);
        people.insert(person.user_id.unwrap());
        if row.is_masked {
            let row = MaskedAttendance::parse(record.get());
            assert_eq!(row.attendance.problem, None);
            assert!(row.event_type.is_some() && row.timeslot.start_date.is_some());
            masked += 1;
        } else {
            attendances.insert(row.attendance_id.unwrap());
            let event = Event::parse(record.get(), Shown::InAttendance);
            assert_eq!((event.problem, event.event_id), (None, row.event_id));
            events.insert(row.event_id.unwrap());
            organizations.extend(event.sponsor_organization_id);
            let timeslot = Timeslot::parse(record.get());
            assert_eq!((timeslot.problem, timeslot.timeslot_id), (None, row.timeslot_id));
            timeslots.insert(row.timeslot_id.unwrap());
        }
        organizations.extend(row.sponsor_organization_id);
        for answer in row.custom_signup_field_values.map(explode_custom_fields).into_iter().flatten() {
            assert_eq!(answer.problem, None);
        }
        if row.event_id == Some(265_841) {
            rsvps[0] += 1;
            rsvps[1] += usize::from(row.status.as_deref() != Some("CANCELLED"));
            rsvps[2] += usize::from(row.attended == Some(true));
        }
    }
    assert_eq!((records.len(), attendances.len(), masked), (1_700, 1_652, 48));
    assert_eq!([events, timeslots, people, organizations].map(|ids| ids.len()), [28, 115, 1_361, 2]);
    assert_eq!(rsvps, [545, 539, 189]);
}
