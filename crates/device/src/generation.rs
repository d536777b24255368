//! The generations of firmware that speak the TCP service, as a virtual device can be one of them. What a firmware does
//! on the wire is said by `pintle_protocol`; here is the little that it does not put there.
//!
//! Two programs are behind the four: the older one ran on every Core and on Photons up to 0.7, the newer one on Photons
//! from 0.8 on.

pub use pintle_protocol::tcp::Generation;

#[cfg(feature = "tcp")]
use std::time::Duration;

/// Seconds of silence after which the cloud is pinged. The older program knows no other.
pub(crate) const KEEPALIVE_SECONDS: u64 = pintle_protocol::tcp::DEVICE_PING.as_secs();

/// The generation of this name.
///
/// # Errors
/// A line for the person who typed it.
pub fn generation_named(text: &str) -> Result<Generation, String> {
    let known = Generation::ALL.into_iter().find(|generation| generation.name() == text);
    known.ok_or_else(|| {
        let names = Generation::ALL.map(Generation::name).join(", ");
        format!("`{text}` is no generation of firmware: there are {names}")
    })
}

/// Whether it runs the older of the two programs.
pub(crate) const fn is_old(generation: Generation) -> bool {
    matches!(generation, Generation::Core | Generation::PhotonOld)
}

/// The platform that its hardware is.
pub(crate) const fn platform_of(generation: Generation) -> u16 {
    if matches!(generation, Generation::Core) { 0 } else { 6 }
}

/// The version of its system module, as Device OS counts them.
#[cfg(feature = "tcp")]
pub(crate) const fn system_version(generation: Generation) -> u16 {
    match generation {
        Generation::Core => 140,
        Generation::PhotonOld => 207,
        Generation::Photon => 2302,
        Generation::Photon3 => 3301,
    }
}

/// How long it waits for the cloud's hello.
#[cfg(feature = "tcp")]
pub(crate) const fn hello_wait(generation: Generation) -> Duration {
    Duration::from_secs(if is_old(generation) { 2 } else { 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_typed_as_it_is_shown() {
        for generation in Generation::ALL {
            assert_eq!(generation_named(generation.name()), Ok(generation));
        }
        let said = generation_named("photon").unwrap_err();
        assert!(said.contains("core, photon-0.7, photon-2, photon-3"), "{said}");
    }
}
