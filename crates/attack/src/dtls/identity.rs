//! Who comes in: keys that nobody pinned, no key, no proof, another's proof.

use super::line::Line;
use super::shaking::{Answers, Shaking};
use super::wire::CERTIFICATE_VERIFY;
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};

/// A key that nobody pinned.
pub(super) const WRONG_KEY: Case = Case {
    id: "dtls-wrong-key",
    group: Group::Handshake,
    tries: "A stranger shakes hands soundly, with a key that is pinned for no device.",
    expects: "The handshake is not finished.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, wrong_key),
};

/// What a stranger learns from being refused.
pub(super) const REFUSAL_SILENT: Case = Case {
    id: "dtls-refusal-silent",
    group: Group::Handshake,
    tries: "A stranger shows a key that is pinned for no device, and listens to how it is refused.",
    expects: "Not one byte: whoever tries out keys learns nothing.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, refusal_silent),
};

/// No key at all.
pub(super) const NO_KEY: Case = Case {
    id: "dtls-no-key",
    group: Group::Handshake,
    tries: "A client sends an empty Certificate, or none, and goes on as if no key had been asked for.",
    expects: "The handshake is not finished.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, no_key),
};

/// Another's key.
pub(super) const WRONG_SIGNATURE: Case = Case {
    id: "dtls-wrong-signature",
    group: Group::Handshake,
    tries: "Somebody who knows a device's public key shows it, and signs with a key of his own.",
    expects: "The handshake is not finished.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, wrong_signature),
};

/// Another handshake's proof.
pub(super) const BORROWED_PROOF: Case = Case {
    id: "dtls-borrowed-proof",
    group: Group::Handshake,
    tries: "Somebody shows a device's public key, and repeats the signature that the device made in another handshake.",
    expects: "The handshake is not finished: a signature covers its own handshake.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, borrowed_proof),
};

/// No proof.
pub(super) const NO_PROOF: Case = Case {
    id: "dtls-no-proof",
    group: Group::Handshake,
    tries: "Somebody shows a device's public key and leaves out the message that proves it is his.",
    expects: "The handshake is not finished.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, no_proof),
};

/// A Finished that does not fit.
pub(super) const WRONG_FINISHED: Case = Case {
    id: "dtls-wrong-finished",
    group: Group::Handshake,
    tries: "A device's Finished has one bit turned over, as if somebody had changed the handshake on its way.",
    expects: "The handshake is not finished.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, wrong_finished),
};

fn wrong_key(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let stranger = raid.stranger(device.id)?;
    let mut shaking = Shaking::begin(&line)?;
    shaking.all(&stranger)?;
    not_finished(&shaking.answers()?, "with a key that is pinned for no device")
}

fn refusal_silent(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let stranger = raid.stranger(device.id)?;
    let mut shaking = Shaking::begin(&line)?;
    shaking.show(&stranger.public)?;
    let bytes = shaking.answers()?.bytes();
    if bytes != 0 {
        return broke(format!("a refused key was answered with {bytes} bytes"));
    }
    Ok("a refused key was answered with silence".into())
}

fn no_key(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    for shows in [true, false] {
        let mut shaking = Shaking::begin(&line)?;
        if shows {
            shaking.say(super::wire::CERTIFICATE, &[0, 0, 0])?;
        }
        shaking.exchange()?;
        shaking.finish(|_| {})?;
        not_finished(&shaking.answers()?, "without a key")?;
    }
    Ok("no handshake without a key was finished".into())
}

fn wrong_signature(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let stranger = raid.stranger(device.id)?;
    let mut shaking = Shaking::begin(&line)?;
    shaking.show(&device.public)?;
    shaking.exchange()?;
    shaking.prove(&stranger.key)?;
    shaking.finish(|_| {})?;
    not_finished(&shaking.answers()?, "with another's public key")
}

fn borrowed_proof(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut overheard = Shaking::begin(&line)?;
    overheard.show(&device.public)?;
    overheard.exchange()?;
    let proof = overheard.proof(&device.key)?;
    let mut shaking = Shaking::begin(&line)?;
    shaking.show(&device.public)?;
    shaking.exchange()?;
    shaking.say(CERTIFICATE_VERIFY, &proof)?;
    shaking.finish(|_| {})?;
    not_finished(&shaking.answers()?, "with the signature of another handshake")
}

fn no_proof(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut shaking = Shaking::begin(&line)?;
    shaking.show(&device.public)?;
    shaking.exchange()?;
    shaking.finish(|_| {})?;
    not_finished(&shaking.answers()?, "without a proof of the key")
}

fn wrong_finished(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut shaking = Shaking::begin(&line)?;
    shaking.show(&device.public)?;
    shaking.exchange()?;
    shaking.prove(&device.key)?;
    let [byte, bit] = raid.random();
    shaking.finish(|data| {
        if let Some(byte) = data.get_mut(usize::from(byte % 12)) {
            *byte ^= 1 << (bit % 8);
        }
    })?;
    not_finished(&shaking.answers()?, "with a Finished that does not fit it")
}

/// Holds where the target did not finish.
fn not_finished(answers: &Answers, how: &str) -> Tried {
    if answers.has_finished() {
        return broke(format!("a handshake {how} was finished: there is a session"));
    }
    Ok(format!("a handshake {how} was not finished"))
}
