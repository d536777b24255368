//! The code byte: three bits of class, five of detail (RFC 7252 section 3, registry in 12.1).

use core::fmt;

/// A method, a response code, or [`Code::EMPTY`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    /// 0.00, the code of a ping, an empty acknowledgement and a reset.
    pub const EMPTY: Self = Self(0);
    /// 0.01
    pub const GET: Self = Self(1);
    /// 0.02
    pub const POST: Self = Self(2);
    /// 0.03
    pub const PUT: Self = Self(3);
    /// 0.04
    pub const DELETE: Self = Self(4);
    /// 2.01
    pub const CREATED: Self = Self::of(2, 1);
    /// 2.02
    pub const DELETED: Self = Self::of(2, 2);
    /// 2.03
    pub const VALID: Self = Self::of(2, 3);
    /// 2.04
    pub const CHANGED: Self = Self::of(2, 4);
    /// 2.05
    pub const CONTENT: Self = Self::of(2, 5);
    /// 2.31 (RFC 7959)
    pub const CONTINUE: Self = Self::of(2, 31);
    /// 4.00
    pub const BAD_REQUEST: Self = Self::of(4, 0);
    /// 4.01
    pub const UNAUTHORIZED: Self = Self::of(4, 1);
    /// 4.02
    pub const BAD_OPTION: Self = Self::of(4, 2);
    /// 4.03
    pub const FORBIDDEN: Self = Self::of(4, 3);
    /// 4.04
    pub const NOT_FOUND: Self = Self::of(4, 4);
    /// 4.05
    pub const METHOD_NOT_ALLOWED: Self = Self::of(4, 5);
    /// 4.08 (RFC 7959)
    pub const INCOMPLETE: Self = Self::of(4, 8);
    /// 4.13
    pub const TOO_LARGE: Self = Self::of(4, 13);
    /// 4.15
    pub const UNSUPPORTED_FORMAT: Self = Self::of(4, 15);
    /// 5.00
    pub const INTERNAL_ERROR: Self = Self::of(5, 0);
    /// 5.01
    pub const NOT_IMPLEMENTED: Self = Self::of(5, 1);
    /// 5.03
    pub const UNAVAILABLE: Self = Self::of(5, 3);
    /// 5.04
    pub const GATEWAY_TIMEOUT: Self = Self::of(5, 4);

    const fn of(class: u8, detail: u8) -> Self {
        Self(class << 5 | detail)
    }

    /// 0 for requests and empty messages, 2 to 5 for responses.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// The number behind the dot, 0 to 31.
    #[must_use]
    pub const fn detail(self) -> u8 {
        self.0 & 0x1f
    }

    /// Whether this is a method.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.class() == 0 && self.detail() != 0
    }

    /// Whether this is a response of any class.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self.class(), 2..=5)
    }

    /// Whether this is a response of class 2.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    pub(super) const fn is_reserved(self) -> bool {
        matches!(self.class(), 1 | 6 | 7)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.class(), self.detail())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
