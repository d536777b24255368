//! ClientHello (RFC 6347 4.2.1, RFC 5246 7.4.1.2).

use super::extension::{
    CLIENT_CERTIFICATE_TYPE, CONNECTION_ID, DEVICE_OS_CONNECTION_ID, EC_POINT_FORMATS,
    ECDSA_SHA256, EXTENDED_MASTER_SECRET, Extensions, RAW_PUBLIC_KEY, SECP256R1,
    SERVER_CERTIFICATE_TYPE, SIGNATURE_ALGORITHMS, SUPPORTED_GROUPS, UNCOMPRESSED,
};
use crate::record::header::DTLS_1_2;
use crate::wire::{Malformed, Reader, put_extension, put_u16, put_vec8, put_vec16};
use alloc::vec::Vec;

/// The one suite: TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8.
pub(crate) const SUITE: u16 = 0xc0ae;
/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 3.3).
pub(crate) const RENEGOTIATION_SCSV: u16 = 0x00ff;
/// The only compression there is: none.
pub(crate) const NO_COMPRESSION: u8 = 0;

/// A ClientHello as it came.
#[derive(Clone, Copy)]
pub(crate) struct ClientHello<'a> {
    pub(crate) version: u16,
    pub(crate) random: &'a [u8; 32],
    pub(crate) session_id: &'a [u8],
    pub(crate) cookie: &'a [u8],
    pub(crate) suites: &'a [u8],
    pub(crate) compressions: &'a [u8],
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> ClientHello<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let hello = Self {
            version: reader.u16()?,
            random: reader.array()?,
            session_id: reader.vec8()?,
            cookie: reader.vec8()?,
            suites: reader.vec16()?,
            compressions: reader.vec8()?,
            extensions: Extensions::read(&mut reader)?,
        };
        let sound = hello.session_id.len() <= 32 && hello.suites.len().is_multiple_of(2);
        if sound { Ok(hello) } else { Err(Malformed) }
    }
}

/// What a client of ours offers.
pub(crate) struct ClientOffer<'a> {
    pub(crate) random: &'a [u8; 32],
    pub(crate) cookie: &'a [u8],
    /// Extension 254 with no ID of our own, as Device OS sends it.
    pub(crate) device_os: bool,
    /// What the server is to put on its records (RFC 9146); ignored for Device OS.
    pub(crate) connection_id: &'a [u8],
}

impl ClientOffer<'_> {
    /// Appends the body of the ClientHello.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_u16(out, DTLS_1_2);
        out.extend_from_slice(self.random);
        put_vec8(out, &[]);
        put_vec8(out, self.cookie);
        let [suite_high, suite_low] = SUITE.to_be_bytes();
        let [scsv_high, scsv_low] = RENEGOTIATION_SCSV.to_be_bytes();
        put_vec16(out, &[suite_high, suite_low, scsv_high, scsv_low]);
        put_vec8(out, &[NO_COMPRESSION]);
        let mut extensions = Vec::with_capacity(80);
        self.write_extensions(&mut extensions);
        put_vec16(out, &extensions);
    }

    fn write_extensions(&self, out: &mut Vec<u8>) {
        let [high, low] = ECDSA_SHA256.to_be_bytes();
        put_extension(out, SIGNATURE_ALGORITHMS, &[0, 2, high, low]);
        let [high, low] = SECP256R1.to_be_bytes();
        put_extension(out, SUPPORTED_GROUPS, &[0, 2, high, low]);
        put_extension(out, EC_POINT_FORMATS, &[1, UNCOMPRESSED]);
        if self.device_os {
            put_extension(out, DEVICE_OS_CONNECTION_ID, &[0]);
        } else {
            let mut id = Vec::with_capacity(1 + self.connection_id.len());
            put_vec8(&mut id, self.connection_id);
            put_extension(out, CONNECTION_ID, &id);
            put_extension(out, EXTENDED_MASTER_SECRET, &[]);
        }
        put_extension(out, CLIENT_CERTIFICATE_TYPE, &[1, RAW_PUBLIC_KEY]);
        put_extension(out, SERVER_CERTIFICATE_TYPE, &[1, RAW_PUBLIC_KEY]);
    }
}
