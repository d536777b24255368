//! The API as clients meet it, over its router, with a fleet that answers by script. One file a concern.

mod harness;

mod devices;
mod events;
mod flash;
mod keys;
mod login;
mod shape;
mod slow;
mod tls;
