//! Attendance records as the Mobilize API documents them, with the quirks real exports show.
//!
//! What a file of n records holds: about n / 4 people and n / 100 events with four timeslots each; 3 % masked rows; 1 % exact duplicates; 2 % records that
//! stand again at an older or a newer `modified_date`; people, events and organizations that contradict themselves, under one `modified_date` or at
//! several; omissions as documented, the same ones wherever an attendance stands again; keys and enum values nobody documented.

mod attendance;
mod bad;
mod event;
mod list;
mod organization;
mod person;

pub use list::List;

use super::random::Random;
use super::{Format, Frame};
use std::io::{self, Write};

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many good records.
    pub records: u64,
    /// The seed: another one gives other records with the same properties.
    pub seed: u64,
    /// Percent of attendances that are newer than with 0, their status and `attended` other ones: what a later delivery would change.
    pub changed: u64,
    /// How many bad records stand among the good ones, beside their number.
    pub bad: u64,
    /// Layout of the file.
    pub format: Format,
}

/// Sizes that follow from the number of records.
#[derive(Clone, Copy, Debug)]
struct Scale {
    records: u64,
    people: u64,
    events: u64,
    organizations: u64,
}

impl Scale {
    fn of(records: u64) -> Self {
        // 100,000 records: 24,531 people and 1,000 events. Small files keep a dozen events, so that they are worth asking about.
        let events = (records / 100).max(records.min(12));
        Self {
            records,
            people: (records * 24_531).div_ceil(100_000).max(1),
            events: events.max(1),
            organizations: (events / 20).max(5),
        }
    }

    /// How many of `all` have been met once record `index` is written: evenly, all of them by the last record.
    fn met(&self, all: u64, index: u64) -> u64 {
        ((index + 1) * all).div_ceil(self.records)
    }

    /// True when record `index` is the first to meet another one of `all`.
    fn is_first(&self, all: u64, index: u64) -> bool {
        index == 0 || self.met(all, index) > self.met(all, index - 1)
    }
}

/// One record: an attendance at one of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Take {
    /// Number of the attendance: the index of the record where it stands first.
    attendance: u64,
    version: Version,
}

/// Which `modified_date` of an attendance a record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Older,
    Base,
    Newer,
}

/// Makes records by number.
#[derive(Clone, Copy, Debug)]
struct Maker {
    seed: u64,
    changed: u64,
    scale: Scale,
}

impl Maker {
    fn random(&self, kind: &str, number: u64) -> Random {
        Random::of(self.seed, kind, number)
    }

    /// True when record `index` must be an attendance of its own, because it brings in a person or an event.
    fn is_introduction(&self, index: u64) -> bool {
        self.scale.is_first(self.scale.people, index) || self.scale.is_first(self.scale.events, index)
    }

    fn is_repeat(&self, index: u64) -> Option<Version> {
        if self.is_introduction(index) {
            return None;
        }
        // Three of four records bring nobody in, hence 4 in 3 of the shares promised above.
        match self.random("repeat", index).below(300) {
            0..4 => Some(Version::Base),
            4..8 => Some(Version::Older),
            8..12 => Some(Version::Newer),
            _ => None,
        }
    }

    fn is_masked(&self, attendance: u64) -> bool {
        !self.scale.is_first(self.scale.events, attendance) && self.random("masked", attendance).percent(3)
    }

    /// What record `index` shows.
    fn take(&self, index: u64) -> Take {
        if let Some(version) = self.is_repeat(index) {
            let back = 1 + self.random("back", index).below(index.min(400));
            // The nearest attendance before that can stand again; masked ones cannot be told apart, so they never do.
            let earlier = (0..=index - back)
                .rev()
                .find(|&other| self.is_repeat(other).is_none() && !self.is_masked(other));
            if let Some(attendance) = earlier {
                return Take { attendance, version };
            }
        }
        Take { attendance: index, version: Version::Base }
    }

    /// Appends record `index` to `out`, as JSON without a line break.
    fn write(&self, index: u64, out: &mut String) {
        let take = self.take(index);
        let mut record = if self.is_masked(take.attendance) {
            self.masked(take.attendance)
        } else {
            self.attendance(take)
        };
        // One record in 200 comes from another client: keys in another order, other characters escaped.
        let mut random = self.random("client", take.attendance);
        let is_foreign = random.below(200) == 0;
        if is_foreign {
            record.reorder(&mut random);
        }
        record.write(out, is_foreign);
    }
}

impl Plan {
    /// Writes the file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut frame = Frame::begin(out, self.format, self.records + self.bad)?;
        self.each(|record| frame.record(record.as_bytes()))?;
        frame.end()
    }

    /// The records, each as JSON without a line break.
    #[must_use]
    pub fn collect(&self) -> Vec<String> {
        let mut records = Vec::new();
        let _ = self.each(|record| {
            records.push(record.to_owned());
            Ok(())
        });
        records
    }

    fn maker(&self) -> Maker {
        Maker { seed: self.seed, changed: self.changed, scale: Scale::of(self.records) }
    }

    fn each(&self, mut sink: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let maker = self.maker();
        let mut record = String::with_capacity(16 * 1024);
        let mut bad = 0;
        for index in 0..self.records {
            // Bad records stand evenly among the good ones.
            while bad < self.bad && bad * self.records < index * self.bad {
                sink(&maker.bad(bad, self.format))?;
                bad += 1;
            }
            record.clear();
            maker.write(index, &mut record);
            sink(&record)?;
        }
        (bad..self.bad).try_for_each(|number| sink(&maker.bad(number, self.format)))
    }
}

#[cfg(test)]
mod tests;
