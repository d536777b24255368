//! Until when something counts: typed as a date or as a number of days from now.

use pintle_cloud::clock::{iso8601, now_ms};
use pintle_firmware::release::Time;
use time::{Date, Month};

const DAY: u64 = 24 * 60 * 60;
/// Further ahead is a slip of the finger.
const MOST_DAYS: u64 = 100 * 366;

/// A moment in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry(pub u64);

/// Reads what was typed.
pub fn expiry(typed: &str) -> Result<Expiry, String> {
    expiry_at(typed, now_seconds())
}

fn expiry_at(typed: &str, now: u64) -> Result<Expiry, String> {
    let at = match typed.parse::<u64>() {
        Ok(days) if days <= MOST_DAYS => now + days * DAY,
        Ok(_) => return Err("more than a hundred years ahead".to_owned()),
        Err(_) => date(typed).ok_or("a date is typed as 2027-12-31, or as a number of days")?,
    };
    if at <= now {
        return Err("that is over already".to_owned());
    }
    Ok(Expiry(at))
}

/// The first moment of a date in UTC.
fn date(typed: &str) -> Option<u64> {
    let mut parts = typed.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok()
}

fn now_seconds() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or(0)
}

/// The time, for what may have expired.
pub fn now() -> Time {
    Time::Seconds(now_seconds())
}

/// A moment as it is printed, to the second.
pub fn shown(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000));
    iso8601(at.unwrap_or(i64::MAX)).replace(".000Z", "Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_or_a_number_of_days_is_taken_and_what_is_over_is_not() {
        const NOW: u64 = 1_800_000_000;
        assert_eq!(expiry_at("90", NOW), Ok(Expiry(NOW + 90 * DAY)));
        assert_eq!(expiry_at("2027-12-31", NOW), Ok(Expiry(1_830_211_200)));
        assert_eq!(shown(1_830_211_200), "2027-12-31T00:00:00Z");
        for wrong in ["0", "2020-01-01", "2027-13-01", "2027-2-30", "tomorrow", "", "99999999"] {
            assert!(expiry_at(wrong, NOW).is_err(), "{wrong}");
        }
    }
}
