//! The signed envelope: COSE_Sign (RFC 9052, section 4.1), read without copying.
//!
//! ```text
//!   98([ h'{3: kind}', {}, payload, [ [ h'{1: algorithm, 4: key id}', {}, signature ], ... ] ])
//! ```
//!
//! What is signed is the array of section 4.4; the kind is in it, so a signature under a release is none under a
//! keyring. Nothing is taken from an unprotected header.

use super::ReleaseFault;
use crate::signature::{KeyId, PublicKey, SIGNATURE, Verify};
use minicbor::data::Tag;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

/// The largest payload, in bytes.
pub const MAX_PAYLOAD: usize = 1536;

/// How many signatures an envelope may have.
pub const MAX_SIGNATURES: usize = 16;

/// What is signed, and around it: names of the array's parts, both headers.
const MAX_SIGNED: usize = MAX_PAYLOAD + 128;

const COSE_SIGN: Tag = Tag::new(98);
pub(super) const ALGORITHM: u8 = 1;
pub(super) const CONTENT_TYPE: u8 = 3;
pub(super) const KEY_ID: u8 = 4;

/// What is in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A release.
    Release,
    /// A keyring.
    Keyring,
}

impl Kind {
    /// Its content type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Release => "application/vnd.pintle.release.1+cbor",
            Self::Keyring => "application/vnd.pintle.keyring.1+cbor",
        }
    }
}

/// One signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature<'a> {
    protected: &'a [u8],
    algorithm: i8,
    key: KeyId,
    bytes: &'a [u8; SIGNATURE],
}

/// A signed envelope.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    bytes: &'a [u8],
    kind: Kind,
    protected: &'a [u8],
    payload: &'a [u8],
    signatures: [Option<Signature<'a>>; MAX_SIGNATURES],
}

impl<'a> Envelope<'a> {
    /// Reads an envelope; whether its signatures hold is not asked yet.
    ///
    /// # Errors
    /// [`ReleaseFault::Unreadable`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReleaseFault> {
        let (envelope, rest) = Self::parse_first(bytes)?;
        if rest.is_empty() { Ok(envelope) } else { Err(ReleaseFault::Unreadable) }
    }

    /// Reads the envelope that a sequence begins with; the envelope, and what follows it.
    ///
    /// # Errors
    /// [`ReleaseFault::Unreadable`].
    pub(super) fn parse_first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ReleaseFault> {
        let mut decoder = Decoder::new(bytes);
        let read = Self::read(&mut decoder).map_err(|_| ReleaseFault::Unreadable)?;
        let parts = bytes.split_at_checked(decoder.position());
        let (bytes, rest) = parts.ok_or(ReleaseFault::Unreadable)?;
        Ok((Self { bytes, ..read }, rest))
    }

    fn read(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        if decoder.tag()? != COSE_SIGN {
            return Err(DecodeError::message("not COSE_Sign"));
        }
        array(decoder, 4)?;
        let protected = decoder.bytes()?;
        let kind = read_kind(protected)?;
        map(decoder, 0)?;
        let payload = decoder.bytes()?;
        if payload.len() > MAX_PAYLOAD {
            return Err(DecodeError::message("payload too large"));
        }
        let mut signatures = [None; MAX_SIGNATURES];
        let count = decoder.array()?.and_then(|count| usize::try_from(count).ok());
        let places = count.and_then(|count| signatures.get_mut(..count));
        for place in places.ok_or(DecodeError::message("too many signatures"))? {
            *place = Some(read_signature(decoder)?);
        }
        Ok(Self { bytes: &[], kind, protected, payload, signatures })
    }

    /// All of it, as it is kept and sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What is in it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The signed bytes.
    pub(super) const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The header that all signatures share.
    #[cfg(feature = "alloc")]
    pub(super) const fn protected(&self) -> &'a [u8] {
        self.protected
    }

    /// Each signature and the header of its signer.
    #[cfg(feature = "alloc")]
    pub(super) fn signatures(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8; SIGNATURE])> {
        self.signatures.iter().flatten().map(|one| (one.protected, one.bytes))
    }

    /// The short names of the keys it is signed with, whether the signatures hold or not.
    pub fn signers(&self) -> impl Iterator<Item = KeyId> {
        self.signatures.iter().flatten().map(|signature| signature.key)
    }

    /// Whether a key signed it.
    pub fn is_signed_by(&self, key: &PublicKey<'_>, verify: &impl Verify) -> bool {
        let id = key.id();
        let of_key = |signature: &&Signature<'_>| {
            signature.key == id && signature.algorithm == key.algorithm()
        };
        let holds = |signature: &Signature<'_>| {
            let mut buffer = [0; MAX_SIGNED];
            let signed =
                to_be_signed(&mut buffer, self.protected, signature.protected, self.payload);
            signed.is_some_and(|signed| verify.verify(key, signed, signature.bytes))
        };
        self.signatures.iter().flatten().filter(of_key).any(holds)
    }
}

