//! The API as clients meet it, over its router, with a fleet that answers by script.

#[path = "api/devices.rs"]
mod devices;
#[path = "api/events.rs"]
mod events;
#[path = "api/harness.rs"]
mod harness;
#[path = "api/keys.rs"]
mod keys;
#[path = "api/login.rs"]
mod login;
#[path = "api/shape.rs"]
mod shape;
#[path = "api/tls.rs"]
mod tls;
