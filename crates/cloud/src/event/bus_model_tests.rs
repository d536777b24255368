//! The bus against the plainest thing that does the same: every event is held against every filter.

use super::{Bus, Delivery, Event, Filter, Publisher, Source, Subscription};
use crate::account::AccountId;
use pintle_protocol::DeviceId;
use proptest::prelude::*;
use std::task::{Context, Poll, Waker};

/// Something that may happen on a bus.
#[derive(Clone, Debug)]
enum Step {
    Subscribe(Filter),
    /// The reader of this number, of those that are there, goes.
    Unsubscribe(usize),
    /// An event, by the bus itself or by one of two publishers.
    Publish(usize, Event),
}

/// A reader, and what it must hear.
struct Expected {
    stream: Subscription,
    filter: Filter,
    names: Vec<String>,
}

fn account() -> impl Strategy<Value = AccountId> {
    // Two of these are in one bucket.
    prop_oneof![Just(1), Just(2), Just(33)].prop_map(|n| AccountId::from_bytes([n; 16]))
}

fn device() -> impl Strategy<Value = DeviceId> {
    (0_u8..2).prop_map(|n| DeviceId::from_bytes([n; 12]))
}

fn name() -> impl Strategy<Value = String> {
    "[aA]{0,2}/?[ab]{0,2}"
}

fn filter() -> impl Strategy<Value = Filter> {
    (account(), prop::option::of(device()), name()).prop_map(|(owner, device, prefix)| Filter {
        owner,
        device,
        prefix,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let source =
        prop_oneof![device().prop_map(Source::Device), Just(Source::Api), Just(Source::Cloud)];
    (prop::option::weighted(0.9, account()), source, name()).prop_map(|(owner, source, name)| {
        Event {
            name,
            data: Vec::new(),
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source,
            owner,
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => filter().prop_map(Step::Subscribe),
        1 => any::<usize>().prop_map(Step::Unsubscribe),
        6 => (0_usize..3, event()).prop_map(|(by, event)| Step::Publish(by, event)),
    ]
}

fn publish(bus: &Bus, publishers: &mut [Publisher], by: usize, event: Event) {
    match publishers.get_mut(by) {
        Some(publisher) => publisher.publish(event),
        None => bus.publish(event),
    }
}

/// The names of all that waits for a reader.
fn heard(stream: &mut Subscription) -> Vec<String> {
    let mut names = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Delivery::Event(event))) = stream.poll_next(&mut context) {
        names.push(event.name.clone());
    }
    names
}

proptest! {
    #[test]
    fn every_reader_hears_what_its_filter_wants_in_order_and_nothing_else(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let bus = Bus::new();
        let mut publishers = [bus.publisher(), bus.publisher()];
        let mut readers: Vec<Expected> = Vec::new();
        for step in steps {
            match step {
                Step::Subscribe(filter) => {
                    let stream = bus.subscribe(filter.clone());
                    readers.push(Expected { stream, filter, names: Vec::new() });
                }
                Step::Unsubscribe(number) => {
                    if !readers.is_empty() {
                        readers.swap_remove(number % readers.len());
                    }
                }
                Step::Publish(by, event) => {
                    for reader in readers.iter_mut().filter(|reader| reader.filter.wants(&event)) {
                        reader.names.push(event.name.clone());
                    }
                    publish(&bus, &mut publishers, by, event);
                }
            }
        }
        prop_assert_eq!(bus.readers(), readers.len());
        for mut reader in readers {
            prop_assert_eq!(heard(&mut reader.stream), reader.names);
        }
    }
}
