//! Frames of a session over TCP: wrong lengths, bits turned over, repeated, with other ids, out of place. Each anomaly has to
//! end its session at once, without a word.

use super::session::{Known, Session, Stands};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};
use pintle_protocol::coap::MessageId;
use pintle_protocol::tcp::client;
use pintle_protocol::{Event, from_device};
use std::time::Duration;

/// How soon an anomaly ends a session, before anything else is said in it.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Lengths of frames that no device sends.
pub(super) const LENGTHS: Case = Case {
    id: "tcp-frame-lengths",
    group: Group::Tcp,
    tries: "A frame says that it has no bytes, a number that is no multiple of 16, or more than a device may send.",
    expects: "The session ends at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, lengths),
};

/// Bits turned over.
pub(super) const BIT_FLIPS: Case = Case {
    id: "tcp-bit-flips",
    group: Group::Tcp,
    tries: "A bit is turned over in the first block of a frame, which holds what the message is.",
    expects: "The session ends at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, bit_flips),
};

/// The same frame again.
pub(super) const REPEATED_FRAME: Case = Case {
    id: "tcp-repeated-frame",
    group: Group::Tcp,
    tries: "A frame of a device comes twice.",
    expects: "The session ends at once, and the second is not acted on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, repeated_frame),
};

/// Ids that are not the next.
pub(super) const MESSAGE_IDS: Case = Case {
    id: "tcp-message-ids",
    group: Group::Tcp,
    tries: "A message has the id of the one before, one left out, or one far ahead: something was repeated, lost or made up.",
    expects: "The session ends at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, message_ids),
};

/// What comes at the wrong time.
pub(super) const OUT_OF_PLACE: Case = Case {
    id: "tcp-out-of-place",
    group: Group::Tcp,
    tries: "A device does not begin with hello, says hello twice, or answers what nobody asked.",
    expects: "The session ends at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, out_of_place),
};

/// Breaks where the session stands after an anomaly.
fn must_end(session: &mut Session<'_>, after: &str) -> Tried<()> {
    if session.has_ended(AT_ONCE)? {
        return Ok(());
    }
    match session.asked()? {
        Stands::Ended => Ok(()),
        Stands::Answered => broke(format!("a session went on after {after}")),
        Stands::Silent => broke(format!("a session was left open after {after}")),
    }
}

fn lengths(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    for length in [0, 1, 15, 17, 0x2000, 0xffff_u16] {
        let mut session = Session::connect(raid, &device)?;
        let frame = [&length.to_be_bytes()[..], &[0x5a; 32]].concat();
        session.call.send(&frame)?;
        must_end(&mut session, &format!("a frame of {length} bytes"))?;
    }
    Ok("a session ended at each frame of a length that no device sends".into())
}

fn bit_flips(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    for count in 0..8 {
        let mut session = Session::connect(raid, &device)?;
        let event = Event::text("raid-flipped", "this text is longer than a block or two of them");
        let (_, mut frame) = session.frame(|session, out| session.event(out, &event))?;
        let (place, bit) = (2 + 2 * count, raid.below(8));
        frame.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << bit);
        session.call.send(&frame)?;
        must_end(&mut session, "a bit was turned over in a message's first block")?;
    }
    Ok("a session ended at each bit turned over in a message's first block".into())
}

fn repeated_frame(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    let mut session = Session::connect(raid, &device)?;
    let event = Event::text("raid-repeated", "once");
    let (_, frame) = session.frame(|session, out| session.event(out, &event))?;
    session.call.send(&frame)?;
    session.call.send(&frame)?;
    must_end(&mut session, "a repeated frame")?;
    Ok("a session ended at a repeated frame".into())
}

fn message_ids(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    for (ahead, what) in [
        (0_u16, "the id of the one before"),
        (2, "an id that leaves one out"),
        (0x4000, "an id far ahead"),
    ] {
        let mut session = Session::connect(raid, &device)?;
        let last =
            session.write(|session, out| session.event(out, &Event::text("raid-ids", "1")))?;
        let id = MessageId(last.0.wrapping_add(ahead));
        session.write(|session, out| say(session, out, id))?;
        // The question after it has the id that is then due, whatever was made of the message.
        if ahead == 2 {
            session.write(|session, out| say(session, out, MessageId(last.0.wrapping_add(3))))?;
        }
        must_end(&mut session, &format!("a message with {what}"))?;
    }
    Ok("a session ended at each message whose id is not the next".into())
}

/// An event with this id.
fn say(
    session: &mut client::Session,
    out: &mut Vec<u8>,
    id: MessageId,
) -> Result<(), pintle_protocol::Error> {
    let mut message = Vec::new();
    from_device::event(&mut message, id, &Event::text("raid-ids", "2"))?;
    session.seal(out, &message)
}

fn out_of_place(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    let mut early = Session::shake(raid, &device)?;
    early.write(|session, out| session.event(out, &Event::text("raid-early", "x")))?;
    must_end(&mut early, "a first message that is no hello")?;

    let mut twice = Session::connect(raid, &device)?;
    twice.write(|session, out| session.hello(out, 6, Some(1), 6))?;
    must_end(&mut twice, "a second hello")?;

    for unasked in [[0x60, 0x00, 0x77, 0x77], [0x70, 0x00, 0x77, 0x77], [0x60, 0x44, 0x77, 0x77]] {
        let mut session = Session::connect(raid, &device)?;
        session.write(|session, out| session.seal(out, &unasked))?;
        must_end(&mut session, "an answer to nothing that was asked")?;
    }
    Ok("a session ended at each message out of its place".into())
}
