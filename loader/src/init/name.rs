//! Names for tables and columns, made of the names of files and fields: `[a-z0-9_]`, no keyword, none twice.
use std::collections::BTreeSet;

/// Longest name that PostgreSQL keeps whole, bytes.
const LONGEST: usize = 63;

/// Keywords that cannot name a column or a table without quotes (reserved in PostgreSQL 14 to 18), and the names of the
/// columns that records carry through staging beside their own.
const TAKEN: &str = "
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
    char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
    desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
    grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
    json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
    lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not
    notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real
    references returning right row select session_user setof similar smallint some substring symmetric system_user table
    tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose
    when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable
    ctid xmin xmax cmin cmax tableoid
    source line byte record raw problem sqlstate absent field quarantine_id record_key";

/// Hands out names, each once.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// A name like `text`; `otherwise` where nothing of it can be used.
    pub fn like(&mut self, text: &str, otherwise: &str) -> String {
        let plain = plain(text);
        let mut name = if plain.is_empty() { otherwise.to_owned() } else { plain };
        name.truncate(LONGEST);
        if TAKEN.split_whitespace().any(|taken| taken == name) {
            name.push('_');
        }
        let mut number = 2;
        let stem = name.clone();
        while !self.0.insert(name.clone()) {
            let suffix = format!("_{number}");
            name = format!("{}{suffix}", &stem[..stem.len().min(LONGEST - suffix.len())]);
            number += 1;
        }
        name
    }
}

/// Words in lower case with `_` between them, also those of `PostTypeId`; what is neither letter nor digit parts words, too.
/// Names do not begin with a digit.
fn plain(text: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for character in text.trim().chars() {
        if character.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('_');
        }
        before = character;
        match character.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => name.push(letter),
            '_' if name.is_empty() => name.push('_'),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_free_and_short() {
        let mut names = Names::default();
        let mut like = |text| names.like(text, "column_1");
        assert_eq!(like("Order ID"), "order_id");
        assert_eq!(like("order-id"), "order_id_2");
        assert_eq!(like("order"), "order_");
        assert_eq!(like("line"), "line_");
        assert_eq!(like("_1st dose (mg)"), "_1st_dose_mg");
        assert_eq!(like("2018"), "_2018");
        assert_eq!(like("PostTypeId"), "post_type_id");
        assert_eq!(like("userID"), "user_id");
        assert_eq!(like("ID"), "id");
        assert_eq!(like("имя"), "column_1");
        assert_eq!(like("\"; drop table x; --"), "drop_table_x");
        let long = "x".repeat(80);
        assert_eq!(like(&long), "x".repeat(63));
        assert_eq!(like(&long), format!("{}_2", "x".repeat(61)));
    }
}
