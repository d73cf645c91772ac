//! Misuse raises with a fitting SQLSTATE; content never does.
use etl_core::merge::plan::Misuse;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgSqlErrorCode, spi};

/// What an `etl_*` function returns when its caller, not a record, is at fault.
pub(crate) type Outcome<T> = Result<T, ErrorReport>;

/// An error with its SQLSTATE and the next thing to do.
pub(crate) fn misuse(
    code: PgSqlErrorCode,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> ErrorReport {
    ErrorReport::new(code, message.into(), "pg_etl").set_hint(hint.into())
}

/// The planner's refusals.
pub(crate) fn from_plan(refused: Misuse) -> ErrorReport {
    let code = match refused.sqlstate {
        "0A000" => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "42P10" => PgSqlErrorCode::ERRCODE_INVALID_COLUMN_REFERENCE,
        "42703" => PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
        "42804" => PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        "42601" => PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
        "428C9" => PgSqlErrorCode::ERRCODE_GENERATED_ALWAYS,
        _ => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
    };
    misuse(code, refused.message, refused.hint)
}

/// Errors of pgrx's SPI layer itself; errors of the statements raise on their own, with their own SQLSTATE.
pub(crate) fn from_spi(error: spi::Error) -> ErrorReport {
    misuse(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, format!("SPI: {error}"), "Report this with the statement.")
}
