//! Who signed a release, in which role, and what is missing. The verdict is [`Statement::check`]'s, as on a device;
//! here is all that is wrong, where a device stops at the first.

use pintle_firmware::release::{Envelope, Keyring, Release, ReleaseFault, Role, Statement, Time};
use pintle_firmware::signature::{AwsLc, KeyId};

/// A signature, as a keyring sees it.
pub struct Signer {
    pub key: KeyId,
    /// What the keyring has the key for; none when it does not know it.
    pub role: Option<Role>,
    /// Whether the signature is the key's; nobody can tell without the key.
    pub holds: Option<bool>,
}

/// The signatures of an envelope.
pub fn signers(envelope: &Envelope<'_>, ring: Option<&Keyring<'_>>) -> Vec<Signer> {
    let seen = |key: KeyId| {
        let known = ring.and_then(|ring| ring.keys().find(|one| one.public.id() == key));
        Signer {
            key,
            role: known.map(|one| one.role),
            holds: known.map(|one| envelope.is_signed_by(&one.public, &AwsLc)),
        }
    };
    envelope.signers().map(seen).collect()
}

/// The last keyring that can be followed from `pinned`, and why the next one cannot.
pub fn followed<'a>(
    statement: &Statement<'a>,
    pinned: Keyring<'a>,
) -> (Keyring<'a>, Option<ReleaseFault>) {
    let mut ring = pinned;
    for envelope in statement.keyrings() {
        let next = match Keyring::unverified(&envelope) {
            Ok(next) if next.number <= ring.number => continue,
            Ok(_) => ring.follow(&envelope, &AwsLc, Time::Unknown),
            Err(fault) => Err(fault),
        };
        match next {
            Ok(next) => ring = next,
            Err(fault) => return (ring, Some(fault)),
        }
    }
    (ring, None)
}

/// All that keeps a device with the keyring `pinned` from taking a statement; nothing when it takes it.
pub fn faults(statement: &Statement<'_>, pinned: &Keyring<'_>, now: Time) -> Vec<ReleaseFault> {
    let Err(first) = statement.check(pinned, &AwsLc, now) else { return Vec::new() };
    let (ring, stop) = followed(statement, *pinned);
    let release = statement.release();
    let missing = |role| {
        let (wanted, found) = (ring.thresholds.of(role), ring.count(&release, role, &AwsLc));
        (found < wanted).then_some(ReleaseFault::Signatures { role, found, wanted })
    };
    let mut faults: Vec<ReleaseFault> = stop.into_iter().collect();
    faults.extend(now.is_past(ring.expiry).then_some(ReleaseFault::KeyringExpired));
    faults.extend([Role::Release, Role::Review].into_iter().filter_map(missing));
    match Release::unverified(&release) {
        Err(fault) => faults.push(fault),
        Ok(said) => {
            let (found, wanted) = (said.product, ring.product);
            faults.extend((found != wanted).then_some(ReleaseFault::Product { found, wanted }));
            faults.extend(now.is_past(said.expiry).then_some(ReleaseFault::Expired));
        }
    }
    if faults.is_empty() {
        faults.push(first);
    }
    faults
}
