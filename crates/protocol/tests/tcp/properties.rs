//! Properties: whatever both sides do in whatever order, an honest session never ends; every codec there and back; and
//! no bytes make either side panic.

use pintle_protocol::describe::{
    Application, Dependency, DescribeKind, Module, ModuleFunction, System,
};
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::describe::Description;
use pintle_protocol::tcp::server::{self, Sense};
use pintle_protocol::tcp::{Anomaly, Credentials, Hello, Request, Sizes, Subscription};
use pintle_protocol::value::{Value, VariableType};
use pintle_protocol::{Event, SubscriptionKind, from_cloud};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::pair::FIRMWARE;

/// Something one of the two does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The cloud asks.
    Ping,
    Call,
    Read,
    Describe,
    Signal,
    Event,
    /// The device begins something.
    Publish,
    PingCloud,
    Time,
    /// So many bytes of what is on its way arrive.
    ToDevice(usize),
    ToCloud(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Ping),
        Just(Step::Call),
        Just(Step::Read),
        Just(Step::Describe),
        Just(Step::Signal),
        Just(Step::Event),
        Just(Step::Publish),
        Just(Step::PingCloud),
        Just(Step::Time),
        (1..200_usize).prop_map(Step::ToDevice),
        (1..200_usize).prop_map(Step::ToCloud),
    ]
}

fn firmware() -> impl Strategy<Value = Firmware> {
    (0..FIRMWARE.len()).prop_map(|place| FIRMWARE[place].1)
}

/// Both ends and what is on its way between them.
struct Wire {
    cloud: server::Session,
    device: client::Session,
    to_cloud: Vec<u8>,
    to_device: Vec<u8>,
    asked: usize,
    settled: usize,
}

impl Wire {
    fn new(credentials: [u8; 40], firmware: Firmware) -> Self {
        let credentials = Credentials::new(Zeroizing::new(credentials));
        let mut wire = Self {
            cloud: server::Session::from_credentials(&credentials),
            device: client::Session::new(&credentials, firmware, 0),
            to_cloud: Vec::new(),
            to_device: Vec::new(),
            asked: 0,
            settled: 0,
        };
        wire.device.hello(&mut wire.to_cloud, 1, None, firmware.platform_id).unwrap();
        wire.arrive_at_cloud(usize::MAX).unwrap();
        wire.cloud.hello(&mut wire.to_device).unwrap();
        wire
    }

    fn take(&mut self, step: Step) -> Result<(), Anomaly> {
        let (cloud, down, up) = (&mut self.cloud, &mut self.to_device, &mut self.to_cloud);
        let event = Event::text("some/event", "data");
        let asked = match step {
            Step::Ping => cloud.ping(down).ok(),
            Step::Call => cloud.call(down, "led", b"on").ok(),
            Step::Read => cloud.read(down, "temp").ok(),
            Step::Describe => cloud.describe(down, DescribeKind::Application, None).ok(),
            Step::Signal => cloud.signal(down, true).ok(),
            Step::Event => return cloud.event(down, &event).map_err(|_| Anomaly::Ended),
            Step::Publish => return self.device.event(up, &event).map(drop).map_err(Into::into),
            Step::PingCloud => return self.device.ping(up).map(drop).map_err(Into::into),
            Step::Time => return self.device.time(up).map(drop).map_err(Into::into),
            Step::ToDevice(bytes) => return self.arrive_at_device(bytes),
            Step::ToCloud(bytes) => return self.arrive_at_cloud(bytes),
        };
        self.asked += usize::from(asked.is_some());
        Ok(())
    }

    fn arrive_at_cloud(&mut self, bytes: usize) -> Result<(), Anomaly> {
        let rest = self.to_cloud.split_off(bytes.min(self.to_cloud.len()));
        let arrived = std::mem::replace(&mut self.to_cloud, rest);
        let (mut input, mut scratch) = (arrived.as_slice(), Vec::new());
        while let Some(received) = self.cloud.receive(&mut input, &mut scratch)? {
            match received.sense {
                Sense::Request(Request::Time) => {
                    self.cloud.time(&mut self.to_device, &received.message, 1_800_000_000).unwrap();
                }
                Sense::Request(_) => {
                    self.cloud.acknowledge(&mut self.to_device, received.message.id).unwrap();
                }
                Sense::Acknowledged(asked) => self.settled += usize::from(asked.token.is_none()),
                Sense::Answered(_) => self.settled += 1,
                Sense::Hello(_) => {}
                Sense::Refused(asked) => panic!("{asked:?}"),
            }
        }
        Ok(())
    }

