//! Attacks on the API, by HTTPS.

use crate::case::Case;

mod authorization;
mod egress;
mod flood;
mod framing;
mod ground;
mod guessing;
mod input;
mod login;
mod object;
mod routes;
mod second_factor;
mod token;
mod upload;

/// Its cases.
pub const CASES: &[&Case] = &[
    &authorization::NOBODY,
    &authorization::OUTSIDER,
    &authorization::NARROW_TOKEN,
    &authorization::UNKNOWN_METHODS,
    &object::TAKEN_OVER,
    &object::DISGUISED,
    &object::LISTED,
    &token::FORGED,
    &token::REVOKED,
    &token::EXPIRED,
    &login::REFRESH_TWICE,
    &login::CODE_TWICE,
    &login::CODE_WITHOUT_PROOF,
    &login::REDIRECTED,
    &login::OTHERS_TOKENS,
    &second_factor::CODE_TWICE,
    &second_factor::SKIPPED,
    &second_factor::GUESSED,
    &second_factor::NOT_FRESH,
    &guessing::ONE_ADDRESS,
    &guessing::MANY_ADDRESSES,
    &guessing::NAMES,
    &guessing::WEAK_PASSWORDS,
    &input::INJECTED,
    &input::PAGES,
    &input::EVENTS,
    &input::NESTED,
    &framing::SMUGGLED,
    &framing::OVERSIZED,
    &upload::BOMBS,
    &egress::INWARD,
    &egress::METADATA,
    &egress::SCHEMES,
    &flood::CONNECTIONS,
    &flood::REQUESTS,
    &flood::SLOW,
    &flood::PLAIN,
];
