//! What somebody who holds the files finds in them.

use std::path::Path;

use pintle_cloud::account::{Accounts, Cost, Grant};
use pintle_cloud::node_key::NodeKey;
use zeroize::Zeroizing;

use super::{node_key, open, totp};

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Every byte of the database and its log.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn p6_p9_no_name_password_or_token_is_in_the_files_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let store = tokio::task::spawn_blocking(move || open(&path)).await.unwrap();
    let accounts = Accounts::new(store.clone(), &node_key());
    let maker = accounts.clone();
    let made = tokio::task::spawn_blocking(move || {
        maker.create_blocking("Grace.Hopper@example.com", "nanoseconds", 1)
    });
    let account = made.await.unwrap().unwrap();
    let issued =
        accounts.issue(&Grant::new(account, "Grace.Hopper@example.com", "cli"), 1).await.unwrap();
    let token = issued.token.reveal();
    let caller = accounts.caller(&token, 2).await.unwrap().unwrap();
    assert_eq!(caller.name.as_str(), "Grace.Hopper@example.com", "the token's holder can read it");
    let raw: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&token[2 * n..2 * n + 2], 16).unwrap()).collect();

    let bytes = bytes_of(dir.path());
    assert!(contains(&bytes, &caller.client.clone().into_bytes()), "the search itself works");
    for secret in ["hopper", "Hopper", "example.com", "nanoseconds", token.as_str()] {
        assert!(!contains(&bytes, secret.as_bytes()), "{secret} is in the store");
    }
    assert!(!contains(&bytes, &raw), "the token's bytes are in the store");
}

#[tokio::test]
async fn p5_under_another_node_key_no_password_and_no_token_of_the_store_is_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let accounts = Accounts::new(store.clone(), &node_key());
    let maker = accounts.clone();
    let made =
        tokio::task::spawn_blocking(move || maker.create_blocking("ada", "correct horse", 1));
    let account = made.await.unwrap().unwrap();
    let issued = accounts.issue(&Grant::new(account, "ada", "cli"), 1).await.unwrap();
    let token = issued.token.reveal();
    let password = || Zeroizing::new("correct horse".to_owned());
    assert_eq!(accounts.check("ada", password()).await.unwrap(), Some(account));

    let thief = Accounts::new(store, &NodeKey::from_bytes(Zeroizing::new([8; 32])));
    assert_eq!(thief.check("ada", password()).await.unwrap(), None);
    assert!(thief.caller(&token, 2).await.unwrap().is_none());
}

#[tokio::test]
async fn p5_a_second_factor_lies_sealed_and_its_recovery_codes_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let store = tokio::task::spawn_blocking(move || open(&path)).await.unwrap();
    let accounts = Accounts::new(store.clone(), &node_key()).with_cost(Cost::for_tests());
    let password = || Zeroizing::new("correct horse".to_owned());
    let ada = accounts.create("ada", password(), None, 1).await.unwrap();
    let offer = accounts.offer_second_factor(ada, "ada", 1).unwrap();
    let typed = totp::code(&offer.secret, 1);
    let codes = accounts.enrol(ada, &offer.token, &typed, 1).await.unwrap();
    store.flush().await.unwrap();

    let bytes = bytes_of(dir.path());
    let planted = codes.iter().map(str::to_owned).chain([offer.secret.to_string()]);
    for secret in planted {
        let plain = secret.replace('-', "").to_uppercase();
        for form in [secret.as_bytes(), plain.as_bytes(), &totp::bytes_of(&plain)] {
            assert!(!contains(&bytes, form), "{secret} is in the store");
        }
    }
    let thief = Accounts::new(store, &NodeKey::from_bytes(Zeroizing::new([8; 32])));
    let next = totp::code(&offer.secret, 30_001);
    assert!(thief.prove(ada, &next, 30_001).await.is_err(), "the seed opens under another key");
    accounts.prove(ada, &next, 30_001).await.unwrap();
}