    fn arrive_at_device(&mut self, bytes: usize) -> Result<(), Anomaly> {
        let rest = self.to_device.split_off(bytes.min(self.to_device.len()));
        let arrived = std::mem::replace(&mut self.to_device, rest);
        let (mut input, mut scratch) = (arrived.as_slice(), Vec::new());
        while let Some(received) = self.device.receive(&mut input, &mut scratch)? {
            let (device, out, message) = (&mut self.device, &mut self.to_cloud, received.message);
            match received.heard {
                client::Heard::Request(from_cloud::Request::Ping) => device.pong(out, message.id),
                client::Heard::Request(from_cloud::Request::Signal { .. }) => {
                    device.signalled(out, &message)
                }
                client::Heard::Request(from_cloud::Request::Call { .. }) => device
                    .acknowledge(out, message.id)
                    .and_then(|()| device.result(out, message.token, 1)),
                client::Heard::Request(from_cloud::Request::Read { .. }) => {
                    device.value(out, &message, Some(&Value::Int(7)))
                }
                client::Heard::Describe { block, .. } => {
                    device.described(out, &message, br#"{"f":[],"v":{}}"#, block)
                }
                _ => Ok(()),
            }
            .unwrap();
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_honest_session_never_ends_and_settles_everything(
        credentials in any::<[u8; 40]>(),
        firmware in firmware(),
        steps in vec(step(), 0..120),
    ) {
        let mut wire = Wire::new(credentials, firmware);
        for step in steps {
            prop_assert_eq!(wire.take(step), Ok(()));
        }
        for _ in 0..2 {
            wire.arrive_at_device(usize::MAX).unwrap();
            wire.arrive_at_cloud(usize::MAX).unwrap();
        }
        prop_assert_eq!(wire.settled, wire.asked);
    }

    #[test]
    fn no_bytes_make_the_cloud_panic_and_after_an_anomaly_nothing_is_heard(
        firmware in firmware(),
        plain in vec(vec(any::<u8>(), 0..80), 1..6),
        raw in vec(any::<u8>(), 0..100),
    ) {
        let mut wire = Wire::new([7; 40], firmware);
        for step in [Step::Ping, Step::Call, Step::Read, Step::Describe, Step::Signal] {
            wire.take(step).unwrap();
        }
        for plain in &plain {
            wire.device.seal(&mut wire.to_cloud, plain).unwrap();
        }
        wire.to_cloud.extend(raw);
        if wire.arrive_at_cloud(usize::MAX).is_err() {
            wire.device.event(&mut wire.to_cloud, &Event::text("late", "")).unwrap();
            prop_assert_eq!(wire.arrive_at_cloud(usize::MAX), Err(Anomaly::Ended));
        }
    }

    #[test]
    fn a_hello_is_the_same_there_and_back(
        product_id: u16,
        product_version in of(0..u16::MAX),
        flags: u16,
        platform_id: u16,
        sizes in of((any::<u16>(), any::<u16>(), any::<u32>(), any::<u16>())),
        later in vec(any::<u8>(), 0..8),
    ) {
        let sizes = sizes.map(|(system_version, max_message, max_binary, chunk)| {
            Sizes { system_version, max_message, max_binary, chunk }
        });
        let hello = Hello { product_id, product_version, flags: HelloFlags(flags), platform_id, sizes };
        let mut payload = Vec::new();
        hello.write(&mut payload);
        prop_assert_eq!(payload.len(), if sizes.is_some() { Hello::LONG } else { Hello::SHORT });
        prop_assert_eq!(Hello::parse(&payload), Ok(hello));
        if sizes.is_some() {
            payload.extend(later);
            prop_assert_eq!(Hello::parse(&payload), Ok(hello));
        } else if !later.is_empty() {
            payload.extend(later);
            prop_assert!(Hello::parse(&payload).is_err());
        }
    }

    #[test]
    fn a_description_is_the_same_there_and_back(
        modules in vec((0..9_u8, 0..4_u8, any::<(u8, u16, u32, u32)>(), of(any::<[u8; 32]>())), 0..5),
        functions in proptest::collection::btree_set("[a-zA-Z\"\\\\]{1,64}", 0..6),
        platform_id: u16,
    ) {
        let modules = modules.into_iter().map(|(function, store, (index, version, max_size, checked), hash)| {
            let needed = Dependency { function: ModuleFunction(function), index, version };
            Module {
                function: ModuleFunction(function),
                store, index, version, max_size, checked, passed: checked, hash,
                dependencies: vec![needed],
                ..Module::default()
            }
        });
        let description = Description {
            system: Some(System { modules: modules.collect(), assets: Vec::new() }),
            application: Some(Application {
                functions: functions.into_iter().collect(),
                variables: vec![("t".to_owned(), VariableType::Double)],
            }),
            platform_id: Some(platform_id),
            metrics: None,
        };
        let json = description.to_bytes().unwrap();
        for kind in [DescribeKind::System, DescribeKind::Application] {
            prop_assert_eq!(Description::parse(kind, &json), Ok(description.clone()));
        }
    }

    #[test]
    fn no_bytes_make_a_description_panic(body in vec(any::<u8>(), 0..200), json in "[\\[\\]{}\":,a-z0-9]{0,60}") {
        for kind in [DescribeKind::System, DescribeKind::Application, DescribeKind::Metrics] {
            let _ = Description::parse(kind, &body);
            let _ = Description::parse(kind, json.as_bytes());
        }
    }

    #[test]
    fn a_subscription_is_the_same_there_and_back(
        prefix in "[a-zäö/]{0,20}",
        kind in prop_oneof![Just(SubscriptionKind::Text), Just(SubscriptionKind::Binary), Just(SubscriptionKind::Cbor)],
        mine: bool,
        device in of("[0-9a-f]{12}([0-9a-f]{12})?"),
    ) {
        let mut wire = Wire::new([3; 40], Firmware::PHOTON_2_3);
        let wish = Subscription { prefix: prefix.as_str().into(), kind, mine, device: device.as_deref() };
        wire.device.subscribe(&mut wire.to_cloud, &wish).unwrap();
        let mut scratch = Vec::new();
        let received = wire.cloud.receive(&mut wire.to_cloud.as_slice(), &mut scratch).unwrap().unwrap();
        prop_assert_eq!(received.sense, Sense::Request(Request::Subscribe(wish)));
    }
}
