//! All pinned RSA keys looked at anew: what passed once may be known to be weak today, and what was pinned by an earlier
//! release was held against less. Seconds of work for tens of thousands of keys, on a thread that stands back.

use super::{KnownWeak, Modulus};
use crate::survey::{RsaLook, WeakKey};
use pintle_protocol::DeviceId;
use pintle_rsa::KeyError;
use pintle_rsa::weak;
use pintle_rsa::weak::shared;

/// More are not multiplied with each other while devices are served.
const MOST: usize = 100_000;

/// Looks at each alone, and at all together.
pub(crate) fn look(known: &KnownWeak, debian: bool, keys: &[(DeviceId, Modulus)]) -> RsaLook {
    let found = RsaLook { keys: keys.len(), debian, ..RsaLook::default() };
    if keys.len() > MOST {
        let why = format!("there are {} RSA keys, and {MOST} are looked at at most", keys.len());
        return RsaLook { untried: Some(why), ..found };
    }
    match both(known, keys) {
        Ok((weak, shared)) => RsaLook { weak, shared, ..found },
        Err(error) => RsaLook { untried: Some(error.to_string()), ..found },
    }
}

fn both(
    known: &KnownWeak,
    keys: &[(DeviceId, Modulus)],
) -> Result<(Vec<WeakKey>, Vec<WeakKey>), KeyError> {
    let mut weak = Vec::new();
    for (device, modulus) in keys {
        match weak::check(modulus, &known.debian) {
            Ok(()) => {}
            Err(KeyError::Weak(why)) => {
                let (device, why) = (device.to_string(), why.to_string());
                weak.push(WeakKey { device, with: None, why });
            }
            Err(error) => return Err(error),
        }
    }
    let moduli: Vec<&[u8]> = keys.iter().map(|(_, modulus)| modulus.as_slice()).collect();
    let name = |place: usize| keys.get(place).map(|(device, _)| device.to_string());
    let shared = shared::among(&moduli)?.into_iter().filter_map(|found| {
        let (device, with) = (name(found.key)?, name(found.with)?);
        Some(WeakKey { why: format!("{} {with}", found.common), device, with: Some(with) })
    });
    Ok((weak, shared.collect()))
}

/// What is wrong with the cloud's own key of the TCP service, if anything; its bits and its SPKI.
pub(crate) fn own_key(file: &[u8]) -> Result<(u32, Vec<u8>), String> {
    let key = pintle_rsa::CloudPublicKey::read(file).map_err(|error| error.to_string())?;
    weak::check(key.modulus(), &weak::DebianList::default()).map_err(|error| error.to_string())?;
    Ok((2048, key.as_spki().to_vec()))
}
