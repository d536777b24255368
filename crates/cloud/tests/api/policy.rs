//! Nothing of a product with a keyring is released or sent without the signatures that it asks for, whichever way
//! somebody tries.

use std::path::Path;

use pintle_cloud::node_key::NodeKey;
use pintle_cloud::product::{ProductId, Refusal, Shelf};
use pintle_cloud::store::{FILE_NAME, Store};
use serde_json::json;

use super::harness::{ALPHA, Cloud, assert_error};
use super::signing::{MARK, PRODUCT, People, module, said};

const ID: ProductId = ProductId(PRODUCT);

/// Writes into the database as somebody would who owns its file.
fn write(dir: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(dir.join(FILE_NAME)).unwrap();
    assert!(connection.execute_batch(sql).is_ok(), "{sql}");
}

/// The node after a restart.
fn reopened(cloud: &Cloud) -> (Store, Shelf) {
    let key: NodeKey = cloud.node_key();
    let store = Store::open(cloud.dir.path(), &key).unwrap();
    let shelf = Shelf::new(store.clone(), &key, cloud.dir.path()).unwrap();
    let clock = || super::harness::START_MS;
    (store, shelf.with_clock(clock))
}

#[tokio::test]
async fn p8_a_firmware_without_the_reviews_that_its_keyring_asks_for_is_not_released() {
    let (cloud, ada) = Cloud::with_product().await;
    let people = People::new();
    let (status, body) = cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await;
    assert_eq!((status.as_u16(), &body["number"]), (200, &1.into()), "{body}");
    cloud.alpha_runs(&ada, 3).await;
    let file = module(3);
    assert_eq!(cloud.upload(&ada, &file, None).await.0, 201);
    assert_error(&cloud.release(&ada, 3).await, 403, "asks for signed releases");
    let path = "/v1/products/12345/firmware/3";
    assert!(cloud.get(path, &ada).await.1["missing_for_release"].is_string());

    use base64::Engine as _;
    let state = |reviews| {
        let statement = people.statement(&file, 3, 1, reviews);
        let statement = base64::engine::general_purpose::STANDARD.encode(statement);
        json!({ "statement": statement }).to_string()
    };
    for (reviews, status, text) in [(0, 403, "0 of 2 review"), (1, 403, "1 of 2 review")] {
        assert_eq!(cloud.json("PUT", path, Some(&ada), &state(reviews)).await.0, 200);
        assert_error(&cloud.release(&ada, 3).await, status, text);
        assert!(matches!(cloud.shelf.image(ID, 3).await, Err(Refusal::Release(_))));
    }
    assert_eq!(cloud.json("PUT", path, Some(&ada), &state(2)).await.0, 200);
    assert!(cloud.get(path, &ada).await.1["missing_for_release"].is_null());
    assert_eq!(cloud.release(&ada, 3).await.0, 200);
    let image = cloud.shelf.image(ID, 3).await.unwrap();
    assert_eq!(image.statement.as_ref(), people.statement(&file, 3, 1, 2));
}

#[tokio::test]
async fn p8_a_release_of_something_else_by_somebody_else_or_too_late_is_refused_at_the_upload() {
    let (cloud, ada) = Cloud::with_product().await;
    let (people, others) = (People::new(), People::new());
    let file = module(3);
    let statement = people.statement(&file, 3, 1, 2);
    assert_error(&cloud.upload(&ada, &file, Some(&statement)).await, 400, "has no keyring");
    cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await;
    for (release, text) in
        [(said(&module(4), 3, 1), "another"), (said(&file, 4, 1), "the module's own")]
    {
        let wrong = people.statement_of(&release, 2);
        assert_error(&cloud.upload(&ada, &file, Some(&wrong)).await, 403, text);
        let unfinished = people.statement_of(&release, 0);
        assert_error(&cloud.upload(&ada, &file, Some(&unfinished)).await, 403, text);
    }
    let expired = pintle_firmware::release::Release { expiry: 1, ..said(&file, 3, 1) };
    let expired = people.statement_of(&expired, 2);
    assert_error(&cloud.upload(&ada, &file, Some(&expired)).await, 403, "expired");
    assert_error(&cloud.upload(&ada, &file, Some(b"junk")).await, 403, "cannot be read");
    let foreign = others.statement(&file, 3, 1, 2);
    assert_eq!(cloud.upload(&ada, &file, Some(&foreign)).await.0, 201, "more may still sign it");
    cloud.alpha_runs(&ada, 3).await;
    assert_error(&cloud.release(&ada, 3).await, 403, "0 of 1 release");
}

