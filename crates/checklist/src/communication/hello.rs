//! First messages of TLS (RFC 8446 section 4.1.2, RFC 5246, RFC 6101), as a scanner makes them: of any version, with any
//! suites. No library would offer most of them.

/// SSL 3.0, TLS 1.0, 1.1, 1.2 and 1.3, as they are numbered on the wire.
pub const SSL_3: u16 = 0x0300;
/// TLS 1.0.
pub const TLS_1_0: u16 = 0x0301;
/// TLS 1.1.
pub const TLS_1_1: u16 = 0x0302;
/// TLS 1.2.
pub const TLS_1_2: u16 = 0x0303;
/// TLS 1.3.
pub const TLS_1_3: u16 = 0x0304;

/// Says that renegotiation is bound (RFC 5746).
pub const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// Extensions that are looked for in answers.
pub const EXTENDED_MASTER_SECRET: u16 = 23;
/// RFC 6520.
pub const HEARTBEAT: u16 = 15;
/// RFC 5746.
pub const RENEGOTIATION_INFO: u16 = 0xff01;
/// RFC 8446 section 4.2.1.
pub const SUPPORTED_VERSIONS: u16 = 43;
/// RFC 8446 section 4.2.8.
pub const KEY_SHARE: u16 = 51;

const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;

/// Every signature that a server might have a key for, weak ones too.
const SIGNATURES: [u16; 15] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x0401, 0x0501,
    0x0601, 0x0203, 0x0201,
];

/// A first message.
#[derive(Clone, Debug)]
pub struct Hello<'a> {
    /// The version that it is of.
    pub version: u16,
    /// The suites, best first.
    pub suites: &'a [u16],
    /// The groups for key exchange.
    pub groups: &'a [u16],
    /// The name of the server, where it has one.
    pub name: Option<&'a str>,
    /// Whether compression is offered.
    pub compression: bool,
}

impl Hello<'_> {
    /// As it goes over the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let legacy = self.version.min(TLS_1_2);
        let mut body = legacy.to_be_bytes().to_vec();
        // Nothing is ever derived from it: no handshake gets that far.
        body.extend([0x5a; 32]);
        body.push(0);
        put(&mut body, 2, &words(self.suites));
        put(&mut body, 1, if self.compression { &[1, 0] } else { &[0] });
        if self.version > SSL_3 {
            put(&mut body, 2, &self.extensions());
        }
        let mut message = vec![1];
        put(&mut message, 3, &body);
        let mut record = vec![22];
        record.extend(self.version.min(TLS_1_0).to_be_bytes());
        put(&mut record, 2, &message);
        record
    }

    fn extensions(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |kind: u16, content: &[u8]| {
            out.extend(kind.to_be_bytes());
            put(&mut out, 2, content);
        };
        if let Some(name) = self.name {
            let mut entry = vec![0];
            put(&mut entry, 2, name.as_bytes());
            add(SERVER_NAME, &sized(&entry));
        }
        add(GROUPS, &sized(&words(self.groups)));
        add(POINT_FORMATS, &[1, 0]);
        add(SIGNATURE_ALGORITHMS, &sized(&words(&SIGNATURES)));
        add(HEARTBEAT, &[1]);
        add(EXTENDED_MASTER_SECRET, &[]);
        if self.version >= TLS_1_3 {
            let [high, low] = TLS_1_3.to_be_bytes();
            add(SUPPORTED_VERSIONS, &[2, high, low]);
            // None yet: the server says which group it wants, and no key is made.
            add(KEY_SHARE, &[0, 0]);
        }
        out
    }
}

/// The first message of SSL 2.0, which nothing should understand.
#[must_use]
pub fn ssl_2() -> Vec<u8> {
    const SPECS: [u8; 21] =
        [1, 0, 0x80, 2, 0, 0x80, 3, 0, 0x80, 4, 0, 0x80, 5, 0, 0x80, 6, 0, 0x40, 7, 0, 0xc0];
    let mut body = vec![1, 0, 2, 0, SPECS.len() as u8, 0, 0, 0, 16];
    body.extend(SPECS);
    body.extend([0x5a; 16]);
    let mut out = vec![0x80, body.len() as u8];
    out.append(&mut body);
    out
}

fn words(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|one| one.to_be_bytes()).collect()
}

fn sized(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, 2, content);
    out
}

/// A length of so many bytes, then the content.
fn put(out: &mut Vec<u8>, width: usize, content: &[u8]) {
    let length = content.len().to_be_bytes();
    out.extend(length.iter().skip(length.len().saturating_sub(width)));
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_has_the_lengths_that_it_says() {
        for version in [SSL_3, TLS_1_0, TLS_1_2, TLS_1_3] {
            let (suites, groups) = ([0x1301, 0xc02f], [29]);
            let name = Some("localhost");
            let hello =
                Hello { version, suites: &suites, groups: &groups, name, compression: true };
            let bytes = hello.bytes();
            assert_eq!(usize::from(bytes[3]) << 8 | usize::from(bytes[4]), bytes.len() - 5);
            assert_eq!(usize::from(bytes[7]) << 8 | usize::from(bytes[8]), bytes.len() - 9);
        }
        assert_eq!(usize::from(ssl_2()[1]), ssl_2().len() - 2);
    }
}
