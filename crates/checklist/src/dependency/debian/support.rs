//! Until when releases of Debian get security updates, long-term support included, as Debian has announced.

/// Codename, and the last day of support.
const UNTIL: [(&str, &str); 7] = [
    ("wheezy", "2018-05-31"),
    ("jessie", "2020-06-30"),
    ("stretch", "2022-06-30"),
    ("buster", "2024-06-30"),
    ("bullseye", "2026-08-31"),
    ("bookworm", "2028-06-30"),
    ("trixie", "2030-06-30"),
];

/// The last day on which a release gets security updates, as `2028-06-30`; `None` of one that is not known here.
#[must_use]
pub fn supported_until(codename: &str) -> Option<&'static str> {
    UNTIL.iter().find(|(name, _)| *name == codename).map(|(_, until)| *until)
}
