//! The message layer by operation: each pair of bytes is one thing that happens. Every tag that went in comes out at
//! most once, no message is fresh twice within its time, or ever where the peer counts its messages up, and what is held
//! stays bounded.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::{Code, Kind, Message, MessageId, RequestToken, Token, Writer};
use pintle_protocol::exchange::{Exchange, Numbering, Received, Settings};

struct Run {
    now: Duration,
    exchange: Exchange<u32>,
    next_tag: u32,
    inside: BTreeSet<u32>,
    fresh: BTreeMap<u16, Duration>,
    counts_up: bool,
}

impl Run {
    fn came_out(&mut self, tag: u32) {
        assert!(self.inside.remove(&tag), "tag {tag} came out twice");
    }

    fn send(&mut self, jitter: u8, deadline: Option<u8>) {
        let tag = self.next_tag;
        self.next_tag += 1;
        let id = self.exchange.next_id();
        let jitter = u16::from(jitter) << 8;
        let refused = match deadline {
            None => self.exchange.send(self.now, jitter, id, vec![1], tag),
            Some(seconds) => {
                let token = self.exchange.next_token();
                let deadline = self.now + Duration::from_secs(seconds.into());
                self.exchange.request(self.now, jitter, id, token, vec![2], deadline, tag)
            }
        };
        if refused.is_ok() {
            self.inside.insert(tag);
        }
        assert!(self.inside.len() <= Settings::default().max_outstanding);
    }

    fn receive(&mut self, kind: Kind, code: Code, id: u16, token: Token) {
        let mut out = Vec::new();
        Writer::new(&mut out, kind, code, MessageId(id), token).payload(&[]);
        let Ok(message) = Message::parse(&out) else { return };
        match self.exchange.receive(self.now, &message) {
            Received::Fresh if kind == Kind::Confirmable => {
                let last = self.fresh.insert(id, self.now);
                let old = |at| !self.counts_up && self.now - at >= Settings::default().dedupe;
                assert!(last.is_none_or(old), "{id} was fresh twice");
                self.exchange.answered(self.now, MessageId(id), &out);
            }
            Received::Acknowledged(tag) | Received::Responded(tag) | Received::Reset(tag) => {
                self.came_out(tag);
            }
            _ => {}
        }
    }

    fn timers(&mut self) {
        while self.exchange.poll_retransmit(self.now).is_some() {}
        while let Some(tag) = self.exchange.poll_given_up(self.now) {
            self.came_out(tag);
        }
        while let Some(tag) = self.exchange.poll_overdue(self.now) {
            self.came_out(tag);
        }
        assert!(self.exchange.poll_timeout().is_none_or(|at| at > self.now));
    }
}

fuzz_target!(|operations: &[u8]| {
    let mut run = Run {
        now: Duration::ZERO,
        exchange: Exchange::new(Settings::default(), 0xfff8, 0xf8),
        next_tag: 0,
        inside: BTreeSet::new(),
        fresh: BTreeMap::new(),
        counts_up: operations.first().is_some_and(|first| *first >= 0x80),
    };
    if run.counts_up {
        run.exchange.set_numbering(Numbering::Up(None));
    }
    for pair in operations.chunks_exact(2) {
        let (operation, argument) = (pair[0], pair[1]);
        let near = (0xfff8u16).wrapping_add(argument.into());
        let token = RequestToken(argument);
        match operation % 10 {
            0 => run.send(argument, None),
            1 => run.send(argument, Some(argument)),
            2 => run.receive(Kind::Acknowledgement, Code::EMPTY, near, Token::EMPTY),
            3 => run.receive(Kind::Acknowledgement, Code::CHANGED, near, token.into()),
            4 => run.receive(Kind::Reset, Code::EMPTY, near, Token::EMPTY),
            5 => run.receive(Kind::Confirmable, Code::POST, argument.into(), Token::EMPTY),
            6 => run.receive(Kind::Confirmable, Code::CHANGED, argument.into(), token.into()),
            7 => run.receive(Kind::NonConfirmable, Code::CHANGED, 256 + near % 99, token.into()),
            8 => {
                if let Some(tag) = run.exchange.cancel(token) {
                    run.came_out(tag);
                }
            }
            _ => {
                run.now += Duration::from_millis(u64::from(argument) * 250);
                run.timers();
            }
        }
    }
    let left: Vec<u32> = run.exchange.abandon().collect();
    left.into_iter().for_each(|tag| run.came_out(tag));
    assert!(run.inside.is_empty(), "tags were lost");
});
