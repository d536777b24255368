//! Dates as clients expect them: ISO 8601 in UTC with milliseconds.

use time::OffsetDateTime;

/// `2026-11-23T01:02:03.004Z` of milliseconds since 1970.
pub(super) fn iso(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn dates_have_milliseconds_and_a_z() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_007), "2000-02-29T00:00:00.007Z");
    }

    #[test]
    fn a_date_past_all_calendars_does_not_end_the_program() {
        iso(i64::MAX);
        iso(i64::MIN);
    }
}
