//! Who comes in over TCP: keys that nobody pinned, another's id, a block recorded before, blocks of other lengths.

use super::blocks::{Kind, Maker};
use super::call::{ANSWER, Call, Came};
use super::session::{Known, Session, cloud_key};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, at_home, broke, raid};
use pintle_protocol::tcp::DeviceRsa as _;
use pintle_protocol::tcp::client::Handshake;
use pintle_rsa::{DeviceKey, DeviceSide};
use std::time::Duration;

/// How long is listened to one who was refused, after somebody else was let in.
const GLANCE: Duration = Duration::from_millis(100);

/// A key that nobody pinned.
pub(super) const WRONG_KEY: Case = Case {
    id: "tcp-wrong-key",
    group: Group::Tcp,
    tries: "A stranger sends a sound block with an id and a key that are pinned nowhere.",
    expects: "It is not answered.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, wrong_key),
};

/// A pinned device's id.
pub(super) const ANOTHERS_ID: Case = Case {
    id: "tcp-anothers-id",
    group: Group::Tcp,
    tries: "A stranger sends a sound block with a device's id and a key of his own.",
    expects: "It is not answered.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, anothers_id),
};

/// A block of another connection.
pub(super) const RECORDED_BLOCK: Case = Case {
    id: "tcp-recorded-block",
    group: Group::Tcp,
    tries: "A block that a device sent over another connection comes again.",
    expects: "It is not answered: it holds the nonce of its own connection.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, recorded_block),
};

/// Blocks of other lengths.
pub(super) const ODD_BLOCKS: Case = Case {
    id: "tcp-odd-blocks",
    group: Group::Tcp,
    tries: "A sound block comes with more behind it, or in single bytes with more behind it.",
    expects: "It is not answered: a device says nothing more until it is.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, odd_blocks),
};

fn wrong_key(raid: &Raid<'_>) -> Tried {
    let (device, key) = (Known::of(raid, 0)?, made()?);
    let maker = Maker::new(raid, &cloud_key(raid)?, &raid.random(), key.public().as_spki())?;
    let mut call = Call::open(raid)?;
    let nonce = call.nonce()?;
    call.send(&maker.make(Kind::Sound, &nonce)?)?;
    not_answered(raid, &device, call, "whose key is pinned nowhere")
}

fn anothers_id(raid: &Raid<'_>) -> Tried {
    let (device, key) = (Known::of(raid, 0)?, made()?);
    let side = DeviceSide { key, cloud: cloud_key(raid)? };
    let mut call = Call::open(raid)?;
    let block = block(&call.nonce()?, &device, &side)?;
    call.send(&block)?;
    not_answered(raid, &device, call, "with a device's id and another key")
}

fn recorded_block(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    let mut overheard = Call::open(raid)?;
    let recorded = block(&overheard.nonce()?, &device, &device.side)?;
    let mut call = Call::open(raid)?;
    call.nonce()?;
    call.send(&recorded)?;
    not_answered(raid, &device, call, "that was recorded from another connection")
}

fn odd_blocks(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    for more in [1, 300] {
        let mut call = Call::open(raid)?;
        let mut block = block(&call.nonce()?, &device, &device.side)?;
        block.resize(block.len() + more, 0x5a);
        call.send(&block)?;
        not_answered(raid, &device, call, "with more behind it")?;
    }
    Ok("no block with more behind it was answered".into())
}

fn made() -> Tried<DeviceKey> {
    DeviceKey::generate().map_err(|error| at_home("no key can be made")(&error))
}

/// The block of this device for a nonce, sealed with this key.
fn block(nonce: &[u8; 40], device: &Known, side: &DeviceSide) -> Tried<Vec<u8>> {
    let (mut handshake, mut out) = (Handshake::new(device.id), Vec::new());
    let made = handshake.receive(&mut nonce.as_slice(), side, &mut out);
    made.map_err(|error| at_home("a block cannot be made")(&error))?;
    debug_assert_eq!(side.public(), *side.key.public());
    Ok(out)
}

/// Holds where nothing came of a block, by the time that a device sent one after it and was let in.
fn not_answered(raid: &Raid<'_>, device: &Known, mut call: Call<'_>, which: &str) -> Tried {
    let mut session = Session::shake(raid, device)?;
    session.introduce()?;
    match call.next(GLANCE)? {
        Came::Bytes(_) => broke(format!("a block {which} was answered")),
        // A sound target waits before it hangs up.
        Came::End | Came::Nothing => Ok(format!("a block {which} was not answered")),
    }
}

const _: () = assert!(GLANCE.as_millis() < ANSWER.as_millis());
