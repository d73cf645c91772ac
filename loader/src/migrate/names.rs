//! Names of migration files: `V<n>__<name>.sql`, n from 1 without gap.

/// Version and name of a well-named file, such as (1, "ledger") for `V1__ledger.sql`.
pub(super) fn parse(file: &str) -> Option<(i32, &str)> {
    let (version, name) = file.strip_suffix(".sql")?.strip_prefix('V')?.split_once("__")?;
    let canonical = !version.starts_with('0') && version.bytes().all(|b| b.is_ascii_digit());
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let version = version.parse().ok()?;
    (canonical && plain).then_some((version, name))
}

/// What is wrong with a set's files, each problem a sentence; they may come in any order.
pub(super) fn problems<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut good: Vec<(i32, &str)> = Vec::new();
    for file in files {
        match parse(file) {
            Some((version, _)) => good.push((version, file)),
            None => problems.push(format!(
                "{file}: expected V<n>__<name>.sql, such as V1__tables.sql (no leading zeros, two underscores)"
            )),
        }
    }
    good.sort();
    for pair in good.windows(2) {
        if pair[0].0 == pair[1].0 {
            problems.push(format!("{} and {} have the same version", pair[0].1, pair[1].1));
        }
    }
    good.dedup_by_key(|(version, _)| *version);
    // A badly named file may be the missing one: one problem at a time.
    if problems.is_empty() {
        let missing = (1..).zip(&good).find(|(expected, (version, _))| expected != version);
        if let Some((expected, (_, file))) = missing {
            problems.push(format!("V{expected} is missing before {file}: versions run from 1 without gap"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_strictly() {
        assert_eq!(parse("V1__ledger.sql"), Some((1, "ledger")));
        assert_eq!(parse("V12__a__b.sql"), Some((12, "a__b")));
        for bad in [
            "V05_bad.sql",
            "V05__bad.sql",
            "V1_bad.sql",
            "V__bad.sql",
            "V1__.sql",
            "v1__bad.sql",
            "V1__bad.SQL",
            "U1__undo.sql",
            "V1.5__bad.sql",
            "V1__it's.sql",
            "V99999999999__big.sql",
            "V-1__x.sql",
            "1__x.sql",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn gaps_duplicates_and_bad_names_are_named() {
        let of = |files: &[&str]| problems(files.iter().copied()).join("; ");
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["V2__b.sql", "V1__a.sql"]), "");
        assert_eq!(
            of(&["V1__a.sql", "V3__c.sql"]),
            "V2 is missing before V3__c.sql: versions run from 1 without gap"
        );
        assert_eq!(of(&["V1__a.sql", "V1__b.sql"]), "V1__a.sql and V1__b.sql have the same version");
        assert!(of(&["V1__a.sql", "V02_b.sql"]).starts_with("V02_b.sql: expected V<n>__<name>.sql"));
    }
}
