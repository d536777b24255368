//! What network secrets cannot do (P7), asked of the compiler whenever this crate is built: one of these traits on one
//! of these types, and the build fails.

use super::{Network, Networks, Protection, Secret, Sim, Wifi};

/// Two blanket implementations for a type that has the trait, one for a type that has not: only then is it clear which
/// is meant.
macro_rules! lacks {
    ($type:ty: $($bound:path),+ $(,)?) => {
        $(const _: fn() = || {
            trait Lacks<Which> {
                fn check() {}
            }
            struct Has;
            impl<T: ?Sized> Lacks<()> for T {}
            impl<T: ?Sized + $bound> Lacks<Has> for T {}
            let _ = <$type as Lacks<_>>::check;
        };)+
    };
}

macro_rules! stays_here {
    ($($type:ty),+ $(,)?) => {
        $(lacks!($type:
            core::fmt::Debug,
            core::fmt::Display,
            core::fmt::LowerHex,
            serde::Serialize,
            Clone,
            AsRef<[u8]>,
            AsRef<str>,
            core::borrow::Borrow<[u8]>,
            core::ops::Deref,
            core::hash::Hash,
            IntoIterator,
            Into<Vec<u8>>,
            Into<String>,
            std::io::Read,
        );)+
    };
}

stays_here!(Secret, Protection, Wifi, Sim, Network, Networks);
