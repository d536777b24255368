//! A device against a cloud of the tests, on virtual time that jumps to the next timer.

pub(crate) mod cloud;

use super::*;
use cloud::Cloud;
use pintle_dtls::client::Offer;
use pintle_dtls::{HandshakeError, PublicKey};
use pintle_protocol::coap::{Block, RequestToken, option};
use pintle_protocol::describe::{Application, DescribeKind, System};
use pintle_protocol::value::VariableType;
use pintle_protocol::{Event, from_cloud};

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
        let old = std::mem::replace(&mut self.life, fresh);
        self.life = Life::start(config, profile, old.into_saved(), self.now, 43).unwrap();
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
}

#[test]
fn a_fresh_device_says_everything_in_order() {
    let mut world = World::new();
    world.settle();
    assert_eq!(
        world.heard(),
        [
            &format!("hello {ID}"),
            "describe System 0",
            "time",
            "event particle/device/updates/enabled=false",
            "event particle/device/updates/forced=false",
            "describe Application 0",
            "subscribe particle",
            "subscribe spark",
            "subscribe cmd/",
        ]
    );
    assert!(world.happened.contains(&Happening::Connected { resumed: false }));
    assert!(world.happened.contains(&Happening::Time(1_700_000_000)));
    let application = Application::parse(&world.cloud.describes[&2]).unwrap();
    assert_eq!(application.functions, ["led"]);
    assert_eq!(System::parse(&world.cloud.describes[&1]).unwrap().modules[0].version, 6200);
    assert!(world.cloud.record_types.iter().all(|kind| *kind == 25));
}

#[test]
fn p1_a_cloud_with_another_key_is_not_spoken_to() {
    let mut world = World::with(profile(0), Some(Cloud::new().public_key()));
    world.run_for(Duration::from_secs(120));
    assert_eq!(world.heard(), [""; 0]);
    assert_eq!(world.cloud.handshakes, 0);
    let refused = |loss: &Loss| matches!(loss, Loss::Handshake(HandshakeError::BadSignature(_)));
    assert!(
        !world.losses().is_empty() && world.losses().iter().all(refused),
        "{:?}",
        world.losses()
    );
    // Backed off, not looping.
    assert!(world.losses().len() < 90, "{}", world.losses().len());
}

#[test]
fn a_long_describe_goes_up_in_blocks_each_acknowledged() {
    let mut world = World::with(profile(99), None);
    world.settle();
    assert!(world.life.is_connected());
    let blocks = |line: &&String| line.starts_with("describe Application");
    assert!(world.heard().iter().filter(blocks).count() > 2);
    assert_eq!(Application::parse(&world.cloud.describes[&2]).unwrap().functions.len(), 100);
}

#[test]
fn a_long_describe_is_fetched_in_blocks() {
    let mut world = World::with(profile(99), None);
    world.settle();
    world.heard();
    for (num, answers) in [(0, 1), (1, 1), (90, 0)] {
        let block = (num > 0).then_some(Block { num, more: false, szx: 6 });
        let ask = world.cloud.ask(|out, id| {
            from_cloud::describe(out, id, RequestToken(5), DescribeKind::Application, block)
                .unwrap();
        });
        world.deliver(ask);
        let heard = world.heard();
        assert_eq!(
            heard.iter().filter(|line| line.starts_with("2.05")).count(),
            answers,
            "{heard:?}"
        );
        assert_eq!(heard[0], if answers == 1 { "ack 0.00" } else { "ack 4.04" });
    }
}

#[test]
fn a_call_is_acknowledged_and_answered() {
    let mut world = World::connected();
    let ask = world
        .cloud
        .ask(|out, id| from_cloud::call(out, id, RequestToken(7), "led", b"on").unwrap());
    world.deliver(ask);
    let Some(Happening::Call { ticket, name, argument }) = world.happened.pop() else { panic!() };
    assert_eq!((name.as_str(), argument.as_slice()), ("led", b"on".as_slice()));
    assert_eq!(world.heard(), ["ack 0.00"]);
    world.life.answer_call(world.now, ticket, Ok(-2));
    world.settle();
    assert_eq!(world.heard(), ["2.04 [ff, ff, ff, fe]"]);
}

#[test]
fn p3_a_repeated_call_is_acted_on_once() {
    let mut world = World::connected();
    let mut message = Vec::new();
    from_cloud::call(
        &mut message,
        pintle_protocol::coap::MessageId(9),
        RequestToken(7),
        "led",
        b"",
    )
    .unwrap();
    let (first, second) = (world.cloud.seal(&message), world.cloud.seal(&message));
    world.deliver(first.clone());
    world.deliver(first);
    world.deliver(second);
    let calls = world
        .happened
        .iter()
        .filter(|happening| matches!(happening, Happening::Call { .. }))
        .count();
    assert_eq!(calls, 1);
    // The repetition in a record of its own is acknowledged again, the replayed record is not.
    assert_eq!(world.heard(), ["ack 0.00", "ack 0.00"]);
}

