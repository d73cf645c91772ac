//! What the steps of a measurement took, round by round, and the table that is made of it.

use crate::line::{Figures, Line};
use etl_tests::measure::median;
use std::collections::HashMap;
use std::fmt::Write as _;

/// What one step took once; NaN where it was not measured.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Seconds.
    pub seconds: f64,
    /// What the seconds are divided by before steps of unlike size are compared.
    pub units: f64,
    /// Bytes of WAL that the server wrote.
    pub wal: f64,
    /// Peak of the loader's resident memory, KiB.
    pub loader: f64,
    /// What the backend and its workers grew by in anonymous memory, KiB.
    pub backend: f64,
}

impl Taken {
    /// Seconds, and nothing else measured.
    pub fn seconds(seconds: f64) -> Self {
        Self { seconds, units: 1.0, wal: f64::NAN, loader: f64::NAN, backend: f64::NAN }
    }

    /// Of so many records.
    pub fn over(self, units: u64) -> Self {
        Self { units: units as f64, ..self }
    }
}

/// The measurements of one table.
#[derive(Debug, Default)]
pub struct Sheet {
    taken: HashMap<&'static str, Vec<Taken>>,
    notes: HashMap<&'static str, String>,
}

impl Sheet {
    /// Adds what a step took, and says it at once: a measurement is long.
    pub fn add(&mut self, step: &'static str, taken: Taken) {
        eprintln!("{step}: {:.2} s", taken.seconds);
        self.taken.entry(step).or_default().push(taken);
    }

    /// Says something of a step: a version, or why it was not measured.
    pub fn note(&mut self, step: &'static str, note: impl Into<String>) {
        self.notes.insert(step, note.into());
    }

    /// The median of one figure of a step; NaN where there is none.
    pub fn median(&self, step: &str, figure: impl Fn(&Taken) -> f64) -> f64 {
        self.taken.get(step).map_or(f64::NAN, |taken| median(&taken.iter().map(figure).collect::<Vec<_>>()))
    }

    fn greatest(&self, step: &str, figure: impl Fn(&Taken) -> f64) -> f64 {
        self.taken.get(step).into_iter().flatten().map(figure).fold(f64::NAN, f64::max)
    }

    /// The table, in Markdown: a line a step, in the order of `lines`. What was left out on demand has no line.
    pub fn table(&self, lines: &[Line]) -> String {
        let mut out = String::from(
            "| step | seconds | ratio | goal | WAL MB | loader MiB | backend MiB |\n|---|---:|---:|---|---:|---:|---:|\n",
        );
        for line in lines {
            if self.taken.contains_key(line.step) || self.notes.contains_key(line.step) {
                self.line(line, &mut out);
            }
        }
        out
    }

    fn line(&self, line: &Line, out: &mut String) {
        let cost = |step: &str| self.median(step, |taken| taken.seconds / taken.units);
        let seconds = self.median(line.step, |taken| taken.seconds);
        let wal = self.median(line.step, |taken| taken.wal);
        let figures = Figures {
            ratio: line.against.map_or(f64::NAN, |other| cost(line.step) / cost(other)),
            seconds,
            // Memory is promised of every run, not of most.
            loader: self.greatest(line.step, |taken| taken.loader) / 1024.0,
            backend: self.greatest(line.step, |taken| taken.backend) / 1024.0,
        };
        let ratio = match line.against {
            Some(other) if !figures.ratio.is_nan() => format!("{:.2} × {other}", figures.ratio),
            _ => String::new(),
        };
        let goals: Vec<String> = line.goals.iter().map(|goal| goal.judged(figures)).collect();
        let note = self.notes.get(line.step).map_or(String::new(), |note| format!(" ({note})"));
        let _ = writeln!(
            out,
            "| {}: {}{note} | {} | {ratio} | {} | {} | {} | {} |",
            line.step,
            line.text,
            shown(seconds, 2),
            goals.join(", "),
            shown(wal / 1e6, 1),
            shown(figures.loader, 0),
            shown(figures.backend, 0),
        );
    }
}

/// A number as people read it: 1,000,000.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with so many decimals, or nothing where nothing was measured.
fn shown(number: f64, decimals: usize) -> String {
    if number.is_nan() { String::new() } else { format!("{number:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::{Sheet, Taken, grouped};
    use crate::line::{Goal, Line};

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 10_000_000].map(grouped), ["0", "999", "1,000", "10,000,000"]);
    }

    #[test]
    fn a_table_shows_medians_ratios_and_goals() {
        let lines = [
            Line::of("floor", "COPY"),
            Line::of("first", "a load").against("floor").goals(&[Goal::AtMost(1.25)]),
            Line::of("DuckDB", "its extension").against("first").goals(&[Goal::AtLeast(1.0)]),
            Line::of("by hand", "left out on demand"),
        ];
        let mut sheet = Sheet::default();
        for seconds in [4.0, 1.0, 2.0] {
            sheet.add("floor", Taken::seconds(seconds));
            sheet.add("first", Taken { wal: 3e6, loader: 2048.0, ..Taken::seconds(2.0 * seconds) }.over(2));
        }
        sheet.note("DuckDB", "not installed");
        assert_eq!(
            sheet.table(&lines),
            "| step | seconds | ratio | goal | WAL MB | loader MiB | backend MiB |\n\
             |---|---:|---:|---|---:|---:|---:|\n\
             | floor: COPY | 2.00 |  |  |  |  |  |\n\
             | first: a load | 4.00 | 1.00 × floor | ≤ 1.25: met | 3.0 | 2 |  |\n\
             | DuckDB: its extension (not installed) |  |  | ≥ 1 |  |  |  |\n"
        );
    }
}
