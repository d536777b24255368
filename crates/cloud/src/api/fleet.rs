//! What the API needs of the devices: the gateway gives it, and tests put a scripted fleet in its place.

use std::future::Future;

use pintle_protocol::DeviceId;
use pintle_protocol::value::{Value, VariableType};

use crate::device::update::{Offer, Transfer, UpdateError};
use crate::device::{AskError, Gateway, Presence};
use crate::event::{Event, Wanted};

/// The way to the devices. Every wait is bounded by the implementation.
pub trait Fleet: Clone + Send + Sync + 'static {
    /// Calls a function of a device.
    fn call(
        &self,
        id: DeviceId,
        function: &str,
        argument: &[u8],
    ) -> impl Future<Output = Result<i32, AskError>> + Send;

    /// Reads a variable of a device, described as of type `kind`.
    fn read(
        &self,
        id: DeviceId,
        variable: &str,
        kind: VariableType,
    ) -> impl Future<Output = Result<Value, AskError>> + Send;

    /// Asks whether a device answers.
    fn ping(&self, id: DeviceId) -> impl Future<Output = Result<(), AskError>> + Send;

    /// Lets a device show itself, or stop.
    fn signal(&self, id: DeviceId, on: bool) -> impl Future<Output = Result<(), AskError>> + Send;

    /// Sends a device an update; comes back when the device has begun to take it.
    fn update(
        &self,
        id: DeviceId,
        offer: Offer,
    ) -> impl Future<Output = Result<Transfer, UpdateError>> + Send;

    /// Keeps an event for those who wait for it, and publishes it; whether it is durable.
    fn keep(&self, event: Event, wanted: Wanted) -> impl Future<Output = bool> + Send;

    /// What is known of a device's connection.
    fn presence(&self, id: DeviceId) -> Presence;

    /// Tells that a device's pin was set in the store.
    fn key_changed(&self, id: DeviceId);

    /// Tells that the store has another owner for a device.
    fn owner_changed(&self, id: DeviceId);
}

impl Fleet for Gateway {
    fn call(
        &self,
        id: DeviceId,
        function: &str,
        argument: &[u8],
    ) -> impl Future<Output = Result<i32, AskError>> + Send {
        self.call(id, function, argument)
    }

    fn read(
        &self,
        id: DeviceId,
        variable: &str,
        kind: VariableType,
    ) -> impl Future<Output = Result<Value, AskError>> + Send {
        self.read(id, variable, kind)
    }

    fn ping(&self, id: DeviceId) -> impl Future<Output = Result<(), AskError>> + Send {
        self.ping(id)
    }

    fn signal(&self, id: DeviceId, on: bool) -> impl Future<Output = Result<(), AskError>> + Send {
        self.signal(id, on)
    }

    fn update(
        &self,
        id: DeviceId,
        offer: Offer,
    ) -> impl Future<Output = Result<Transfer, UpdateError>> + Send {
        self.update(id, offer)
    }

    fn keep(&self, event: Event, wanted: Wanted) -> impl Future<Output = bool> + Send {
        self.keep(event, wanted)
    }

    fn presence(&self, id: DeviceId) -> Presence {
        self.presence(id)
    }

    fn key_changed(&self, id: DeviceId) {
        self.key_changed(id);
    }

    fn owner_changed(&self, id: DeviceId) {
        self.owner_changed(id);
    }
}
