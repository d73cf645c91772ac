//! Text that a spreadsheet would run as a formula, made harmless in a file that is going to be opened in one.
//!
//! The rule is OWASP's for CSV injection: a text that begins with one of `= + - @`, a tab or a carriage return gets an
//! apostrophe in front. Numbers in columns of numbers are no text: -5 stays.
use std::borrow::Cow;

use postgres::types::{Kind, Type};

/// What a formula begins with.
const FIRST: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Types that the server writes itself: no value of them carries what somebody typed.
const HARMLESS: [Type; 16] = [
    Type::INT2,
    Type::INT4,
    Type::INT8,
    Type::OID,
    Type::NUMERIC,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::MONEY,
    Type::BOOL,
    Type::DATE,
    Type::TIME,
    Type::TIMETZ,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::INTERVAL,
    Type::UUID,
];

/// Whether values of the type can be text of somebody's; a domain is what it is made of.
pub fn may_hold(kind: &Type) -> bool {
    match kind.kind() {
        Kind::Domain(base) => may_hold(base),
        _ => !HARMLESS.contains(kind),
    }
}

/// The text with an apostrophe in front where a spreadsheet would run it.
pub fn escaped(text: &str) -> Cow<'_, str> {
    match text.starts_with(FIRST) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The same in SQL, of a quoted column: its text as COPY writes it, null where it is null.
pub fn escaped_in_sql(column: &str) -> String {
    let codes = FIRST.map(|first| u32::from(first).to_string()).join(", ");
    format!(
        "case when {column} is distinct from null then pg_catalog.concat(\
         case when pg_catalog.ascii({column}::text) in ({codes}) then '''' end, {column}) end"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_run_is_escaped() {
        for text in ["=1+1", "+44", "-5", "@sum(a)", "\t=1", "\r=1"] {
            assert_eq!(escaped(text), format!("'{text}"));
        }
        for text in ["", "a=1", "5:1", " =1", "'=1"] {
            assert_eq!(escaped(text), text);
        }
        assert!(escaped_in_sql("\"a\"").contains("in (61, 43, 45, 64, 9, 13)"));
        assert!(may_hold(&Type::TEXT) && may_hold(&Type::JSONB));
        assert!(!may_hold(&Type::NUMERIC) && !may_hold(&Type::INTERVAL));
    }
}