#[tokio::test]
async fn p8_release_numbers_and_security_counters_never_go_back() {
    let (cloud, ada) = Cloud::with_product().await;
    let people = People::new();
    cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await;
    for (version, number, counter) in [(3, 7, 1), (4, 6, 1), (5, 8, 2), (6, 9, 1)] {
        let file = module(version);
        let release = said(&file, version, number);
        let release = pintle_firmware::release::Release { counter, ..release };
        let statement = people.statement_of(&release, 2);
        let uploaded = cloud.upload(&ada, &file, Some(&statement)).await;
        assert_eq!(uploaded.0, 201, "{}", uploaded.1);
        cloud.alpha_runs(&ada, version).await;
        let released = cloud.release(&ada, version).await;
        match version {
            4 => assert_error(&released, 403, "number 6 is older than 7"),
            6 => assert_error(&released, 403, "security counter is 1"),
            _ => assert_eq!(released.0, 200, "{}", released.1),
        }
    }
    let old = cloud.shelf.image(ID, 3).await;
    assert!(matches!(old, Err(Refusal::Counter { found: 1, highest: 2 })));
}

#[tokio::test]
async fn p8_a_keyring_follows_only_with_the_signature_of_the_one_before() {
    let (cloud, ada) = Cloud::with_product().await;
    let (people, others) = (People::new(), People::new());
    let other_product = people.keyring(12_346, 1, None);
    assert_error(&cloud.set_keyring(&ada, &other_product).await, 403, "product 12346");
    assert_eq!(cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await.0, 200);
    for wrong in [
        others.keyring(PRODUCT, 1, None),
        others.keyring(PRODUCT, 2, None),
        people.keyring_with(PRODUCT, 1, None, 0),
        people.keyring_with(PRODUCT, 3, None, 0),
    ] {
        assert_eq!(cloud.set_keyring(&ada, &wrong).await.0, 403);
    }
    let next = others.keyring(PRODUCT, 2, Some(&people.root));
    assert_eq!(cloud.set_keyring(&ada, &next).await.1["number"], 2);
    let (_, shown) = cloud.get("/v1/products/12345/keyring", &ada).await;
    assert_eq!(shown["keyring"]["number"], 2);
    assert_eq!(shown["keyring"]["thresholds"]["review"], 2);
    assert_eq!(shown["keyring"]["keys"].as_array().unwrap().len(), 4);
    // The new keyring travels before the release.
    let file = module(3);
    let statement = others.statement(&file, 3, 1, 2);
    assert_eq!(cloud.upload(&ada, &file, Some(&statement)).await.0, 201);
    let sent = cloud.shelf.image(ID, 3).await.unwrap().statement;
    assert_eq!(sent.as_ref(), [next, statement].concat());
}

