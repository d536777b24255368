//! Sessions over a restart: as the journal has them, sealed under the node's key (promises P3, P4, P5).
//!
//! A session goes on with its record numbers ahead of any it used, and under a fresh nonce prefix. After a clean
//! stop its replay window is exact, and what the device may still repeat is remembered with its answer. After a
//! crash the window may lack the last records: then the session is held until its device answers a ping of
//! now, and what came before that answer counts as received.
//! Where the device was is not saved: an address is personal data (promise P6).

use super::connection_id::Place;
use super::shard::Shard;
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::{Answered, Numbering};
use std::time::Duration;
use zeroize::Zeroizing;

/// The layout of what is sealed: version, next message id, next token, patience, how the device numbers its
/// messages (one byte, and the id up to which they are past), length of the session, session, and then what was
/// answered lately: id, age in seconds, length, answer.
const VERSION: u8 = 2;

/// The byte for each numbering.
const ANY: u8 = 0;
const UP: u8 = 1;
const UP_FROM: u8 = 2;

impl Shard {
    /// A session as the journal keeps it: its device, and the rest sealed. None where another session took its
    /// place, or its key is no longer its device's: it is not to come back.
    pub(super) fn save_one(&mut self, place: Place) -> Option<Vec<u8>> {
        let now = self.world.now;
        let live = self.slots.get(place).filter(|live| live.is_kept())?;
        if let Some(life) = &mut live.life {
            live.numbering = life.numbering(now);
        }
        // Not sealed under a key that came after the session.
        let key = self.world.roll.key_of_session(live.here)?;
        let answers = live.life.as_ref().map(|life| life.answers(now)).unwrap_or_default();
        let session = live.session.export();
        let saved = Saved {
            next_message: live.next_message,
            next_token: live.next_token,
            patience: live.standing.patience,
            numbering: live.numbering,
            session: session.as_bytes(),
            answers,
        };
        let (plain, device) = (saved.write(), live.device);
        let context = self.context(device, key, place);
        let sealed = self.seals.sessions.seal(&context, &plain).ok()?;
        Some([device.as_bytes().as_slice(), &sealed].concat())
    }

    /// What a sealed session is bound to: the node's incarnation, its device, its place, and the key it
    /// was made with. One that does not fit is not taken up.
    pub(super) fn context(
        &self,
        device: DeviceId,
        key: Fingerprint,
        place: Place,
    ) -> [u8; 32 + 12 + 8 + 32] {
        let mut context = [0; 32 + 12 + 8 + 32];
        let place = place.key().0.to_be_bytes();
        let parts = [self.seals.incarnation.as_slice(), device.as_bytes(), &place, key.as_bytes()];
        context.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        context
    }
}

/// What is saved of a session, in the open.
pub(super) struct Saved<'a> {
    pub(super) next_message: u16,
    pub(super) next_token: u8,
    pub(super) patience: u16,
    pub(super) numbering: Numbering,
    pub(super) session: &'a [u8],
    pub(super) answers: Vec<Answered>,
}

impl<'a> Saved<'a> {
    pub(super) fn write(&self) -> Zeroizing<Vec<u8>> {
        let length = u8::try_from(self.session.len()).unwrap_or(u8::MAX);
        let mut out = Zeroizing::new(vec![VERSION]);
        out.extend(self.next_message.to_be_bytes());
        out.push(self.next_token);
        out.extend(self.patience.to_be_bytes());
        let (numbering, past) = match self.numbering {
            Numbering::Any => (ANY, 0),
            Numbering::Up(None) => (UP, 0),
            Numbering::Up(Some(MessageId(past))) => (UP_FROM, past),
        };
        out.push(numbering);
        out.extend(past.to_be_bytes());
        out.push(length);
        out.extend(self.session.iter().take(length.into()));
        for answered in &self.answers {
            let age = u8::try_from(answered.age.as_secs()).unwrap_or(u8::MAX);
            let length = u16::try_from(answered.reply.len()).unwrap_or(0);
            out.extend(answered.id.0.to_be_bytes());
            out.push(age);
            out.extend(length.to_be_bytes());
            out.extend(answered.reply.iter().take(length.into()));
        }
        out
    }

    pub(super) fn read(plain: &'a [u8]) -> Option<Self> {
        let (&[version, m1, m0, next_token, p1, p0, numbering, n1, n0, length], rest) =
            plain.split_first_chunk()?;
        let (session, mut rest) = rest.split_at_checked(length.into())?;
        let mut answers = Vec::new();
        while let Some((&[i1, i0, age, l1, l0], after)) = rest.split_first_chunk() {
            let (reply, after) = after.split_at_checked(u16::from_be_bytes([l1, l0]).into())?;
            rest = after;
            answers.push(Answered {
                id: MessageId(u16::from_be_bytes([i1, i0])),
                age: Duration::from_secs(age.into()),
                reply: reply.to_vec(),
            });
        }
        let numbering = match numbering {
            ANY => Numbering::Any,
            UP => Numbering::Up(None),
            UP_FROM => Numbering::Up(Some(MessageId(u16::from_be_bytes([n1, n0])))),
            _ => return None,
        };
        (version == VERSION && rest.is_empty()).then_some(Self {
            next_message: u16::from_be_bytes([m1, m0]),
            next_token,
            patience: u16::from_be_bytes([p1, p0]),
            numbering,
            session,
            answers,
        })
    }
}
