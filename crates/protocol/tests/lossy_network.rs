//! A cloud and a device that call each other over a network which loses, doubles and delays, on virtual time.
//!
//! Whatever it does, a call is acted on at most once and its tag comes back exactly once; and if it was answered,
//! it had been acted on.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pintle_protocol::coap::{Code, Kind, Message};
use pintle_protocol::exchange::{Exchange, Received, Settings};
use pintle_protocol::{from_cloud, reply};
use proptest::collection::vec;
use proptest::prelude::*;

/// What the network does to one datagram.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lost,
    Arrives { after_ms: u64 },
    Doubled { after_ms: u64, again_ms: u64 },
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Lost),
        4 => (0u64..3000).prop_map(|after_ms| Fate::Arrives { after_ms }),
        2 => (0u64..3000, 0u64..20_000)
            .prop_map(|(after_ms, again_ms)| Fate::Doubled { after_ms, again_ms }),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Device,
    Cloud,
}

struct World {
    now: Duration,
    flying: BTreeMap<(Duration, u64), (To, Vec<u8>)>,
    count: u64,
    fates: VecDeque<Fate>,
    cloud: Exchange<usize>,
    device: Exchange<()>,
    acted: Vec<u32>,
    settled: Vec<u32>,
    answered: Vec<bool>,
}

impl World {
    fn new(calls: usize, fates: Vec<Fate>) -> Self {
        Self {
            now: Duration::from_secs(1),
            flying: BTreeMap::new(),
            count: 0,
            fates: fates.into(),
            cloud: Exchange::new(Settings::default(), 0xfff0, 0xf0),
            device: Exchange::new(Settings::default(), 1, 1),
            acted: vec![0; calls],
            settled: vec![0; calls],
            answered: vec![false; calls],
        }
    }

    fn throw(&mut self, to: To, datagram: Vec<u8>) {
        let fate = self.fates.pop_front().unwrap_or(Fate::Arrives { after_ms: 10 });
        let delays = match fate {
            Fate::Lost => vec![],
            Fate::Arrives { after_ms } => vec![after_ms],
            Fate::Doubled { after_ms, again_ms } => vec![after_ms, again_ms],
        };
        for delay in delays {
            self.count += 1;
            let at = self.now + Duration::from_millis(delay);
            self.flying.insert((at, self.count), (to, datagram.clone()));
        }
    }

    fn call(&mut self, number: usize) {
        let (id, token) = (self.cloud.next_id(), self.cloud.next_token());
        let mut out = Vec::new();
        from_cloud::call(&mut out, id, token, "act", &[number as u8]).unwrap();
        let deadline = self.now + Duration::from_secs(60);
        self.cloud.request(self.now, 9000, id, token, out.clone(), deadline, number).unwrap();
        self.throw(To::Device, out);
    }

    fn at_device(&mut self, datagram: &[u8]) {
        let message = Message::parse(datagram).unwrap();
        match self.device.receive(self.now, &message) {
            Received::Fresh => self.act(&message),
            Received::Duplicate(Some(reply)) => self.throw(To::Cloud, reply),
            _ => {}
        }
    }

    fn act(&mut self, message: &Message<'_>) {
        let Ok(from_cloud::Request::Call { argument: &[number], .. }) = from_cloud::decode(message)
        else {
            panic!("a call became something else")
        };
        self.acted[usize::from(number)] += 1;
        let mut ack = Vec::new();
        reply::ack_empty(&mut ack, message.id);
        self.device.answered(self.now, message.id, &ack);
        self.throw(To::Cloud, ack);
        let mut response = Vec::new();
        let id = self.device.next_id();
        reply::call_result(&mut response, id, message.token, i32::from(number));
        self.device.send(self.now, 30_000, id, response.clone(), ()).unwrap();
        self.throw(To::Cloud, response);
    }

    fn at_cloud(&mut self, datagram: &[u8]) {
        let message = Message::parse(datagram).unwrap();
        match self.cloud.receive(self.now, &message) {
            Received::Responded(number) => {
                assert_eq!(message.code, Code::CHANGED);
                assert_eq!(usize::from(message.payload()[3]), number, "the answer to another call");
                self.settled[number] += 1;
                self.answered[number] = true;
                self.acknowledge(&message);
            }
            Received::Stray => self.acknowledge(&message),
            Received::Duplicate(Some(reply)) => self.throw(To::Device, reply),
            _ => {}
        }
    }

    fn acknowledge(&mut self, message: &Message<'_>) {
        if message.kind == Kind::Confirmable {
            let mut ack = Vec::new();
            reply::ack_empty(&mut ack, message.id);
            self.cloud.answered(self.now, message.id, &ack);
            self.throw(To::Device, ack);
        }
    }

    fn timers(&mut self) {
        while let Some(copy) = self.cloud.poll_retransmit(self.now).map(<[u8]>::to_vec) {
            self.throw(To::Device, copy);
        }
        while let Some(copy) = self.device.poll_retransmit(self.now).map(<[u8]>::to_vec) {
            self.throw(To::Cloud, copy);
        }
        while let Some(number) =
            self.cloud.poll_given_up(self.now).or_else(|| self.cloud.poll_overdue(self.now))
        {
            self.settled[number] += 1;
        }
        while self.device.poll_given_up(self.now).is_some() {}
    }

    /// Runs until nothing is in the air and no timer is set.
    fn run(&mut self) {
        loop {
            let arrival = self.flying.keys().next().map(|(at, _)| *at);
            let times = [arrival, self.cloud.poll_timeout(), self.device.poll_timeout()];
            let Some(next) = times.into_iter().flatten().min() else { break };
            self.now = next.max(self.now);
            while let Some(entry) = self.flying.first_entry().filter(|e| e.key().0 <= self.now) {
                match entry.remove() {
                    (To::Device, datagram) => self.at_device(&datagram),
                    (To::Cloud, datagram) => self.at_cloud(&datagram),
                }
            }
            self.timers();
        }
    }
}

proptest! {
    #[test]
    fn p3_a_call_is_acted_on_at_most_once_whatever_the_network_does(
        calls in 1usize..20, fates in vec(any_fate(), 0..300),
    ) {
        let mut world = World::new(calls, fates);
        for number in 0..calls {
            world.call(number);
        }
        world.run();
        prop_assert!(world.acted.iter().all(|times| *times <= 1), "acted {:?}", world.acted);
        prop_assert!(world.settled.iter().all(|times| *times == 1), "settled {:?}", world.settled);
        for (answered, acted) in world.answered.iter().zip(&world.acted) {
            prop_assert!(!answered || *acted == 1);
        }
        prop_assert!(world.cloud.is_idle(world.now + Settings::default().dedupe));
    }
}

#[test]
fn on_a_good_network_every_call_is_answered() {
    let mut world = World::new(20, vec![]);
    (0..20).for_each(|number| world.call(number));
    world.run();
    assert!(world.answered.iter().all(|answered| *answered));
    assert!(world.now < Duration::from_secs(2));
}