#[tokio::test]
async fn p8_whoever_writes_the_database_cannot_release_what_nobody_signed() {
    let (cloud, ada) = Cloud::with_product().await;
    let people = People::new();
    let dir = cloud.dir.path();
    let before = cloud.store.products().find(ID).await.unwrap().unwrap().standing;
    let before: String = before.iter().map(|byte| format!("{byte:02x}")).collect();
    cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await;
    cloud.upload(&ada, &module(3), None).await;
    cloud.alpha_runs(&ada, 3).await;
    let good: Vec<u8> = cloud.store.products().find(ID).await.unwrap().unwrap().standing;
    let good: String = good.iter().map(|byte| format!("{byte:02x}")).collect();
    let weak: String =
        people.keyring_with(PRODUCT, 1, None, 0).iter().map(|b| format!("{b:02x}")).collect();

    // Everything that says "released" or "locked to it", and a statement that too few have signed.
    let unfinished = people.statement(&module(3), 3, 1, 1);
    let unfinished: String = unfinished.iter().map(|byte| format!("{byte:02x}")).collect();
    write(
        dir,
        &format!(
            "UPDATE firmware SET released_at = 1, statement = x'{unfinished}'; UPDATE product_device SET desired_version = 3"
        ),
    );
    let (_store, shelf) = reopened(&cloud);
    assert!(matches!(shelf.image(ID, 3).await, Err(Refusal::Release(_))));
    let (product, wanted) = shelf.target(ALPHA.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(product, ID, "{wanted:?} is asked for, and refused above");

    // The rule itself: an older state, none, another product's, an edited keyring, a deleted product.
    for (sql, locked) in [
        (format!("UPDATE product SET standing = x'{before}'"), "older state"),
        ("UPDATE product SET standing = x''".to_owned(), "not written by this node"),
        (format!("UPDATE product SET standing = x'{good}00'"), "not written by this node"),
        (
            format!("UPDATE product SET standing = x'{good}'; DELETE FROM keyring"),
            "keyring was changed",
        ),
        (format!("INSERT INTO keyring VALUES ({PRODUCT}, 1, x'{weak}', 1)"), "keyring was changed"),
    ] {
        write(dir, &sql);
        let (_store, shelf) = reopened(&cloud);
        for shelf in [&shelf, &cloud.shelf] {
            let refused = shelf.image(ID, 3).await.unwrap_err().to_string();
            assert!(refused.contains("locked") && refused.contains(locked), "{sql}: {refused}");
            let flash = shelf.may_flash(ALPHA.parse().unwrap(), &module(3)).await;
            assert!(flash.is_err(), "{sql}");
        }
        assert_error(&cloud.release(&ada, 3).await, 403, "locked");
        let shown = cloud.get("/v1/products/12345", &ada).await.1;
        assert!(shown["product"]["locked"].as_str().unwrap().contains(locked), "{shown}");
    }
    write(dir, "PRAGMA foreign_keys = ON; DELETE FROM product");
    let (_store, shelf) = reopened(&cloud);
    let flash = shelf.may_flash(ALPHA.parse().unwrap(), &module(3)).await.unwrap_err();
    assert!(flash.to_string().contains("gone from the store"), "{flash}");
}

#[tokio::test]
async fn p8_a_file_that_was_exchanged_in_the_database_is_not_sent() {
    let (cloud, ada) = Cloud::with_product().await;
    cloud.upload(&ada, &module(3), None).await;
    cloud.upload(&ada, &module(4), None).await;
    cloud.alpha_runs(&ada, 3).await;
    assert_eq!(cloud.release(&ada, 3).await.0, 200);
    let released = cloud.shelf.releases(ID).await.unwrap().default.unwrap();
    let dir = cloud.dir.path();
    write(
        dir,
        "DELETE FROM firmware_piece WHERE version = 3; \
        UPDATE firmware_piece SET version = 3 WHERE version = 4",
    );
    assert!(matches!(cloud.shelf.image(ID, 3).await, Err(Refusal::Damaged { .. })));
    write(dir, "DELETE FROM firmware_piece");
    assert!(matches!(cloud.shelf.image(ID, 3).await, Err(Refusal::Damaged { .. })));
    // Deleted by hand and uploaded anew under the same number: not what was released.
    write(dir, "PRAGMA foreign_keys = ON; DELETE FROM firmware WHERE version = 3");
    let other = super::signing::module_with(3, b"another content");
    assert_eq!(cloud.upload(&ada, &other, None).await.0, 201);
    let refused = cloud.shelf.released_image(ID, 3, &released.sha256).await;
    assert!(matches!(refused, Err(Refusal::Exchanged { .. })));
}

#[tokio::test]
async fn p8_an_unsigned_file_is_flashed_only_to_devices_for_development_or_where_no_keyring_is() {
    let (cloud, ada) = Cloud::with_product().await;
    let people = People::new();
    let alpha = ALPHA.parse().unwrap();
    let file = module(3);
    assert!(cloud.shelf.may_flash(alpha, &file).await.unwrap().is_empty(), "no keyring yet");
    cloud.set_keyring(&ada, &people.keyring(PRODUCT, 1, None)).await;
    // Neither in the product nor saying so, but the module is the product's.
    let refused = cloud.shelf.may_flash(alpha, &file).await;
    assert!(matches!(refused, Err(Refusal::DeviceNeedsSigned { .. })), "{refused:?}");
    cloud.alpha_runs(&ada, 2).await;
    let refused = cloud.shelf.may_flash(alpha, &file).await;
    assert!(matches!(refused, Err(Refusal::DeviceNeedsSigned { .. })), "{refused:?}");
    let other = super::signing::module_of(12_346, 3, 13);
    let refused = cloud.shelf.may_flash(alpha, &other).await;
    assert!(matches!(refused, Err(Refusal::OtherProduct { .. })), "{refused:?}");
    let argon = super::signing::module_of(PRODUCT, 3, 12);
    assert!(matches!(cloud.shelf.may_flash(alpha, &argon).await, Err(Refusal::Module(_))));
    // Signed, it goes with what was signed.
    let statement = people.statement(&file, 3, 1, 2);
    assert_eq!(cloud.upload(&ada, &file, Some(&statement)).await.0, 201);
    assert_eq!(cloud.shelf.may_flash(alpha, &file).await.unwrap().as_ref(), statement);
    // So it is through the API, by the owner and as a product's device.
    let path = format!("/v1/products/12345/devices/{ALPHA}");
    let flash = || super::signing::form(&[("file", Some("a.bin"), &module(9))]);
    for path in [path.clone(), format!("/v1/devices/{ALPHA}")] {
        let refused = cloud.multipart("PUT", &path, &ada, flash()).await;
        assert_error(&refused, 403, "asks for signed releases");
    }
    cloud.json("PUT", &path, Some(&ada), r#"{"development":true}"#).await;
    assert_eq!(cloud.multipart("PUT", &path, &ada, flash()).await.0, 200);
    assert!(cloud.shelf.may_flash(alpha, &module(9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn p5_the_bytes_of_a_firmware_are_in_no_file_of_the_data_folder() {
    let (cloud, ada) = Cloud::with_product().await;
    assert_eq!(cloud.upload(&ada, &module(3), None).await.0, 201);
    cloud.store.flush().await.unwrap();
    let files = std::fs::read_dir(cloud.dir.path()).unwrap();
    let all: Vec<u8> =
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let has = |part: &[u8]| all.windows(part.len()).any(|window| window == part);
    assert!(has(b"A title"), "the search itself works");
    assert!(!has(MARK) && !has(&module(3)[..24]), "the module is there to be read");
    let fetched = cloud.shelf.download(ID, 3).await.unwrap();
    assert_eq!(*fetched, module(3));
}
