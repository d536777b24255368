//! The record in which real hardware keeps its cloud: the public key, the address and the port.
//!
//! UDP devices hold 320 bytes: SubjectPublicKeyInfo, `FF` up to 192, address type (0 IPv4, 1 domain), its
//! length, its bytes, and at 258 the port, big endian; `FF` up to the end. TCP devices hold 512 bytes of the
//! same shape with the address at 384 and the port at 450. A device that cannot read its record goes back to
//! its vendor's key and address, so a record is built and checked here before anybody writes it.

mod address;
mod dfu;

pub use address::{Address, AddressError};
pub use dfu::{DfuLines, dfu_util_lines};

use pintle_dtls::PublicKey;

/// Length of a P-256 SubjectPublicKeyInfo, in bytes.
const EC_SPKI: usize = PublicKey::SPKI_LENGTH;
/// Length of an RSA-2048 SubjectPublicKeyInfo, in bytes.
pub(crate) const RSA_SPKI: usize = 294;
/// What an RSA-2048 SubjectPublicKeyInfo begins with: everything before the 256 bytes of the modulus.
const RSA_PREFIX: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00,
];
/// And what it ends with: the exponent 65537.
const RSA_SUFFIX: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const FILL: u8 = 0xff;
/// A port that says "the default one".
const DEFAULT_PORT: u16 = 0xffff;
/// From the start of the address to the port, in bytes.
const PORT_AFTER_ADDRESS: usize = 66;

/// Which service a record is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BlockKind {
    /// DTLS over UDP, 320 bytes, a P-256 key.
    Udp,
    /// The older TCP service, 512 bytes, an RSA-2048 key.
    Tcp,
}

impl BlockKind {
    /// Size of the whole record, in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Udp => 320,
            Self::Tcp => 512,
        }
    }

    /// Where the record lies in the device's configuration flash (DFU alternate setting 1), in bytes.
    #[must_use]
    pub const fn flash_offset(self) -> usize {
        match self {
            Self::Udp => 3298,
            Self::Tcp => 2082,
        }
    }

    /// The port a device uses when its record names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp => 5684,
            Self::Tcp => 5683,
        }
    }

    const fn key_area(self) -> usize {
        match self {
            Self::Udp => 192,
            Self::Tcp => 384,
        }
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Udp => EC_SPKI,
            Self::Tcp => RSA_SPKI,
        }
    }
}

/// Why bytes are no record that a device would take.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerBlockError {
    /// Neither 320 nor 512 bytes.
    #[error("a server record has 320 bytes (UDP) or 512 (TCP), not {0}")]
    Size(usize),
    /// The key is not the one kind that the service takes.
    #[error("the record does not begin with a {0} public key")]
    Key(&'static str),
    /// Something other than `FF` stands between the key and the address.
    #[error("the record has stray bytes after the key")]
    StrayAfterKey,
    /// The address is missing or not one.
    #[error("the address of the record is wrong: {0}")]
    Address(#[from] AddressError),
    /// Something other than `FF` stands between the address and the port, or after the port.
    #[error("the record has stray bytes after the address")]
    StrayAfterAddress,
    /// Port 0.
    #[error("the record names port 0; use 1 to 65534")]
    Port,
}

/// A record that a device takes: built or checked, never anything else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerBlock {
    kind: BlockKind,
    address: Address,
    port: u16,
    bytes: Vec<u8>,
}

impl ServerBlock {
    /// The record of a UDP device: 320 bytes. `host` is an IPv4 address or an ASCII domain of at most 63 bytes.
    /// Real hardware connects to 5684 whatever the record says.
    ///
    /// # Errors
    /// [`ServerBlockError::Address`] or [`ServerBlockError::Port`].
    pub fn udp(key: &PublicKey, host: &str, port: u16) -> Result<Self, ServerBlockError> {
        Self::build(BlockKind::Udp, &key.to_spki(), host, port)
    }

    /// The record of a TCP device: 512 bytes. `spki` is the DER of an RSA-2048 key with exponent 65537.
    ///
    /// # Errors
    /// [`ServerBlockError::Key`], [`ServerBlockError::Address`] or [`ServerBlockError::Port`].
    pub fn tcp(spki: &[u8], host: &str, port: u16) -> Result<Self, ServerBlockError> {
        Self::build(BlockKind::Tcp, spki, host, port)
    }

