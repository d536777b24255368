//! Where a record says the cloud is: four octets or a domain of at most 63 ASCII characters.

use core::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

const IPV4: u8 = 0;
const DOMAIN: u8 = 1;
const LONGEST_DOMAIN: usize = 63;

/// The address of a cloud, as a device's record can say it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// A domain name of 1 to 63 ASCII characters; `$id` in it stands for the device.
    Domain(String),
}

/// Why something is no address for a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The type byte is neither 0 nor 1; in an empty record it is `FF`.
    #[error("address type {0:#04x} is neither 0 (IPv4) nor 1 (domain)")]
    Type(u8),
    /// The length does not go with the type or runs past the field.
    #[error("an address length of {0}: IPv4 has 4 bytes, a domain 1 to 63")]
    Length(usize),
    /// A host that is neither an IPv4 address nor a domain of letters, digits, dots and hyphens.
    #[error(
        "the host is neither an IPv4 address nor a domain of ASCII letters, digits, dots and hyphens"
    )]
    Host,
    /// The address 0.0.0.0.
    #[error("0.0.0.0 is no address to connect to")]
    Unspecified,
}

impl Address {
    /// Appends type, length and bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ipv4(address) => {
                out.extend_from_slice(&[IPV4, 4]);
                out.extend_from_slice(&address.octets());
            }
            Self::Domain(domain) => {
                out.extend_from_slice(&[DOMAIN, domain.len() as u8]);
                out.extend_from_slice(domain.as_bytes());
            }
        }
    }

    /// Reads type, length and bytes; returns what follows too.
    pub(super) fn read(area: &[u8]) -> Result<(Self, &[u8]), AddressError> {
        let [kind, length, rest @ ..] = area else { return Err(AddressError::Length(0)) };
        let length = usize::from(*length);
        if !matches!(*kind, IPV4 | DOMAIN) {
            return Err(AddressError::Type(*kind));
        }
        let (value, after) = rest.split_at_checked(length).ok_or(AddressError::Length(length))?;
        let address =
            if *kind == IPV4 { Self::from_octets(value)? } else { Self::from_domain(value)? };
        Ok((address, after))
    }

    fn from_octets(octets: &[u8]) -> Result<Self, AddressError> {
        let octets: [u8; 4] = octets.try_into().map_err(|_| AddressError::Length(octets.len()))?;
        match Ipv4Addr::from(octets) {
            Ipv4Addr::UNSPECIFIED => Err(AddressError::Unspecified),
            address => Ok(Self::Ipv4(address)),
        }
    }

    fn from_domain(domain: &[u8]) -> Result<Self, AddressError> {
        if domain.is_empty() || domain.len() > LONGEST_DOMAIN {
            return Err(AddressError::Length(domain.len()));
        }
        // `$` for `$id`, which devices replace by their own name.
        let fits =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'$');
        let text = std::str::from_utf8(domain).map_err(|_| AddressError::Host)?;
        let numeric = domain.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if numeric || !domain.iter().all(fits) {
            return Err(AddressError::Host);
        }
        Ok(Self::Domain(text.to_owned()))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(host: &str) -> Result<Self, AddressError> {
        match host.parse::<Ipv4Addr>() {
            Ok(address) => Self::from_octets(&address.octets()),
            Err(_) => Self::from_domain(host.as_bytes()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(address) => address.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}
