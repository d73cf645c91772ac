//! Names of fields, matched loosely: files of one feed differ in case, blanks and byte order marks.

/// The form in which two names are the same: without byte order mark and surrounding blanks, in lower case, each run of
/// blanks as one.
pub fn loose(name: &str) -> String {
    let mut form = String::with_capacity(name.len());
    for word in name.trim_start_matches('\u{feff}').split_whitespace() {
        if !form.is_empty() {
            form.push(' ');
        }
        form.extend(word.chars().flat_map(char::to_lowercase));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::loose;

    #[test]
    fn case_blanks_and_marks_do_not_matter() {
        for name in
            ["Population Estimate 2018", "\u{feff}population  estimate 2018 ", "POPULATION\tESTIMATE 2018"]
        {
            assert_eq!(loose(name), "population estimate 2018");
        }
        assert_ne!(loose("driver_id"), loose("driver id"));
        assert_eq!(loose(" "), "");
    }
}