fn read_kind(protected: &[u8]) -> Result<Kind, DecodeError> {
    let mut decoder = Decoder::new(protected);
    map(&mut decoder, 1)?;
    key(&mut decoder, CONTENT_TYPE)?;
    let content_type = decoder.str()?;
    end(&decoder, protected)?;
    let kinds = [Kind::Release, Kind::Keyring];
    let kind = kinds.into_iter().find(|kind| kind.content_type() == content_type);
    kind.ok_or(DecodeError::message("unknown content type"))
}

fn read_signature<'a>(decoder: &mut Decoder<'a>) -> Result<Signature<'a>, DecodeError> {
    array(decoder, 3)?;
    let protected = decoder.bytes()?;
    map(decoder, 0)?;
    let bytes = decoder.bytes()?.try_into().map_err(|_| DecodeError::message("signature"))?;
    let mut header = Decoder::new(protected);
    map(&mut header, 2)?;
    key(&mut header, ALGORITHM)?;
    let algorithm = header.i8()?;
    key(&mut header, KEY_ID)?;
    let id = header.bytes()?.try_into().map_err(|_| DecodeError::message("key id"))?;
    end(&header, protected)?;
    Ok(Signature { protected, algorithm, key: KeyId(id), bytes })
}

/// An array of just so many.
pub(super) fn array(decoder: &mut Decoder<'_>, wanted: u64) -> Result<(), DecodeError> {
    let found = decoder.array()?;
    if found == Some(wanted) { Ok(()) } else { Err(DecodeError::message("array length")) }
}

/// A map of just so many.
pub(super) fn map(decoder: &mut Decoder<'_>, wanted: u64) -> Result<(), DecodeError> {
    let found = decoder.map()?;
    if found == Some(wanted) { Ok(()) } else { Err(DecodeError::message("map length")) }
}

/// Just this key of a map.
pub(super) fn key(decoder: &mut Decoder<'_>, wanted: u8) -> Result<(), DecodeError> {
    let found = decoder.u8()?;
    if found == wanted { Ok(()) } else { Err(DecodeError::message("map key")) }
}

/// Nothing more.
pub(super) fn end(decoder: &Decoder<'_>, bytes: &[u8]) -> Result<(), DecodeError> {
    let at_end = decoder.position() == bytes.len();
    if at_end { Ok(()) } else { Err(DecodeError::message("bytes after the end")) }
}

/// RFC 9052, section 4.4: the bytes a signer signs.
pub(super) fn to_be_signed<'b>(
    buffer: &'b mut [u8],
    body: &[u8],
    signer: &[u8],
    payload: &[u8],
) -> Option<&'b [u8]> {
    let mut encoder = Encoder::new(Cursor::new(&mut *buffer));
    encoder.array(5).ok()?.str("Signature").ok()?.bytes(body).ok()?.bytes(signer).ok()?;
    encoder.bytes(&[]).ok()?.bytes(payload).ok()?;
    let length = encoder.writer().position();
    buffer.get(..length)
}

/// Room for what a signer signs.
#[cfg(feature = "alloc")]
pub(super) const fn signing_buffer() -> [u8; MAX_SIGNED] {
    [0; MAX_SIGNED]
}
