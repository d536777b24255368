//! Alerts (RFC 5246 7.2): which one a failed handshake shows to the wire, if any. A refused key shows none,
//! so that a stranger learns nothing about who is admitted.

use crate::error::HandshakeError;
use crate::weakened::{self, Weakness};

pub(crate) const WARNING: u8 = 1;
pub(crate) const FATAL: u8 = 2;

pub(crate) const CLOSE_NOTIFY: u8 = 0;
pub(crate) const UNEXPECTED_MESSAGE: u8 = 10;
pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
pub(crate) const BAD_CERTIFICATE: u8 = 42;
pub(crate) const DECODE_ERROR: u8 = 50;
pub(crate) const DECRYPT_ERROR: u8 = 51;
pub(crate) const INTERNAL_ERROR: u8 = 80;
pub(crate) const NO_RENEGOTIATION: u8 = 100;

/// The description of the fatal alert to send, or `None` where silence is the answer.
pub(crate) fn description_for(error: &HandshakeError) -> Option<u8> {
    Some(match error {
        HandshakeError::Malformed(_) => DECODE_ERROR,
        HandshakeError::NoAgreement(_) | HandshakeError::NoConnectionId => HANDSHAKE_FAILURE,
        HandshakeError::Unexpected(_) => UNEXPECTED_MESSAGE,
        HandshakeError::WrongCloudKey => BAD_CERTIFICATE,
        HandshakeError::BadSignature(_) | HandshakeError::BadFinished => DECRYPT_ERROR,
        HandshakeError::Crypto(_) => INTERNAL_ERROR,
        HandshakeError::KeyRefused(_) if weakened::is(Weakness::RefusalTold) => BAD_CERTIFICATE,
        HandshakeError::KeyRefused(_)
        | HandshakeError::PeerAlert(_)
        | HandshakeError::TimedOut
        | HandshakeError::TooManyForged
        | HandshakeError::Over => return None,
    })
}
