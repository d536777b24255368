//! Codes: a browser, a page, and the way back.

use std::time::Duration;

use axum::http::header;

use super::super::harness::Cloud;
use super::super::second_factor::{enrolled, now_code};
use super::{Client, page, refused, text};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const FORM: &str = "application/x-www-form-urlencoded";

/// What a client asks with: the port of its own machine is another one each time.
fn asks(client: &Client, more: &str) -> String {
    format!(
        "response_type=code&client_id={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Fback&state=a%26b\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
        client.id
    )
}

/// Where the browser is sent to when somebody typed this.
async fn sent_to(cloud: &Cloud, asks: &str, typed: &str) -> String {
    let form = format!("{asks}&{typed}");
    let response = cloud.send("POST", "/oauth/authorize", None, FORM, form).await;
    assert_eq!(response.status(), 303, "what was typed does not go along");
    response.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// The code in the address that the browser is sent to.
async fn code(cloud: &Cloud, client: &Client) -> String {
    let typed = "username=bob&password=correct+horse&decision=allow";
    let location = sent_to(cloud, &asks(client, ""), typed).await;
    let rest = location.strip_prefix("http://127.0.0.1:49152/back?code=").unwrap();
    let (code, rest) = rest.split_once('&').unwrap();
    assert_eq!(rest, "state=a%26b&iss=https%3A%2F%2Flocalhost", "RFC 9207");
    code.to_owned()
}

fn takes(code: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Fback"
    )
}

#[tokio::test]
async fn a_person_logs_in_on_a_page_and_the_client_gets_short_tokens_for_the_code() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let path = format!("/oauth/authorize?{}", asks(&client, "&scope=devices:get+events:get"));
    let (status, html) = page(cloud.send("GET", &path, None, FORM, String::new()).await).await;
    assert_eq!(status, 200);
    assert!(
        html.contains("Green &lt;House&gt;") && html.contains("devices:get, events:get"),
        "{html}"
    );

    let code = code(&cloud, &client).await;
    let (status, body) = client.ask(&cloud, &takes(&code)).await;
    assert_eq!((status.as_u16(), body["expires_in"].as_u64()), (200, Some(3_600)), "{body}");
    let (_, user) = cloud.get("/v1/user", &text(&body, "access_token")).await;
    assert_eq!(user["username"], "bob");
    let again = format!("grant_type=refresh_token&refresh_token={}", text(&body, "refresh_token"));
    assert_eq!(client.ask(&cloud, &again).await.0, 200);
}

#[tokio::test]
async fn p9_a_code_that_comes_twice_ends_what_it_was_taken_in_for() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let code = code(&cloud, &client).await;
    let (_, body) = client.ask(&cloud, &takes(&code)).await;
    let token = text(&body, "access_token");
    assert_eq!(cloud.get("/v1/user", &token).await.0, 200);
    assert_eq!(refused(&client.ask(&cloud, &takes(&code)).await), (400, "invalid_grant".into()));
    assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
}

#[tokio::test]
async fn p9_a_code_is_good_with_its_secret_its_client_its_address_and_its_minute_alone() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let other = Client::of_ada(&cloud).await;
    let wrong = |code: &str, from: &str, to: &str| takes(code).replace(from, to);
    let first = code(&cloud, &client).await;
    for (asker, form) in [
        (&client, wrong(&code(&cloud, &client).await, VERIFIER, &"x".repeat(43))),
        (&other, takes(&code(&cloud, &client).await)),
        (&client, wrong(&code(&cloud, &client).await, "49152", "49153")),
        (&client, wrong(&takes("0"), "code=0", &format!("code={}", "0".repeat(64)))),
    ] {
        assert_eq!(refused(&asker.ask(&cloud, &form).await), (400, "invalid_grant".into()));
    }
    let lost = wrong(&first, &format!("&code_verifier={VERIFIER}"), "");
    assert_eq!(refused(&client.ask(&cloud, &lost).await).1, "invalid_request");
    cloud.advance(Duration::from_secs(60));
    assert_eq!(refused(&client.ask(&cloud, &takes(&first)).await).1, "invalid_grant");
}