#[test]
fn a_variable_is_read() {
    let mut world = World::connected();
    let ask =
        world.cloud.ask(|out, id| from_cloud::read(out, id, RequestToken(7), "temp").unwrap());
    world.deliver(ask);
    let Some(Happening::Read { ticket, .. }) = world.happened.pop() else { panic!() };
    world.life.answer_read(world.now, ticket, Ok(Value::Double(1.0)));
    world.settle();
    assert_eq!(world.heard(), ["ack 0.00", "2.05 [00, 00, 00, 00, 00, 00, f0, 3f]"]);
}

#[test]
fn unknown_functions_and_variables_are_answered_4_04() {
    let mut world = World::connected();
    for variable in [false, true] {
        let ask = world.cloud.ask(|out, id| match variable {
            true => from_cloud::read(out, id, RequestToken(7), "nope").unwrap(),
            false => from_cloud::call(out, id, RequestToken(8), "nope", b"x").unwrap(),
        });
        world.deliver(ask);
        assert_eq!(world.heard(), ["ack 0.00", "4.04 []"]);
    }
    assert_eq!(world.happened, []);
}

#[test]
fn signal_events_and_pings_are_acknowledged() {
    let mut world = World::connected();
    let ask =
        world.cloud.ask(|out, id| from_cloud::signal(out, id, RequestToken(1), true).unwrap());
    world.deliver(ask);
    assert_eq!(world.heard(), ["ack 2.04"]);
    let ask = world
        .cloud
        .ask(|out, id| from_cloud::event(out, id, &Event::text("cmd/go", "now")).unwrap());
    world.deliver(ask);
    let ask =
        world.cloud.ask(|out, id| from_cloud::event(out, id, &Event::text("other", "")).unwrap());
    world.deliver(ask);
    let ask = world.cloud.ask(from_cloud::ping);
    world.deliver(ask);
    assert_eq!(world.heard(), ["ack 0.00", "ack 0.00", "ack 0.00"]);
    assert_eq!(world.happened[0], Happening::Signal { on: true });
    assert!(matches!(&world.happened[1], Happening::Event { name, .. } if name == "cmd/go"));
    assert_eq!(world.happened.len(), 2);
}

#[test]
fn unknown_requests_are_met_with_silence() {
    let mut world = World::connected();
    let ask = world.cloud.ask(|out, id| {
        pintle_protocol::coap::Writer::new(
            out,
            pintle_protocol::coap::Kind::Confirmable,
            pintle_protocol::coap::Code::PUT,
            id,
            RequestToken(1).into(),
        )
        .option(option::URI_PATH, b"q")
        .unwrap()
        .payload(b"");
    });
    world.deliver(ask);
    assert_eq!(world.heard(), [""; 0]);
}

#[test]
fn silence_is_met_with_a_ping_every_25_seconds() {
    let mut world = World::connected();
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.heard(), ["ping", "ping"]);
    assert!(world.life.is_connected());
}

#[test]
fn a_silent_cloud_is_resumed_with_records_of_type_253_from_a_new_port() {
    let mut world = World::connected();
    let port = world.port;
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(56));
    assert_eq!(world.losses(), [Loss::Silence]);
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.port, port + 1);
    assert_eq!(world.cloud.handshakes, 1);
    assert!(world.life.is_connected());
    let heard = world.heard();
    assert_eq!(heard[0], "ping");
    assert!(
        !heard.iter().any(|line| line.starts_with("hello") || line.starts_with("subscribe")),
        "{heard:?}"
    );
    assert_eq!(world.cloud.record_types[0], 253);
    assert_eq!(world.cloud.record_types.last(), Some(&25));
}

#[test]
fn a_session_that_is_resumed_three_times_in_vain_is_given_up() {
    let mut world = World::connected();
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(25 + 30 + 10 * 3 - 1));
    assert_eq!(world.losses(), [Loss::Silence; 3]);
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.losses()[3], Loss::Unresumable);
    assert_eq!(world.cloud.handshakes, 2);
    assert!(world.life.is_connected());
}

#[test]
fn a_session_outlives_a_time_without_a_network() {
    let mut world = World::connected();
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(56));
    for _ in 0..10 {
        world.life.unreachable(world.now);
        world.run_for(Duration::from_secs(10));
    }
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(10));
    assert!(world.life.is_connected());
    assert_eq!(world.cloud.handshakes, 1);
}

#[test]
fn a_restart_goes_on_in_the_old_session() {
    let mut world = World::connected();
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    assert!(world.life.is_connected(), "{:?}", world.happened);
    assert!(world.happened.contains(&Happening::Connected { resumed: true }));
    assert_eq!(world.cloud.handshakes, 1);
    assert_eq!(
        world.heard(),
        [
            "ping",
            "event particle/device/updates/enabled=false",
            "event particle/device/updates/forced=false"
        ]
    );
    assert_eq!(world.cloud.record_types[0], 253);
}

