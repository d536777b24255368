//! Messages with something odd in them, and messages in odd pieces.

use super::line::Line;
use super::session::Session;
use super::shaking::Shaking;
use super::wire::{
    CERTIFICATE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, HANDSHAKE, fragment, put8, put24,
};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};

/// Points that are none, and keys that are none.
pub(super) const ODD_POINTS: Case = Case {
    id: "dtls-odd-points",
    group: Group::Handshake,
    tries: "A device sends a point that is not on the curve, the point at infinity, one of another length, or a key that is \
            none: whoever computes with them gives parts of its own key away.",
    expects: "The handshake is not finished, and the target goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, odd_points),
};

/// Overlapping, contradicting and endless pieces.
pub(super) const FRAGMENTS: Case = Case {
    id: "dtls-fragments",
    group: Group::Handshake,
    tries: "A device sends its messages a byte at a time and backwards, with pieces between that overlap, contradict, or \
            belong to messages of 16 MiB.",
    expects: "The handshake is finished by what came first of each byte; the rest is dropped.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, fragments),
};

fn odd_points(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut off_the_curve = [7; 65];
    off_the_curve[0] = 4;
    let compressed = device.public.point().first_chunk::<33>().copied().unwrap_or([2; 33]);
    let points: [&[u8]; 6] = [&[4; 65], &off_the_curve, &[0], &compressed, &[4; 64], &[4; 66]];
    for point in points {
        let mut shaking = Shaking::begin(&line)?;
        shaking.show(&device.public)?;
        let mut body = Vec::new();
        put8(&mut body, point);
        shaking.say(CLIENT_KEY_EXCHANGE, &body)?;
        shaking.prove(&device.key)?;
        shaking.finish(|_| {})?;
        if shaking.answers()?.has_finished() {
            return broke(format!(
                "a handshake over a point of {} bytes was finished",
                point.len()
            ));
        }
    }
    let spki = device.public.to_spki();
    let longer = [&spki[..], &[0]].concat();
    let other_curve = spki.map(|byte| if byte == 0x07 { 0x22 } else { byte });
    for key in [&spki[1..], &longer, &other_curve, &[0x30; 91], &[]] {
        let mut shaking = Shaking::begin(&line)?;
        let mut body = Vec::new();
        put24(&mut body, key);
        shaking.say(CERTIFICATE, &body)?;
        shaking.exchange()?;
        shaking.prove(&device.key)?;
        shaking.finish(|_| {})?;
        if shaking.answers()?.has_finished() {
            return broke(format!(
                "a handshake with an odd key of {} bytes was finished",
                key.len()
            ));
        }
    }
    Ok("no handshake over an odd point or with an odd key was finished".into())
}

fn fragments(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut shaking = Shaking::begin(&line)?;
    let mut shown = Vec::new();
    put24(&mut shown, &device.public.to_spki());
    let sequence = shaking.sequence();
    // Hashed whole, sent in pieces.
    let _ = shaking.next(CERTIFICATE, &shown);
    for (offset, byte) in shown.iter().enumerate().rev() {
        let piece = fragment(CERTIFICATE, shown.len(), sequence, offset, &[*byte]);
        shaking.send_clear(HANDSHAKE, &piece)?;
        if offset % 16 == 8 {
            contradict(&mut shaking, sequence, shown.len(), offset)?;
        }
    }
    shaking.exchange()?;
    shaking.prove(&device.key)?;
    shaking.finish(|_| {})?;
    let mut session: Session<'_, '_> = shaking.session()?;
    session.introduce(device.id)?;
    session.lives("a handshake in pieces")?;
    Ok("a handshake in single bytes was finished; contradicting pieces changed nothing".into())
}

/// Pieces that are not of the message which goes on.
fn contradict(
    shaking: &mut Shaking<'_, '_>,
    sequence: u16,
    length: usize,
    offset: usize,
) -> Tried<()> {
    let odd = [
        // Other bytes for what came.
        fragment(CERTIFICATE, length, sequence, offset, &[0xee; 4]),
        // Another length, another kind, past the end, far too long.
        fragment(CERTIFICATE, length + 1, sequence, 0, &[0xee]),
        fragment(CERTIFICATE_VERIFY, length, sequence, 0, &[0xee]),
        fragment(CERTIFICATE, length, sequence, length, &[0xee; 8]),
        fragment(CERTIFICATE, 0xff_ffff, sequence + 1, 0xff_0000, &[0xee]),
        fragment(CERTIFICATE, length, sequence.wrapping_sub(9), 0, &[0xee]),
        fragment(CERTIFICATE, length, u16::MAX, 0, &[0xee]),
        vec![CERTIFICATE, 0xff],
    ];
    odd.iter().try_for_each(|piece| shaking.send_clear(HANDSHAKE, piece))
}
