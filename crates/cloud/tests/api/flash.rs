//! A file for one device: what is taken, what is refused and why, and what is told of how it goes.

use super::harness::{ALPHA, BETA, Cloud, START_MS, assert_error, read};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use pintle_cloud::DeviceId;
use pintle_cloud::device::update::{Transferred, UpdateError};
use pintle_cloud::event::{Delivery, Filter, Subscription};
use pintle_cloud::store::device::{SavedHello, SavedSystem, put_hello, put_system};
use pintle_firmware::Digest;
use pintle_firmware::module::{Asset, Builder, Function, Platform, combine, compress};
use pintle_protocol::coap::Code;
use pintle_protocol::update::{Failure, Refusal};
use serde_json::Value;
use std::sync::atomic::Ordering;
use tower::ServiceExt as _;

const BORON: Platform = Platform(13);

fn module() -> Builder<'static> {
    Builder::new(BORON, Function::USER_PART, 0x000d_4000, &[7; 5_000])
}

/// A form as clients send it: the file, and what to build it for.
fn form(name: &str, kind: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    let tail =
        "\r\n--b\r\nContent-Disposition: form-data; name=\"latest\"\r\n\r\ntrue\r\n--b--\r\n";
    [head.as_bytes(), file, tail.as_bytes()].concat()
}

async fn put(cloud: &Cloud, token: &str, device: &str, body: Vec<u8>) -> (StatusCode, Value) {
    let request = Request::put(format!("/v1/devices/{device}"))
        .header("content-type", "multipart/form-data; boundary=b")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body));
    read(cloud.router.clone().oneshot(request.unwrap()).await.unwrap()).await
}

async fn flash(cloud: &Cloud, token: &str, file: &[u8]) -> (StatusCode, Value) {
    put(cloud, token, ALPHA, form("app.bin", "application/octet-stream", file)).await
}

