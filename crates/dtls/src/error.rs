//! What can go wrong, and whose doing it was. Every variant says what happened; what the wire hears of it
//! is decided in `alert.rs` alone.

use crate::crypto::CryptoError;
use crate::key::Fingerprint;

/// Why a public or private key was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the 91-byte SubjectPublicKeyInfo of an uncompressed P-256 point.
    #[error("not a P-256 SubjectPublicKeyInfo of exactly 91 bytes")]
    NotP256Spki,
    /// Not an uncompressed point (65 bytes, the first 0x04).
    #[error("not an uncompressed P-256 point")]
    NotUncompressed,
}

/// Why a handshake ended. The handshake is dead after any of these.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer sent a message that does not parse.
    #[error("the peer's {0} is malformed")]
    Malformed(&'static str),
    /// The peer does not offer, or did not choose, what this crate speaks.
    #[error("no agreement with the peer on {0}")]
    NoAgreement(&'static str),
    /// The peer sent a message that does not belong here (its handshake type).
    #[error("the peer sent handshake message {0} out of place")]
    Unexpected(u8),
    /// The peer's key is not one that is admitted here. The wire hears nothing of it.
    #[error("the peer's key {0} is not admitted")]
    KeyRefused(Fingerprint),
    /// The cloud presented another key than the one pinned in this device.
    #[error("the cloud's key is not the pinned one")]
    WrongCloudKey,
    /// The peer's signature does not verify: it does not hold the private key.
    #[error("the peer's signature in {0} does not verify")]
    BadSignature(&'static str),
    /// The peer's Finished does not match: the two ends saw different handshakes.
    #[error("the peer's Finished does not match the handshake")]
    BadFinished,
    /// The cloud did not give the connection ID that a Device OS peer must have.
    #[error("the cloud gave no connection ID of 8 bytes")]
    NoConnectionId,
    /// The peer ended the handshake with this alert.
    #[error("the peer ended the handshake with alert {0}")]
    PeerAlert(u8),
    /// The handshake stalled for longer than it may.
    #[error("the handshake took too long")]
    TimedOut,
    /// Too many records failed to authenticate during the handshake.
    #[error("too many forged records during the handshake")]
    TooManyForged,
    /// The crypto backend failed.
    #[error("cryptography: {0}")]
    Crypto(#[from] CryptoError),
    /// The handshake had ended before; nothing more can be done with it.
    #[error("the handshake is over")]
    Over,
}

/// Why a record was not opened. All but [`OpenError::TooManyForged`] leave the session as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another epoch, another connection ID, another layout: not a record of this session.
    #[error("not a record of this session")]
    NotForSession,
    /// The record was seen before or is older than the replay window.
    #[error("the record was seen before or is too old")]
    Replayed,
    /// The record failed to authenticate; it is counted.
    #[error("the record does not authenticate")]
    Forged,
    /// More than 2^20 records failed to authenticate: send [`crate::Session::close`] and drop the session.
    #[error("too many records failed to authenticate; close the session")]
    TooManyForged,
    /// Too short to be a record, or its authenticated inside makes no sense.
    #[error("the record is malformed")]
    Malformed,
    /// Longer than RFC 6347 allows.
    #[error("the record is longer than allowed")]
    Oversized,
}

/// Why a record was not sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The plaintext is longer than [`crate::MAX_PLAINTEXT`].
    #[error("a record holds at most 1152 bytes, got {0}")]
    TooLong(usize),
    /// All sequence numbers of this session are used up: shake hands anew.
    #[error("the session has used all its sequence numbers")]
    Exhausted,
    /// The next sequence number is not reserved yet ([`crate::Session::reserve`]): try again when it is.
    #[error("the session's next sequence number is not reserved yet")]
    Unreserved,
}

/// Why an exported session was not imported.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Not an exported session of this version.
    #[error("not an exported session of a known version")]
    NotASession,
    /// The jump would run past the last sequence number: shake hands anew.
    #[error("the session has too few sequence numbers left")]
    Exhausted,
    /// The start value is the exporter's and nothing jumps: nonces would repeat.
    #[error("the import would use the exporter's nonces again")]
    NonceReuse,
}
