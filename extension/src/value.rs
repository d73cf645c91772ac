//! Strict values, as SQL.
use pgrx::prelude::*;

/// Null where the text is a value of the type; else SQLSTATE, a blank, and what was expected and found.
#[pg_extern(immutable, strict, parallel_safe)]
fn etl_value_fault(value: &str, type_name: &str) -> Option<String> {
    let fault = etl_core::value::check(value, type_name).err()?;
    Some(format!("{} {fault}", fault.sqlstate))
}

extension_sql!(
    r#"
comment on function etl_value_fault(text, text) is
    'Null where the text is a value of the type (as format_type names it) by a strict grammar that depends on no setting; '
    'else its SQLSTATE and what was expected and found.';
"#,
    name = "etl_value_fault_comment",
    requires = [etl_value_fault]
);
