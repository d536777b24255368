//! What matters for security, written down (promise P10).
//!
//! An [`Act`] goes into the store with the transaction that it tells of, or not at all ([`Transaction::noting`]); a refusal
//! that changed nothing goes there by itself, counted where it comes in floods ([`Store::note`]). The store's one writing
//! thread makes an [`Entry`] of it, links it to the one before by SHA-256 and signs the last of each commit with a key that
//! is soon replaced and wiped (decision 10). [`Verifier`] reads the log without any secret and names the first place that
//! is not as it was signed.
//!
//! [`Transaction::noting`]: crate::store::Transaction::noting
//! [`Store::note`]: crate::store::Store::note

mod act;
mod actor;
pub(crate) mod age;
mod board;
mod chain;
pub mod check;
pub mod entry;
pub mod export;
mod finding;
pub mod heads;
mod key;
mod key_file;
mod logged;
mod reason;
mod settings;
mod tally;
mod verify;

pub use act::{Act, Outcome, TokenMark, Who};
pub use actor::Actor;
pub(crate) use board::Board;
pub use chain::{GENESIS, Head, Link, NotAHead};
pub use entry::{Entry, EntryError};
pub use finding::{Finding, Report};
pub use key::{NotAKey, PublicKey, SIGNATURE_LENGTH, SignedHead, SigningKey};
pub(crate) use key_file::KeyFile;
pub use key_file::{FILE_NAME as KEY_FILE_NAME, named_in};
pub(crate) use logged::CUT_UP_TO;
pub use logged::Logged;
pub(crate) use reason::Reason;
pub use settings::Settings;
pub(crate) use tally::Tally;
pub use verify::{Trust, Verifier};
