//! Protections switched off, one at a time, so that tests can show that a theft is noticed then. No release has this: the
//! feature does not build there.
//!
//! A switch holds for the whole process. Whoever turns one sees to it that nobody else runs meanwhile.

/// Protections by name: what a command line says, and what is off then.
macro_rules! weaknesses {
    ($($(#[$words:meta])+ $weakness:ident = $name:literal,)+) => {
        /// A protection that can be switched off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(feature = "weakened"), allow(dead_code))]
        pub enum Weakness {
            $($(#[$words])+ $weakness,)+
        }

        #[cfg(feature = "weakened")]
        impl Weakness {
            /// All of them, by name.
            pub const ALL: &[(&'static str, Self)] = &[$(($name, Self::$weakness),)+];
        }
    };
}

weaknesses! {
    /// What is sealed lies there as it is.
    SealsNothing = "seals-nothing",
    /// Data keys lie beside what they open, wrapped in nothing.
    KeysUnwrapped = "keys-unwrapped",
    /// Every data key is the same to everybody.
    KeysKnown = "keys-known",
    /// An account's name is its own hash.
    NamesUnhashed = "names-unhashed",
    /// A token is its own hash.
    TokensUnhashed = "tokens-unhashed",
    /// What a device says of its SIM is kept.
    ReportsWhole = "reports-whole",
    /// Where people come from is logged.
    AddressesLogged = "addresses-logged",
    /// A backup takes the node key along.
    KeyInBackup = "key-in-backup",
}

#[cfg(all(feature = "weakened", not(debug_assertions)))]
compile_error!(
    "the feature `weakened` switches protections off: it is for tests, and in no release"
);

#[cfg(feature = "weakened")]
mod switch {
    use super::Weakness;
    use std::sync::{PoisonError, RwLock};

    static OFF: RwLock<Option<Weakness>> = RwLock::new(None);

    /// Switches one protection off, and all others on.
    pub fn weaken(weakness: Option<Weakness>) {
        *OFF.write().unwrap_or_else(PoisonError::into_inner) = weakness;
    }

    pub(crate) fn is(weakness: Weakness) -> bool {
        *OFF.read().unwrap_or_else(PoisonError::into_inner) == Some(weakness)
    }
}

#[cfg(feature = "weakened")]
pub(crate) use switch::is;
#[cfg(feature = "weakened")]
pub use switch::weaken;

/// Nothing is ever switched off.
#[cfg(not(feature = "weakened"))]
pub(crate) const fn is(_: Weakness) -> bool {
    false
}
