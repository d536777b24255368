//! Devices, functions and variables.

use super::harness::{ALPHA, BETA, Cloud, assert_error};

#[tokio::test]
async fn a_device_is_found_by_id_in_either_case_and_by_name() {
    let (cloud, token) = Cloud::with_alpha().await;
    for path in [ALPHA.to_owned(), ALPHA.to_uppercase(), "alpha".to_owned()] {
        let (status, body) = cloud.get(&format!("/v1/devices/{path}"), &token).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["id"], ALPHA);
        assert_eq!(body["name"], "alpha");
        assert_eq!((&body["online"], &body["connected"]), (&true.into(), &true.into()));
        assert_eq!(body["platform_id"], 13);
        assert_eq!(body["cellular"], true);
        assert_eq!(body["system_firmware_version"], "6.2.3");
        assert_eq!(body["functions"], serde_json::json!(["led", "slow"]));
        assert_eq!(body["variables"]["temp"], "double");
        assert_eq!(body["owner"].as_str().unwrap().len(), 24);
        assert!(body["last_ip_address"].is_null());
    }
    let (_, list) = cloud.get("/v1/devices", &token).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_foreign_device_looks_like_none() {
    let (cloud, _) = Cloud::with_alpha().await;
    let bob = cloud.login("bob").await;
    for path in [ALPHA, "alpha", BETA] {
        assert_error(&cloud.get(&format!("/v1/devices/{path}"), &bob).await, 404, "not found");
        let path = format!("/v1/devices/{path}");
        assert_error(
            &cloud.json("PUT", &path, Some(&bob), r#"{"name":"x"}"#).await,
            404,
            "Permission Denied",
        );
        assert_error(&cloud.json("DELETE", &path, Some(&bob), "").await, 404, "Permission Denied");
        assert_error(
            &cloud.json("POST", &format!("{path}/led"), Some(&bob), "{}").await,
            404,
            "not found",
        );
    }
    assert_eq!(cloud.get("/v1/devices", &bob).await.1, serde_json::json!([]));
}

#[tokio::test]
async fn claims_answer_in_the_words_clients_wait_for() {
    let (cloud, ada) = Cloud::with_alpha().await;
    let bob = cloud.login("bob").await;
    cloud.add_device(BETA).await;
    let claim =
        |id: &str, transfer: bool| format!(r#"{{"id":"{id}","request_transfer":{transfer}}}"#);
    let (status, body) =
        cloud.json("POST", "/v1/devices", Some(&bob), &claim(&BETA.to_uppercase(), false)).await;
    assert_eq!((status.as_u16(), &body["ok"]), (200, &true.into()));
    assert!(cloud.script.told.lock().unwrap().contains(&format!("owner {BETA}")));
    assert_eq!(
        cloud.json("POST", "/v1/devices", Some(&bob), &claim(BETA, false)).await.0,
        200,
        "again is fine"
    );
    let foreign = cloud.json("POST", "/v1/devices", Some(&ada), &claim(BETA, false)).await;
    assert_error(&foreign, 403, "belongs to someone else");
    let transfer = cloud.json("POST", "/v1/devices", Some(&ada), &claim(BETA, true)).await;
    assert!(!transfer.1.to_string().contains("belongs to someone else"), "clients would ask again");
    let unknown = cloud
        .json("POST", "/v1/devices", Some(&ada), &claim("ffffffffffffffffffffffff", false))
        .await;
    assert_error(&unknown, 404, "device not found");
    assert_eq!(cloud.json("DELETE", &format!("/v1/devices/{BETA}"), Some(&bob), "").await.0, 200);
    assert_eq!(cloud.json("POST", "/v1/devices", Some(&ada), &claim(BETA, false)).await.0, 200);
}

#[tokio::test]
async fn a_device_is_renamed_noted_and_made_to_show_itself() {
    let (cloud, token) = Cloud::with_alpha().await;
    let (_, body) =
        cloud.json("PUT", "/v1/devices/alpha", Some(&token), r#"{"name":"lamp"}"#).await;
    assert_eq!((&body["id"], &body["name"]), (&ALPHA.into(), &"lamp".into()));
    assert!(body["updated_at"].is_string());
    let (_, body) =
        cloud.json("PUT", "/v1/devices/lamp", Some(&token), r#"{"notes":"by the door"}"#).await;
    assert_eq!(body["notes"], "by the door");
    let (_, body) = cloud.form("PUT", "/v1/devices/lamp", Some(&token), "signal=1").await;
    assert_eq!((&body["connected"], &body["signaling"]), (&true.into(), &true.into()));
    for wrong in ["", "events", ALPHA] {
        let body = format!(r#"{{"name":"{wrong}"}}"#);
        assert_error(
            &cloud.json("PUT", "/v1/devices/lamp", Some(&token), &body).await,
            400,
            "device name",
        );
    }
}

#[tokio::test]
async fn a_ping_says_whether_the_device_answers() {
    let (cloud, token) = Cloud::with_alpha().await;
    let (_, body) = cloud.json("PUT", "/v1/devices/alpha/ping", Some(&token), "").await;
    assert_eq!((&body["ok"], &body["online"]), (&true.into(), &true.into()));
    cloud.script.online.lock().unwrap().clear();
    let (_, body) = cloud.json("PUT", "/v1/devices/alpha/ping", Some(&token), "").await;
    assert_eq!((&body["ok"], &body["online"]), (&true.into(), &false.into()));
}

#[tokio::test]
async fn a_function_takes_its_argument_under_either_name_and_in_either_form() {
    let (cloud, token) = Cloud::with_alpha().await;
    for body in [r#"{"args":"on!"}"#, r#"{"arg":"on!"}"#] {
        let (status, answer) =
            cloud.json("POST", "/v1/devices/alpha/led", Some(&token), body).await;
        assert_eq!(status, 200);
        assert_eq!((&answer["return_value"], &answer["id"]), (&3.into(), &ALPHA.into()));
    }
    let (_, answer) =
        cloud.form("POST", "/v1/devices/alpha/led", Some(&token), "arg=on%21&format=raw").await;
    assert_eq!(answer, 3);
    let (_, answer) = cloud.json("POST", "/v1/devices/alpha/led", Some(&token), "{}").await;
    assert_eq!(answer["return_value"], 0);
}

#[tokio::test]
async fn an_unknown_function_or_variable_is_answered_without_asking_the_device() {
    let (cloud, token) = Cloud::with_alpha().await;
    for online in [true, false] {
        if !online {
            cloud.script.online.lock().unwrap().clear();
        }
        assert_error(
            &cloud.json("POST", "/v1/devices/alpha/nofn", Some(&token), "{}").await,
            404,
            "nofn",
        );
        assert_error(
            &cloud.get("/v1/devices/alpha/nope", &token).await,
            404,
            "Unknown Variable: nope",
        );
    }
    assert!(cloud.script.told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_device_that_is_away_or_silent_is_timed_out() {
    let (cloud, token) = Cloud::with_alpha().await;
    let silent = cloud.json("POST", "/v1/devices/alpha/slow", Some(&token), "{}").await;
    assert_error(&silent, 408, "Timed out");
    assert_eq!(silent.1["error"], "timed out");
    cloud.script.online.lock().unwrap().clear();
    assert_error(
        &cloud.json("POST", "/v1/devices/alpha/led", Some(&token), "{}").await,
        408,
        "Timed out",
    );
    assert_error(&cloud.get("/v1/devices/alpha/temp", &token).await, 408, "Timed out");
    assert_eq!(cloud.script.told.lock().unwrap().len(), 1, "an offline device is not asked");
}

#[tokio::test]
async fn variables_come_in_their_own_types() {
    let (cloud, token) = Cloud::with_alpha().await;
    for (name, value) in [
        ("temp", 21.5.into()),
        ("count", (-7).into()),
        ("colour", "grün".into()),
        ("on", serde_json::Value::Bool(true)),
    ] {
        let (_, body) = cloud.get(&format!("/v1/devices/alpha/{name}"), &token).await;
        assert_eq!((&body["result"], &body["name"]), (&value, &name.into()));
        assert_eq!(body["coreInfo"]["deviceID"], ALPHA);
        assert_eq!(body["coreInfo"]["connected"], true);
    }
    assert_eq!(cloud.get("/v1/devices/alpha/temp?format=raw", &token).await.1, 21.5);
}

#[tokio::test]
async fn an_argument_too_long_for_a_device_or_for_the_server_is_refused_clearly() {
    let (cloud, token) = Cloud::with_alpha().await;
    for (length, text) in [(1_025, "1024 bytes"), (1_000_000, "65536 bytes")] {
        let body = format!(r#"{{"args":"{}"}}"#, "x".repeat(length));
        assert_error(
            &cloud.json("POST", "/v1/devices/alpha/led", Some(&token), &body).await,
            413,
            text,
        );
    }
    assert!(cloud.script.told.lock().unwrap().is_empty());
}
