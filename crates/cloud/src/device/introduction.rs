//! Hello: the device says who it is. Its key said so before; the two must agree (promise P1).

use super::ending::End;
use super::life::{Life, Standing, Verdict, Who};
use super::outgoing::Outgoing;
use super::registry::Subscribed;
use super::update::ChunkSize;
use super::world::World;
use crate::store::device::{SavedHello, put_hello, put_subscriptions};
use crate::weakened::{self, Weakness};
use pintle_protocol::coap::Message;
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::tcp;

/// After how many seconds of silence a device counts as gone: three keep-alives of 25 s.
pub(super) const PATIENCE: u16 = 80;

/// The same for a cellular device, which sends its keep-alive every 23 minutes.
const CELLULAR_PATIENCE: u16 = 25 * 60;

/// Whether a platform has a cellular modem: Electron, Boron, B SoM, B5 SoM, Tracker, Tracker M, M SoM.
pub fn is_cellular(platform: u16) -> bool {
    matches!(platform, 10 | 13 | 23 | 25 | 26 | 28 | 35)
}

/// Writes down what a device over TCP says of itself, whose subscriptions of an earlier session are over.
pub(super) fn note_hello_over_tcp(world: &mut World, who: Who, hello: &tcp::Hello) {
    world.registry.unsubscribe(who.number);
    let saved = SavedHello {
        platform_id: hello.platform_id,
        product_id: hello.product_id,
        firmware_version: hello.product_version,
        system_version: hello.sizes.map(|sizes| sizes.system_version),
    };
    world.enqueue(put_hello(who.device, saved, world.wall_ms));
}

impl Life {
    pub(super) fn introduce(
        &mut self,
        world: &mut World,
        who: Who,
        standing: &mut Standing,
        hello: &Hello,
        message: &Message<'_>,
        out: &mut Outgoing,
    ) -> Verdict {
        if hello.device_id != who.device && !weakened::is(Weakness::AnyId) {
            return Verdict::End(End::WrongId(hello.device_id));
        }
        standing.patience =
            if is_cellular(hello.platform_id) { CELLULAR_PATIENCE } else { PATIENCE };
        standing.chunk = ChunkSize::of(hello);
        if !self.may_write(world, message) {
            return Verdict::Keep;
        }
        if !standing.introduced {
            standing.introduced = true;
            // After a handshake the device sends all its subscriptions again.
            world.registry.unsubscribe(who.number);
            let none: &[Subscribed] = &[];
            world.enqueue(put_subscriptions(who.device, &super::registry::saved(none)));
        }
        let saved = SavedHello {
            platform_id: hello.platform_id,
            product_id: hello.product_id,
            firmware_version: hello.product_version,
            system_version: Some(hello.system_version),
        };
        world.enqueue(put_hello(who.device, saved, world.wall_ms));
        self.acknowledge_if_asked(world, message, out);
        if !hello.flags.contains(HelloFlags::SENDS_DESCRIBE) {
            self.inquire(world, out);
        }
        Verdict::Keep
    }
}
