//! A virtual device's firmware on the bench: offered files as a cloud would that checked nothing, and started and judged by
//! hand. What decides is what decides on a device; only the network is not there.

use super::virtual_firmware::VirtualFirmware;
use super::{Boot, Purpose, Store};
use crate::error::Error;
use crate::life::{Declined, LastReset, SYSTEM_VERSION, Updates};
use pintle_firmware::Digest;
use pintle_firmware::module::Function;
use pintle_protocol::update::Start;

/// Bytes of a piece.
const CHUNK: u16 = 512;

/// Firmware on the bench.
#[derive(Debug)]
pub struct Bench(Store);

/// What a device does at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// SHA-256 of the file of what it runs.
    pub sha256: [u8; 32],
    /// Whether that still has to show that it is well.
    pub on_trial: bool,
}

impl VirtualFirmware {
    /// Puts it on the bench, as a device of this platform and product. What was on its flash before is there.
    ///
    /// # Errors
    /// [`Error::Firmware`]: the first module or the keyring is none, or the device would not take it.
    pub fn bench(&self, platform: u16, product: Option<u16>) -> Result<Bench, Error> {
        let purpose = Purpose { platform, product, system_version: SYSTEM_VERSION };
        self.open(purpose).map(Bench)
    }
}

impl Bench {
    /// Offers a file with what was signed about it; `sent` is what comes in its place, piece by piece.
    ///
    /// # Errors
    /// Why the device does not take it.
    pub fn offer(&mut self, file: &[u8], sent: &[u8], statement: &[u8]) -> Result<(), String> {
        let from = self.begin(file, statement)?;
        self.send(sent, from, usize::MAX)?;
        self.0.finish().map_err(text)
    }

    /// Announces a file; how many bytes of it the device has from before.
    ///
    /// # Errors
    /// Why the device does not take it.
    pub fn begin(&mut self, file: &[u8], statement: &[u8]) -> Result<u32, String> {
        let start = Start {
            file_size: u32::try_from(file.len()).unwrap_or(u32::MAX),
            sha256: Some(Digest::of(file).0),
            chunk_size: CHUNK,
            discard: false,
            function: Some(Function::USER_PART.0),
            statement,
        };
        self.0.begin(&start).map_err(text)
    }

    /// Sends so many pieces of what was announced, from this byte on.
    ///
    /// # Errors
    /// Why the device does not take one.
    pub fn send(&mut self, file: &[u8], from: u32, pieces: usize) -> Result<(), String> {
        let rest = file.get(from as usize..).unwrap_or_default();
        let mut at = from;
        for piece in rest.chunks(CHUNK.into()).take(pieces) {
            self.0.store(at, piece).map_err(text)?;
            at = at.saturating_add(CHUNK.into());
        }
        Ok(())
    }

    /// Starts the device.
    ///
    /// # Errors
    /// [`Error::Slots`]: there is nothing that it can run.
    pub fn start(&mut self) -> Result<Started, Error> {
        self.0.boot().map(|boot| Started { sha256: boot.firmware.sha256, on_trial: boot.on_trial })
    }

    /// Starts the device, and says of what it runs that it is well or not.
    ///
    /// # Errors
    /// [`Error`]: there is nothing that it can run, or it could not be written down.
    pub fn start_and_judge(&mut self, well: Result<(), &str>) -> Result<Started, Error> {
        let boot = self.0.boot()?;
        if boot.on_trial {
            self.judge(&boot, well).map_err(|declined| Error::Firmware(declined.message))?;
        }
        Ok(Started { sha256: boot.firmware.sha256, on_trial: boot.on_trial })
    }

    fn judge(&mut self, boot: &Boot, well: Result<(), &str>) -> Result<(), Declined> {
        match well {
            Ok(()) => self.0.confirm(boot),
            Err(why) => self.0.reject(boot, &LastReset::Failed(why.to_owned())),
        }
    }
}

fn text(declined: Declined) -> String {
    declined.message
}
