//! Products and the devices in them.

use pintle_cloud::store::device::{SavedHello, put_hello};
use serde_json::json;

use super::harness::{ALPHA, BETA, Cloud, START_MS, assert_error};
use super::signing::{PLATFORM, PRODUCT, form, module};

const PATH: &str = "/v1/products/green-house/devices";

#[tokio::test]
async fn a_product_is_its_makers_and_nobody_elses() {
    let (cloud, ada) = Cloud::with_product().await;
    for path in ["/v1/products/12345", "/v1/products/green-house"] {
        let (_, body) = cloud.get(path, &ada).await;
        let product = &body["product"];
        assert_eq!((&product["id"], &product["slug"]), (&12_345.into(), &"green-house".into()));
        assert_eq!(product["platform_id"], PLATFORM);
        assert_eq!(product["settings"]["quarantine"], true);
        assert!(product["locked"].is_null());
    }
    assert_eq!(cloud.get("/v1/products", &ada).await.1["products"][0]["name"], "Green House");
    let bob = cloud.login("bob").await;
    assert_eq!(cloud.get("/v1/user/products", &bob).await.1["products"], json!([]));
    for (method, path) in [
        ("GET", ""),
        ("GET", "/devices"),
        ("GET", "/firmware"),
        ("GET", "/firmware/1/binary"),
        ("PUT", "/firmware/release"),
        ("POST", "/devices"),
        ("PUT", "/keyring"),
        ("GET", "/keyring"),
    ] {
        let path = format!("/v1/products/12345{path}");
        let refused = cloud.json(method, &path, Some(&bob), r#"{"id":"x"}"#).await;
        assert_error(&refused, 404, "Permission denied");
    }
}

#[tokio::test]
async fn a_product_needs_a_number_of_its_own_a_known_platform_and_a_name() {
    let (cloud, ada) = Cloud::with_product().await;
    for (body, text) in [
        (r#"{"id":12345,"name":"Other","platform_id":13}"#, "already"),
        (r#"{"name":"Other","platform_id":13,"slug":"green-house"}"#, "already"),
        (r#"{"id":13,"name":"Other","platform_id":13}"#, "no product number"),
        (r#"{"id":65535,"name":"Other","platform_id":13}"#, "no product number"),
        (r#"{"id":65536,"name":"Other","platform_id":13}"#, "out of range"),
        (r#"{"name":"Other","platform_id":99}"#, "no platform"),
        (r#"{"name":" ","platform_id":13}"#, "1 to 64"),
        (r#"{"name":"Other","platform_id":13,"slug":"12"}"#, "slug"),
        (r#"{"platform_id":13}"#, "name"),
    ] {
        assert_error(&cloud.json("POST", "/v1/products", Some(&ada), body).await, 400, text);
    }
    let body = r#"{"name":"Öl & Gas","platform_id":13}"#;
    let (_, made) = cloud.json("POST", "/v1/products", Some(&ada), body).await;
    assert_eq!(made["product"]["id"], 10_000);
    assert_eq!(made["product"]["slug"], "l-gas-v10000");
}

#[tokio::test]
async fn devices_are_imported_one_by_one_in_lists_and_in_files_and_the_rest_is_told() {
    let (cloud, ada) = Cloud::with_product().await;
    let bob = cloud.login("bob").await;
    cloud.add_device(BETA).await;
    let claim = format!(r#"{{"id":"{BETA}"}}"#);
    cloud.json("POST", "/v1/devices", Some(&bob), &claim).await;
    let unknown = "ffffffffffffffffffffffff";
    let file = format!("{ALPHA}\r\n\r\n{BETA}\n{unknown}\nnonsense\n{ALPHA}\n");
    let parts = form(&[("file", Some("file"), file.as_bytes())]);
    let (status, body) = cloud.multipart("POST", PATH, &ada, parts).await;
    assert_eq!((status.as_u16(), &body["updated"]), (200, &1.into()));
    assert_eq!(body["updatedDeviceIds"], json!([ALPHA]));
    assert_eq!(body["nonmemberDeviceIds"], json!([BETA]));
    assert_eq!(body["invalidDeviceIds"], json!([unknown, "nonsense"]));
    for body in [json!({ "id": ALPHA }), json!({ "ids": [ALPHA] })] {
        let (_, body) = cloud.json("POST", PATH, Some(&ada), &body.to_string()).await;
        assert_eq!(body["existingDeviceIds"], json!([ALPHA]));
    }
    let (_, body) = cloud.get(&format!("{PATH}?page=1&per_page=10"), &ada).await;
    assert_eq!(
        (&body["devices"][0]["id"], &body["meta"]["total_pages"]),
        (&ALPHA.into(), &1.into())
    );
    assert_eq!(body["devices"][0]["product_id"], PRODUCT);
    let path = format!("{PATH}/{ALPHA}");
    assert_eq!(cloud.send("DELETE", &path, Some(&ada), "", "{}".into()).await.status(), 204);
    let again = cloud.json("DELETE", &path, Some(&ada), "{}").await;
    assert_error(&again, 404, "Device not found for this product");
}

#[tokio::test]
async fn a_list_of_devices_is_filtered_ordered_and_cut_into_pages() {
    let (cloud, ada) = Cloud::with_product().await;
    let ids: Vec<String> = (1..=5).map(|n| format!("{n:024x}")).collect();
    for (id, version) in ids.iter().zip([3, 1, 5, 2, 4]) {
        cloud.add_device(id).await;
        let hello = SavedHello {
            platform_id: PLATFORM,
            product_id: PRODUCT,
            firmware_version: Some(version),
            system_version: None,
        };
        let id = id.parse().unwrap();
        cloud.store.devices().put(put_hello(id, hello, START_MS)).await.unwrap();
    }
    let body = json!({ "ids": ids }).to_string();
    cloud.json("POST", PATH, Some(&ada), &body).await;
    let groups =
        json!({ "action": "groups", "devices": [ids[0], ids[2]], "metadata": { "add": ["beta"] } });
    assert_eq!(cloud.json("PUT", PATH, Some(&ada), &groups.to_string()).await.0, 200);
    let ids_of = async |query: &str| {
        let (_, body) = cloud.get(&format!("{PATH}?{query}"), &ada).await;
        let devices = body["devices"].as_array().unwrap().clone();
        let ids: Vec<_> =
            devices.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        (ids, body["meta"]["total_pages"].clone())
    };
    assert_eq!(ids_of("perPage=2&page=3").await, (vec![ids[4].clone()], 3.into()));
    assert_eq!(ids_of("groups=other%2Cbeta").await.0, [ids[0].clone(), ids[2].clone()]);
    assert_eq!(ids_of("deviceId=0004").await.0, [ids[3].clone()]);
    let sorted = ids_of("sortAttr=firmwareVersion&sortDir=desc&per_page=2").await.0;
    assert_eq!(sorted, [ids[2].clone(), ids[4].clone()]);
    let groups = cloud.get("/v1/products/12345", &ada).await.1["product"]["groups"].clone();
    assert_eq!(groups, json!(["beta"]));
}

#[tokio::test]
async fn a_device_is_locked_marked_and_grouped_and_only_to_a_version_that_is_there() {
    let (cloud, ada) = Cloud::with_product().await;
    let path = format!("{PATH}/{ALPHA}");
    let put = async |body: &str| cloud.json("PUT", &path, Some(&ada), body).await;
    assert_error(&put(r#"{"development":true}"#).await, 404, "not found for this product");
    let import = json!({ "id": ALPHA }).to_string();
    cloud.json("POST", PATH, Some(&ada), &import).await;
    assert_eq!(put(r#"{"development":true}"#).await.1["development"], true);
    assert_eq!(put(r#"{"groups":["a","b"]}"#).await.1["groups"], json!(["a", "b"]));
    assert_error(&put(r#"{"desired_firmware_version":3}"#).await, 404, "no firmware of version 3");
    assert_eq!(cloud.upload(&ada, &module(3), None).await.0, 201);
    let locked = put(r#"{"desired_firmware_version":3,"flash":true}"#).await.1;
    assert_eq!((&locked["desired_firmware_version"], &locked["id"]), (&3.into(), &ALPHA.into()));
    let unlocked = put(r#"{"desired_firmware_version":null}"#).await.1;
    assert!(unlocked["desired_firmware_version"].is_null());
    assert_error(&put("{}").await, 400, "Nothing to change");
}

#[tokio::test]
async fn a_device_that_says_it_is_of_the_product_waits_until_it_is_let_in() {
    let (cloud, ada) = Cloud::with_product().await;
    let hello = SavedHello {
        platform_id: PLATFORM,
        product_id: PRODUCT,
        firmware_version: Some(1),
        system_version: None,
    };
    let id = ALPHA.parse().unwrap();
    cloud.store.devices().put(put_hello(id, hello, START_MS)).await.unwrap();
    let quarantined = format!("{PATH}?quarantined=true");
    let waiting = cloud.get(&quarantined, &ada).await.1["devices"][0].clone();
    assert_eq!((&waiting["id"], &waiting["quarantined"]), (&ALPHA.into(), &true.into()));
    assert_eq!(cloud.get(PATH, &ada).await.1["devices"], json!([]));
    let approve = json!({ "id": ALPHA }).to_string();
    assert_eq!(cloud.json("POST", PATH, Some(&ada), &approve).await.1["updated"], 1);
    assert_eq!(cloud.get(&quarantined, &ada).await.1["devices"], json!([]));
    let shown = cloud.get(&format!("{PATH}/alpha"), &ada).await.1;
    assert_eq!(
        (&shown["quarantined"], &shown["firmware_product_id"]),
        (&false.into(), &PRODUCT.into())
    );
}
