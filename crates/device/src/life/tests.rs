//! A device against a cloud of the tests, on virtual time that jumps to the next timer. One file a concern.

pub(crate) mod cloud;
mod ending;
mod joining;
mod questions;
mod restart;
mod silence;
mod updating;

use super::*;
use cloud::Cloud;
use pintle_dtls::PublicKey;
use pintle_dtls::client::Offer;
use pintle_protocol::coap::{MessageId, RequestToken};
use pintle_protocol::from_cloud;
use pintle_protocol::value::VariableType;

const ID: &str = "0123456789abcdef01234567";

struct World {
    cloud: Cloud,
    life: Life,
    now: Duration,
    port: u16,
    happened: Vec<Happening>,
    device_key: Vec<u8>,
}

fn profile(functions: usize) -> Profile {
    let mut names: Vec<String> =
        (0..functions).map(|number| format!("function-with-a-long-name-{number}")).collect();
    names.push("led".to_owned());
    Profile {
        device_id: ID.parse().unwrap(),
        platform_id: 3,
        product_id: 3,
        product_version: None,
        keepalive: Duration::from_secs(25),
        functions: names,
        variables: vec![("temp".to_owned(), VariableType::Double)],
        subscriptions: vec!["cmd/".to_owned()],
        firmware: None,
        last_reset: None,
    }
}

fn client(device_key: &[u8], cloud: PublicKey) -> Arc<ClientConfig<AwsLc>> {
    let key = AwsLc.signing_key_from_der(device_key).unwrap();
    Arc::new(ClientConfig::new(AwsLc, key, cloud, Offer::DeviceOs))
}

impl World {
    fn new() -> Self {
        Self::with(profile(0), None)
    }

    fn with(profile: Profile, pinned: Option<PublicKey>) -> Self {
        let cloud = Cloud::new();
        let device_key = cloud::generate_key();
        let config = client(&device_key, pinned.unwrap_or(cloud.public_key()));
        let life = Life::start(config, profile, None, Duration::ZERO, 42).unwrap();
        Self { cloud, life, now: Duration::ZERO, port: 0, happened: Vec::new(), device_key }
    }

    /// The device's process ends and starts again.
    fn restart(&mut self, profile: Profile) {
        let config = client(&self.device_key, self.cloud.public_key());
        self.life.leave(self.now);
        self.run_for(Duration::from_secs(4));
        let fresh = Life::start(Arc::clone(&config), profile.clone(), None, self.now, 1).unwrap();
        let mut old = std::mem::replace(&mut self.life, fresh);
        self.life = Life::start(config, profile, old.take_saved(), self.now, 43).unwrap();
        self.cloud.heard.clear();
        self.cloud.record_types.clear();
        self.happened.clear();
    }

    fn deliver(&mut self, mut datagram: Vec<u8>) {
        self.life.handle_datagram(self.now, &mut datagram);
        self.settle();
    }

    /// Passes datagrams until both sides have nothing more to say.
    fn settle(&mut self) {
        loop {
            if let Some(happening) = self.life.poll_happening() {
                self.port += u16::from(happening == Happening::NewSocket);
                self.happened.push(happening);
            } else if let Some(mut datagram) = self.life.poll_transmit() {
                for mut reply in self.cloud.take(self.now, &mut datagram) {
                    self.life.handle_datagram(self.now, &mut reply);
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

    fn connected() -> Self {
        let mut world = Self::new();
        world.settle();
        assert!(world.life.is_connected(), "{:?} {:?}", world.happened, world.cloud.heard);
        world.cloud.heard.clear();
        world.cloud.record_types.clear();
        world.happened.clear();
        world
    }

    fn losses(&self) -> Vec<Loss> {
        let loss = |happening: &Happening| match happening {
            Happening::Disconnected(loss) => Some(*loss),
            _ => None,
        };
        self.happened.iter().filter_map(loss).collect()
    }

    /// How many calls the application was told of.
    fn calls(&self) -> usize {
        let is_call = |happening: &&Happening| matches!(happening, Happening::Call { .. });
        self.happened.iter().filter(is_call).count()
    }
}

/// A call of `led`, always the same message.
fn call() -> Vec<u8> {
    let mut message = Vec::new();
    from_cloud::call(&mut message, MessageId(9), RequestToken(7), "led", b"").unwrap();
    message
}
