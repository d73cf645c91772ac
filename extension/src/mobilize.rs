//! SQL functions that read Mobilize's records, and the load function over them.
//!
//! All reading is in `etl_core::mobilize`; here rows get their SQL types.

use std::borrow::Cow;

use etl_core::mobilize::{self as read, Epoch, Problem, Shown};
use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

mod composite;
mod rows;
mod timeslot;

extension_sql_file!("mobilize/types.sql", name = "mobilize_types");

extension_sql_file!(
    "mobilize/functions.sql",
    name = "mobilize_functions",
    requires = [
        etl_parse_attendance,
        etl_parse_masked_attendance,
        etl_parse_event,
        etl_parse_listed_event,
        timeslot::etl_parse_timeslot,
        etl_parse_organization,
        etl_parse_person,
        timeslot::etl_explode_timeslots,
        timeslot::etl_explode_listed_timeslots,
        etl_explode_custom_fields
    ]
);

extension_sql_file!(
    "../../sql/load/mobilize.sql",
    name = "etl_load_mobilize",
    requires = ["mobilize_functions", "datasets"]
);

extension_sql_file!(
    "mobilize/documents.sql",
    name = "etl_load_mobilize_documents",
    requires = ["etl_load_mobilize"]
);

/// One record of the attendances list: its attendance, its person, and hashes of its other parts.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000, requires = ["mobilize_types"])]
fn etl_parse_attendance(
    record: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> pgrx::composite_type!('static, "etl_attendance") {
    composite::row(fcinfo, rows::attendance(&read::Attendance::parse(record)))
}

/// The event of one attendance's record.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000, requires = ["mobilize_types"])]
fn etl_parse_event(
    record: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> pgrx::composite_type!('static, "etl_event") {
    composite::row(fcinfo, rows::event(&read::Event::parse(record, Shown::InAttendance)))
}

/// One record of a list of events.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000, requires = ["mobilize_types"])]
fn etl_parse_listed_event(
    record: &str,
    fcinfo: pg_sys::FunctionCallInfo,
) -> pgrx::composite_type!('static, "etl_event") {
    composite::row(fcinfo, rows::event(&read::Event::parse(record, Shown::Listed)))
}

/// The answers of a list of custom fields, as `etl_parse_attendance` returns it.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_explode_custom_fields<'a>(
    custom_signup_field_values: &'a str,
) -> TableIterator<
    'a,
    (
        name!(custom_field_id, Option<i64>),
        name!(custom_field_name, Option<String>),
        name!(text_value, Option<String>),
        name!(boolean_value, Option<bool>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    TableIterator::new(read::explode_custom_fields(custom_signup_field_values).map(|row| {
        let (problem, sqlstate, field) = explained(row.problem);
        (
            row.custom_field_id,
            owned(row.custom_field_name),
            owned(row.text_value),
            row.boolean_value,
            problem,
            sqlstate,
            field,
        )
    }))
}

/// One organization of one record: `place` is `/sponsor` or `/event/sponsor`.
///
/// # Errors
/// 22023 for any other place.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
#[allow(clippy::result_large_err, reason = "PostgreSQL gets the SQLSTATE from an unboxed report only")]
fn etl_parse_organization(
    record: &str,
    place: &str,
) -> Result<
    TableIterator<
        'static,
        (
            name!(organization_id, Option<i64>),
            name!(name, Option<String>),
            name!(slug, Option<String>),
            name!(org_type, Option<String>),
            name!(is_coordinated, Option<bool>),
            name!(is_independent, Option<bool>),
            name!(is_primary_campaign, Option<bool>),
            name!(race_type, Option<String>),
            name!(state, Option<String>),
            name!(district, Option<String>),
            name!(candidate_name, Option<String>),
            name!(event_feed_url, Option<String>),
            name!(logo_url, Option<String>),
            name!(created_date, Option<TimestampWithTimeZone>),
            name!(modified_date, Option<TimestampWithTimeZone>),
            name!(problem, Option<String>),
            name!(sqlstate, Option<&'static str>),
            name!(field, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let place = match place {
        "/sponsor" => read::Place::Record,
        "/event/sponsor" => read::Place::Event,
        _ => {
            let message = format!("a record has no organization at {place:?}");
            let report = ErrorReport::new(
                PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                message,
                "etl_parse_organization",
            );
            return Err(report.set_hint("The places are /sponsor and /event/sponsor."));
        }
    };
    let row = read::Organization::parse(record, place);
    let (problem, sqlstate, field) = explained(row.problem);
    Ok(TableIterator::once((
        row.organization_id,
        owned(row.name),
        owned(row.slug),
        owned(row.org_type),
        row.is_coordinated,
        row.is_independent,
        row.is_primary_campaign,
        owned(row.race_type),
        owned(row.state),
        owned(row.district),
        owned(row.candidate_name),
        owned(row.event_feed_url),
        owned(row.logo_url),
        timestamp(row.created_date),
        timestamp(row.modified_date),
        problem,
        sqlstate,
        field,
    )))
}

/// One record of the people list.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_parse_person(
    record: &str,
) -> TableIterator<
    'static,
    (
        name!(user_id, Option<i64>),
        name!(person_id, Option<i64>),
        name!(created_date, Option<TimestampWithTimeZone>),
        name!(modified_date, Option<TimestampWithTimeZone>),
        name!(given_name, Option<String>),
        name!(family_name, Option<String>),
        name!(email_address, Option<String>),
        name!(other_email_addresses, Option<Vec<String>>),
        name!(phone_number, Option<String>),
        name!(other_phone_numbers, Option<Vec<String>>),
        name!(postal_code, Option<String>),
        name!(other_postal_codes, Option<Vec<String>>),
        name!(sms_opt_in_status, Option<String>),
        name!(blocked_date, Option<TimestampWithTimeZone>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    let row = read::Person::parse(record);
    let (problem, sqlstate, field) = explained(row.problem);
    let list =
        |values: Option<Vec<_>>| values.map(|values| values.into_iter().map(Cow::into_owned).collect());
    TableIterator::once((
        row.user_id,
        row.person_id,
        timestamp(row.created_date),
        timestamp(row.modified_date),
        owned(row.given_name),
        owned(row.family_name),
        owned(row.email_address),
        list(row.other_email_addresses),
        owned(row.phone_number),
        list(row.other_phone_numbers),
        owned(row.postal_code),
        list(row.other_postal_codes),
        owned(row.sms_opt_in_status),
        timestamp(row.blocked_date),
        problem,
        sqlstate,
        field,
    ))
}

/// A masked record; its key's `occurrence` is for the load to count.
#[pg_extern(immutable, parallel_safe, strict, cost = 1000)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns from the signature")]
fn etl_parse_masked_attendance(
    record: &str,
) -> TableIterator<
    'static,
    (
        name!(user_id, Option<i64>),
        name!(created_date, Option<TimestampWithTimeZone>),
        name!(start_date, Option<TimestampWithTimeZone>),
        name!(end_date, Option<TimestampWithTimeZone>),
        name!(event_type, Option<String>),
        name!(modified_date, Option<TimestampWithTimeZone>),
        name!(sponsor_organization_id, Option<i64>),
        name!(status, Option<String>),
        name!(attended, Option<bool>),
        name!(rating, Option<String>),
        name!(feedback, Option<String>),
        name!(referrer_utm_source, Option<String>),
        name!(referrer_utm_medium, Option<String>),
        name!(referrer_utm_campaign, Option<String>),
        name!(referrer_utm_term, Option<String>),
        name!(referrer_utm_content, Option<String>),
        name!(referrer_url, Option<String>),
        name!(max_attendees, Option<i64>),
        name!(is_full, Option<bool>),
        name!(instructions, Option<String>),
        name!(custom_signup_field_values, Option<String>),
        name!(absent, Option<Vec<&'static str>>),
        name!(problem, Option<String>),
        name!(sqlstate, Option<&'static str>),
        name!(field, Option<String>),
    ),
> {
    let read::MaskedAttendance { attendance: row, event_type, timeslot } =
        read::MaskedAttendance::parse(record);
    let (problem, sqlstate, field) = explained(row.problem);
    TableIterator::once((
        row.user_id,
        timestamp(row.created_date),
        timestamp(timeslot.start_date),
        timestamp(timeslot.end_date),
        owned(event_type),
        timestamp(row.modified_date),
        row.sponsor_organization_id,
        owned(row.status),
        row.attended,
        owned(row.rating),
        owned(row.feedback),
        owned(row.referrer.utm_source),
        owned(row.referrer.utm_medium),
        owned(row.referrer.utm_campaign),
        owned(row.referrer.utm_term),
        owned(row.referrer.utm_content),
        owned(row.referrer.url),
        timeslot.max_attendees,
        timeslot.is_full,
        owned(timeslot.instructions),
        row.custom_signup_field_values.map(str::to_owned),
        (!row.absent.is_empty()).then_some(row.absent),
        problem,
        sqlstate,
        field,
    ))
}

/// Seconds since 1970 as PostgreSQL's microseconds since 2000.
fn timestamp(epoch: Option<Epoch>) -> Option<TimestampWithTimeZone> {
    const SECONDS_TO_2000: i64 = 946_684_800;
    let microseconds = (epoch?.seconds() - SECONDS_TO_2000) * 1_000_000;
    // The years 1 to 9999, which an Epoch keeps to, are all within PostgreSQL's range.
    TimestampWithTimeZone::try_from(microseconds).ok()
}

fn owned(text: read::Text<'_>) -> Option<String> {
    text.map(|text| text.into_owned())
}

/// Message, SQLSTATE and field.
fn explained(problem: Option<Problem>) -> (Option<String>, Option<&'static str>, Option<String>) {
    match problem {
        None => (None, None, None),
        Some(problem) => {
            (Some(problem.to_string()), Some(problem.sqlstate()), Some(problem.field().to_owned()))
        }
    }
}
