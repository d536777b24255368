//! What the cloud asks, and what is answered.

use super::*;
use pintle_protocol::Event;
use pintle_protocol::coap::{Block, Code, Kind, RequestToken, Writer, option};
use pintle_protocol::describe::DescribeKind;

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
    let message = call();
    let (first, second) = (world.cloud.seal(&message), world.cloud.seal(&message));
    world.deliver(first.clone());
    world.deliver(first);
    world.deliver(second);
    assert_eq!(world.calls(), 1);
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
        Writer::new(out, Kind::Confirmable, Code::PUT, id, RequestToken(1).into())
            .option(option::URI_PATH, b"q")
            .unwrap()
            .payload(b"");
    });
    world.deliver(ask);
    assert_eq!(world.heard(), [""; 0]);
}
