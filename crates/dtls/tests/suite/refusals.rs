//! What is refused: other suites, curves, signatures and kinds of key, compression, renegotiation.

use crate::pair::{CLOUD_ID, aws_pair, cloud, say};
use pintle_dtls::client::Offer;
use pintle_dtls::crypto::AwsLc;
use pintle_dtls::server::{Admission, CookieJar, Handshake};
use pintle_dtls::{Content, Dialect, HandshakeError};
use std::sync::Arc;
use std::time::Duration;

/// A ClientHello whose every part can be changed.
struct Hello {
    version: u16,
    suites: Vec<u8>,
    compressions: Vec<u8>,
    extensions: Vec<(u16, Vec<u8>)>,
}

impl Hello {
    fn standard() -> Self {
        let extensions = vec![
            (13, vec![0, 2, 4, 3]),
            (10, vec![0, 2, 0, 23]),
            (11, vec![1, 0]),
            (19, vec![1, 2]),
            (20, vec![1, 2]),
        ];
        Self { version: 0xfefd, suites: vec![0xc0, 0xae], compressions: vec![0], extensions }
    }

    fn with(mut self, kind: u16, data: &[u8]) -> Self {
        self.extensions.retain(|(present, _)| *present != kind);
        self.extensions.push((kind, data.to_vec()));
        self
    }

    fn without(mut self, kind: u16) -> Self {
        self.extensions.retain(|(present, _)| *present != kind);
        self
    }

    fn datagram(&self, cookie: &[u8]) -> Vec<u8> {
        let sized =
            |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.push(u8::try_from(cookie.len()).unwrap());
        body.extend(cookie);
        body.extend(sized(&self.suites));
        body.push(u8::try_from(self.compressions.len()).unwrap());
        body.extend(&self.compressions);
        let extensions = self
            .extensions
            .iter()
            .map(|(kind, data)| [&kind.to_be_bytes()[..], &sized(data)].concat());
        body.extend(sized(&extensions.collect::<Vec<_>>().concat()));
        let length = &u32::try_from(body.len()).unwrap().to_be_bytes()[1..];
        let message = [&[1], length, &[0, 0, 0, 0, 0], length, &body].concat();
        [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0][..], &sized(&message)].concat()
    }

    fn accept(&self) -> Result<Handshake<AwsLc>, HandshakeError> {
        let jar = CookieJar::new([1; 32]);
        let first = self.datagram(&[]);
        let Admission::Challenge(challenge) = jar.admit(b"a", &first) else {
            panic!("not challenged")
        };
        let second = self.datagram(&challenge.as_bytes()[28..]);
        let Admission::Proven(proven) = jar.admit(b"a", &second) else { panic!("not proven") };
        Handshake::accept(Arc::new(cloud(AwsLc)), proven, CLOUD_ID, Duration::ZERO)
    }

    fn refused(&self) -> HandshakeError {
        self.accept().err().expect("must be refused")
    }
}

#[test]
fn a_plain_hello_is_served_plainly() {
    assert_eq!(Hello::standard().accept().unwrap().dialect(), Dialect::Plain);
}

#[test]
fn the_extension_alone_decides_the_dialect() {
    assert_eq!(Hello::standard().with(54, &[0]).accept().unwrap().dialect(), Dialect::Rfc9146);
    assert_eq!(Hello::standard().with(254, &[0]).accept().unwrap().dialect(), Dialect::DeviceOs);
    assert_eq!(
        Hello::standard().with(54, &[0]).with(254, &[0]).accept().unwrap().dialect(),
        Dialect::DeviceOs
    );
}

#[test]
fn an_id_too_long_for_a_session_is_left_unanswered() {
    let id = |length: u8| [&[length][..], &vec![7; length.into()]].concat();
    assert_eq!(Hello::standard().with(54, &id(16)).accept().unwrap().dialect(), Dialect::Rfc9146);
    assert_eq!(Hello::standard().with(54, &id(17)).accept().unwrap().dialect(), Dialect::Plain);
}

