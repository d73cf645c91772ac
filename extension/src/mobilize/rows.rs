//! The wide rows' cells, in the order of their types' columns (`types.sql`).

use std::borrow::Cow;

use etl_core::mobilize::{Attendance, Event, Problem, Text};

use super::composite::{Cell, cell, numbers, texts};
use super::timestamp;

/// The cells of `etl_attendance`.
pub fn attendance(row: &Attendance<'_>) -> Vec<Cell> {
    let nobody = Default::default();
    let person = row.person.as_ref().unwrap_or(&nobody);
    let [problem, sqlstate, field] = problem(&row.problem);
    let [person_problem, person_sqlstate, person_field] = self::problem(&person.problem);
    let absent = absent(&row.absent);
    vec![
        cell(row.attendance_id),
        cell(timestamp(row.created_date)),
        cell(timestamp(row.modified_date)),
        cell(row.user_id),
        cell(row.event_id),
        cell(row.timeslot_id),
        cell(row.sponsor_organization_id),
        text(&row.status),
        cell(row.attended),
        text(&row.rating),
        text(&row.feedback),
        text(&row.referrer.utm_source),
        text(&row.referrer.utm_medium),
        text(&row.referrer.utm_campaign),
        text(&row.referrer.utm_term),
        text(&row.referrer.utm_content),
        text(&row.referrer.url),
        texts(absent),
        problem,
        sqlstate,
        field,
        cell(Some(row.is_masked)),
        cell(row.event_hash),
        cell(row.timeslot_hash),
        cell(row.sponsor_hash),
        cell(row.person_hash),
        cell(row.custom_signup_field_values),
        cell(person.person_id),
        cell(timestamp(person.created_date)),
        cell(timestamp(person.modified_date)),
        text(&person.given_name),
        text(&person.family_name),
        text(&person.email_address),
        list(&person.other_email_addresses),
        text(&person.phone_number),
        list(&person.other_phone_numbers),
        text(&person.postal_code),
        list(&person.other_postal_codes),
        text(&person.sms_opt_in_status),
        cell(timestamp(person.blocked_date)),
        cell(Some(row.person.is_some())),
        person_problem,
        person_sqlstate,
        person_field,
    ]
}

/// The cells of `etl_event`.
pub fn event(row: &Event<'_>) -> Vec<Cell> {
    let [problem, sqlstate, field] = problem(&row.problem);
    let (contact, location) = (&row.contact, &row.location);
    let absent = absent(&row.absent);
    vec![
        cell(row.event_id),
        text(&row.title),
        text(&row.summary),
        text(&row.description),
        text(&row.event_type),
        text(&row.timezone),
        cell(timestamp(row.created_date)),
        cell(timestamp(row.modified_date)),
        cell(row.sponsor_organization_id),
        text(&row.approval_status),
        text(&row.visibility),
        text(&row.address_visibility),
        cell(row.created_by_volunteer_host),
        cell(row.is_virtual),
        text(&row.virtual_action_url),
        cell(row.high_priority),
        text(&row.featured_image_url),
        text(&row.browser_url),
        text(&row.accessibility_status),
        text(&row.accessibility_notes),
        text(&row.instructions),
        numbers(row.tag_ids.clone()),
        texts(row.tag_names.as_ref().map(|names| names.iter().map(Option::as_deref).collect())),
        cell(row.campaign.event_campaign_id),
        text(&row.campaign.slug),
        text(&row.campaign.event_create_page_url),
        text(&contact.name),
        text(&contact.email_address),
        text(&contact.phone_number),
        cell(contact.owner_user_id),
        text(&location.venue),
        list(&location.address_lines),
        text(&location.locality),
        text(&location.region),
        text(&location.country),
        text(&location.postal_code),
        cell(location.latitude),
        cell(location.longitude),
        text(&location.congressional_district),
        text(&location.state_leg_district),
        text(&location.state_senate_district),
        problem,
        sqlstate,
        field,
        cell(row.sponsor_hash),
        cell(row.timeslots),
        texts(absent),
    ]
}

/// Names of columns; nothing where there is none.
fn absent<'a>(columns: &[&'a str]) -> Option<Vec<Option<&'a str>>> {
    (!columns.is_empty()).then(|| columns.iter().copied().map(Some).collect())
}

fn text(value: &Text<'_>) -> Cell {
    cell(value.as_deref())
}

fn list(values: &Option<Vec<Cow<'_, str>>>) -> Cell {
    texts(values.as_ref().map(|values| values.iter().map(|value| Some(value.as_ref())).collect()))
}

/// Message, SQLSTATE and field.
fn problem(problem: &Option<Problem>) -> [Cell; 3] {
    match problem {
        None => [cell(None::<&str>), cell(None::<&str>), cell(None::<&str>)],
        Some(problem) => {
            [cell(Some(problem.to_string())), cell(Some(problem.sqlstate())), cell(Some(problem.field()))]
        }
    }
}
