//! What is said to a device, so that it comes: answers are remembered for repetitions, and confirmable messages
//! until they are acknowledged.

use super::life::{Life, Sent};
use super::outgoing::Outgoing;
use super::world::World;
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::reply;

impl Life {
    /// Answers a confirmable message, and remembers the answer for its repetitions.
    pub(super) fn answer(
        &mut self,
        world: &World,
        message: &Message<'_>,
        out: &mut Outgoing,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if message.kind != Kind::Confirmable {
            return;
        }
        out.add(write);
        self.exchange.answered(world.now, message.id, out.last());
    }

    pub(super) fn acknowledge_if_asked(
        &mut self,
        world: &World,
        message: &Message<'_>,
        out: &mut Outgoing,
    ) {
        self.answer(world, message, out, |bytes| reply::ack_empty(bytes, message.id));
    }

    /// Sends an acknowledgement that waited until something was durable.
    pub fn acknowledge(&mut self, world: &World, reply: &[u8], out: &mut Outgoing) {
        let Ok(message) = Message::parse(reply) else { return };
        self.exchange.answered(world.now, message.id, reply);
        out.push(reply);
    }

    /// Sends a confirmable message that an acknowledgement settles. False where too many are under
    /// way.
    pub(super) fn send(
        &mut self,
        world: &World,
        id: MessageId,
        sent: Sent,
        out: &mut Outgoing,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut datagram = Vec::new();
        write(&mut datagram);
        let copy = datagram.clone();
        let taken = self.exchange.send(world.now, world.random(), id, datagram, sent).is_ok();
        if taken {
            out.push(&copy);
        }
        taken
    }
}
