//! What is checked of a file and of what was signed about it. Nothing here reads or writes anything.

use pintle_firmware::Digest;
use pintle_firmware::module::{Function, Module, Platform, Wanted};
use pintle_firmware::release::{
    Envelope, Keyring, MAX_STATEMENT, Release, ReleaseFault, Statement, Time,
};
use pintle_firmware::signature::AwsLc;

use super::{InForce, ProductId, Refusal, Standing};
use crate::store::device::DeviceRow;
use crate::store::firmware::FirmwareRow;

/// Who has to sign a product's releases: its keyrings, of which the last is in force.
pub(super) struct Policy {
    product: ProductId,
    keyrings: Vec<Vec<u8>>,
}

impl Policy {
    /// Takes the keyring that the standing names from those in the store; the others count only as what travels before
    /// it, and none after it counts at all.
    pub(super) fn new(
        product: ProductId,
        standing: &Standing,
        mut keyrings: Vec<Vec<u8>>,
    ) -> Result<Self, Refusal> {
        const WHY: &str = "its keyring was changed in the store; restore a backup";
        let locked = Refusal::Locked { product, why: WHY };
        let Some(InForce { sha256, .. }) = standing.keyring else {
            return Ok(Self { product, keyrings: Vec::new() });
        };
        let of_seal = |envelope: &Vec<u8>| is_sha256(envelope, &sha256);
        let at = keyrings.iter().position(of_seal).ok_or(locked.clone())?;
        keyrings.truncate(at + 1);
        let policy = Self { product, keyrings };
        let ring = policy.ring().map_err(|_| locked.clone())?;
        match ring {
            Some(ring) if ring.product == product.0 => Ok(policy),
            _ => Err(locked),
        }
    }

    pub(super) fn asks_for_signatures(&self) -> bool {
        !self.keyrings.is_empty()
    }

    /// The envelope of the keyring in force.
    pub(super) fn envelope(&self) -> Option<&[u8]> {
        self.keyrings.last().map(Vec::as_slice)
    }

    /// The keyring in force.
    pub(super) fn ring(&self) -> Result<Option<Keyring<'_>>, ReleaseFault> {
        let read = |bytes| Keyring::first(&Envelope::parse(bytes)?, &AwsLc);
        self.envelope().map(read).transpose()
    }

    /// Checks what was signed about a file; `None` where nobody has to sign.
    pub(super) fn check(
        &self,
        release: Option<&[u8]>,
        file: &[u8],
        module: &Module<'_>,
        now: Time,
    ) -> Result<Option<Release>, Refusal> {
        let Some(ring) = self.ring()? else { return Ok(None) };
        let unsigned = Refusal::Unsigned { product: self.product };
        let release = ring.release(&Envelope::parse(release.ok_or(unsigned)?)?, &AwsLc, now)?;
        release.is_about(file)?;
        release.matches(module)?;
        Ok(Some(release))
    }

    /// What travels with a file: as many of the last keyrings as there is room for, each following the one before, so
    /// that a device that has an older one can follow; and the release.
    pub(super) fn statement(&self, release: &[u8]) -> Vec<u8> {
        let mut room = MAX_STATEMENT.saturating_sub(release.len());
        let fits = |envelope: &&Vec<u8>| {
            let left = room.checked_sub(envelope.len());
            room = left.unwrap_or(0);
            left.is_some()
        };
        // A device has the first one, or it does not check at all.
        let mut last: Vec<_> = self.keyrings.iter().skip(1).rev().take_while(fits).collect();
        last.reverse();
        let mut statement: Vec<u8> = last.into_iter().flatten().copied().collect();
        statement.extend_from_slice(release);
        statement
    }
}

/// The release of what was uploaded beside a file: a release alone, or with keyrings before it.
pub(super) fn release_in(statement: &[u8]) -> Result<Vec<u8>, ReleaseFault> {
    Ok(Statement::parse(statement)?.release().as_bytes().to_vec())
}

/// Whether a release is about a file, whoever has signed it.
pub(super) fn says(release: &[u8], file: &[u8], module: &Module<'_>) -> Result<(), ReleaseFault> {
    let release = Release::unverified(&Envelope::parse(release)?)?;
    release.is_about(file)?;
    release.matches(module)
}

pub(super) fn is_sha256(bytes: &[u8], sha256: &[u8; 32]) -> bool {
    Digest::of(bytes).as_bytes() == sha256
}

/// Whether a file is the one that was uploaded.
pub(super) fn is_file_of(row: &FirmwareRow, file: &[u8]) -> bool {
    u32::try_from(file.len()) == Ok(row.size) && is_sha256(file, &row.sha256)
}

/// The first thing in which a module is not what is wanted, as a sentence.
pub(super) fn first_difference(wanted: &Wanted<'_>, module: &Module<'_>) -> Option<String> {
    let mut first = None;
    wanted.compare(module, &mut |reason| {
        first.get_or_insert_with(|| reason.to_string());
    });
    first
}

/// Why a module is nothing for a device, whatever its product.
pub(super) fn fault_for_device(module: &Module<'_>, device: Option<&DeviceRow>) -> Option<String> {
    if let Some(reason) = module.first_fault() {
        return Some(reason.to_string());
    }
    // Assets are files for an application, and for any board.
    let asset = module.prefix().function == Function::ASSET;
    let platform = device.and_then(|row| row.platform_id).filter(|_| !asset).map(Platform);
    first_difference(&Wanted { platform, ..Wanted::default() }, module)
}
