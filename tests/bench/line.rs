//! A line of a table: which step it shows, what that is compared with, what it is to reach.

/// What a step is to reach. Ratios are the step's cost to that of the step it stands against.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most so many times the other step's cost.
    AtMost(f64),
    /// At least so many times the other step's cost: another tool's line, against ours.
    AtLeast(f64),
    /// At most so many seconds.
    Seconds(f64),
    /// The loader's resident memory stays under so many MiB.
    Loader(f64),
    /// The backend grows by less than so many MiB.
    Backend(f64),
}

/// One line of a table.
#[derive(Debug)]
pub struct Line {
    /// The step's name: measurements are added under it, other lines stand against it.
    pub step: &'static str,
    /// What the step is.
    pub text: &'static str,
    /// The step it is compared with.
    pub against: Option<&'static str>,
    /// What it is to reach.
    pub goals: &'static [Goal],
}

impl Line {
    /// A line without a ratio.
    pub const fn of(step: &'static str, text: &'static str) -> Self {
        Self { step, text, against: None, goals: &[] }
    }

    /// Compared with another step.
    pub const fn against(self, other: &'static str) -> Self {
        Self { against: Some(other), ..self }
    }

    /// With goals.
    pub const fn goals(self, goals: &'static [Goal]) -> Self {
        Self { goals, ..self }
    }
}

/// What was measured of a step, as far as goals ask for it; NaN where nothing was.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Its cost to that of the step it stands against.
    pub ratio: f64,
    /// Seconds.
    pub seconds: f64,
    /// The loader's resident memory, MiB.
    pub loader: f64,
    /// What the backend grew by, MiB.
    pub backend: f64,
}

impl Goal {
    /// The goal in words, and whether it was reached, as far as it was measured.
    pub fn judged(self, figures: Figures) -> String {
        let (words, measured, is_met) = match self {
            Self::AtMost(most) => (format!("≤ {most}"), figures.ratio, figures.ratio <= most),
            Self::AtLeast(least) => (format!("≥ {least}"), figures.ratio, figures.ratio >= least),
            Self::Seconds(most) => (format!("≤ {most} s"), figures.seconds, figures.seconds <= most),
            Self::Loader(most) => (format!("loader < {most} MiB"), figures.loader, figures.loader < most),
            Self::Backend(most) => (format!("backend < {most} MiB"), figures.backend, figures.backend < most),
        };
        match (measured.is_nan(), is_met) {
            (true, _) => words,
            (false, true) => format!("{words}: met"),
            (false, false) => format!("{words}: missed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Goal};

    #[test]
    fn a_goal_is_met_missed_or_not_judged() {
        let figures = Figures { ratio: 1.25, seconds: 0.6, loader: f64::NAN, backend: 12.0 };
        assert_eq!(Goal::AtMost(1.25).judged(figures), "≤ 1.25: met");
        assert_eq!(Goal::AtLeast(5.0).judged(figures), "≥ 5: missed");
        assert_eq!(Goal::Seconds(0.5).judged(figures), "≤ 0.5 s: missed");
        assert_eq!(Goal::Loader(64.0).judged(figures), "loader < 64 MiB");
        assert_eq!(Goal::Backend(256.0).judged(figures), "backend < 256 MiB: met");
    }
}
