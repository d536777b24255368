//! Item 4, communication: what a stranger gets on the wire.
//!
//! Four looks. [`tls`] and [`headers`] see the API as a scanner does, with ClientHellos of its own making, so that old
//! versions and suites are offered that no library offers any more. [`door`] sees what devices' port says to somebody who
//! proved nothing. Both look at the target itself and leave nothing behind. The attacks on devices' services ran on the twin;
//! those that belong here are named in [`attempted`]. [`traffic`] is all that a virtual device and the twin said to each
//! other, sealed and opened, searched for secrets that were planted.

pub mod answer;
pub mod attempted;
pub mod certificate;
mod claims;
pub mod door;
pub mod headers;
pub mod hello;
mod look;
pub mod suite;
pub mod tap;
pub mod tls;
pub mod traffic;

pub use claims::CHECKS;
pub use look::{Stranger, look, of};

use crate::look::Look;
use crate::penetration::Attempts;
use certificate::Certificate;
use door::Door;
use headers::Headers;
use serde::Serialize;
use tls::Tls;
use traffic::Traffic;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Communication {
    /// TLS of the API, as a scanner finds it.
    pub tls: Look<Tls>,
    /// The certificate that the API shows.
    pub certificate: Look<Certificate>,
    /// Headers of its answers.
    pub headers: Look<Headers>,
    /// What the port for devices says to a stranger.
    pub door: Look<Door>,
    /// What came of the attacks on devices' services.
    pub attempts: Look<Attempts>,
    /// What a device and its cloud said to each other.
    pub traffic: Look<Traffic>,
}
