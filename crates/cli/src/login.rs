//! `pintle login` and `pintle logout`: a person types a short code into a browser, on any machine, and logs in there
//! (RFC 8628). This program never sees the password.

use crate::args::LoginArgs;
use crate::failure::Failure;
use crate::person::{Login, Server, form};
use crate::say::say;
use serde_json::Value;
use std::fs;
use std::thread::sleep;
use std::time::Duration;
use zeroize::Zeroizing;

/// The grant of RFC 8628.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The least and the most seconds between two questions, whatever the server says.
const EVERY: std::ops::RangeInclusive<u64> = 1..=60;

pub fn run(args: &LoginArgs) -> Result<(), Failure> {
    let (url, ca) = where_to(args)?;
    let server = Server::at(&url, ca.as_deref())?;
    let mut asked = vec![("client_id", args.client.as_str())];
    asked.extend(args.scope.as_deref().map(|scope| ("scope", scope)));
    let begun = server.post_form("/oauth/device_authorization", &asked)?;
    let device_code = Zeroizing::new(text(&begun, "device_code")?);
    say!("Open {}", text(&begun, "verification_uri")?);
    say!("and type the code {}", text(&begun, "user_code")?);
    let every = begun.get("interval").and_then(Value::as_u64).unwrap_or(5);
    let answer = wait(&server, &args.client, &device_code, every)?;
    let mut login = Login::new(server.url(), ca, &args.client);
    login.take(&answer)?;
    login.save()?;
    let user = Server::of_login()?.get("/v1/user")?;
    say!("Logged in at {} as {}", server.url(), text(&user, "username")?);
    Ok(())
}

/// Ends the login here and at the server.
pub fn end() -> Result<(), Failure> {
    let login = Login::load()?;
    let token = login.refresh.as_ref().unwrap_or(&login.token);
    let fields = [("client_id", login.client.as_str()), ("token", token.as_str())];
    let told = Server::at(&login.server, login.ca.as_deref())
        .and_then(|server| server.post_form("/oauth/revoke", &fields));
    Login::forget()?;
    match told {
        Ok(_) => say!("Logged out at {}", login.server),
        Err(Failure::Usage(why) | Failure::Failed(why)) => {
            say!(
                "Logged out here; the server was not told, and its tokens end by themselves: {why}"
            );
        }
    }
    Ok(())
}

/// The server that was typed, or that of the last login, and whom to trust there.
fn where_to(args: &LoginArgs) -> Result<(String, Option<std::path::PathBuf>), Failure> {
    let whole = |path: &std::path::PathBuf| {
        fs::canonicalize(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    };
    let ca = args.ca.as_ref().map(whole).transpose()?;
    match &args.server {
        Some(url) => Ok((url.clone(), ca)),
        None => {
            let last = Login::load()
                .map_err(|_| Failure::usage("which server? `pintle login https://HOST:PORT`"))?;
            Ok((last.server, ca.or(last.ca)))
        }
    }
}

/// Asks until the person answered.
fn wait(server: &Server, client: &str, device_code: &str, every: u64) -> Result<Value, Failure> {
    let mut every = every.clamp(*EVERY.start(), *EVERY.end());
    let fields = [("grant_type", GRANT), ("client_id", client), ("device_code", device_code)];
    loop {
        sleep(Duration::from_secs(every));
        let body = form(&fields);
        let kind = "application/x-www-form-urlencoded";
        let (status, answer) = server.try_post("/oauth/token", kind, body.as_bytes())?;
        match answer.get("error").and_then(Value::as_str) {
            _ if status == 200 => return Ok(answer),
            Some("authorization_pending") => {}
            Some("slow_down") => every = (every + 5).min(*EVERY.end()),
            Some("access_denied") => return Err(Failure::usage("the login was denied")),
            Some("expired_token") => {
                return Err(Failure::usage("nobody typed the code in time: log in again"));
            }
            _ => {
                let why = answer.get("error_description").and_then(Value::as_str);
                return Err(Failure::failed(why.unwrap_or("the server gave no reason")));
            }
        }
    }
}

fn text(answer: &Value, name: &str) -> Result<String, Failure> {
    let found = answer.get(name).and_then(Value::as_str);
    let found = found.filter(|text| !text.chars().any(char::is_control));
    found
        .map(str::to_owned)
        .ok_or_else(|| Failure::failed(format!("the server's answer has no {name}")))
}
