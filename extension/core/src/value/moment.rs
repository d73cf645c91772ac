//! Dates and times by ISO 8601, extended format: `2021-03-28`, `01:30:00`, `2021-03-28T01:30:00.5+01:00`.
//!
//! jiff checks the calendar; the shapes are checked here, because jiff reads more than one grammar.
use jiff::civil::{Date, Time};

use super::Fault;

/// `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<(), Fault> {
    if !has_shape(text, "dddd-dd-dd") {
        return Err(Fault::new("22P02", "a date YYYY-MM-DD", text));
    }
    match text.parse::<Date>() {
        Ok(date) if date.year() >= 1 => Ok(()),
        _ => Err(Fault::new("22008", "a date that exists", text)),
    }
}

/// `HH:MM` or `HH:MM:SS`, with at most six digits of a second; `24:00` and `:60` are no times.
pub(super) fn time(text: &str) -> Result<(), Fault> {
    let fault = || Fault::new("22P02", "a time HH:MM[:SS[.ffffff]]", text);
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let shaped = has_shape(clock, "dd:dd:dd") || (clock == text && has_shape(clock, "dd:dd"));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !shaped || !digits || fraction.is_empty() || fraction.len() > 6 {
        return Err(fault());
    }
    let part = |range: std::ops::Range<usize>| clock.get(range).and_then(|it| it.parse::<i8>().ok());
    let second = if clock.len() == 8 { part(6..8) } else { Some(0) };
    let (Some(hour), Some(minute), Some(second)) = (part(0..2), part(3..5), second) else {
        return Err(fault());
    };
    match Time::new(hour, minute, second, 0) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::new("22008", "a time that exists", text)),
    }
}

/// A date, `T` or a space, and a time; with `Z` or an offset `+HH:MM` exactly where the type is zoned.
pub(super) fn timestamp(text: &str, zoned: bool) -> Result<(), Fault> {
    let rule = if zoned {
        "a timestamp with its offset, as 2021-03-28T01:30:00Z"
    } else {
        "a timestamp without offset"
    };
    let fault = || Fault::new("22P02", rule, text);
    let day = text.get(..10).ok_or_else(fault)?;
    let clock = text.get(10..).and_then(|rest| rest.strip_prefix(['T', ' '])).ok_or_else(fault)?;
    let clock = if zoned { without_offset(clock).ok_or_else(fault)? } else { clock };
    let whole = |problem: Fault| Fault { found: super::shorten(text), rule: rule.to_string(), ..problem };
    date(day).map_err(whole)?;
    time(clock).map_err(whole)
}

/// What stands before `Z`, `+HH`, `+HH:MM` or `+HHMM`; offsets reach 15:59, as in PostgreSQL.
fn without_offset(clock: &str) -> Option<&str> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some(clock);
    }
    let sign = clock.rfind(['+', '-'])?;
    let (clock, offset) = clock.split_at(sign);
    let offset = &offset[1..];
    let shaped = ["dd", "dd:dd", "dddd"].iter().any(|shape| has_shape(offset, shape));
    let hours = offset.get(..2)?.parse::<u8>().ok()?;
    let minutes = if offset.len() > 2 { offset.get(offset.len() - 2..)?.parse::<u8>().ok()? } else { 0 };
    (shaped && hours < 16 && minutes < 60).then_some(clock)
}

/// `d` stands for a digit, everything else for itself.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(found, wanted)| match wanted {
            b'd' => found.is_ascii_digit(),
            _ => found == wanted,
        })
}
