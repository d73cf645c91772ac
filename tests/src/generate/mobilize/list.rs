//! The lists of events and of people that belong to a file of attendances.

use super::{Plan, Take, Version};
use crate::generate::Frame;
use std::io::{self, Write};

/// One of the lists that the API has beside the attendances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Events as they are now, none older than an attendance shows it.
    Events,
    /// People.
    People,
}

impl Plan {
    /// The records of a list: everything that the plan's attendances show of its kind, and `more` besides that they do not.
    #[must_use]
    pub fn list(&self, list: List, more: u64) -> Vec<String> {
        let maker = self.maker();
        let shown = match list {
            List::Events => maker.scale.events,
            List::People => maker.scale.people,
        };
        (0..shown + more)
            .map(|number| {
                let mut record = String::new();
                let json = match list {
                    List::Events => maker.listed_event(number),
                    List::People => {
                        let take = Take { attendance: u64::MAX - number, version: Version::Base };
                        maker.person(number, take)
                    }
                };
                json.write(&mut record, false);
                record
            })
            .collect()
    }

    /// Writes the file of a list, in the plan's format.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_list(&self, list: List, more: u64, out: impl Write) -> io::Result<()> {
        let records = self.list(list, more);
        let mut frame = Frame::begin(out, self.format, records.len() as u64)?;
        records.iter().try_for_each(|record| frame.record(record.as_bytes()))?;
        frame.end()
    }
}
