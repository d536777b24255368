//! Where standards and laws ask for what a check claims: their identifiers, never their words.

use serde::Serialize;

/// A place in a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Anchor {
    /// Which standard.
    pub standard: Standard,
    /// Its own name for the place: `3.2.2`, `5.6-1`, `I.1(2)(j)`.
    pub id: &'static str,
}

/// The standards that checks are mapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standard {
    /// OWASP ISVS 1.0.
    Isvs,
    /// ETSI EN 303 645.
    En303645,
    /// Regulation (EU) 2024/2847, Annex I and Article 14.
    Cra,
    /// OWASP ASVS 5.0, by chapter or section.
    Asvs,
    /// NISTIR 8259A, by capability.
    Nistir8259a,
    /// ISO/IEC 27001:2022 Annex A, with 27017 and 27018 where they add to it.
    Iso27001,
}

impl Standard {
    /// Its name for a reader.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Isvs => "OWASP ISVS",
            Self::En303645 => "EN 303 645",
            Self::Cra => "CRA",
            Self::Asvs => "OWASP ASVS",
            Self::Nistir8259a => "NISTIR 8259A",
            Self::Iso27001 => "ISO 27001",
        }
    }
}

/// A place in OWASP ISVS.
pub const fn isvs(id: &'static str) -> Anchor {
    Anchor { standard: Standard::Isvs, id }
}

/// A place in EN 303 645.
pub const fn en303645(id: &'static str) -> Anchor {
    Anchor { standard: Standard::En303645, id }
}

/// A place in the Cyber Resilience Act: `I.1(2)(a)` to `(m)`, `I.2(1)` to `(8)`, `14`.
pub const fn cra(id: &'static str) -> Anchor {
    Anchor { standard: Standard::Cra, id }
}

/// A chapter or section of OWASP ASVS 5.0: `V6.2`.
pub const fn asvs(id: &'static str) -> Anchor {
    Anchor { standard: Standard::Asvs, id }
}

/// A capability of NISTIR 8259A, in a word or two.
pub const fn nistir(id: &'static str) -> Anchor {
    Anchor { standard: Standard::Nistir8259a, id }
}

/// A control of ISO 27001 Annex A (2022): `A.8.20`; `27017 CLD.9.5.1`, `27018 A.10.1` where they add to it.
pub const fn iso(id: &'static str) -> Anchor {
    Anchor { standard: Standard::Iso27001, id }
}