    pub(crate) fn build(
        kind: BlockKind,
        spki: &[u8],
        host: &str,
        port: u16,
    ) -> Result<Self, ServerBlockError> {
        let address: Address = host.parse()?;
        let mut bytes = spki.to_vec();
        bytes.resize(kind.key_area(), FILL);
        address.write(&mut bytes);
        bytes.resize(kind.key_area() + PORT_AFTER_ADDRESS, FILL);
        bytes.extend_from_slice(&port.to_be_bytes());
        bytes.resize(kind.size(), FILL);
        // What is about to be written to a device is read back the way the device will.
        Self::parse(&bytes)
    }

    /// Checks a record, for example one read back from a device.
    ///
    /// # Errors
    /// Every reason for which a device would not take it, or would take something else than was meant.
    pub fn parse(bytes: &[u8]) -> Result<Self, ServerBlockError> {
        let kind = match bytes.len() {
            320 => BlockKind::Udp,
            512 => BlockKind::Tcp,
            other => return Err(ServerBlockError::Size(other)),
        };
        let size = ServerBlockError::Size(bytes.len());
        let (key_area, rest) = bytes.split_at_checked(kind.key_area()).ok_or(size)?;
        let (address_area, rest) = rest.split_at_checked(PORT_AFTER_ADDRESS).ok_or(size)?;
        let (port, tail) = rest.split_first_chunk::<2>().ok_or(size)?;
        check_key_area(kind, key_area)?;
        let (address, after) = Address::read(address_area)?;
        if !is_fill(after) || !is_fill(tail) {
            return Err(ServerBlockError::StrayAfterAddress);
        }
        let port = match u16::from_be_bytes(*port) {
            0 => return Err(ServerBlockError::Port),
            DEFAULT_PORT => kind.default_port(),
            port => port,
        };
        Ok(Self { kind, address, port, bytes: bytes.to_vec() })
    }

    /// The key of a 320-byte record, whatever its address: all that an agent needs of it.
    ///
    /// # Errors
    /// [`ServerBlockError::Size`] or [`ServerBlockError::Key`].
    pub fn udp_key(bytes: &[u8]) -> Result<PublicKey, ServerBlockError> {
        if bytes.len() != BlockKind::Udp.size() {
            return Err(ServerBlockError::Size(bytes.len()));
        }
        let spki = bytes.get(..EC_SPKI).unwrap_or_default();
        PublicKey::from_spki(spki).map_err(|_| ServerBlockError::Key("P-256"))
    }

    /// A record with a key and no address, for an agent whose cloud has an IPv6 address, which a record cannot
    /// say. Hardware would not take it.
    pub(crate) fn key_only(kind: BlockKind, spki: &[u8]) -> Vec<u8> {
        let mut bytes = spki.to_vec();
        bytes.resize(kind.size(), FILL);
        bytes
    }

    /// Which service it is for.
    #[must_use]
    pub const fn kind(&self) -> BlockKind {
        self.kind
    }

    /// The cloud's address.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The cloud's port; the service's own if the record leaves it open.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The DER of the cloud's public key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.bytes.get(..self.kind.key_length()).unwrap_or_default()
    }

    /// The 320 or 512 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn check_key_area(kind: BlockKind, area: &[u8]) -> Result<(), ServerBlockError> {
    let (key, fill) = area.split_at_checked(kind.key_length()).unwrap_or((area, &[]));
    match kind {
        BlockKind::Udp if PublicKey::from_spki(key).is_err() => {
            return Err(ServerBlockError::Key("P-256"));
        }
        BlockKind::Tcp if !is_rsa_2048(key) => return Err(ServerBlockError::Key("RSA-2048")),
        _ => {}
    }
    if is_fill(fill) { Ok(()) } else { Err(ServerBlockError::StrayAfterKey) }
}

/// Whether this is the DER of an RSA-2048 public key with exponent 65537: devices read the modulus at a fixed
/// place and know no other exponent.
pub(crate) fn is_rsa_2048(spki: &[u8]) -> bool {
    let modulus = spki.strip_prefix(&RSA_PREFIX).and_then(|rest| rest.strip_suffix(&RSA_SUFFIX));
    // The top bit says that it is really 2048 bits, the lowest that it can be a product of primes.
    modulus.is_some_and(|modulus| matches!(modulus, [first, .., last] if modulus.len() == 256 && first & 0x80 != 0 && last & 1 == 1))
}

fn is_fill(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == FILL)
}

#[cfg(test)]
mod tests;
