//! All attacks.

use crate::case::Case;
use crate::{api, dtls};

#[cfg(feature = "tcp")]
const TCP: &[&Case] = crate::tcp::CASES;
#[cfg(not(feature = "tcp"))]
const TCP: &[&Case] = &[];

const GROUPS: [&[&Case]; 3] = [dtls::CASES, TCP, api::CASES];

/// All of them, in the order in which they run.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    GROUPS.into_iter().flatten().copied()
}

/// The case of this id.
#[must_use]
pub fn case_named(id: &str) -> Option<&'static Case> {
    cases().find(|case| case.id == id)
}
