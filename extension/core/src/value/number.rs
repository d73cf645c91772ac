//! Numbers by the grammar of JSON (RFC 8259, section 6), which leaves out `NaN`, `Infinity`, `+1`, `0x10` and `1,000`.
use super::Fault;

/// Exponents beyond this are out of range whatever the digits; PostgreSQL refuses them even for zero.
const EXPONENT: i64 = 1_000_000;

/// A number taken apart: sign, digits before and after the point, exponent.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

fn decimal(text: &str) -> Option<Decimal<'_>> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !is_digits(digits) {
                return None;
            }
            let size = match digits.trim_start_matches('0') {
                "" => 0,
                digits => digits.parse::<i64>().unwrap_or(i64::MAX).min(EXPONENT + 1),
            };
            (mantissa, if exponent.starts_with('-') { -size } else { size })
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (mantissa, ""),
    };
    // Leading zeros are read: files write 007 where JSON could not.
    (!whole.is_empty() && is_digits(whole) && is_digits(fraction)).then_some(Decimal {
        whole,
        fraction,
        exponent,
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A whole number within bounds, without point or exponent.
pub(super) fn integer(text: &str, low: i64, high: i64) -> Result<(), Fault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !is_digits(digits) {
        return Err(Fault::new("22P02", "an integer", text));
    }
    match text.parse::<i64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(()),
        _ => Err(Fault::new("22003", format!("an integer from {low} to {high}"), text)),
    }
}

/// A decimal that fits precision and scale without rounding; trailing zeros do not count.
pub(super) fn numeric(text: &str, modifiers: Option<(u32, u32)>) -> Result<(), Fault> {
    let number = decimal(text).ok_or_else(|| Fault::new("22P02", "a decimal number", text))?;
    // Nearly every number is written plainly and short.
    let plain =
        modifiers.map(|(precision, scale)| (precision.saturating_sub(scale) as usize, scale as usize));
    let (room, places) = plain.unwrap_or((1_000, 1_000));
    if number.exponent == 0 && number.whole.len() <= room && number.fraction.len() <= places {
        return Ok(());
    }
    let digits = format!("{}{}", number.whole, number.fraction);
    let significant = digits.trim_start_matches('0');
    let out_of_range = |rule: String| Err(Fault::new("22003", rule, text));
    if number.exponent.abs() > EXPONENT {
        return out_of_range(format!("an exponent of at most {EXPONENT}"));
    }
    // What is written counts, trailing zeros too: an unconstrained numeric keeps them.
    if modifiers.is_none() && number.fraction.len() as i64 - number.exponent > 16_383 {
        return out_of_range("a decimal of at most 16383 digits after the point".to_owned());
    }
    if significant.is_empty() {
        return Ok(());
    }
    let point = significant.len() as i64 - number.fraction.len() as i64 + number.exponent;
    let scale_needed = significant.trim_end_matches('0').len() as i64 - point;
    // PostgreSQL's limits for an unconstrained numeric: 131072 digits before the point, 16383 after.
    let (before, after) = match modifiers {
        Some((precision, scale)) => (i64::from(precision) - i64::from(scale), i64::from(scale)),
        None => (131_072, 16_383),
    };
    if point > before {
        return Err(Fault::new(
            "22003",
            format!("a decimal of at most {before} digits before the point"),
            text,
        ));
    }
    if scale_needed > after {
        return Err(Fault::new(
            "22003",
            format!("a decimal of at most {after} digits after the point"),
            text,
        ));
    }
    Ok(())
}

/// A floating-point number that is finite in its size and does not vanish to zero.
pub(super) fn float(text: &str, single: bool) -> Result<(), Fault> {
    let number = decimal(text).ok_or_else(|| Fault::new("22P02", "a number", text))?;
    let is_zero = number.whole.bytes().chain(number.fraction.bytes()).all(|digit| digit == b'0');
    let kept = match single {
        true => text.parse::<f32>().is_ok_and(|value| value.is_finite() && (value != 0.0 || is_zero)),
        false => text.parse::<f64>().is_ok_and(|value| value.is_finite() && (value != 0.0 || is_zero)),
    };
    if kept { Ok(()) } else { Err(Fault::new("22003", "a number within the type's range", text)) }
}
