//! What a device keeps between runs: its session, the next message id, and checksums of what it last told the
//! cloud. The bytes of `session.bin`: version, fingerprints of both keys, id, token, checksums, up to which id all
//! messages of the cloud are past (one byte whether that is known, and the id), how many calls were made lately and
//! their ids, session.
//!
//! A file for other keys or of another version counts as none. Not for backups: a session lives once.

use crate::checksum::Checksum;
use pintle_dtls::Fingerprint;
use pintle_protocol::coap::MessageId;
use zeroize::Zeroizing;

const VERSION: [u8; 8] = *b"pintle\x002";
/// How many calls are remembered over a restart.
pub(crate) const MAX_CALLS: usize = 64;
/// No exported session is longer, in bytes.
const LONGEST_SESSION: usize = 256;

/// Which keys a session belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Binding {
    pub(crate) device: Fingerprint,
    pub(crate) cloud: Fingerprint,
}

/// What the cloud was last told and acknowledged; zeros mean never.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Told {
    /// Hello and system describe.
    pub(crate) system: Checksum,
    /// Application describe.
    pub(crate) application: Checksum,
    /// Subscriptions.
    pub(crate) subscriptions: Checksum,
}

/// A session and what goes with it.
pub(crate) struct Saved {
    pub(crate) next_id: u16,
    pub(crate) next_token: u8,
    pub(crate) told: Told,
    /// The message ids of the latest calls, so that one repeated after the restart is not run again (P3).
    pub(crate) calls: Vec<u16>,
    /// Up to which message id the cloud's are past: none of them is acted on (P3).
    pub(crate) past: Option<MessageId>,
    pub(crate) session: Zeroizing<Vec<u8>>,
}

impl Saved {
    /// The content of `session.bin`.
    pub(crate) fn to_bytes(&self, binding: &Binding) -> Zeroizing<Vec<u8>> {
        let [high, low] = self.next_id.to_be_bytes();
        let calls = self.calls.get(..MAX_CALLS).unwrap_or(&self.calls);
        let call_bytes = calls.iter().flat_map(|id| id.to_be_bytes()).collect::<Vec<_>>();
        let [past_high, past_low] = self.past.map_or(0, |past| past.0).to_be_bytes();
        let parts: [&[u8]; 11] = [
            &VERSION,
            binding.device.as_bytes(),
            binding.cloud.as_bytes(),
            &[high, low, self.next_token],
            self.told.system.as_bytes(),
            self.told.application.as_bytes(),
            self.told.subscriptions.as_bytes(),
            &[u8::from(self.past.is_some()), past_high, past_low],
            &[calls.len() as u8],
            &call_bytes,
            &self.session,
        ];
        // Sized at once: a buffer that grows leaves pieces of the secret behind.
        let mut bytes =
            Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    /// Reads `session.bin`; `None` if it is not for these keys or not of this version.
    pub(crate) fn from_bytes(bytes: &[u8], binding: &Binding) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&VERSION)?;
        let device = Fingerprint::from_bytes(take(&mut rest)?);
        let cloud = Fingerprint::from_bytes(take(&mut rest)?);
        let [high, low, next_token] = take(&mut rest)?;
        let mut checksum = || take(&mut rest).map(Checksum::from_bytes);
        let told =
            Told { system: checksum()?, application: checksum()?, subscriptions: checksum()? };
        let [known, past_high, past_low] = take(&mut rest)?;
        let past = (known != 0).then(|| MessageId(u16::from_be_bytes([past_high, past_low])));
        let [count] = take(&mut rest)?;
        let calls =
            (0..count).map(|_| take(&mut rest).map(u16::from_be_bytes)).collect::<Option<_>>()?;
        let fits = Binding { device, cloud } == *binding && rest.len() <= LONGEST_SESSION;
        fits.then(|| Self {
            next_id: u16::from_be_bytes([high, low]),
            next_token,
            told,
            calls,
            past,
            session: Zeroizing::new(rest.to_vec()),
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(last: u8) -> Binding {
        Binding {
            device: Fingerprint::from_bytes([1; 32]),
            cloud: Fingerprint::from_bytes([last; 32]),
        }
    }

    #[test]
    fn a_saved_session_is_only_for_its_own_keys() {
        let told = Told { application: Checksum::of(b"app"), ..Told::default() };
        let saved = Saved {
            next_id: 0x1234,
            next_token: 7,
            told,
            calls: vec![1, 0x203],
            past: Some(MessageId(0x405)),
            session: Zeroizing::new(vec![9; 200]),
        };
        let bytes = saved.to_bytes(&binding(2));
        let read = Saved::from_bytes(&bytes, &binding(2)).unwrap();
        assert_eq!((read.next_id, read.next_token, read.told), (0x1234, 7, told));
        assert_eq!((read.calls.as_slice(), read.past), (&[1, 0x203][..], Some(MessageId(0x405))));
        assert_eq!(*read.session, vec![9; 200]);
        assert!(Saved::from_bytes(&bytes, &binding(3)).is_none());
        assert!((0..120).all(|cut| Saved::from_bytes(&bytes[..cut], &binding(2)).is_none()));
    }
}
