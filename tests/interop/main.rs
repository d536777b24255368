//! Interoperability: the built `pintle` against clients that others wrote, and against a second
//! client of our own, over real sockets on loopback.
//!
//! The peers are installed by `cargo xtask peers`. `running`, `cloud`, `device`, `api`, `authenticator`, `relay`,
//! `peers`, `place` and `coap` are what the tests stand on; every other file is one peer or one story.

mod agent_full_disk;
mod agent_update;
mod api;
mod attack_api;
mod authenticator;
mod checklist_wire;
mod cloud;
mod coap;
mod contract;
mod descriptors;
mod device;
mod firmware;
mod flashing;
mod fleet;
mod full_disk;
mod gnutls;
mod lossy;
mod network;
mod oauth;
mod outbox;
mod particle_api_js;
mod particle_cli;
mod peers;
mod people;
mod place;
mod priority;
mod products;
mod refusals;
mod relay;
mod restart;
mod restart_tcp;
mod rfc9146;
mod rollout;
mod running;
mod second_client;
mod secrets;
mod signing;
mod spark_protocol;
mod totp;
mod updates_tcp;
mod webhooks;