#[tokio::test]
async fn p9_nobody_is_sent_to_an_address_that_is_not_registered() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let right = asks(&client, "");
    for wrong in [
        right.replace("127.0.0.1", "evil.example"),
        right.replace("%2Fback", "%2Fbackdoor"),
        right.replace("redirect_uri", "redirect_url"),
        right.replace(&client.id, "particle-cli"),
        format!("{right}&client_id={}", client.id),
    ] {
        let path = format!("/oauth/authorize?{wrong}");
        let (status, html) = page(cloud.send("GET", &path, None, FORM, String::new()).await).await;
        assert!(status == 400 && !html.contains("<form"), "{wrong}: {html}");
    }
}

#[tokio::test]
async fn what_a_client_asks_wrongly_it_is_told_at_its_address() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let right = asks(&client, "");
    for (wrong, error) in [
        (right.replace("response_type=code", "response_type=token"), "unsupported_response_type"),
        (right.replace("S256", "plain"), "invalid_request"),
        (right.replace(CHALLENGE, "x"), "invalid_request"),
        (format!("{right}&scope=everything"), "invalid_scope"),
    ] {
        let path = format!("/oauth/authorize?{wrong}");
        let response = cloud.send("GET", &path, None, FORM, String::new()).await;
        let location = response.headers()[header::LOCATION].to_str().unwrap();
        let begins = format!("http://127.0.0.1:49152/back?error={error}&state=a%26b&iss=");
        assert!(location.starts_with(&begins), "{location}");
    }
    let denied = sent_to(&cloud, &right, "decision=deny").await;
    assert!(denied.contains("error=access_denied"), "{denied}");
}

#[tokio::test]
async fn p9_a_wrong_password_on_the_page_is_a_page_again_and_counts() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let form = format!("{}&username=bob&password=guessed-it&decision=allow", asks(&client, ""));
    let post = || cloud.send("POST", "/oauth/authorize", None, FORM, form.clone());
    let (status, html) = page(post().await).await;
    assert_eq!(status, 400);
    assert!(html.contains("User credentials are invalid") && html.contains(CHALLENGE), "{html}");
    assert!(!html.contains("guessed-it"), "what was typed does not come back");
}

#[tokio::test]
async fn p9_who_has_a_second_factor_proves_it_on_the_page_and_the_tokens_know_it() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let (_, secret, _) = enrolled(&cloud).await;
    let ada = "username=ada%40example.com&password=correct+horse&decision=allow";
    let form = format!("{}&{ada}", asks(&client, ""));
    let (status, html) = page(cloud.send("POST", "/oauth/authorize", None, FORM, form).await).await;
    assert!(status == 403 && html.contains("second factor"), "{status}: {html}");

    let typed = format!("{ada}&otp={}", now_code(&cloud, &secret));
    let location = sent_to(&cloud, &asks(&client, ""), &typed).await;
    let code = location.split_once("code=").unwrap().1.split_once('&').unwrap().0;
    let (_, body) = client.ask(&cloud, &takes(code)).await;
    let token = text(&body, "access_token");
    let renewed = cloud.json("POST", "/v1/user/recovery-codes", Some(&token), "{}").await;
    assert_eq!(renewed.0, 200, "{}", renewed.1);
    cloud.advance(Duration::from_secs(600));
    let again = format!("grant_type=refresh_token&refresh_token={}", text(&body, "refresh_token"));
    let token = text(&client.ask(&cloud, &again).await.1, "access_token");
    let stale = cloud.json("POST", "/v1/user/recovery-codes", Some(&token), "{}").await;
    assert_eq!(stale.0, 403, "a refresh proves no second factor");
}
