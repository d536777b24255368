//! Where a device is: a new address is proven by a ping that is answered there, and until then little goes to it
//! (promise P11).

use super::life::{Life, Sent};
use super::outgoing::Outgoing;
use super::world::World;
use pintle_protocol::from_cloud;

/// How many answers to nothing may come while a ping is under way.
const MOST_GUESSES: u8 = 8;

/// What may go to an address not yet proven, at most, in bytes, however much came from it.
const MOST_UNPROVEN: usize = 4096;

impl Life {
    /// Pings the device, unless such a ping is under way: it is to prove its address, or after a crash that it
    /// speaks now.
    pub fn challenge(&mut self, world: &World, out: &mut Outgoing) {
        if self.challenged {
            return;
        }
        // Only who receives it can know the id: a device could lie about where it is, and whoever recorded its
        // answers must not have the one to this.
        let id = self.exchange.free_id(world.random());
        self.guesses = 0;
        self.challenged = self.send(world, id, Sent::Challenge(self.stay), out, |bytes| {
            from_cloud::ping(bytes, id);
        });
    }

    /// Notes an answer to nothing: a device that tries out ids gets another ping instead.
    pub(super) fn guessed(&mut self) {
        self.guesses = self.guesses.saturating_add(1);
        if self.challenged && self.guesses > MOST_GUESSES {
            self.stay = self.stay.wrapping_add(1);
            self.challenged = false;
        }
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
