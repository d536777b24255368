//! A ClientHello of which everything can be wrong.

use super::wire::{VERSION, put8, put16};

/// The one suite of a node.
pub(crate) const SUITE: u16 = 0xc0ae;

/// Extensions by number, as a node wants them.
const SIGNATURES: (u16, &[u8]) = (13, &[0, 2, 4, 3]);
const GROUPS: (u16, &[u8]) = (10, &[0, 2, 0, 23]);
const POINTS: (u16, &[u8]) = (11, &[1, 0]);
const CLIENT_KEY: (u16, &[u8]) = (19, &[1, 2]);
const SERVER_KEY: (u16, &[u8]) = (20, &[1, 2]);
const EXTENDED_SECRET: (u16, &[u8]) = (23, &[]);
/// An empty connection ID (RFC 9146 3): it wants none on what it receives, and gets one for what it sends.
const NO_ID: (u16, &[u8]) = (54, &[0]);

/// What a client offers.
#[derive(Clone)]
pub(crate) struct Hello {
    pub(crate) version: [u8; 2],
    pub(crate) random: [u8; 32],
    pub(crate) session: Vec<u8>,
    pub(crate) suites: Vec<u16>,
    pub(crate) compressions: Vec<u8>,
    pub(crate) extensions: Vec<(u16, Vec<u8>)>,
}

impl Hello {
    /// As a sound client offers it, with connection IDs of RFC 9146.
    pub(crate) fn sound(random: [u8; 32]) -> Self {
        let all = [EXTENDED_SECRET, SIGNATURES, GROUPS, POINTS, CLIENT_KEY, SERVER_KEY, NO_ID];
        let extensions = all.map(|(number, data)| (number, data.to_vec())).to_vec();
        let (session, suites, compressions) = (Vec::new(), vec![SUITE], vec![0]);
        Self { version: VERSION, random, session, suites, compressions, extensions }
    }

    /// The same without connection IDs: its session is found by its address.
    pub(crate) fn without_id(random: [u8; 32]) -> Self {
        Self::sound(random).without(NO_ID.0)
    }

    /// The same without an extension.
    pub(crate) fn without(mut self, number: u16) -> Self {
        self.extensions.retain(|(kept, _)| *kept != number);
        self
    }

    /// The same with other data in an extension.
    pub(crate) fn with(mut self, number: u16, data: &[u8]) -> Self {
        self = self.without(number);
        self.extensions.push((number, data.to_vec()));
        self
    }

    /// The body of the message.
    pub(crate) fn body(&self, cookie: &[u8]) -> Vec<u8> {
        let mut body = self.version.to_vec();
        body.extend(self.random);
        put8(&mut body, &self.session);
        put8(&mut body, cookie);
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        put16(&mut body, &suites);
        put8(&mut body, &self.compressions);
        let mut extensions = Vec::new();
        for (number, data) in &self.extensions {
            extensions.extend(number.to_be_bytes());
            put16(&mut extensions, data);
        }
        put16(&mut body, &extensions);
        body
    }
}
