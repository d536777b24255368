//! When the API's certificate ends.

use super::finding::Finding;
use super::host::Host;
use pintle_cloud::certificate::{chain_file, ends_at_ms};
use pintle_cloud::clock::{iso8601, now_ms};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// The node makes its own certificate anew at a start within this many days of its end.
const SOON_DAYS: i64 = 30;

const NAME: &str = "certificate";

pub fn look(host: &Host) -> Finding {
    let config = match host.config() {
        Ok(config) => config,
        Err(why) => return Finding::not_tried(NAME, why),
    };
    match ends_at_ms(&chain_file(&host.data, config)) {
        Err(error) => Finding::fail(NAME, error.to_string()),
        Ok(end) => judge(end, now_ms(), config.api.given_certificate().is_some()),
    }
}

fn judge(end: i64, now: i64, given: bool) -> Finding {
    let advice = match given {
        true => "renew it, then restart the node",
        false => "restart the node, which makes it anew",
    };
    let (day, left) = (iso8601(end), (end - now) / DAY_MS);
    match end - now {
        ..0 => Finding::fail(NAME, format!("it ended on {day}: {advice}")),
        time if time < SOON_DAYS * DAY_MS => {
            Finding::warn(NAME, format!("it ends on {day}, in {left} days: {advice}"))
        }
        _ => Finding::ok(NAME, format!("good until {day}, {left} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_certificate_is_warned_of_before_it_ends_and_fails_after() {
        let states = [-1, 10 * DAY_MS, 100 * DAY_MS].map(|end| judge(end, 0, false).state);
        assert_eq!(states, [State::Fail, State::Warn, State::Ok]);
    }
}
