//! The API as clients meet it, over its router, with a fleet that answers by script. One file a concern.

mod harness;

mod delivery;
mod devices;
mod events;
mod firmware;
mod flash;
mod hooks;
mod keys;
mod login;
mod policy;
mod products;
mod receiver;
mod secrets;
mod shape;
mod signing;
mod slow;
mod tls;
