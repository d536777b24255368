//! What the engine needs of those who reach devices; tests put a scripted one in their place.

use crate::product::Image;
use pintle_protocol::DeviceId;
use std::future::Future;
use std::sync::Arc;

use super::transfers::Live;

/// When an offer that came to nothing is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It never began: before long, and it does not count as a try.
    Soon,
    /// Each time later than the time before.
    Later,
    /// Never: the device cannot or will not take it.
    Never,
}

/// Why an offer came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// Why, for a person.
    pub why: String,
    /// When it is made again.
    pub again: Again,
}

/// The way to the devices.
pub trait Sends: Clone + Send + Sync + 'static {
    /// Whether a device can be reached now.
    fn is_online(&self, device: DeviceId) -> bool;

    /// Sends a device an image; answers when the device has it whole, which does not mean that it runs it. Tells
    /// `live` how far it is, and breaks off when that is cancelled. That the device has it is durable
    /// ([`put_took`](crate::store::device::put_took)) before the device may apply it.
    ///
    /// # Errors
    /// [`Setback`].
    fn send(
        &self,
        device: DeviceId,
        image: Image,
        live: Arc<Live>,
    ) -> impl Future<Output = Result<(), Setback>> + Send;
}
