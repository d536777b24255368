//! A device's session over TCP, in the attacker's hands.

use super::call::{ANSWER, Call, Came};
use crate::raid::{Raid, Tried, at_home, device_id, untried};
use crate::target::Device;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::client::{self, Firmware, Handshake, Heard};
use pintle_rsa::{CloudPublicKey, DeviceKey, DeviceSide};
use std::fs;
use std::time::Duration;
use zeroize::Zeroizing;

/// How many messages are read past while one is waited for.
const MOST_OTHERS: usize = 256;

/// A device that the target knows.
pub(crate) struct Known {
    pub(crate) id: DeviceId,
    pub(crate) side: DeviceSide,
}

/// The cloud's public key.
pub(crate) fn cloud_key(raid: &Raid<'_>) -> Tried<CloudPublicKey> {
    let Some(path) = &raid.target.tcp_key else {
        return untried("the target's key of the TCP service is missing");
    };
    let bytes =
        fs::read(path).map_err(|error| at_home("the cloud's key cannot be read")(&error))?;
    CloudPublicKey::read(&bytes).map_err(|error| at_home("the cloud's key cannot be used")(&error))
}

impl Known {
    /// The device of the TCP service with this place.
    pub(crate) fn of(raid: &Raid<'_>, place: usize) -> Tried<Self> {
        let device: &Device = raid.device(true, place)?;
        let key = fs::read(&device.key).map(Zeroizing::new);
        let key = key.map_err(|error| at_home("a device's private key cannot be read")(&error))?;
        let key = DeviceKey::read(&key);
        let key = key.map_err(|error| at_home("a device's private key cannot be used")(&error))?;
        let side = DeviceSide { key, cloud: cloud_key(raid)? };
        Ok(Self { id: device_id(device)?, side })
    }
}

/// A session.
pub(crate) struct Session<'r> {
    pub(crate) call: Call<'r>,
    pub(crate) session: client::Session,
    came: Vec<u8>,
}

/// How a session stands after something was said in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The target hung up.
    Ended,
    /// It answered.
    Answered,
    /// It did neither.
    Silent,
}

impl<'r> Session<'r> {
    /// Shakes hands over a new connection.
    pub(crate) fn shake(raid: &'r Raid<'r>, device: &Known) -> Tried<Self> {
        Self::shake_over(Call::open(raid)?, device)
    }

    /// Shakes hands over this connection.
    pub(crate) fn shake_over(mut call: Call<'r>, device: &Known) -> Tried<Self> {
        let mut handshake = Handshake::new(device.id);
        loop {
            let Came::Bytes(bytes) = call.next(ANSWER)? else {
                return untried(
                    "the TCP service does not let a device in: is its key pinned there?",
                );
            };
            let (mut input, mut out) = (bytes.as_slice(), Vec::new());
            let taken = handshake.receive(&mut input, &device.side, &mut out);
            let taken = taken.map_err(|error| at_home("a sound handshake failed")(&error))?;
            if !out.is_empty() {
                call.send(&out)?;
            }
            if let Some(credentials) = taken {
                let session = client::Session::new(&credentials, Firmware::PHOTON_1_5, 7);
                return Ok(Self { call, session, came: input.to_vec() });
            }
        }
    }

    /// Shakes hands and says hello.
    pub(crate) fn connect(raid: &'r Raid<'r>, device: &Known) -> Tried<Self> {
        let mut session = Self::shake(raid, device)?;
        session.introduce()?;
        Ok(session)
    }

    /// Says hello, and waits until the target hears it.
    pub(crate) fn introduce(&mut self) -> Tried<()> {
        self.write(|session, out| session.hello(out, 6, Some(1), 6))?;
        match self.asked()? {
            Stands::Answered => Ok(()),
            _ => untried("the TCP service does not answer a device that said hello"),
        }
    }

    /// Sends what the device's side writes.
    pub(crate) fn write<T>(
        &mut self,
        write: impl FnOnce(&mut client::Session, &mut Vec<u8>) -> Result<T, pintle_protocol::Error>,
    ) -> Tried<T> {
        let (written, frame) = self.frame(write)?;
        self.call.send(&frame)?;
        Ok(written)
    }

    /// What the device's side writes, not sent.
    pub(crate) fn frame<T>(
        &mut self,
        write: impl FnOnce(&mut client::Session, &mut Vec<u8>) -> Result<T, pintle_protocol::Error>,
    ) -> Tried<(T, Vec<u8>)> {
        let mut frame = Vec::new();
        let written = write(&mut self.session, &mut frame);
        let written = written.map_err(|error| at_home("a message cannot be written")(&error))?;
        Ok((written, frame))
    }

    /// Whether the target hangs up within this time.
    pub(crate) fn has_ended(&mut self, within: Duration) -> Tried<bool> {
        for _ in 0..MOST_OTHERS {
            match self.call.next(within)? {
                Came::Bytes(bytes) => self.came.extend(bytes),
                came => return Ok(came == Came::End),
            }
        }
        Ok(false)
    }

    /// Asks for the time, which every device may.
    pub(crate) fn asked(&mut self) -> Tried<Stands> {
        self.write(client::Session::time)?;
        self.stands()
    }

    /// Waits for the time, or for the end.
    pub(crate) fn stands(&mut self) -> Tried<Stands> {
        for _ in 0..MOST_OTHERS {
            if self.is_answered() {
                return Ok(Stands::Answered);
            }
            match self.call.next(ANSWER)? {
                Came::Bytes(bytes) => self.came.extend(bytes),
                Came::End => return Ok(Stands::Ended),
                Came::Nothing => return Ok(Stands::Silent),
            }
        }
        Ok(Stands::Silent)
    }

    /// Whether the time is among what came.
    fn is_answered(&mut self) -> bool {
        let mut scratch = Vec::new();
        let mut input = self.came.as_slice();
        let mut answered = false;
        while let Ok(Some(received)) = self.session.receive(&mut input, &mut scratch) {
            answered |= matches!(received.heard, Heard::Time(_));
        }
        self.came.clear();
        answered
    }
}