#[test]
fn a_restart_tells_what_changed_and_nothing_else() {
    let mut world = World::connected();
    let changed = Profile { subscriptions: vec!["other/".to_owned()], ..profile(1) };
    world.restart(changed);
    world.run_for(Duration::from_secs(1));
    assert_eq!(
        world.heard()[3..],
        ["describe Application 0", "subscribe particle", "subscribe spark", "subscribe other/"]
    );
    let changed = Profile {
        product_version: Some(9),
        subscriptions: vec!["other/".to_owned()],
        ..profile(1)
    };
    world.restart(changed);
    world.run_for(Duration::from_secs(1));
    let heard = world.heard();
    assert_eq!(
        heard[..3],
        ["ping".to_owned(), format!("hello {ID}"), "describe System 0".to_owned()]
    );
    assert_eq!(heard.len(), 6);
    assert_eq!(world.cloud.handshakes, 1);
}

#[test]
fn p3_records_from_before_a_restart_are_not_taken_after_it() {
    let mut world = World::connected();
    let recorded =
        world.cloud.ask(|out, id| from_cloud::call(out, id, RequestToken(7), "led", b"").unwrap());
    world.deliver(recorded.clone());
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    world.deliver(recorded);
    assert!(!world.happened.iter().any(|happening| matches!(happening, Happening::Call { .. })));
}

#[test]
fn p3_a_call_repeated_over_a_restart_is_not_made_again() {
    let mut world = World::connected();
    let mut message = Vec::new();
    from_cloud::call(
        &mut message,
        pintle_protocol::coap::MessageId(9),
        RequestToken(7),
        "led",
        b"",
    )
    .unwrap();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    world.heard();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    assert_eq!(world.heard(), ["ack 0.00"]);
    assert!(!world.happened.iter().any(|happening| matches!(happening, Happening::Call { .. })));
}

#[test]
fn leaving_says_goodbye_and_ends() {
    let mut world = World::connected();
    world.life.leave(world.now);
    world.settle();
    assert!(world.life.is_gone());
    assert_eq!(world.heard(), ["goodbye Some(2)"]);
}

#[test]
fn leaving_a_cloud_that_does_not_answer_takes_three_seconds() {
    let mut world = World::connected();
    world.cloud.deaf = true;
    world.life.leave(world.now);
    world.run_for(Duration::from_millis(2900));
    assert!(!world.life.is_gone());
    world.run_for(Duration::from_millis(200));
    assert!(world.life.is_gone());
    assert!(world.life.into_saved().is_some());
}

#[test]
fn events_wait_for_the_connection_and_their_acknowledgement() {
    let mut world = World::new();
    let publication = world.life.publish(world.now, "a", b"1").unwrap();
    assert!(!world.happened.contains(&Happening::Published(publication)));
    world.settle();
    assert_eq!(world.heard().iter().filter(|line| *line == "event a=1").count(), 1);
    assert!(world.happened.contains(&Happening::Published(publication)));
    for _ in 0..20 {
        world.life.publish(world.now, "b", b"2").unwrap();
    }
    world.settle();
    assert_eq!(world.heard().len(), 20);
}

#[test]
fn a_message_that_is_never_acknowledged_ends_the_session() {
    let mut world = World::connected();
    world.cloud.deaf = true;
    let publication = world.life.publish(world.now, "a", b"1").unwrap();
    world.run_for(Duration::from_secs(91));
    world.cloud.deaf = false;
    world.run_for(Duration::from_secs(10));
    assert!(world.happened.contains(&Happening::NotPublished(publication, Unpublished::Lost)));
    assert!(!world.losses().is_empty());
    assert!(world.life.is_connected(), "{:?}", world.happened);
}

#[test]
fn a_reset_a_close_and_a_key_change_each_lead_to_a_new_handshake_at_once() {
    for (way, loss) in [(0, Loss::Reset), (1, Loss::Closed), (2, Loss::KeyChange)] {
        let mut world = World::connected();
        let datagram = match way {
            0 => world.cloud.ask(pintle_protocol::reply::reset),
            1 => {
                let mut out = Vec::new();
                world.cloud.session.as_mut().unwrap().close(&mut out).unwrap();
                out
            }
            _ => world
                .cloud
                .ask(|out, id| from_cloud::forget_session(out, id, RequestToken(1)).unwrap()),
        };
        world.deliver(datagram);
        world.run_for(Duration::from_millis(10));
        assert_eq!(world.losses(), [loss]);
        assert_eq!(world.cloud.handshakes, 2);
        assert!(world.life.is_connected());
    }
}

#[test]
fn p2_forged_records_do_not_end_the_session() {
    let mut world = World::connected();
    let mut close = Vec::new();
    world.cloud.session.as_mut().unwrap().close(&mut close).unwrap();
    *close.last_mut().unwrap() ^= 1;
    for datagram in [close, vec![], vec![0], vec![21; 40], vec![23; 2000]] {
        world.deliver(datagram);
    }
    assert!(world.life.is_connected());
    assert_eq!(world.losses(), []);
}
