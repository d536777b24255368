//! What a server answers to a first message of TLS, as far as it stands in the clear: its ServerHello, an alert, or
//! something that is no TLS. Whatever comes, nothing here panics.

use super::hello::{KEY_SHARE, SUPPORTED_VERSIONS};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// Nobody's ServerHello is longer, in bytes.
const LONGEST: usize = 16 << 10;
/// The random of a ServerHello that only asks for another hello (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// How the random ends where a server was asked for less than it can (RFC 8446 section 4.1.3).
const DOWNGRADED: [&[u8]; 2] = [b"DOWNGRD\x01", b"DOWNGRD\x00"];

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes on.
    Hello(ServerHello),
    /// It refuses, with this alert.
    Alert(u8),
    /// It goes on in SSL 2.0.
    Ssl2,
    /// It speaks HTTP without TLS.
    Http,
    /// It said something else.
    Other,
    /// It said nothing, and closed.
    Closed,
    /// It said nothing.
    Silence,
}

/// What a server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// The version.
    pub version: u16,
    /// The suite.
    pub suite: u16,
    /// Whether it compresses.
    pub compresses: bool,
    /// The group, where it names one.
    pub group: Option<u16>,
    /// Whether its random says that it could do more.
    pub marked: bool,
    /// The numbers of its extensions.
    pub extensions: Vec<u16>,
}

/// What the bytes that came so far are; `None` where more have to come.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Answer> {
    match bytes {
        [ALERT, 3, _, _, _, rest @ ..] => match rest {
            [_, description, ..] => Some(Answer::Alert(*description)),
            _ => None,
        },
        [HANDSHAKE, 3, ..] => of_records(bytes),
        [b'H', b'T', b'T', b'P', ..] => Some(Answer::Http),
        // A length of two bytes, then the type: a server's hello.
        [first, _, 4, ..] if first & 0x80 != 0 => Some(Answer::Ssl2),
        bytes if bytes.len() < 5 => None,
        _ => Some(Answer::Other),
    }
}

/// The first message of handshake records.
fn of_records(bytes: &[u8]) -> Option<Answer> {
    let (mut left, mut message) = (bytes, Vec::new());
    loop {
        if let [kind, high, mid, low, body @ ..] = message.as_slice() {
            let length = usize::from(*high) << 16 | usize::from(*mid) << 8 | usize::from(*low);
            if *kind != SERVER_HELLO || length > LONGEST {
                return Some(Answer::Other);
            }
            if let Some(body) = body.get(..length) {
                return Some(of_body(body).map_or(Answer::Other, Answer::Hello));
            }
        }
        let [kind, _, _, high, low, rest @ ..] = left else { return None };
        let length = usize::from(*high) << 8 | usize::from(*low);
        if *kind != HANDSHAKE || length == 0 {
            return Some(Answer::Other);
        }
        let (piece, rest) = rest.split_at_checked(length)?;
        message.extend_from_slice(piece);
        left = rest;
    }
}

fn of_body(body: &[u8]) -> Option<ServerHello> {
    let mut body = Reader(body);
    let legacy = body.word()?;
    let random: [u8; 32] = body.take(32)?.try_into().ok()?;
    let session = body.take(1)?.first().copied()?;
    body.take(usize::from(session))?;
    let suite = body.word()?;
    let compresses = body.take(1)? != [0];
    let mut hello = ServerHello {
        version: legacy,
        suite,
        compresses,
        group: None,
        marked: random != RETRY && DOWNGRADED.iter().any(|mark| random.ends_with(mark)),
        extensions: Vec::new(),
    };
    if body.0.is_empty() {
        return Some(hello);
    }
    let length = usize::from(body.word()?);
    let mut extensions = Reader(body.take(length)?);
    while !extensions.0.is_empty() {
        let kind = extensions.word()?;
        let length = usize::from(extensions.word()?);
        let mut content = Reader(extensions.take(length)?);
        match kind {
            SUPPORTED_VERSIONS => hello.version = content.word()?,
            KEY_SHARE => hello.group = content.word(),
            _ => {}
        }
        hello.extensions.push(kind);
    }
    hello.extensions.sort_unstable();
    Some(hello)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(length)?;
        self.0 = left;
        Some(taken)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::communication::hello::{TLS_1_2, TLS_1_3};
    use proptest::prelude::*;

    /// A ServerHello in a record, for a server that only pretends.
    pub(crate) fn record(version: u16, suite: u16, extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let word = |number: usize| u16::try_from(number).unwrap().to_be_bytes();
        let mut body = version.min(TLS_1_2).to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        let all: Vec<u8> = extensions
            .iter()
            .flat_map(|(kind, content)| {
                [kind.to_be_bytes().as_slice(), &word(content.len()), content].concat()
            })
            .collect();
        body.extend(word(all.len()));
        body.extend(all);
        let message = [&[2, 0], word(body.len()).as_slice(), &body].concat();
        [&[22, 3, 3], word(message.len()).as_slice(), &message].concat()
    }

    #[test]
    fn a_server_hello_says_its_version_suite_group_and_extensions() {
        let bytes =
            record(TLS_1_3, 0x1301, &[(KEY_SHARE, &[0, 29]), (SUPPORTED_VERSIONS, &[3, 4])]);
        let Some(Answer::Hello(hello)) = read(&bytes) else { panic!("no hello") };
        assert_eq!((hello.version, hello.suite, hello.group), (TLS_1_3, 0x1301, Some(29)));
        assert_eq!(hello.extensions, [SUPPORTED_VERSIONS, KEY_SHARE]);
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn alerts_and_what_is_no_tls_are_told_apart() {
        assert_eq!(read(&[21, 3, 1, 0, 2, 2, 70]), Some(Answer::Alert(70)));
        assert_eq!(read(b"HTTP/1.1 400"), Some(Answer::Http));
        assert_eq!(read(&[0x80, 40, 4, 0, 1]), Some(Answer::Ssl2));
        assert_eq!(read(b"SSH-2.0"), Some(Answer::Other));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let headed = [&[22, 3, 3, 0, 90, 2, 0, 0, 86][..], &bytes].concat();
            let _ = read(&headed);
        }

        #[test]
        fn a_turned_bit_in_an_answer_makes_the_reader_panic_neither(at in 0_usize..60, bit in 0_u32..8) {
            let mut bytes = record(TLS_1_2, 0xc02f, &[(23, &[])]);
            if let Some(byte) = bytes.get_mut(at) { *byte ^= 1 << bit; }
            let _ = read(&bytes);
        }
    }
}
