//! The API as clients meet it, over its router, with a fleet that answers by script. One file a concern.

mod harness;

mod delivery;
mod devices;
mod events;
mod firmware;
mod flash;
mod guard;
mod hooks;
mod keys;
mod login;
mod oauth;
mod openapi;
mod people;
mod policy;
mod products;
mod receiver;
mod second_factor;
mod secrets;
mod shape;
mod signing;
mod slow;
mod stuffing;
mod teams;
mod tls;
mod totp;
mod walk;
