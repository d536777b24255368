//! Logins through a browser (RFC 6749 4.1, RFC 9700): codes, the proof that goes with them, the way back, refresh tokens.

use super::ground::{Ground, Step, Visitor, attack, expect, judged, refusal, untried};
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::{Answer, Ask};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A refresh token, twice.
pub const REFRESH_TWICE: Case = Case {
    id: "api-refresh-twice",
    group: Group::Token,
    tries: "Uses a refresh token again that was used before, as a thief does who copied it.",
    expects: "It is refused, and everything that came of that login ends.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 11, refresh_twice),
};

/// A code, twice.
pub const CODE_TWICE: Case = Case {
    id: "api-code-twice",
    group: Group::Token,
    tries: "Takes an authorization code in a second time.",
    expects: "It is refused, and the tokens of the first time end.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 12, code_twice),
};

/// A code without its secret.
pub const CODE_WITHOUT_PROOF: Case = Case {
    id: "api-code-without-proof",
    group: Group::Token,
    tries: "Takes in an authorization code that was overheard: without the secret of its challenge, with another, as another client; asks for codes without a challenge.",
    expects: "No token comes of it, and no code without a challenge.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 13, code_without_proof),
};

/// Another way back.
pub const REDIRECTED: Case = Case {
    id: "api-redirected",
    group: Group::Token,
    tries: "Has a login end at an address that is not the client's, in every disguise.",
    expects: "The browser is sent to none of them.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 14, redirected),
};

/// Tokens of other clients.
pub const OTHERS_TOKENS: Case = Case {
    id: "api-others-tokens",
    group: Group::Token,
    tries: "Refreshes, ends and asks about a token that was given to another client.",
    expects: "Nothing is learnt of it, and it stays as it is.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 15, others_tokens),
};

const BACK: &str = "http://127.0.0.1/attack/back";
const VERIFIER: &str = "an-attacker-knows-this-verifier-since-it-is-its-own";

/// A client that the owner registered, and what logs in with it.
struct App<'v, 'g, 'a> {
    owner: &'v mut Visitor<'g, 'a>,
    name: String,
    password: String,
    client: String,
}

impl<'v, 'g, 'a> App<'v, 'g, 'a> {
    fn register(ground: &Ground<'a>, owner: &'v mut Visitor<'g, 'a>, kind: &str) -> Step<Self> {
        let person = ground.owner()?;
        let asked = json!({ "name": "attack login", "type": kind, "redirect_uri": BACK });
        let made = expect(owner.post_json("/v1/clients", &asked)?, "an OAuth client")?.json();
        let field = |name: &str| {
            let value =
                made.get("client").and_then(|client| client.get(name)).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| untried(format!("a new client has no {name}")))
        };
        let (name, password) = (person.name.clone(), person.password.clone());
        Ok(Self { owner, name, password, client: field("id")? })
    }

    /// Logs in on the page; with these fields in the place of the usual.
    fn allow(&mut self, other: &[(&str, &str)]) -> Step<Answer> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let usual = [
            ("response_type", "code"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", BACK),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("username", self.name.as_str()),
            ("password", self.password.as_str()),
            ("decision", "allow"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| !other.iter().any(|(new, _)| new == name));
        let form: Vec<_> =
            kept.chain(other.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        self.owner.ask(&Ask::new("POST", "/oauth/authorize").form(&form))
    }

    /// A code.
    fn code(&mut self) -> Step<String> {
        let answer = self.allow(&[])?;
        code_in(&answer).ok_or_else(|| {
            untried(format!("a login on the page led to no code: {}", refusal(&answer)))
        })
    }

    /// Takes a code in; with these fields in the place of the usual.
    fn take(&mut self, code: &str, other: &[(&str, &str)]) -> Step<Answer> {
        let usual = [
            ("grant_type", "authorization_code"),
            ("client_id", self.client.as_str()),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        let kept = usual.into_iter().filter(|(name, _)| !other.iter().any(|(new, _)| new == name));
        let form: Vec<_> =
            kept.chain(other.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        self.owner.ask(&Ask::new("POST", "/oauth/token").form(&form))
    }

    /// A pair of tokens: one that calls, one that refreshes it.
    fn tokens(&mut self) -> Step<(String, String)> {
        let code = self.code()?;
        let answer = expect(self.take(&code, &[])?, "a code")?;
        pair(&answer)
    }

    fn refresh(&mut self, token: &str) -> Step<Answer> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client.as_str()),
            ("refresh_token", token),
        ];
        self.owner.ask(&Ask::new("POST", "/oauth/token").form(&form))
    }

    fn remove(&mut self) -> Step<()> {
        self.owner.ask(&Ask::new("DELETE", format!("/v1/clients/{}", self.client))).map(drop)
    }
}

fn pair(answer: &Answer) -> Step<(String, String)> {
    let field =
        |name: &str| answer.text(name).ok_or_else(|| untried(format!("an answer without {name}")));
    Ok((field("access_token")?, field("refresh_token")?))
}

/// The code that a browser is sent back with.
fn code_in(answer: &Answer) -> Option<String> {
    let location = answer.header("location")?.split_once('?')?.1;
    let mut pairs = form_urlencoded::parse(location.as_bytes());
    pairs.find(|(name, _)| name == "code").map(|(_, value)| value.into_owned())
}

