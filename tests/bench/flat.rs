//! Flat cost: ten times the records take ten times as long and no more memory, and Ctrl-C is obeyed at once wherever a load is.

mod cancel;

use crate::Outcome;
use crate::line::{Goal, Line};
use crate::load::load;
use crate::mobilize::files::Input;
use crate::setting::Bench;
use crate::sheet::{Sheet, Taken, grouped};

const MEMORY: &[Goal] = &[Goal::Loader(64.0), Goal::Backend(256.0)];

/// The table.
pub const LINES: &[Line] = &[
    Line::of("small", "`loader run mobilize`, empty tables").goals(MEMORY),
    Line::of("large", "the larger file, empty tables; the ratio is that of the time a record takes")
        .against("small")
        .goals(&[Goal::AtMost(1.2), Goal::Loader(64.0), Goal::Backend(256.0)]),
    Line::of("Ctrl-C", "until loader and backend are gone, median").goals(&[Goal::Seconds(0.5)]),
    Line::of("Ctrl-C, worst", "until loader and backend are gone").goals(&[Goal::Seconds(0.5)]),
];

/// What to measure besides.
#[derive(clap::Args)]
pub struct Args {
    /// Records of the large load, whatever the scale; ten times the small one's where nothing is said.
    #[arg(long)]
    large: Option<u64>,
}

/// Measures.
pub fn measure(bench: &Bench, args: &Args, sheet: &mut Sheet) -> Outcome<String> {
    let small = bench.scaled(100_000);
    let large = args.large.unwrap_or(10 * small);
    for round in bench.rounds() {
        eprintln!("round {round}");
        for (step, records) in [("small", small), ("large", large)] {
            let input = Input::of(records, bench.settings.seed, 0)?;
            let taken = load(&bench.migrated(), &input.words())?;
            sheet.add(step, taken.over(records));
        }
    }
    let length = sheet.median("small", |taken| taken.seconds);
    let answers = cancel::measure(bench, &Input::of(small, bench.settings.seed, 0)?.words(), length)?;
    for seconds in &answers {
        sheet.add("Ctrl-C", Taken::seconds(*seconds));
    }
    if let Some(worst) = answers.iter().copied().max_by(f64::total_cmp) {
        sheet.add("Ctrl-C, worst", Taken::seconds(worst));
    }
    let moments = format!("of {} moments", answers.len());
    sheet.note("Ctrl-C", moments.clone());
    sheet.note("Ctrl-C, worst", moments);
    Ok(format!("{} and {} attendances", grouped(small), grouped(large)))
}
