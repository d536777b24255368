//! Where a device is: a new address is proven by a ping that is answered there, and until then little goes to it
//! (promise P11).

use super::life::{Life, Sent};
use super::outgoing::Outgoing;
use super::world::World;
use pintle_protocol::coap::MessageId;
use pintle_protocol::from_cloud;

/// What may go to an address not yet proven, at most, in bytes, however much came from it.
const MOST_UNPROVEN: usize = 4096;

impl Life {
    /// Pings the device to prove its address, unless such a ping is under way.
    pub fn challenge(&mut self, world: &World, out: &mut Outgoing) {
        // Only who receives it can know the id: a device could lie about where it is.
        let id = self.exchange.free_id(world.random());
        self.ping(world, id, out);
    }

    /// Pings the device to prove that it speaks now, unless such a ping is under way. The id is one that no
    /// message had before a crash, so no answer from before it can answer this (promise P3).
    pub fn ask_for_life(&mut self, world: &World, out: &mut Outgoing) {
        if !self.challenged {
            let id = self.exchange.next_id();
            self.ping(world, id, out);
        }
    }

    fn ping(&mut self, world: &World, id: MessageId, out: &mut Outgoing) {
        if self.challenged {
            return;
        }
        self.challenged = self.send(world, id, Sent::Challenge(self.stay), out, |bytes| {
            from_cloud::ping(bytes, id);
        });
    }

    /// Begins anew at another address: nothing that was proven or allowed before counts there.
    pub fn move_away(&mut self) {
        self.stay = self.stay.wrapping_add(1);
        self.challenged = false;
        self.allowance = 0;
    }

    /// Lets `bytes` more go to an address that is not proven yet (promise P11).
    pub fn allow(&mut self, bytes: usize) {
        self.allowance = (self.allowance + bytes).min(MOST_UNPROVEN);
    }

    /// Takes `bytes` off what may go to an unproven address. False where that is used up.
    pub fn spend(&mut self, bytes: usize) -> bool {
        let left = self.allowance.checked_sub(bytes);
        self.allowance = left.unwrap_or(self.allowance);
        left.is_some()
    }
}