fn refresh_twice(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut app = App::register(ground, &mut owner, "installed")?;
    let (_, first) = app.tokens()?;
    let (second, _) = pair(&expect(app.refresh(&first)?, "a refresh token")?)?;
    let again = app.refresh(&first)?;
    let mut through = Vec::new();
    if again.is_success() {
        through.push("a refresh token was good a second time".to_owned());
    }
    if app.owner.is_good(&second)? {
        through.push("what the first use gave is good after the second".to_owned());
    }
    app.remove()?;
    Ok(judged(
        &through,
        "a refresh token that came twice was refused, and all that came of its login ended",
    ))
}

fn code_twice(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut app = App::register(ground, &mut owner, "installed")?;
    let code = app.code()?;
    let (token, _) = pair(&expect(app.take(&code, &[])?, "a code")?)?;
    let again = app.take(&code, &[])?;
    let mut through = Vec::new();
    if again.is_success() {
        through.push("a code was good a second time".to_owned());
    }
    if app.owner.is_good(&token)? {
        through.push("what a code gave is good after it came a second time".to_owned());
    }
    app.remove()?;
    Ok(judged(
        &through,
        "a code that came twice was refused, and the tokens of the first time ended",
    ))
}

fn code_without_proof(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut app = App::register(ground, &mut owner, "installed")?;
    let wrong = VERIFIER.replace('t', "T");
    let mut through = Vec::new();
    let overheard: [(&str, &[(&str, &str)]); 5] = [
        ("without its secret", &[("code_verifier", "")]),
        ("with another secret", &[("code_verifier", &wrong)]),
        ("by another client", &[("client_id", "pintle")]),
        ("by a client that is none", &[("client_id", "nobody")]),
        ("for another address", &[("redirect_uri", "http://127.0.0.1/elsewhere")]),
    ];
    for (how, other) in overheard {
        let code = app.code()?;
        if app.take(&code, other)?.is_success() {
            through.push(format!("a code was taken in {how}"));
        }
    }
    let unproven: [(&str, &[(&str, &str)]); 4] = [
        ("without a challenge", &[("code_challenge", ""), ("code_challenge_method", "")]),
        (
            "with a plain challenge",
            &[("code_challenge", VERIFIER), ("code_challenge_method", "plain")],
        ),
        ("with no method", &[("code_challenge_method", "")]),
        ("as a token at once", &[("response_type", "token")]),
    ];
    for (how, other) in unproven {
        let answer = app.allow(other)?;
        let location = answer.header("location").unwrap_or_default();
        if code_in(&answer).is_some() || location.contains("access_token") {
            through.push(format!("a login led on {how}"));
        }
    }
    app.remove()?;
    Ok(judged(
        &through,
        "no code was given without a challenge, and none taken in without its secret, client and address",
    ))
}

fn redirected(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut app = App::register(ground, &mut owner, "installed")?;
    let elsewhere = [
        "https://evil.invalid/attack/back",
        "http://evil.invalid/attack/back",
        "http://127.0.0.1.evil.invalid/attack/back",
        "http://127.0.0.1@evil.invalid/attack/back",
        "http://evil.invalid\\@127.0.0.1/attack/back",
        "http://127.0.0.1/attack/back/../../evil",
        "http://127.0.0.1/attack/back%0d%0aset-cookie:a=b",
        "http://127.0.0.1/attack/back?next=https://evil.invalid",
        "http://127.0.0.1/attack/back#x",
        "http://127.0.0.1/attack",
        "http://127.0.0.1:0x50/attack/back",
        "HTTP://127.0.0.1/attack/back",
        "//evil.invalid",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
    ];
    let mut through = Vec::new();
    for address in elsewhere {
        // One that is left out is another case of it: there is only one that the client has.
        let answer = app.allow(&[("redirect_uri", address)])?;
        if answer.header("location").is_some() || (300..400).contains(&answer.status) {
            through.push(format!("a login led to {address:?}"));
        }
    }
    app.remove()?;
    Ok(judged(&through, "a login led to no address but the client's own"))
}

fn others_tokens(ground: &Ground<'_>) -> Step<Outcome> {
    let (mut owner, mut thief) = (ground.logged_in(0, ground.owner()?)?, ground.stranger(1)?);
    let mut app = App::register(ground, &mut owner, "installed")?;
    let (token, refresh) = app.tokens()?;
    let mut through = Vec::new();
    let refreshed = [
        ("grant_type", "refresh_token"),
        ("client_id", "pintle"),
        ("refresh_token", refresh.as_str()),
    ];
    if thief.post("/oauth/token", &refreshed)?.is_success() {
        through.push("another client refreshed it".to_owned());
    }
    thief.post("/oauth/revoke", &[("client_id", "pintle"), ("token", token.as_str())])?;
    if !app.owner.is_good(&token)? {
        through.push("another client ended it".to_owned());
    }
    let mut other = ground.logged_in(2, ground.outsider()?)?;
    let asked =
        json!({ "name": "attack thief", "type": "web", "redirect_uri": "https://thief.invalid/" });
    let made = expect(other.post_json("/v1/clients", &asked)?, "an OAuth client")?.json();
    let field = |name: &str| {
        made.pointer(&format!("/client/{name}")).and_then(Value::as_str).unwrap_or_default()
    };
    let form =
        [("client_id", field("id")), ("client_secret", field("secret")), ("token", token.as_str())];
    let told = thief.post("/oauth/introspect", &form)?;
    if told.json().get("active") == Some(&Value::Bool(true)) {
        through.push("another client is told what it is good for".to_owned());
    }
    other.ask(&Ask::new("DELETE", format!("/v1/clients/{}", field("id"))))?;
    app.remove()?;
    Ok(judged(
        &through,
        "another client could neither refresh nor end a token, and was told nothing of it",
    ))
}
