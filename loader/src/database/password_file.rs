//! Passwords from `.pgpass`: lines of `host:port:database:user:password`, by libpq's rules.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::caution::caution;

/// What a line is compared with.
pub(super) struct Wanted<'a> {
    /// Name, address, or the directory of the socket; `localhost` for the usual one.
    pub host: &'a str,
    /// Its number in decimal digits.
    pub port: &'a str,
    /// Name of the database.
    pub database: &'a str,
    /// Name of the role.
    pub user: &'a str,
}

/// The contents of a password file. None where there is none; with a caution where others could read it, or where it
/// cannot be read.
pub(super) fn contents(path: &Path) -> Option<String> {
    let about = fs::metadata(path).ok()?;
    let shown = path.display();
    if !about.is_file() {
        caution(&format!("the password file {shown} is not a plain file, and is not used"));
        return None;
    }
    if about.permissions().mode() & 0o077 != 0 {
        caution(&format!(
            "the password file {shown} can be read by others, and is not used: chmod 0600 {shown}"
        ));
        return None;
    }
    match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            caution(&format!("the password file {shown} cannot be read, and is not used: {error}"));
            None
        }
    }
}

/// The password of the first line that fits.
pub(super) fn find(contents: &str, wanted: &Wanted<'_>) -> Option<String> {
    contents.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for value in [wanted.host, wanted.port, wanted.database, wanted.user] {
            let end = field_end(rest)?;
            let field = &rest[..end];
            if field != "*" && unescaped(field) != value {
                return None;
            }
            rest = &rest[end + 1..];
        }
        let password = unescaped(&rest[..field_end(rest).unwrap_or(rest.len())]);
        (!password.is_empty()).then_some(password)
    })
}

/// Where the colon behind a field stands.
fn field_end(rest: &str) -> Option<usize> {
    let mut is_escaped = false;
    rest.find(|c| {
        let ends = c == ':' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })
}

fn unescaped(field: &str) -> String {
    let mut characters = field.chars();
    let mut text = String::new();
    while let Some(c) = characters.next() {
        text.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTED: Wanted<'_> =
        Wanted { host: "db.example.org", port: "5432", database: "votes", user: "ana" };

    #[test]
    fn the_first_line_that_fits_wins() {
        let lines = "# db.example.org:5432:votes:ana:comment\n\
                     too:few\n\
                     db.example.org:5433:votes:ana:port\n\
                     db.example.org:5432:votes:anna:user\n\
                     *:5432:votes:ana:first\r\n\
                     db.example.org:5432:votes:ana:second\n";
        assert_eq!(find(lines, &WANTED).as_deref(), Some("first"));
        assert_eq!(find("", &WANTED), None);
        assert_eq!(find("db.example.org:5432:votes:ana:", &WANTED), None);
        assert_eq!(find("*b.example.org:5432:votes:ana:x", &WANTED), None);
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        let wanted = Wanted { host: "::1", user: "a\\b", ..WANTED };
        assert_eq!(find("\\:\\:1:*:*:a\\\\b:p\\:a\\\\ss", &wanted).as_deref(), Some("p:a\\ss"));
        assert_eq!(find("::1:*:*:a\\\\b:pass", &wanted), None);
        // An escaped star is a star.
        assert_eq!(find("\\*:*:*:*:pass", &WANTED), None);
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_comes_back(fields in prop::array::uniform5("[^\r\n#][^\r\n]{0,8}")) {
            let escaped = fields.each_ref().map(|field| field.replace('\\', "\\\\").replace(':', "\\:"));
            // A lone star is written as it stands, and means any.
            let [host, port, database, user, password] = &fields;
            let wanted = Wanted { host, port, database, user };
            let found = find(&escaped.join(":"), &wanted);
            prop_assert_eq!(found.as_deref(), Some(password.as_str()));
        }
    }
}
