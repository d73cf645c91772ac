//! Connection settings gathered from several places, each kept with the place it came from.

use std::collections::BTreeMap;

use postgres::Config as Parameters;

use super::connection_string::{Pairs, written};
use crate::error::Error;

/// Settings by libpq's keyword. What is set stays: the nearest place is asked first.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<String, Setting>);

/// A value that was given.
pub(super) struct Setting {
    /// As it was typed. May be a password.
    pub value: String,
    /// Where: `--database-url`, `PGPORT`, a service file.
    pub place: String,
    /// The place is a variable for this one setting, and may be quoted.
    is_plain: bool,
}

impl Settings {
    /// Takes over from a connection string or a service what is still open. A blank value leaves it open.
    pub fn fill(&mut self, pairs: Pairs, place: &str) {
        let mut layer = BTreeMap::new();
        for (keyword, value) in pairs {
            let setting = Setting { value, place: place.to_owned(), is_plain: false };
            layer.insert(current(&keyword).to_owned(), setting);
        }
        self.lay(layer);
    }

    /// Takes over from variables of the environment what is still open.
    pub fn fill_from_variables(
        &mut self,
        variables: &[(&str, &str)],
        variable: impl Fn(&str) -> Option<String>,
    ) {
        let layer = variables.iter().filter_map(|(name, keyword)| {
            let setting = Setting {
                value: variable(name)?,
                place: (*name).to_owned(),
                is_plain: *keyword != "password",
            };
            Some(((*keyword).to_owned(), setting))
        });
        self.lay(layer.collect());
    }

    fn lay(&mut self, mut layer: BTreeMap<String, Setting>) {
        layer.retain(|_, setting| !setting.value.is_empty());
        // A host of one place is not met at the address of another.
        if self.has("host") || self.has("hostaddr") {
            layer.retain(|keyword, _| keyword != "host" && keyword != "hostaddr");
        }
        for (keyword, setting) in layer {
            self.0.entry(keyword).or_insert(setting);
        }
    }

    /// Sets a default.
    pub fn presume(&mut self, keyword: &str, value: &str) {
        self.fill(vec![(keyword.to_owned(), value.to_owned())], "the default");
    }

    /// Whether something is set.
    pub fn has(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// The value of a setting.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(|setting| setting.value.as_str())
    }

    /// Takes a setting out, which the driver is not told of.
    pub fn take(&mut self, keyword: &str) -> Option<Setting> {
        self.0.remove(keyword)
    }

    /// What is left, as the driver takes it.
    ///
    /// # Errors
    /// A setting that the driver does not know, or whose value it does not understand (exit 2).
    pub fn parameters(&self) -> Result<Parameters, Error> {
        let mut all = String::new();
        for (keyword, setting) in &self.0 {
            let one = written(keyword, &setting.value);
            one.parse::<Parameters>().map_err(|error| setting.refused(keyword).caused_by(error))?;
            all.push_str(&one);
            all.push(' ');
        }
        all.parse()
            .map_err(|error| Error::usage("the connection settings do not go together").caused_by(error))
    }
}

impl Setting {
    /// Says that the value is none of those that the setting has. Quotes it where that gives nothing away.
    pub fn refused(&self, keyword: &str) -> Error {
        let place = &self.place;
        if self.is_plain {
            Error::usage(format!("{place} is \"{}\", which is not understood", self.value))
                .hint(format!("correct or unset {place}"))
        } else {
            Error::usage(format!("{keyword} in {place} is not understood"))
                .hint("postgres://USER@HOST:5432/DATABASE, or \"host=HOST user=USER dbname=DATABASE\"")
        }
    }
}

/// The driver's word for a keyword of libpq.
fn current(keyword: &str) -> &str {
    match keyword {
        "keepalives_count" => "keepalives_retries",
        other => other,
    }
}
