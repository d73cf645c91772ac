//! Connection services: named sections of `keyword=value` lines, as libpq reads them.

use std::fs;
use std::path::{Path, PathBuf};

use super::connection_string::Pairs;
use crate::error::Error;

/// Where Debian's packages look; other builds of libpq have folders of their own, which PGSYSCONFDIR names.
const SYSTEM: &str = "/etc/postgresql-common";

/// A service: its settings, and the file that holds it.
pub(super) struct Service {
    /// What it sets.
    pub pairs: Pairs,
    /// Where it stands.
    pub file: PathBuf,
}

/// The service of that name: in PGSERVICEFILE or else `~/.pg_service.conf`, then in the system's `pg_service.conf`.
///
/// # Errors
/// No file has it, one cannot be read, or a line is not understood (exit 2).
pub(super) fn find(name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Service, Error> {
    let named = variable("PGSERVICEFILE").map(PathBuf::from);
    let own =
        named.clone().or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".pg_service.conf")));
    let folder = variable("PGSYSCONFDIR").unwrap_or_else(|| SYSTEM.to_owned());
    let files: Vec<PathBuf> =
        own.into_iter().chain([PathBuf::from(folder).join("pg_service.conf")]).collect();
    for file in &files {
        match fs::read_to_string(file) {
            Ok(text) => {
                if let Some(pairs) = section(&text, name).map_err(|rule| rule.at(file))? {
                    return Ok(Service { pairs, file: file.clone() });
                }
            }
            // Only a file that is named must be there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && Some(file) != named.as_ref() => {}
            Err(error) => {
                return Err(Error::usage(format!("cannot read the service file {}", file.display()))
                    .caused_by(error)
                    .hint("correct or unset PGSERVICEFILE"));
            }
        }
    }
    let looked: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(Error::usage(format!("service \"{name}\" is defined nowhere: looked at {}", looked.join(" and ")))
        .hint("add a section [NAME] with lines such as host=HOST and dbname=DATABASE, or correct PGSERVICE"))
}

/// A rule that a line of a service file breaks. The line is not repeated: it may hold a password.
struct Broken {
    line: usize,
    rule: &'static str,
}

impl Broken {
    fn at(&self, file: &Path) -> Error {
        Error::usage(format!("{} line {}: {}", file.display(), self.line, self.rule))
            .hint("host=HOST, without blanks around the =, one setting a line")
    }
}

/// The settings of the first section of that name.
fn section(text: &str, name: &str) -> Result<Option<Pairs>, Broken> {
    let mut found = None;
    for (line, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(title) = text.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if title.strip_suffix(']') == Some(name) {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        let broken = |rule| Broken { line, rule };
        if text.starts_with("ldap") {
            return Err(broken("services looked up by LDAP are not supported"));
        }
        let (keyword, value) = text.split_once('=').ok_or(broken("expected keyword=value"))?;
        if keyword == "service" {
            return Err(broken("a service does not refer to another one"));
        }
        if keyword.is_empty() || keyword.contains(char::is_whitespace) {
            return Err(broken("expected keyword=value"));
        }
        // The first one holds here, and the later one in a connection string.
        if pairs.iter().all(|(known, _)| known != keyword) {
            pairs.push((keyword.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    const FILE: &str = "# ours\n[other]\nhost=x\nnonsense\n\n[votes]\nhost=db.example.org\nport=6000\nport=7000\n\
                        password=a=b # c\n[votes]\nhost=later\n";

    #[test]
    fn a_section_is_read_to_the_next_one() {
        let pairs = section(FILE, "votes").ok().flatten().unwrap();
        let expected = [("host", "db.example.org"), ("port", "6000"), ("password", "a=b # c")];
        assert_eq!(pairs, expected.map(|(keyword, value)| (keyword.to_owned(), value.to_owned())));
        assert!(section(FILE, "nobody").ok().flatten().is_none());
        for (text, line) in
            [("[a]\nhunter2", 2), ("[a]\n\nhost = x", 3), ("[a]\nservice=b", 2), ("[a]\n=x", 2)]
        {
            assert_eq!(section(text, "a").err().unwrap().line, line, "{text}");
        }
    }

    #[test]
    fn the_files_are_looked_at_in_order_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path(".pg_service.conf"), "[a]\nhost=own\n").unwrap();
        fs::write(path("pg_service.conf"), "[a]\nhost=system\n[b]\nhost=system\n").unwrap();
        fs::write(path("named"), "[c]\nhost=named\n").unwrap();
        let usual = |name: &str| match name {
            "HOME" | "PGSYSCONFDIR" => Some(folder.path().display().to_string()),
            _ => None,
        };
        let host = |name: &str| find(name, &usual).ok().map(|service| service.pairs[0].1.clone());
        assert_eq!(host("a").as_deref(), Some("own"));
        assert_eq!(host("b").as_deref(), Some("system"));
        let named = |name: &str| match name {
            "PGSERVICEFILE" => Some(path("named")),
            other => usual(other),
        };
        assert_eq!(find("c", &named).ok().map(|service| service.file), Some(folder.path().join("named")));
        let error = find("nobody", &named).err().unwrap();
        assert_eq!(error.exit(), Exit::Usage);
        for file in [path("named"), path("pg_service.conf")] {
            assert!(error.to_string().contains(&file), "{error}");
        }
        let missing = |name: &str| (name == "PGSERVICEFILE").then(|| path("missing"));
        assert_eq!(find("c", &missing).err().unwrap().exit(), Exit::Usage);
    }
}
