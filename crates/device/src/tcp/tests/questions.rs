//! What each generation says by itself, and what it answers.

use super::*;
use crate::life::Ticket;
use pintle_protocol::describe::{Application, DescribeKind};
use pintle_protocol::value::Value;
use pintle_protocol::{Event, tcp::server::Session};

const SYSTEM: &str = "describe System {\"p\":6,\"m\":[";
const APPLICATION: &str = "describe Application {\"f\":[\"led\"],\"v\":{\"temp\":2}}";

#[test]
fn each_generation_introduces_itself_in_its_own_order() {
    let sizes =
        ["event spark/hardware/max_binary 384000", "event spark/hardware/ota_chunk_size 512"];
    let old =
        [&["hello 0x0000"][..], &sizes, &["subscribe spark", "subscribe cmd/", "time"]].concat();
    let newer = [
        &["hello 0x0036", SYSTEM][..],
        &sizes,
        &["time", APPLICATION, "subscribe spark", "subscribe particle", "subscribe cmd/"],
    ]
    .concat();
    for (generation, expected) in [
        (Generation::Core, old.clone()),
        (Generation::PhotonOld, old),
        (Generation::Photon, newer.clone()),
        (Generation::Photon3, newer.into_iter().filter(|line| *line != sizes[0]).collect()),
    ] {
        let mut world = World::new(generation);
        world.settle();
        let heard = world.heard();
        assert_eq!(heard.len(), expected.len(), "{generation:?}: {heard:#?}");
        for (heard, expected) in heard.iter().zip(expected) {
            assert!(heard.starts_with(expected), "{generation:?}: {heard} is not {expected}");
        }
        assert!(world.happened.contains(&Happening::Time(cloud::TIME)));
        assert!(world.life.is_connected());
    }
}

/// The question that was put to the application last.
fn question(world: &World) -> (Ticket, Option<Vec<u8>>) {
    match world.happened.last() {
        Some(Happening::Call { ticket, argument, .. }) => (*ticket, Some(argument.clone())),
        Some(Happening::Read { ticket, .. }) => (*ticket, None),
        other => panic!("no question: {other:?}"),
    }
}

fn call(world: &mut World, argument: &[u8]) -> Vec<u8> {
    world.cloud.tell(|session, out| session.call(out, "led", argument));
    world.settle();
    let (ticket, given) = question(world);
    world.life.answer_call(world.now, ticket, Ok(42));
    world.settle();
    given.expect("a call")
}

#[test]
fn each_generation_answers_calls_reads_pings_and_signals_in_its_own_form() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        assert_eq!(call(&mut world, b"on"), b"on");
        assert_eq!(world.heard(), ["ack Call", "answer Call apart [00, 00, 00, 2a]"]);

        world.cloud.tell(|session, out| session.read(out, "temp"));
        world.settle();
        let (ticket, _) = question(&world);
        world.life.answer_read(world.now, ticket, Ok(Value::Int(42)));
        world.settle();
        let old = matches!(generation, Generation::Core | Generation::PhotonOld);
        let expected: &[&str] = match old {
            true => &["answer Read at once [00, 00, 00, 2a]"],
            false => &["ack Read", "answer Read apart [00, 00, 00, 2a]"],
        };
        assert_eq!(world.heard(), expected, "{generation:?}");

        world.cloud.tell(Session::ping);
        world.cloud.tell(|session, out| session.signal(out, true));
        world.settle();
        assert_eq!(world.happened.last(), Some(&Happening::Signal { on: true }));
        assert_eq!(world.heard(), ["ack Ping", "answer Signal at once []"], "{generation:?}");
        // The ids went on as they should: what comes next is taken.
        assert_eq!(call(&mut world, b""), b"");
    }
}

#[test]
fn each_generation_describes_itself_when_asked() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        for kind in [DescribeKind::Application, DescribeKind::System] {
            world.cloud.tell(|session, out| session.describe(out, kind, None));
            world.settle();
            let heard = world.heard().pop().expect("an answer");
            assert!(heard.starts_with(&format!("answer Describe({kind:?})")), "{heard}");
        }
    }
}

#[test]
fn the_two_reports_in_one_are_json_but_for_the_last_generation() {
    for generation in Generation::ALL {
        let bodies = super::super::profile::Bodies::of(generation, profile(6)).unwrap();
        let both = bodies.describe(Some(3), Duration::ZERO);
        let is_whole = Application::parse(&both).is_ok();
        assert_eq!(is_whole, generation != Generation::Photon3, "{}", both.escape_ascii());
        assert!(Application::parse(&bodies.describe(Some(2), Duration::ZERO)).is_ok());
    }
}

#[test]
fn events_go_both_ways_at_four_a_second_at_most() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        for count in 0..6 {
            world.life.publish(world.now, "temp", count.to_string().as_bytes()).unwrap();
        }
        world.settle();
        assert_eq!(world.heard().len(), 4);
        world.run_for(Duration::from_secs(1));
        assert_eq!(world.heard(), ["event temp 4", "event temp 5"]);
        let taken = |happening: &&Happening| matches!(happening, Happening::Published(_));
        assert_eq!(world.happened.iter().filter(taken).count(), 6);

        for name in ["cmd/go", "other"] {
            world.cloud.tell(|session, out| session.event(out, &Event::text(name, "now")));
        }
        world.settle();
        let events = world.happened.iter().filter_map(|happening| match happening {
            Happening::Event { name, data, .. } => Some((name.as_str(), data.as_slice())),
            _ => None,
        });
        assert_eq!(events.collect::<Vec<_>>(), [("cmd/go", b"now".as_slice())]);
        let long = vec![b'x'; generation.limits().event_data + 1];
        assert!(world.life.publish(world.now, "temp", &long).is_err());
        assert!(world.life.publish(world.now, "temp", &long[1..]).is_ok());
    }
}
