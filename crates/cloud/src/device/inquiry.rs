//! Asking a device for its describes: older firmware does not send them by itself (the Hello says
//! so). A describe that does not fit one message comes block by block (RFC 7959).

use super::life::{Life, Sent, Who};
use super::outgoing::Outgoing;
use super::report;
use super::world::World;
use pintle_protocol::block::{Fetch, Progress};
use pintle_protocol::coap::{Block, Message};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_cloud;
use std::time::Duration;

/// How long one block of a describe may take.
const BLOCK_WITHIN: Duration = Duration::from_secs(30);

/// A describe on its way.
pub(super) struct Inquiry {
    kind: DescribeKind,
    fetch: Fetch,
}

impl Life {
    /// Asks for the system's and the application's describe, each for itself: asked for both at once,
    /// Device OS closes the connection.
    pub(super) fn inquire(&mut self, world: &World, out: &mut Outgoing) {
        for kind in [DescribeKind::System, DescribeKind::Application] {
            self.ask_for_block(world, Inquiry { kind, fetch: Fetch::new() }, None, out);
        }
    }

    /// Takes a block, and asks for the next one or keeps the whole.
    pub(super) fn inquired(
        &mut self,
        world: &World,
        who: Who,
        mut inquiry: Inquiry,
        answer: &Message<'_>,
        out: &mut Outgoing,
    ) {
        if !answer.code.is_success() {
            return;
        }
        match inquiry.fetch.push(answer) {
            Ok(Progress::Next(block)) => self.ask_for_block(world, inquiry, Some(block), out),
            Ok(Progress::Complete(body)) => {
                match report::described(who, inquiry.kind, &body, world.wall_ms) {
                    Ok(Some(transaction)) => world.enqueue(transaction),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::debug!(device = %who.device, %error, "a describe is unreadable")
                    }
                }
            }
            Err(error) => {
                tracing::debug!(device = %who.device, %error, "a describe came in pieces that do not fit")
            }
        }
    }

    fn ask_for_block(
        &mut self,
        world: &World,
        inquiry: Inquiry,
        block: Option<Block>,
        out: &mut Outgoing,
    ) {
        let (id, token) = (self.exchange.next_id(), self.exchange.next_token());
        let mut request = Vec::new();
        if from_cloud::describe(&mut request, id, token, inquiry.kind, block).is_err() {
            return;
        }
        let (copy, deadline) = (request.clone(), world.now + BLOCK_WITHIN);
        let (jitter, sent) = (world.random(), Sent::Inquiry(inquiry));
        if self.exchange.request(world.now, jitter, id, token, request, deadline, sent).is_ok() {
            out.push(&copy);
        }
    }
}
