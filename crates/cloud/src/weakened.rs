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
    /// A device is anybody's who knows its number.
    OwnersUnchecked = "owners-unchecked",
    /// Who has no token is let through to the handler.
    NobodyLetThrough = "nobody-let-through",
    /// A list of devices holds everybody's.
    ListsWhole = "lists-whole",
    /// A header may name the method of a request.
    MethodsOverridden = "methods-overridden",
    /// A token may stand in the address.
    TokensInAddress = "tokens-in-address",
    /// What cannot be read is an error of the server's own.
    FailuresUnhandled = "failures-unhandled",
    /// One address may ask for anything without end.
    RequestsUnlimited = "requests-unlimited",
    /// A head of a request may take for ever.
    HeadsAwaited = "heads-awaited",
    /// A token is good for every route.
    ScopesUnchecked = "scopes-unchecked",
    /// A token is good after its end.
    TokensEndless = "tokens-endless",
    /// A logout ends nothing.
    LogoutsIgnored = "logouts-ignored",
    /// A refresh token that comes twice ends nothing.
    RefreshesReused = "refreshes-reused",
    /// An authorization code is good again.
    LoginCodesReused = "login-codes-reused",
    /// An authorization code is good without the secret of its challenge.
    ChallengesUnchecked = "challenges-unchecked",
    /// A login leads to any address.
    RedirectsAnywhere = "redirects-anywhere",
    /// Every client is told of every token.
    TokensTold = "tokens-told",
    /// A code of a second factor is good again.
    FactorsReused = "factors-reused",
    /// A password is enough where there is a second factor.
    FactorsSkipped = "factors-skipped",
    /// Codes of second factors may be guessed at without end.
    FactorGuessesUnlimited = "factor-guesses-unlimited",
    /// Nothing asks for a fresh second factor.
    FreshnessUnchecked = "freshness-unchecked",
    /// Passwords may be guessed at without end.
    GuessesUnlimited = "guesses-unlimited",
    /// A login says whether there is an account of that name.
    NamesTold = "names-told",
    /// Every password is taken.
    WeakPasswordsTaken = "weak-passwords-taken",
    /// A page shows what it was given as it is.
    MarkupShown = "markup-shown",
    /// An event's name stands in a stream as it is.
    LineBreaksKept = "line-breaks-kept",
    /// Webhooks reach every address.
    WebhooksInward = "webhooks-inward",
    /// Webhooks set every header.
    WebhookHeadersFree = "webhook-headers-free",
    /// Bodies of requests have no bound of their own.
    BodiesUnbounded = "bodies-unbounded",
    /// Heads of requests have the bounds of the connection alone.
    HeadsUnbounded = "heads-unbounded",
    /// One address may have every connection.
    ConnectionsUnbounded = "connections-unbounded",
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