async fn status(events: &mut Subscription) -> String {
    match events.next().await {
        Some(Delivery::Event(event)) => String::from_utf8(event.data.clone()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn told(cloud: &Cloud) -> Subscription {
    let device = Some(ALPHA.parse().unwrap());
    let prefix = "spark/flash/status".into();
    cloud.bus.subscribe(Filter { owner: cloud.ada, device, prefix })
}

#[tokio::test]
async fn a_module_is_flashed_and_success_is_said_when_the_device_runs_it() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut events = told(&cloud);
    let file = module().build();
    let (answer, body) = flash(&cloud, &token, &file).await;
    assert_eq!((answer.as_u16(), &body["status"]), (200, &"Update started".into()), "{body}");
    assert_eq!(body["id"], ALPHA);
    assert_eq!(status(&mut events).await, "started ");
    let order = cloud.script.updates.lock().unwrap().pop().unwrap();
    assert!(order.offer.file[..] == file[..] && order.offer.statement.is_empty());
    assert_eq!((order.offer.sha256, order.offer.function), (Digest::of(&file).0, Some(5)));
    order.end(Ok(Transferred::default()));

    // It comes back with the image, and says so.
    let id: DeviceId = ALPHA.parse().unwrap();
    let devices = cloud.store.devices();
    let sha256 = Digest::of(&file).to_string();
    let described =
        format!(r#"{{"modules":[{{"function":5,"index":1,"version":9,"sha256":"{sha256}"}}]}}"#);
    let hello = SavedHello {
        platform_id: 13,
        product_id: 13,
        firmware_version: None,
        system_version: Some(6_203),
    };
    devices.put(put_hello(id, hello, START_MS + 5)).await.unwrap();
    let system = SavedSystem { json: described, image: Some(Digest::of(&file).0) };
    devices.put(put_system(id, &system, START_MS + 6)).await.unwrap();
    cloud.script.shook_hands_ms.store(START_MS + 4, Ordering::Relaxed);
    assert_eq!(status(&mut events).await, "success ");
}

#[tokio::test]
async fn an_update_that_breaks_off_is_said_to_have_failed() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut events = told(&cloud);
    assert_eq!(flash(&cloud, &token, &module().build()).await.0, 200);
    let order = cloud.script.updates.lock().unwrap().pop().unwrap();
    order.end(Err(UpdateError::Silent));
    assert_eq!(status(&mut events).await, "started ");
    assert_eq!(status(&mut events).await, "failed ");
}

#[tokio::test]
async fn what_no_device_should_be_sent_is_refused_with_the_reason() {
    let (cloud, token) = Cloud::with_alpha().await;
    let good = module().build();
    let mut damaged = good.clone();
    damaged[1000] ^= 1;
    let foreign = Builder::new(Platform(12), Function::USER_PART, 0x000d_4000, &[7; 5_000]).build();
    let elsewhere = Builder::new(BORON, Function::USER_PART, 0x0003_0000, &[7; 5_000]).build();
    let refused: [(&[u8], &str); 7] = [
        (&[], "too few for a module"),
        (b"int main() { return 0; }", "too few for a module"),
        (&[0x5a; 3_000], "no firmware module"),
        (&damaged, "changed or damaged"),
        (&good[..4_000], "build or fetch it again"),
        (&foreign, "It is for argon (12), not for boron (13)"),
        (&elsewhere, "outside the module's place"),
    ];
    for (file, why) in refused {
        assert_error(&flash(&cloud, &token, file).await, 400, why);
    }
    for (name, kind) in [("bundle.zip", "application/zip"), ("app.bin", "application/octet-stream")]
    {
        let zip =
            form(name, kind, b"PK\x03\x04and so on, for as long as a module would be at least");
        assert_error(&put(&cloud, &token, ALPHA, zip).await, 400, "zip bundle");
    }
    assert!(cloud.script.updates.lock().unwrap().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn combined_compressed_and_asset_modules_are_flashed_as_they_are() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut deflatable = module();
    deflatable.prefix.version = 3;
    let compressed = compress(&deflatable.build()).unwrap();
    let asset = Asset { name: "song.wav", content: &[1; 900] };
    let combined = combine(&module().build(), &deflatable.build()).unwrap();
    for (file, function) in [(compressed, Some(5)), (asset.build(), Some(9)), (combined, None)] {
        let (answer, body) = flash(&cloud, &token, &file).await;
        assert_eq!(answer, 200, "{body}");
        let order = cloud.script.updates.lock().unwrap().pop().unwrap();
        assert_eq!(order.offer.function, function);
        assert!(order.offer.file[..] == file[..]);
    }
}

#[tokio::test]
async fn a_form_that_is_broken_cut_empty_or_too_large_is_refused() {
    let (cloud, token) = Cloud::with_alpha().await;
    let whole = form("app.bin", "application/octet-stream", &module().build());
    for cut in [10, 200, whole.len() - 200] {
        let answer = put(&cloud, &token, ALPHA, whole[..cut].to_vec()).await;
        assert_error(&answer, 400, "form is broken or was cut off");
    }
    let empty = b"--b\r\nContent-Disposition: form-data; name=\"latest\"\r\n\r\ntrue\r\n--b--\r\n";
    assert_error(&put(&cloud, &token, ALPHA, empty.to_vec()).await, 400, "no file in the form");
    for size in [pintle_cloud::api::MAX_FILE + 1, 3 * pintle_cloud::api::MAX_FILE] {
        assert_error(&flash(&cloud, &token, &vec![0; size]).await, 413, "at most 16777216 bytes");
    }
    let parts = empty[..empty.len() - 7].repeat(40);
    assert_error(&put(&cloud, &token, ALPHA, parts).await, 400, "more than 32 parts");
}

#[tokio::test]
async fn what_a_device_says_to_an_update_reaches_whoever_flashes() {
    let (cloud, token) = Cloud::with_alpha().await;
    let file = module().build();
    let refused = |why| {
        let failure = Failure { code: Code::UNAVAILABLE, why: Some(why), message: String::new() };
        UpdateError::Refused(failure)
    };
    let answers = [
        (refused(Refusal::DISABLED), 400, "updates are disabled on the device"),
        (refused(Refusal::SIZE), 400, "too large for the device"),
        (UpdateError::Busy, 429, "busy with other updates"),
        (UpdateError::Unsupported, 400, "cannot take updates"),
        (UpdateError::Silent, 408, "did not answer"),
    ];
    for (error, answer, text) in answers {
        *cloud.script.refuses.lock().unwrap() = Some(error);
        assert_error(&flash(&cloud, &token, &file).await, answer, text);
    }
    cloud.script.online.lock().unwrap().clear();
    assert_error(&flash(&cloud, &token, &file).await, 408, "not connected");
}

#[tokio::test]
async fn nobody_flashes_a_device_of_someone_else() {
    let (cloud, _) = Cloud::with_alpha().await;
    let bob = cloud.login("bob").await;
    for device in [ALPHA, BETA, "alpha"] {
        let body = form("app.bin", "application/octet-stream", &module().build());
        assert_error(&put(&cloud, &bob, device, body).await, 404, "Permission Denied");
    }
    assert!(cloud.script.updates.lock().unwrap().is_empty());
}
