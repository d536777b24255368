//! Which attacks on devices' services belong to item 4, and what they are about.

use crate::look::Look;
use crate::penetration::Attempts;
use crate::verdict::{Fault, Verdict};
use pintle_attack::Outcome;

/// Attacks that one claim is judged from.
pub struct Group(pub &'static [&'static str]);

/// With a key that is not the device's.
pub const WRONG_KEY: Group =
    Group(&["dtls-wrong-key", "dtls-wrong-signature", "dtls-borrowed-proof"]);
/// Without a key of the device's.
pub const NO_KEY: Group = Group(&["dtls-no-key", "dtls-no-proof"]);
/// With a key of one device and the id of another.
pub const ANOTHERS_ID: Group = Group(&["coap-anothers-id"]);
/// With suites that are not to be spoken.
pub const SUITES: Group = Group(&["dtls-other-suites"]);
/// In an older version.
pub const DOWNGRADE: Group = Group(&["dtls-other-versions"]);
/// Records and messages that were heard before, or come in another order.
pub const REPLAY: Group = Group(&["coap-repeated-id", "dtls-reorder", "dtls-replay"]);
/// Records that were cut or made up.
pub const FORGED: Group =
    Group(&["dtls-clear-alerts", "dtls-forged-records", "dtls-truncated-records"]);
/// Sessions taken to another address.
pub const MOVED: Group = Group(&["dtls-forged-ids", "dtls-late-record", "dtls-unproven-address"]);
/// Numbers that must not come twice.
pub const NUMBERS: Group = Group(&["dtls-nonces", "dtls-randoms"]);
/// The TCP service, with another key.
pub const TCP_WRONG_KEY: Group = Group(&["tcp-anothers-id", "tcp-wrong-key"]);
/// The TCP service, with bits turned and lengths that lie.
pub const TCP_CHANGED: Group = Group(&["tcp-bit-flips", "tcp-frame-lengths"]);
/// The TCP service, with what was heard before.
pub const TCP_REPLAY: Group = Group(&["tcp-message-ids", "tcp-repeated-frame"]);
/// The TCP service, asked what is in a block of somebody else's.
pub const TCP_ORACLE: Group = Group(&["tcp-padding-oracle"]);

const ALL: [&Group; 13] = [
    &WRONG_KEY,
    &NO_KEY,
    &ANOTHERS_ID,
    &SUITES,
    &DOWNGRADE,
    &REPLAY,
    &FORGED,
    &MOVED,
    &NUMBERS,
    &TCP_WRONG_KEY,
    &TCP_CHANGED,
    &TCP_REPLAY,
    &TCP_ORACLE,
];

/// The names of all of them.
pub fn cases() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|group| group.0).copied()
}

/// What came of those that belong here.
#[must_use]
pub fn among(attempts: &Look<Attempts>) -> Look<Attempts> {
    let cases: Vec<&str> = cases().collect();
    match &attempts.found {
        Ok(found) => Look::seen(attempts.ran.clone(), found.only(&cases)),
        Err(why) => Look::unseen(why.as_str()),
    }
}

impl Group {
    /// Judges from what came of them: all of them have to have been tried, and have to have held.
    #[must_use]
    pub fn judge(&self, attempts: &Attempts) -> Verdict {
        let mut faults = Vec::new();
        for case in self.0 {
            match attempts.of(case) {
                None => {
                    return Verdict::untried(format!(
                        "the attack {case} was not run: the target has no such service, or the selection leaves it out"
                    ));
                }
                Some(Outcome::Untried { why }) if faults.is_empty() => {
                    return Verdict::untried(format!("{case}: {why}"));
                }
                Some(Outcome::Broke { seen }) => faults.push(Fault::new(*case, seen)),
                Some(Outcome::Held { .. } | Outcome::Untried { .. }) => {}
            }
        }
        Verdict::of(faults, format!("held: {}", self.0.join(", ")))
    }
}
