//! Which version a device is to have: a pure function of what is in force and what is known of the device.

use super::Releases;
use crate::store::product_device::Membership;

/// What a device is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It is left alone.
    Nothing(Why),
    /// This version.
    Version {
        /// The version.
        version: u16,
        /// The file that was released; `None` where the device is locked to a version, whatever is released.
        sha256: Option<[u8; 32]>,
    },
}

/// Why a device is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is for development.
    Development,
    /// Nothing is released to it.
    NothingReleased,
}

/// What a device is to have: nothing while it is for development; else the version it is locked to; else the newest
/// release to one of its groups; else the product's default.
#[must_use]
pub fn target(releases: &Releases, device: &Membership) -> Target {
    if device.development {
        return Target::Nothing(Why::Development);
    }
    if let Some(version) = device.desired_version {
        return Target::Version { version, sha256: None };
    }
    let in_groups = device.groups.iter().filter_map(|name| releases.groups.get(name));
    let newest = in_groups.max_by_key(|one| one.number).or(releases.default.as_ref());
    match newest.and_then(|one| Some((one.version()?, one.sha256))) {
        Some((version, sha256)) => Target::Version { version, sha256: Some(sha256) },
        None => Target::Nothing(Why::NothingReleased),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::{InForce, ProductId};

    fn in_force(number: u32) -> InForce {
        InForce { number, sha256: [u8::try_from(number).unwrap(); 32] }
    }

    #[test]
    fn development_outranks_a_lock_a_lock_a_group_and_a_group_the_default() {
        let mut releases = Releases { default: Some(in_force(3)), ..Releases::default() };
        releases
            .groups
            .extend([("beta".to_owned(), in_force(5)), ("gamma".to_owned(), in_force(4))]);
        let mut device = Membership {
            product: ProductId(12_000),
            desired_version: Some(2),
            development: true,
            groups: ["beta".to_owned(), "gamma".to_owned(), "other".to_owned()].into(),
            updated_at_ms: 0,
        };
        assert_eq!(target(&releases, &device), Target::Nothing(Why::Development));
        device.development = false;
        assert_eq!(target(&releases, &device), Target::Version { version: 2, sha256: None });
        device.desired_version = None;
        let released =
            |version: u8| Target::Version { version: version.into(), sha256: Some([version; 32]) };
        assert_eq!(target(&releases, &device), released(5));
        device.groups = ["other".to_owned()].into();
        assert_eq!(target(&releases, &device), released(3));
        releases.default = None;
        assert_eq!(target(&releases, &device), Target::Nothing(Why::NothingReleased));
    }
}
