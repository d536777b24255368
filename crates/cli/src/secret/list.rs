//! `pintle secret list`: what was sent and received, and when it was read.

use crate::failure::Failure;
use crate::person::Server;
use crate::say::say;
use serde_json::Value;

pub fn run(as_json: bool) -> Result<(), Failure> {
    let answer = Server::of_login()?.get("/v1/secrets")?;
    let secrets = answer.get("secrets").and_then(Value::as_array).cloned().unwrap_or_default();
    if as_json {
        say!("{:#}", Value::from(secrets));
        return Ok(());
    }
    for secret in &secrets {
        say!("{}", line(secret));
    }
    Ok(())
}

fn line(secret: &Value) -> String {
    let text = |name: &str| secret.get(name).and_then(Value::as_str).unwrap_or_default();
    let sent = secret.get("sent") == Some(&Value::Bool(true));
    let other = if sent { text("to") } else { text("from") };
    let way = if sent { "to" } else { "from" };
    let state = match text("state") {
        "read" => format!("read {}", text("read_at")),
        "dropped" => format!("dropped {}", text("dropped_at")),
        "expired" => format!("expired {}, unread", text("expires_at")),
        _ => format!("waits until {}", text("expires_at")),
    };
    format!("{}  {:<4} {other}  {state}", text("id"), way)
}
