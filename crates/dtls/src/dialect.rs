//! What kind of peer a client is. This is the one place that decides, from its ClientHello alone.
//!
//! | the hello offers | dialect | Certificate message | records of the client |
//! |---|---|---|---|
//! | extension 254 | Device OS | none is sent | our 8-byte ID, additional data of the draft |
//! | extension 54 | RFC 9146 | the cloud's raw key | our 8-byte ID, additional data of RFC 9146 |
//! | neither | plain | the cloud's raw key | ordinary |

use crate::connection_id::PeerConnectionId;
use crate::error::HandshakeError;
use crate::message::client_hello::{ClientHello, NO_COMPRESSION, RENEGOTIATION_SCSV, SUITE};
use crate::message::extension::{
    CLIENT_CERTIFICATE_TYPE, CONNECTION_ID, DEVICE_OS_CONNECTION_ID, EC_POINT_FORMATS,
    ECDSA_SHA256, EXTENDED_MASTER_SECRET, RAW_PUBLIC_KEY, RENEGOTIATION_INFO, SECP256R1,
    SERVER_CERTIFICATE_TYPE, SIGNATURE_ALGORITHMS, SUPPORTED_GROUPS, UNCOMPRESSED, contains_u16,
};
use crate::record::header::DTLS_1_2;
use crate::weakened::{self, Weakness};
use crate::wire::{Malformed, Reader};

/// How a peer speaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Dialect {
    /// Device OS: extension 254, no Certificate message from the cloud, the draft's additional data, type 253.
    DeviceOs,
    /// RFC 9146 connection IDs.
    Rfc9146,
    /// No connection ID.
    Plain,
}

impl Dialect {
    /// Whether the cloud shows its key in a Certificate message.
    pub(crate) const fn server_shows_key(self) -> bool {
        !matches!(self, Self::DeviceOs)
    }

    /// Whether the client's records carry a connection ID of the cloud's.
    pub(crate) const fn has_connection_id(self) -> bool {
        !matches!(self, Self::Plain)
    }
}

/// What is agreed with a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Terms {
    pub(crate) dialect: Dialect,
    pub(crate) peer_id: PeerConnectionId,
    pub(crate) extended_master_secret: bool,
    pub(crate) secure_renegotiation: bool,
    pub(crate) point_formats: bool,
}

/// Decides what a client is and what to speak with it.
pub(crate) fn decide(hello: &ClientHello<'_>) -> Result<Terms, HandshakeError> {
    check_basics(hello)?;
    let malformed = |_: Malformed| HandshakeError::Malformed("ClientHello");
    let point_formats =
        hello.extensions.lists_u8(EC_POINT_FORMATS, UNCOMPRESSED).map_err(malformed)?;
    if point_formats == Some(false) {
        return Err(HandshakeError::NoAgreement("the point format"));
    }
    let (dialect, peer_id) = decide_connection_id(hello)?;
    Ok(Terms {
        dialect,
        peer_id,
        extended_master_secret: hello.extensions.find(EXTENDED_MASTER_SECRET).is_some(),
        secure_renegotiation: secure_renegotiation(hello)?,
        point_formats: point_formats.is_some(),
    })
}

fn decide_connection_id(
    hello: &ClientHello<'_>,
) -> Result<(Dialect, PeerConnectionId), HandshakeError> {
    let read = |data| {
        let mut reader = Reader::new(data);
        let id = reader.vec8().and_then(|id| reader.end().map(|()| id));
        id.map_err(|_| HandshakeError::Malformed("connection ID"))
    };
    if let Some(data) = hello.extensions.find(DEVICE_OS_CONNECTION_ID) {
        // Device OS wants no ID on what it receives.
        return match read(data)? {
            [] => Ok((Dialect::DeviceOs, PeerConnectionId::NONE)),
            _ => Err(HandshakeError::NoAgreement("the connection ID")),
        };
    }
    let Some(data) = hello.extensions.find(CONNECTION_ID) else {
        return Ok((Dialect::Plain, PeerConnectionId::NONE));
    };
    // RFC 9146 3: a server may leave the extension unanswered. An ID too long for a session is.
    let terms = PeerConnectionId::new(read(data)?).map(|id| (Dialect::Rfc9146, id));
    Ok(terms.unwrap_or((Dialect::Plain, PeerConnectionId::NONE)))
}

fn check_basics(hello: &ClientHello<'_>) -> Result<(), HandshakeError> {
    let agree = |offered: Result<Option<bool>, Malformed>, what| match offered {
        Ok(Some(true)) => Ok(()),
        Ok(_) => Err(HandshakeError::NoAgreement(what)),
        Err(Malformed) => Err(HandshakeError::Malformed("ClientHello")),
    };
    // Versions count down: 0xfefd is DTLS 1.2, anything newer is smaller.
    let version = hello.version <= DTLS_1_2 && hello.version >> 8 == DTLS_1_2 >> 8;
    agree(Ok(Some(version || weakened::is(Weakness::AnyVersion))), "the version")?;
    let suite = |offered| offered || weakened::is(Weakness::AnySuite);
    agree(
        contains_u16(hello.suites, SUITE).map(|offered| Some(suite(offered))),
        "the cipher suite",
    )?;
    agree(Ok(Some(hello.compressions.contains(&NO_COMPRESSION))), "the compression")?;
    let extensions = &hello.extensions;
    agree(extensions.lists_u16(SIGNATURE_ALGORITHMS, ECDSA_SHA256), "the signature algorithm")?;
    agree(extensions.lists_u16(SUPPORTED_GROUPS, SECP256R1), "the curve")?;
    agree(
        extensions.lists_u8(CLIENT_CERTIFICATE_TYPE, RAW_PUBLIC_KEY),
        "the client's kind of key",
    )?;
    agree(extensions.lists_u8(SERVER_CERTIFICATE_TYPE, RAW_PUBLIC_KEY), "the server's kind of key")
}

/// RFC 5746 3.6: offered by the suite value or by an empty extension; anything in it is a renegotiation.
fn secure_renegotiation(hello: &ClientHello<'_>) -> Result<bool, HandshakeError> {
    match hello.extensions.find(RENEGOTIATION_INFO) {
        Some([0]) => Ok(true),
        Some(_) => Err(HandshakeError::NoAgreement("renegotiation")),
        None => contains_u16(hello.suites, RENEGOTIATION_SCSV)
            .map_err(|_| HandshakeError::Malformed("ClientHello")),
    }
}
