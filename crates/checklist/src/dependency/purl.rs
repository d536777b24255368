//! Package URLs: how SBOMs, advisories and VEX statements name a component whatever its ecosystem.
//!
//! `pkg:TYPE/NAMESPACE/NAME@VERSION?KEY=VALUE`, after the package-url specification; what follows `#` is dropped.

use super::component::Ecosystem;
use std::fmt::Write;

/// A package URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purl {
    /// `cargo`, `npm`, `deb`, in lower case.
    pub kind: String,
    /// With its namespace: `@babel/core`; of Debian's without.
    pub name: String,
    /// Empty where it is of every version.
    pub version: String,
    /// What stands behind the question mark, as it stands there.
    pub qualifiers: Vec<(String, String)>,
}

impl Purl {
    /// Takes a package URL apart.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = rest.split_once('/')?;
        // A version's @ is the last one that no slash follows: a namespace may begin with one.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !version.contains('/') && !path.is_empty() => (path, version),
            _ => (path, ""),
        };
        let segments: Vec<String> =
            path.split('/').filter(|one| !one.is_empty()).map(decode).collect();
        let kind = kind.to_ascii_lowercase();
        let name = match (kind.as_str(), segments.as_slice()) {
            (_, []) => return None,
            ("deb", [.., name]) => name.clone(),
            (_, segments) => segments.join("/"),
        };
        let pair =
            |pair: &str| pair.split_once('=').map(|(key, value)| (key.into(), decode(value)));
        let qualifiers = query.split('&').filter_map(pair).collect();
        Some(Self { kind, name, version: decode(version), qualifiers })
    }

    /// Whose it is.
    #[must_use]
    pub fn ecosystem(&self) -> Ecosystem {
        match self.kind.as_str() {
            "cargo" => Ecosystem::Cargo,
            "npm" => Ecosystem::Npm,
            "deb" => Ecosystem::Debian,
            _ => Ecosystem::Other,
        }
    }

    /// Whether it names this one: the same version, or every version. Qualifiers do not count.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.name == other.name
            && (self.version.is_empty() || self.version == other.version)
    }
}

/// Writes a package URL.
#[must_use]
pub fn write(ecosystem: Ecosystem, name: &str, version: &str, more: &[(&str, &str)]) -> String {
    let mut text = String::from(match ecosystem {
        Ecosystem::Cargo => "pkg:cargo/",
        Ecosystem::Npm => "pkg:npm/",
        Ecosystem::Debian => "pkg:deb/debian/",
        Ecosystem::Firmware | Ecosystem::Other => "pkg:generic/",
    });
    for (index, segment) in name.split('/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        encode(segment, &mut text);
    }
    if !version.is_empty() {
        text.push('@');
        encode(version, &mut text);
    }
    for (index, (key, value)) in more.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, after @ ..] if first == b'%' => {
                digit(*high).zip(digit(*low)).map(|(high, low)| ((high << 4) | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
