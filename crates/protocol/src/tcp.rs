//! The TCP service: what a Core, Photon or P1 and its cloud say over one TCP connection, from either side.
//!
//! 1. The cloud sends a nonce of 40 bytes ([`server::Greeting`]).
//! 2. The device sends 256 bytes: nonce, id and its own public key, encrypted to the cloud ([`server::Block`]).
//! 3. The cloud answers 384 bytes ([`server::Claim::answer`]): 40 bytes of [`Credentials`], encrypted to the device,
//!    and a signature over their keyed hash.
//! 4. From then on each side sends frames, and in each frame one CoAP message: first the device's hello, then the
//!    cloud's ([`server::Session`], [`client::Session`]).
//!
//! A frame is a length and AES-128-CBC, whose vector is the first block of the frame before it in that direction.
//! Nothing authenticates a frame. What stands in for that is strictness: any [`Anomaly`] ends a session for good, and
//! what ended it is never told to the peer (P2). Payload past the first block can be changed on the way all the same.
//!
//! Every [`Generation`] of firmware has its own limits and faults. No session writes what its device cannot take.
//!
//! There is no RSA here: [`CloudRsa`] and [`DeviceRsa`] are what it takes. Nor are there sockets, clocks or random
//! numbers; the constants below are for whoever has them.

use core::time::Duration;

mod anomaly;
mod channel;
pub mod client;
pub mod describe;
mod generation;
mod hello;
mod key;
mod modules;
mod request;
mod rsa;
mod rules;
pub mod server;
pub mod update;

pub use anomaly::Anomaly;
pub use generation::{Generation, Limits};
pub use hello::{Hello, Sizes};
pub use key::{Credentials, DevicePublicKey, KeyFormError};
pub use request::{Request, Subscription};
pub use rsa::{ClaimBytes, CloudRsa, DeviceRsa, RsaError};
pub use rules::SendError;

/// Bytes of the nonce.
pub const NONCE: usize = 40;
/// Bytes of a device's block as it is sent: one RSA-2048 ciphertext.
pub const BLOCK: usize = 256;
/// Bytes inside the block: nonce, id and public key.
pub const CLAIM: usize = 214;
/// Bytes of the cloud's answer: an RSA-1024 ciphertext and an RSA-2048 signature.
pub const ANSWER: usize = 384;

/// How long a cloud waits for the whole block.
pub const BLOCK_DEADLINE: Duration = Duration::from_secs(10);
/// How long a cloud waits for the device's hello after its answer.
pub const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// Silence after which a device pings, if its application did not ask for another time.
pub const DEVICE_PING: Duration = Duration::from_secs(15);
/// Silence after its ping after which a device gives the connection up.
pub const DEVICE_PATIENCE: Duration = Duration::from_secs(10);
/// Silence after which a cloud pings a device: one that is sent events pings seldom, as it hears enough.
pub const QUIET: Duration = Duration::from_secs(20);
/// Silence after which a device is gone: a ping, its answer, and a while for the network.
pub const IDLE: Duration = Duration::from_secs(31);
