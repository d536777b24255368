//! Tokens: what ties a response to its request (RFC 7252 section 5.3.1).
//!
//! Device OS takes requests with a token of exactly one byte; a longer or missing one makes it drop the
//! connection. So there are two types, and writers of requests to a device take only [`RequestToken`].

use core::fmt;

/// A token of zero to eight bytes, held inline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    length: u8,
    bytes: [u8; 8],
}

impl Token {
    /// The token of no bytes.
    pub const EMPTY: Self = Self { length: 0, bytes: [0; 8] };

    /// A token of these bytes; `None` if there are more than eight.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut token = Self { length: u8::try_from(bytes.len()).ok()?, bytes: [0; 8] };
        token.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(token)
    }

    /// The bytes as they stand on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }

    /// Whether the token has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A token of exactly one byte, the only form a device takes on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestToken(pub u8);

impl From<RequestToken> for Token {
    fn from(token: RequestToken) -> Self {
        Self { length: 1, bytes: [token.0, 0, 0, 0, 0, 0, 0, 0] }
    }
}

/// A longer or empty token cannot be one of ours.
impl TryFrom<Token> for RequestToken {
    type Error = Token;

    fn try_from(token: Token) -> Result<Self, Token> {
        match *token.as_bytes() {
            [byte] => Ok(Self(byte)),
            _ => Err(token),
        }
    }
}
