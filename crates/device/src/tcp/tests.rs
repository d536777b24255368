//! A device against a cloud of the tests, on virtual time. The cloud is strict: whatever a real one would end the
//! session for ends the test.

pub(crate) mod cloud;
mod ending;
mod questions;
mod updates;

use super::Life;
use crate::life::{Happening, Profile};
use crate::runner::Lived;
use cloud::Cloud;
use pintle_protocol::tcp::Generation;
use pintle_protocol::value::VariableType;
use pintle_rsa::{DeviceKey, DeviceSide};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const ID: &str = "0123456789abcdef01234567";

struct World {
    cloud: Cloud,
    life: Life<DeviceSide>,
    now: Duration,
    /// Connections made.
    connections: u16,
    happened: Vec<Happening>,
}

fn profile(platform_id: u16) -> Profile {
    Profile {
        device_id: ID.parse().unwrap(),
        platform_id,
        product_id: platform_id,
        product_version: Some(7),
        keepalive: Duration::from_secs(15),
        functions: vec!["led".to_owned()],
        variables: vec![("temp".to_owned(), VariableType::Int)],
        subscriptions: vec!["cmd/".to_owned()],
        firmware: None,
        last_reset: None,
    }
}

/// One key for all tests: making it takes a while.
fn device_side() -> Arc<DeviceSide> {
    static SIDE: OnceLock<Arc<DeviceSide>> = OnceLock::new();
    let make = || {
        let key = DeviceKey::generate().unwrap();
        Arc::new(DeviceSide { key, cloud: cloud::key().public().clone() })
    };
    Arc::clone(SIDE.get_or_init(make))
}

impl World {
    fn new(generation: Generation) -> Self {
        let profile = profile(crate::generation::platform_of(generation));
        let life = Life::start(device_side(), generation, profile, Duration::ZERO, 42).unwrap();
        let cloud = Cloud::new(device_side().key.public());
        Self { cloud, life, now: Duration::ZERO, connections: 0, happened: Vec::new() }
    }

    /// Passes bytes until both sides have nothing more to say. They come in uneven pieces.
    fn settle(&mut self) {
        loop {
            if let Some(happening) = self.life.poll_happening() {
                if happening == Happening::NewSocket {
                    self.connections += 1;
                    self.cloud.accept();
                }
                self.happened.push(happening);
            } else if let Some(bytes) = self.life.poll_transmit() {
                self.cloud.take(&bytes);
            } else if let Some(mut bytes) = self.cloud.say() {
                for piece in bytes.chunks_mut(7) {
                    self.life.handle_input(self.now, piece);
                }
            } else {
                break;
            }
        }
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(due) = self.life.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.life.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.cloud.heard)
    }

    fn connected(generation: Generation) -> Self {
        let mut world = Self::new(generation);
        world.settle();
        assert!(world.life.is_connected(), "{:?} {:?}", world.happened, world.cloud.heard);
        assert_eq!(world.cloud.generation(), Some(generation));
        world.cloud.heard.clear();
        world.happened.clear();
        world
    }
}
