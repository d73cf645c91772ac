//! What a run is doing, on standard error: a bar on a terminal, one line a phase elsewhere, nothing with
//! `--quiet`.
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::ledger::SourceRead;
use crate::source::short_name;
use crate::warnings::Warnings;

const TICK: Duration = Duration::from_millis(100);
/// Updates are rarer than chunks: the bar must not cost what it measures.
const STEP: Duration = Duration::from_millis(50);

/// Where progress is shown.
#[derive(Debug)]
pub struct Progress {
    kind: Kind,
    began: Instant,
    shown: Instant,
    warnings: Warnings,
}

#[derive(Debug)]
enum Kind {
    Quiet,
    Lines,
    Terminal(Option<ProgressBar>),
}

impl Progress {
    /// A bar if standard error is a terminal.
    pub fn new(is_quiet: bool) -> Self {
        let kind = match (is_quiet, io::stderr().is_terminal()) {
            (true, _) => Kind::Quiet,
            (false, true) => Kind::Terminal(None),
            (false, false) => Kind::Lines,
        };
        let now = Instant::now();
        Progress { kind, began: now, shown: now, warnings: Warnings::default() }
    }

    /// The same, which also tells what the server of this session warns of.
    #[must_use]
    pub fn telling(mut self, warnings: &Warnings) -> Self {
        self.warnings = warnings.clone();
        self
    }

    /// A source begins to be read; its length in bytes where it is known.
    pub fn reading(&mut self, location: &str, length: Option<u64>) {
        self.began = Instant::now();
        if let Kind::Terminal(bar) = &mut self.kind {
            let template = match length {
                Some(_) => "reading {prefix}  {wide_bar}  {bytes} of {total_bytes}  {bytes_per_sec}  {msg}",
                None => "reading {prefix}  {spinner}  {bytes}  {bytes_per_sec}  {msg}",
            };
            let fresh = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            *bar = Some(begun(fresh, template).with_prefix(short_name(location).to_owned()));
        }
    }

    /// A URL is asked for.
    pub fn transferring(&mut self, location: &str) {
        self.began = Instant::now();
        if let Kind::Terminal(bar) = &mut self.kind {
            let template = "fetching {prefix}  {spinner}  {bytes}  {bytes_per_sec}";
            *bar = Some(
                begun(ProgressBar::new_spinner(), template).with_prefix(short_name(location).to_owned()),
            );
        }
    }

    /// So many bytes of it have come, of so many where that is known.
    pub fn transfers(&mut self, bytes: u64, length: Option<u64>) {
        if let Kind::Terminal(Some(bar)) = &self.kind
            && self.shown.elapsed() >= STEP
        {
            self.shown = Instant::now();
            if let (Some(length), None) = (length, bar.length()) {
                bar.set_length(length);
                set_template(bar, "fetching {prefix}  {wide_bar}  {bytes} of {total_bytes}  {bytes_per_sec}");
            }
            bar.set_position(bytes);
        }
    }

    /// All of it has come.
    pub fn transferred(&mut self, location: &str, bytes: u64) {
        self.clear();
        if !matches!(self.kind, Kind::Quiet) {
            let seconds = self.began.elapsed().as_secs_f64();
            let rate = (bytes as f64 / seconds.max(0.001)) as u64;
            eprintln!("fetched {location}: {}, {seconds:.1} s, {}/s", HumanBytes(bytes), HumanBytes(rate));
        }
    }

    /// A list of an API is fetched.
    pub fn listing(&mut self, source: &str) {
        self.began = Instant::now();
        if let Kind::Terminal(bar) = &mut self.kind {
            let template = "fetching {prefix}  {spinner}  {human_pos} records  {per_sec}";
            *bar = Some(begun(ProgressBar::new_spinner(), template).with_prefix(source.to_owned()));
        }
    }

    /// So many of its records have come, of so many where the API says that.
    pub fn lists(&mut self, records: u64, count: Option<u64>) {
        if let Kind::Terminal(Some(bar)) = &self.kind {
            if let (Some(count), None) = (count, bar.length()) {
                bar.set_length(count);
                set_template(
                    bar,
                    "fetching {prefix}  {wide_bar}  {human_pos} of {human_len} records  {per_sec}",
                );
            }
            bar.set_position(records);
        }
    }

    /// All of it has come.
    pub fn listed(&mut self, source: &str, records: u64, pages: u64) {
        self.clear();
        if !matches!(self.kind, Kind::Quiet) {
            let seconds = self.began.elapsed().as_secs_f64();
            let pages = if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
            eprintln!("fetched {source}: {}, {pages}, {seconds:.1} s", counted(records));
        }
    }

    /// So many records and bytes have been read.
    pub fn advance(&mut self, records: u64, bytes: u64) {
        if let Kind::Terminal(Some(bar)) = &self.kind
            && self.shown.elapsed() >= STEP
        {
            self.shown = Instant::now();
            bar.set_position(bytes);
            bar.set_message(format!("{} records", HumanCount(records)));
        }
    }

    /// The source is staged.
    pub fn read(&mut self, source: &SourceRead) {
        self.clear();
        if !matches!(self.kind, Kind::Quiet) {
            let seconds = self.began.elapsed().as_secs_f64();
            let rate = (source.fingerprint.bytes as f64 / seconds.max(0.001)) as u64;
            eprintln!(
                "read {}: {}, {}, {seconds:.1} s, {}/s",
                short_name(&source.location),
                counted(source.records),
                HumanBytes(source.fingerprint.bytes),
                HumanBytes(rate)
            );
        }
    }

    /// The server works on the staged records.
    pub fn merging(&mut self, records: u64) {
        self.began = Instant::now();
        match &mut self.kind {
            Kind::Quiet => {}
            Kind::Lines => eprintln!("merging {}", counted(records)),
            Kind::Terminal(bar) => {
                let text = format!("merging {} records", HumanCount(records));
                *bar =
                    Some(begun(ProgressBar::new_spinner(), "{msg}  {spinner}  {elapsed}").with_message(text));
            }
        }
    }

    /// Prints a line that stands beside the bar.
    pub fn say(&self, text: &str) {
        match &self.kind {
            Kind::Quiet => {}
            Kind::Terminal(Some(bar)) => bar.suspend(|| eprintln!("{text}")),
            Kind::Lines | Kind::Terminal(None) => eprintln!("{text}"),
        }
    }

    /// Work begins, perhaps once more: what was warned of before it is not about it.
    pub fn forget_warnings(&self) {
        self.warnings.forget();
    }

    /// Prints what the server warned of.
    pub fn tell_warnings(&self) {
        for warning in self.warnings.take() {
            self.say(&warning);
        }
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let Kind::Terminal(bar) = &mut self.kind
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn begun(bar: ProgressBar, template: &str) -> ProgressBar {
    set_template(&bar, template);
    bar.enable_steady_tick(TICK);
    bar
}

/// The templates are constants above; a wrong one would show the plain bar, not fail the load.
fn set_template(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// `1 record`, `2 records`.
fn counted(records: u64) -> String {
    format!("{records} {}", if records == 1 { "record" } else { "records" })
}
