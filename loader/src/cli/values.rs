//! Values of options that have a notation of their own: budgets, durations, sizes, `key=value`.

use std::str::FromStr;
use std::time::Duration;

/// `--max-rejects`: how many newly rejected records a run may have and still be committed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// A number of records.
    Records(u64),
    /// A share of the records read, in percent, 0 to 100.
    Percent(f64),
}

impl MaxRejects {
    /// The greatest number of rejected records that is still kept, of `read` records.
    pub fn budget(self, read: u64) -> u64 {
        match self {
            MaxRejects::Records(n) => n,
            MaxRejects::Percent(p) => (read as f64 * p / 100.0).floor() as u64,
        }
    }
}

impl FromStr for MaxRejects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected a number of records such as 10, or a percentage from 0% to 100%".to_owned();
        match text.strip_suffix('%') {
            Some(percent) => match percent.parse::<f64>() {
                Ok(p) if (0.0..=100.0).contains(&p) => Ok(MaxRejects::Percent(p)),
                _ => Err(wrong()),
            },
            None => text.parse().map(MaxRejects::Records).map_err(|_| wrong()),
        }
    }
}

/// Splits a number from the letters after it.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// A duration in PostgreSQL's units; a bare number is seconds. At most 24 days, the server's own limit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 500ms, 90s, 10min or 1h, at most 24 days".to_owned();
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(milliseconds) {
        Some(ms) if ms <= i32::MAX as u64 => Ok(Duration::from_millis(ms)),
        _ => Err(wrong()),
    }
}

/// A size in bytes; kB is 1000 bytes and KiB 1024. From 1 byte to 255 MiB, since a field of PostgreSQL ends at 1 GB and
/// a character of the record may need four bytes once escaped.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    size(text)
        .filter(|size| (1..=255 << 20).contains(size))
        .ok_or_else(|| "expected a size such as 500kB or 16MiB, from 1 byte to 255MiB".to_owned())
}

/// A size in bytes of any greatness.
pub(super) fn large(text: &str) -> Result<u64, String> {
    size(text)
        .filter(|size| *size > 0)
        .ok_or_else(|| "expected a size such as 500MB or 16GiB, from 1 byte on".to_owned())
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "KiB" | "k" | "K" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" | "M" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" | "G" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// `key=value`; the value may hold further equal signs.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected key=value".to_owned()),
    }
}

/// A SQLSTATE: five digits or capital letters.
pub(super) fn sqlstate(text: &str) -> Result<String, String> {
    let is_code = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    match is_code {
        true => Ok(text.to_owned()),
        false => Err("expected five digits or capital letters, such as 23514 or 22P02".to_owned()),
    }
}

/// A parent as the quarantine writes it: `schema.table(columns)=(values)`.
pub(super) fn parent(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_parent =
        text.strip_suffix(')').and_then(|text| text.split_once(")=(")).is_some_and(|(left, _)| {
            left.split_once('(').is_some_and(|(table, columns)| table.contains('.') && !columns.is_empty())
        });
    match is_parent {
        true => Ok(text.to_owned()),
        false => {
            Err("expected schema.table(columns)=(values), such as mobilize.events(event_id)=(17)".to_owned())
        }
    }
}

/// Why somebody does something: not empty.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("expected a reason in words".to_owned()),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets() {
        assert_eq!("10".parse(), Ok(MaxRejects::Records(10)));
        assert_eq!("2%".parse::<MaxRejects>().unwrap().budget(1_700), 34);
        assert_eq!("0.05%".parse::<MaxRejects>().unwrap().budget(1_999), 0);
        for wrong in ["", "-1", "%", "101%", "NaN%", "ten"] {
            assert!(wrong.parse::<MaxRejects>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration("10min"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(bytes("16MiB"), Ok(16 << 20));
        assert_eq!(bytes("500 kB"), Ok(500_000));
        for wrong in ["", "s", "1 week", "99999999999h", "-1s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0", "1GiB", "MiB", "99999999999999999999"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pairs() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
