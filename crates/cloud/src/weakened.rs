//! Protections switched off, one at a time, so that tests can show that a theft or an attack is noticed then. No release
//! has this: the feature does not build there.
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
    /// A key that nobody pinned comes in, as some device.
    AnyKey = "any-key",
    /// A device may say another id than its key's.
    AnyId = "any-id",
    /// A device is heard before it said who it is.
    HelloOptional = "hello-optional",
    /// A new session leaves the one before as it is.
    SessionsPileUp = "sessions-pile-up",
    /// An alert in clear text ends a session.
    ClearAlertsHeard = "clear-alerts-heard",
    /// A record that does not authenticate ends its session.
    ForgeriesEnd = "forgeries-end",
    /// A late record moves its session to where it came from.
    LateRecordsMove = "late-records-move",
    /// An address that proved nothing is sent whatever there is.
    UnprovenTrusted = "unproven-trusted",
    /// A connection ID shows the place that it names.
    PlacesShown = "places-shown",
    /// Every probe is echoed.
    ProbesUnlimited = "probes-unlimited",
    /// A client's signature may be anything.
    SignatureUnchecked = "signature-unchecked",
    /// A client need not prove that it holds its private key.
    ProofOptional = "proof-optional",
    /// A client's Finished may be anything.
    FinishedUnchecked = "finished-unchecked",
    /// A client need not offer the suite that is then spoken.
    AnySuite = "any-suite",
    /// A client may be of any version.
    AnyVersion = "any-version",
    /// An extension may come twice.
    ExtensionsTwice = "extensions-twice",
    /// A cookie is good for every address.
    CookieForAnyone = "cookie-for-anyone",
    /// A hello needs no cookie.
    NoCookie = "no-cookie",
    /// A refused key is told so.
    RefusalTold = "refusal-told",
    /// A record may come again.
    ReplaysHeard = "replays-heard",
    /// The tag of a record may be anything.
    TagsUnchecked = "tags-unchecked",
    /// A record may be of any epoch.
    AnyEpoch = "any-epoch",
    /// A record without a connection ID is heard where one was agreed on.
    ConnectionIdOptional = "connection-id-optional",
    /// All records of the cloud have the same explicit nonce.
    NoncesRepeat = "nonces-repeat",
    /// What the cloud draws by chance is the same each time.
    RandomsRepeat = "randoms-repeat",
    /// A message that comes again is acted on again.
    RepeatsActedOn = "repeats-acted-on",
    /// A key that is another's comes in over TCP.
    TcpAnyKey = "tcp-any-key",
    /// A block over TCP may have another connection's nonce.
    TcpAnyNonce = "tcp-any-nonce",
    /// A block over TCP with wrong padding ends its connection at once.
    TcpPaddingTold = "tcp-padding-told",
    /// A message over TCP may have any id.
    TcpAnyMessageId = "tcp-any-message-id",
    /// A session over TCP goes on after an anomaly.
    TcpAnomaliesSurvived = "tcp-anomalies-survived",
    /// A new session over TCP leaves the one before as it is.
    TcpSessionsPileUp = "tcp-sessions-pile-up",
    /// One address may shake hands over TCP as often as it likes.
    TcpCallersUnbounded = "tcp-callers-unbounded",
}

/// Switches that other rooms of the house have.
#[cfg(feature = "weakened")]
impl Weakness {
    fn of_records(self) -> Option<pintle_dtls::weakened::Weakness> {
        use pintle_dtls::weakened::Weakness as Dtls;
        Some(match self {
            Self::SignatureUnchecked => Dtls::SignatureUnchecked,
            Self::ProofOptional => Dtls::ProofOptional,
            Self::FinishedUnchecked => Dtls::FinishedUnchecked,
            Self::AnySuite => Dtls::AnySuite,
            Self::AnyVersion => Dtls::AnyVersion,
            Self::ExtensionsTwice => Dtls::ExtensionsTwice,
            Self::CookieForAnyone => Dtls::CookieForAnyone,
            Self::NoCookie => Dtls::NoCookie,
            Self::RefusalTold => Dtls::RefusalTold,
            Self::ReplaysHeard => Dtls::ReplaysHeard,
            Self::TagsUnchecked => Dtls::TagsUnchecked,
            Self::AnyEpoch => Dtls::AnyEpoch,
            Self::ConnectionIdOptional => Dtls::ConnectionIdOptional,
            Self::NoncesRepeat => Dtls::NoncesRepeat,
            Self::RandomsRepeat => Dtls::RandomsRepeat,
            _ => return None,
        })
    }

    fn of_messages(self) -> Option<pintle_protocol::weakened::Weakness> {
        use pintle_protocol::weakened::Weakness as Protocol;
        Some(match self {
            Self::RepeatsActedOn => Protocol::RepeatsActedOn,
            Self::TcpAnyNonce => Protocol::AnyNonce,
            Self::TcpAnyMessageId => Protocol::AnyMessageId,
            Self::TcpAnomaliesSurvived => Protocol::AnomaliesSurvived,
            _ => return None,
        })
    }
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
        pintle_dtls::weakened::weaken(weakness.and_then(Weakness::of_records));
        pintle_protocol::weakened::weaken(weakness.and_then(Weakness::of_messages));
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
