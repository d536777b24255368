//! What strangers type or send for OAuth: redirect addresses, codes, challenges, scopes, tokens.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::account::{Challenge, RedirectUri, Scopes, Token, UserCode};

fuzz_target!(|text: &str| {
    if let Ok(uri) = text.parse::<RedirectUri>() {
        assert_eq!(uri.as_str(), text);
        assert!(uri.allows(&uri));
        assert!(!uri.origin().contains([';', ',', ' ', '\'', '"']), "it is part of a policy");
    }
    if let Some(code) = UserCode::parse(text) {
        assert_eq!(UserCode::parse(&code.to_string()), Some(code));
    }
    if let Ok(scopes) = text.parse::<Scopes>() {
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
    }
    if let Some(token) = Token::parse(text) {
        assert_eq!(token.reveal().as_str(), text.to_lowercase());
    }
    let _ = Challenge::parse(text).is_some_and(|challenge| challenge.is_of(text));
});
