//! ServerHello (RFC 5246 7.4.1.3) and HelloVerifyRequest (RFC 6347 4.2.1).

use super::client_hello::{NO_COMPRESSION, SUITE};
use super::extension::{
    CLIENT_CERTIFICATE_TYPE, CONNECTION_ID, DEVICE_OS_CONNECTION_ID, EC_POINT_FORMATS,
    EXTENDED_MASTER_SECRET, Extensions, RAW_PUBLIC_KEY, RENEGOTIATION_INFO,
    SERVER_CERTIFICATE_TYPE, UNCOMPRESSED,
};
use crate::connection_id::ConnectionId;
use crate::dialect::{Dialect, Terms};
use crate::record::header::DTLS_1_2;
use crate::wire::{Malformed, Reader, put_extension, put_u16, put_vec8, put_vec16};
use alloc::vec::Vec;

/// A ServerHello as it came.
pub(crate) struct ServerHello<'a> {
    pub(crate) version: u16,
    pub(crate) random: &'a [u8; 32],
    pub(crate) suite: u16,
    pub(crate) compression: u8,
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> ServerHello<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        let random = reader.array()?;
        if reader.vec8()?.len() > 32 {
            return Err(Malformed);
        }
        let suite = reader.u16()?;
        let compression = reader.u8()?;
        Ok(Self { version, random, suite, compression, extensions: Extensions::read(&mut reader)? })
    }
}

/// Appends the body of our ServerHello. The session ID is empty: sessions are not resumed by a handshake.
pub(crate) fn write(out: &mut Vec<u8>, random: &[u8; 32], terms: &Terms, id: ConnectionId) {
    put_u16(out, DTLS_1_2);
    out.extend_from_slice(random);
    put_vec8(out, &[]);
    put_u16(out, SUITE);
    out.push(NO_COMPRESSION);
    let mut extensions = Vec::with_capacity(48);
    if terms.secure_renegotiation {
        // RFC 5746 3.6: an empty renegotiated_connection.
        put_extension(&mut extensions, RENEGOTIATION_INFO, &[0]);
    }
    write_connection_id(&mut extensions, terms.dialect, id);
    if terms.point_formats {
        put_extension(&mut extensions, EC_POINT_FORMATS, &[1, UNCOMPRESSED]);
    }
    if terms.extended_master_secret {
        put_extension(&mut extensions, EXTENDED_MASTER_SECRET, &[]);
    }
    put_extension(&mut extensions, CLIENT_CERTIFICATE_TYPE, &[RAW_PUBLIC_KEY]);
    put_extension(&mut extensions, SERVER_CERTIFICATE_TYPE, &[RAW_PUBLIC_KEY]);
    put_vec16(out, &extensions);
}

fn write_connection_id(out: &mut Vec<u8>, dialect: Dialect, id: ConnectionId) {
    let kind = match dialect {
        Dialect::DeviceOs => DEVICE_OS_CONNECTION_ID,
        Dialect::Rfc9146 => CONNECTION_ID,
        Dialect::Plain => return,
    };
    let mut data = Vec::with_capacity(1 + ConnectionId::LENGTH);
    put_vec8(&mut data, id.as_bytes());
    put_extension(out, kind, &data);
}

/// The cookie of a HelloVerifyRequest. Its version field says nothing (RFC 6347 4.2.1).
pub(crate) fn read_verify_request(body: &[u8]) -> Result<&[u8], Malformed> {
    let mut reader = Reader::new(body);
    reader.u16()?;
    let cookie = reader.vec8()?;
    reader.end()?;
    Ok(cookie)
}