#[test]
fn unknown_extensions_are_ignored() {
    assert!(Hello::standard().with(35, &[]).with(0x4444, b"whatever").accept().is_ok());
}

#[test]
fn other_suites_are_refused() {
    let hello = Hello { suites: vec![0xc0, 0xac, 0x13, 0x01], ..Hello::standard() };
    assert_eq!(hello.refused(), HandshakeError::NoAgreement("the cipher suite"));
}

#[test]
fn compression_without_its_absence_is_refused() {
    let hello = Hello { compressions: vec![1], ..Hello::standard() };
    assert_eq!(hello.refused(), HandshakeError::NoAgreement("the compression"));
}

#[test]
fn an_older_version_is_refused() {
    let hello = Hello { version: 0xfeff, ..Hello::standard() };
    assert_eq!(hello.refused(), HandshakeError::NoAgreement("the version"));
}

#[test]
fn other_curves_signatures_points_and_kinds_of_key_are_refused() {
    let refused = |kind, data: &[u8]| Hello::standard().with(kind, data).refused();
    assert_eq!(refused(10, &[0, 2, 0, 24]), HandshakeError::NoAgreement("the curve"));
    assert_eq!(refused(13, &[0, 2, 4, 1]), HandshakeError::NoAgreement("the signature algorithm"));
    assert_eq!(refused(11, &[1, 1]), HandshakeError::NoAgreement("the point format"));
    assert_eq!(refused(19, &[1, 0]), HandshakeError::NoAgreement("the client's kind of key"));
    assert_eq!(refused(20, &[1, 0]), HandshakeError::NoAgreement("the server's kind of key"));
    let without = Hello::standard().without(19).refused();
    assert_eq!(without, HandshakeError::NoAgreement("the client's kind of key"));
}

#[test]
fn a_renegotiation_in_the_first_hello_is_refused() {
    assert!(Hello::standard().with(0xff01, &[0]).accept().is_ok());
    let renegotiation =
        Hello::standard().with(0xff01, &[12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(renegotiation.refused(), HandshakeError::NoAgreement("renegotiation"));
}

#[test]
fn a_renegotiation_in_a_session_is_shown_and_can_be_refused() {
    let (mut server, mut client) = aws_pair(Offer::Standard).sessions();
    let mut datagram = vec![];
    server.refuse_renegotiation(&mut datagram).unwrap();
    let refusal = client.open(&mut datagram).unwrap().content;
    assert_eq!(refusal, Content::Alert { fatal: false, description: 100 });
    say(&mut client, &mut server, b"and the session goes on");
}

#[test]
fn an_extension_twice_is_not_answered() {
    let mut hello = Hello::standard();
    hello.extensions.push((19, vec![1, 2]));
    let jar = CookieJar::new([1; 32]);
    assert!(matches!(jar.admit(b"a", &hello.datagram(&[])), Admission::Dropped(_)));
}

#[test]
fn a_cloud_that_gives_no_connection_id_is_no_cloud_for_device_os() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.meddle = Box::new(|_, _, datagram| {
        // Renames the extension in the ServerHello.
        if datagram[0] == 22 && datagram[13] == 2 {
            let at = datagram.windows(5).position(|bytes| bytes == [0, 0xfe, 0, 9, 8]).unwrap();
            datagram[at] = 0x44;
        }
    });
    pair.run();
    assert_eq!(pair.client_error, Some(HandshakeError::NoConnectionId));
}

#[test]
fn a_handshake_whose_bytes_were_changed_on_the_way_does_not_complete() {
    for offer in [Offer::DeviceOs, Offer::Standard] {
        let mut pair = aws_pair(offer);
        pair.meddle = Box::new(|_, _, datagram| {
            // An offer is taken out of the second hello: the curve list's spare value is rewritten.
            if datagram.get(13) == Some(&1) {
                let at =
                    datagram.windows(4).position(|bytes| bytes == [0xc0, 0xae, 0, 0xff]).unwrap();
                datagram[at + 3] = 0xfe;
            }
        });
        pair.run();
        assert!(pair.established.is_none() && pair.device_session.is_none());
    }
}
