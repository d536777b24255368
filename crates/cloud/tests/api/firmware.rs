//! Firmware of products: taken in, shown, fetched, released.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use pintle_cloud::store::device::{SavedHello, put_hello};
use serde_json::json;
use tower::ServiceExt as _;

use super::events::Stream;
use super::harness::{ALPHA, Cloud, START_MS, assert_error};
use super::signing::{BOUNDARY, PLATFORM, PRODUCT, form, module, module_of};

const PATH: &str = "/v1/products/12345/firmware";

impl Cloud {
    /// Device alpha is in the product and reports this version.
    pub async fn alpha_runs(&self, token: &str, version: u16) {
        let hello = SavedHello {
            platform_id: PLATFORM,
            product_id: PRODUCT,
            firmware_version: Some(version),
            system_version: None,
        };
        let put = put_hello(ALPHA.parse().unwrap(), hello, START_MS);
        self.store.devices().put(put).await.unwrap();
        let body = json!({ "id": ALPHA }).to_string();
        self.json("POST", "/v1/products/12345/devices", Some(token), &body).await;
    }
}

#[tokio::test]
async fn a_firmware_is_uploaded_listed_shown_edited_fetched_and_deleted() {
    let (cloud, ada) = Cloud::with_product().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events/particle", &ada).await;
    let file = module(3);
    let parts = [
        ("binary", Some("/home/ada/out/app.bin"), file.as_slice()),
        ("version", None, b"3".as_slice()),
        ("title", None, b"Third"),
        ("description", None, "Wärmer".as_bytes()),
        ("mandatory", None, b"true"),
    ];
    let (status, made) = cloud.multipart("POST", PATH, &ada, form(&parts)).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["version"], &made["title"]), (&3.into(), &"Third".into()));
    assert_eq!((&made["name"], &made["size"]), (&"app.bin".into(), &file.len().into()));
    assert_eq!((&made["mandatory"], &made["product_default"]), (&true.into(), &false.into()));
    let event = stream.piece().await.unwrap();
    assert!(
        event.starts_with("event: particle/firmware/create\n")
            && event.contains("\\\"version\\\":3"),
        "{event}"
    );

    let (_, list) = cloud.get(PATH, &ada).await;
    assert_eq!(list[0]["description"], "Wärmer");
    let (_, shown) = cloud.get(&format!("{PATH}/3"), &ada).await;
    assert_eq!((&shown["_id"], &shown["missing_for_release"]), (&"12345-3".into(), &json!(null)));
    let edit = r#"{"title":"Spring"}"#;
    let (_, edited) = cloud.json("PUT", &format!("{PATH}/3"), Some(&ada), edit).await;
    assert_eq!((&edited["title"], &edited["description"]), (&"Spring".into(), &"Wärmer".into()));
    let fetched =
        cloud.send("GET", &format!("{PATH}/3/binary"), Some(&ada), "", String::new()).await;
    assert_eq!(fetched.into_body().collect().await.unwrap().to_bytes(), file);
    let path = format!("{PATH}/3");
    assert_eq!(cloud.send("DELETE", &path, Some(&ada), "", String::new()).await.status(), 204);
    assert_error(&cloud.get(&path, &ada).await, 404, "no firmware of version 3");
}

#[tokio::test]
async fn a_file_that_is_no_module_of_the_product_is_refused_with_the_reason() {
    let (cloud, ada) = Cloud::with_product().await;
    let mut broken = module(3);
    broken[100] ^= 1;
    for (file, version, text) in [
        (b"junk".to_vec(), "3", "not a firmware module"),
        (broken, "3", "CRC"),
        (module(3), "4", "version"),
        (module(3), "x", "number"),
        (module_of(12_346, 3, PLATFORM), "3", "product"),
        (module_of(PRODUCT, 3, 12), "3", "argon"),
    ] {
        let parts = form(&[("file", Some("a"), &file), ("version", None, version.as_bytes())]);
        assert_error(&cloud.multipart("POST", PATH, &ada, parts).await, 400, text);
    }
    let nothing = form(&[("title", None, b"x")]);
    assert_error(&cloud.multipart("POST", PATH, &ada, nothing).await, 400, "file");
    assert_eq!(cloud.upload(&ada, &module(3), None).await.0, 201);
    assert_error(&cloud.upload(&ada, &module(3), None).await, 400, "has version 3 already");
    assert_eq!(cloud.get(PATH, &ada).await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_upload_that_is_cut_in_the_middle_leaves_nothing() {
    let (cloud, ada) = Cloud::with_product().await;
    let whole = form(&[("title", None, b"x"), ("file", Some("a"), &module(3))]);
    for length in [whole.len() / 2, whole.len() - BOUNDARY.len()] {
        let cut = whole[..length].to_vec();
        assert_error(&cloud.multipart("POST", PATH, &ada, cut).await, 400, "cut off");
    }
    assert_eq!(cloud.get(PATH, &ada).await.1, json!([]));
    let pieces = cloud.store.firmware().pieces(pintle_cloud::product::ProductId(PRODUCT), 3).await;
    assert!(pieces.unwrap().is_empty());
}

#[tokio::test]
async fn an_upload_larger_than_any_firmware_is_refused_before_it_is_read_to_its_end() {
    let (cloud, ada) = Cloud::with_product().await;
    let large = form(&[("file", Some("a"), &vec![0; 17 << 20])]);
    assert_error(&cloud.multipart("POST", PATH, &ada, large).await, 413, "16777216 bytes");
    let request = Request::post(PATH)
        .header(header::AUTHORIZATION, format!("Bearer {ada}"))
        .header(header::CONTENT_TYPE, "multipart/form-data");
    let request = request.body(Body::from("x")).unwrap();
    assert_eq!(cloud.router.clone().oneshot(request).await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_firmware_is_released_once_a_device_of_the_product_runs_it() {
    let (cloud, ada) = Cloud::with_product().await;
    cloud.upload(&ada, &module(3), None).await;
    assert_error(&cloud.release(&ada, 4).await, 404, "no firmware of version 4");
    assert_error(&cloud.release(&ada, 3).await, 400, "development device");
    cloud.alpha_runs(&ada, 3).await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events/particle", &ada).await;
    let body = r#"{"version":3,"product_default":true,"groups":["beta"],"intelligent":true}"#;
    let (status, released) = cloud.json("PUT", &format!("{PATH}/release"), Some(&ada), body).await;
    assert_eq!(status, 200, "{released}");
    assert_eq!((&released["product_default"], &released["current"]), (&true.into(), &true.into()));
    assert_eq!((&released["groups"], &released["intelligent"]), (&json!(["beta"]), &true.into()));
    assert_eq!(released["device_count"], 1);
    assert!(stream.piece().await.unwrap().starts_with("event: particle/firmware/release\n"));
    let kept = cloud.json("DELETE", &format!("{PATH}/3"), Some(&ada), "").await;
    assert_error(&kept, 400, "was released");
    let image = cloud.shelf.image(pintle_cloud::product::ProductId(PRODUCT), 3).await.unwrap();
    assert_eq!(*image.file, module(3));
    assert!(image.statement.is_empty());
}
