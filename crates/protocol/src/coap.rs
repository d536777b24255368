//! CoAP messages (RFC 7252) as views on the bytes that came in, and a writer that appends to a `Vec`.
//!
//! Parsing checks everything once and allocates nothing; afterwards no accessor can fail on framing. Only the
//! datagram form is here, not CoAP over TCP, and no proxying.

mod block;
mod code;
mod message;
pub mod option;
mod token;
mod writer;

pub use block::Block;
pub use code::Code;
pub use message::{Kind, Message, MessageId};
pub use option::{Opt, Options};
pub use token::{RequestToken, Token};
pub use writer::Writer;
