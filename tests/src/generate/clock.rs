//! The clock of rides and posts: seconds since the beginning of 2021, of no zone.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// `YYYY-MM-DD HH:MM:SS`, for a moment of 2021 (later ones stay in December).
#[must_use]
pub fn timestamp(seconds: i64) -> String {
    let (mut day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let mut month = 1;
    for length in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("2021-{month:02}-{:02} {:02}:{:02}:{:02}", day + 1, second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::{DAY, timestamp};

    #[test]
    fn days_fall_where_the_calendar_has_them() {
        assert_eq!(timestamp(0), "2021-01-01 00:00:00");
        assert_eq!(timestamp(59 * DAY + 3_661), "2021-03-01 01:01:01");
        assert_eq!(timestamp(191 * DAY - 1), "2021-07-10 23:59:59");
        assert_eq!(timestamp(364 * DAY), "2021-12-31 00:00:00");
    }
}
