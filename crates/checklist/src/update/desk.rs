//! The desk of whoever releases a scratch product on the twin: logged in with a fresh second factor, over HTTPS.

use super::image::Kind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_attack::https::{Ask, Client};
use pintle_attack::target::Person;
use pintle_attack::{Course, Target, totp};
use serde_json::Value;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// For all that is asked: it takes as long as a virtual device needs to update itself three times.
const BOUNDS: (Duration, u32) = (Duration::from_secs(100), 4_000);
/// Between two questions about the same.
const BREATH: Duration = Duration::from_millis(40);
/// Between the parts of a form.
const BOUNDARY: &str = "between-the-parts-of-a-form";

/// The desk.
pub struct Desk {
    client: Client,
    course: Course,
    token: Zeroizing<String>,
    kind: Kind,
    device: String,
}

/// What was answered.
pub struct Said {
    /// Its status.
    pub status: u16,
    /// What came with it; nothing where it was no JSON.
    pub body: Value,
}

impl Said {
    /// Whether it was done.
    #[must_use]
    pub const fn done(&self) -> bool {
        self.status < 300
    }

    /// Whether it was refused for what was asked, and not because the server failed.
    #[must_use]
    pub const fn refused(&self) -> bool {
        matches!(self.status, 400..=499) && self.status != 401 && self.status != 429
    }

    /// Its words, for a person.
    #[must_use]
    pub fn words(&self) -> String {
        format!("status {}, {}", self.status, self.body)
    }
}

impl Desk {
    /// Logs this person in, who has no second factor yet, and sets one up; makes the product, and puts the device into it.
    ///
    /// # Errors
    /// For a person: what did not work.
    pub fn open(
        target: &Target,
        person: &Person,
        kind: Kind,
        device: &str,
    ) -> Result<Self, String> {
        let course = Course::new(BOUNDS.0, BOUNDS.1, 0);
        let client = Client::of(target, &course, 7)?;
        let token = Zeroizing::new(String::new());
        let mut desk = Self { client, course, token, kind, device: device.to_owned() };
        desk.log_in(person)?;
        desk.enrol()?;
        let (id, platform) = (kind.product.to_string(), kind.platform.to_string());
        let product = [("id", id.as_str()), ("name", "Scratch"), ("platform_id", &platform)];
        desk.must(Ask::new("POST", "/v1/products").form(&product), "a scratch product")?;
        let path = desk.path("/devices");
        desk.must(Ask::new("POST", path).form(&[("id", device)]), "its device")?;
        Ok(desk)
    }

    fn log_in(&mut self, person: &Person) -> Result<(), String> {
        let form = [
            ("grant_type", "password"),
            ("username", &person.name),
            ("password", &person.password),
            ("client_id", "particle"),
            ("client_secret", "particle"),
        ];
        let said = self.must(Ask::new("POST", "/oauth/token").form(&form), "a login")?;
        let token = said.body["access_token"].as_str().ok_or("the twin gave no token")?;
        self.token = Zeroizing::new(token.to_owned());
        Ok(())
    }

    fn enrol(&mut self) -> Result<(), String> {
        let offer = self.must(Ask::new("GET", "/v1/user/mfa-enable"), "a second factor")?.body;
        let text = |name: &str| offer[name].as_str().ok_or("the twin offered no second factor");
        let code = totp::code(text("secret")?, totp::step_of_now()).ok_or("a seed is damaged")?;
        let form = [("mfa_token", text("mfa_token")?), ("otp", code.as_str())];
        self.must(Ask::new("POST", "/v1/user/mfa-enable").form(&form), "a second factor").map(drop)
    }

    /// Puts a keyring in force.
    ///
    /// # Errors
    /// For a person.
    pub fn put_keyring(&mut self, keyring: &[u8]) -> Result<(), String> {
        let form = [("keyring", &*STANDARD.encode(keyring))];
        let ask = Ask::new("PUT", self.path("/keyring")).form(&form);
        self.must(ask, "a keyring").map(drop)
    }

    /// Uploads a firmware.
    pub fn upload(&mut self, file: &[u8], statement: Option<&[u8]>) -> Result<Said, String> {
        let parts: Vec<_> = [("file", Some(file)), ("statement", statement)]
            .into_iter()
            .filter_map(|(name, part)| Some((name, part?)))
            .collect();
        let path = self.path("/firmware");
        self.ask(form(Ask::new("POST", path), &parts))
    }

    /// Puts another statement beside an uploaded firmware.
    pub fn restate(&mut self, version: u16, statement: &[u8]) -> Result<Said, String> {
        let path = self.path(&format!("/firmware/{version}"));
        self.ask(Ask::new("PUT", path).form(&[("statement", &*STANDARD.encode(statement))]))
    }

    /// Releases a version to all of the product.
    pub fn release(&mut self, version: u16) -> Result<Said, String> {
        let version = version.to_string();
        let fields = [("version", version.as_str()), ("product_default", "true")];
        let path = self.path("/firmware/release");
        self.ask(Ask::new("PUT", path).form(&fields))
    }

    /// Flashes a file to the device.
    pub fn flash(&mut self, file: &[u8]) -> Result<Said, String> {
        let path = format!("/v1/devices/{}", self.device);
        self.ask(form(Ask::new("PUT", path), &[("file", file)]))
    }

    /// The version that the cloud says the device runs, while it is connected.
    pub fn version(&mut self) -> Result<Option<u64>, String> {
        let path = self.path(&format!("/devices/{}", self.device));
        let said = self.ask(Ask::new("GET", path))?;
        let connected = said.body["connected"] == true;
        Ok(said.body["firmware_version"].as_u64().filter(|_| connected))
    }

    /// Waits until the cloud says so, and not for longer than this; whether it does.
    pub fn says_version(&mut self, version: u16, within: Duration) -> Result<bool, String> {
        let until = Instant::now() + within;
        while self.version()? != Some(version.into()) {
            if Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(BREATH);
        }
        Ok(true)
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/products/{}{rest}", self.kind.product)
    }

    fn must(&mut self, ask: Ask, what: &str) -> Result<Said, String> {
        let said = self.ask(ask)?;
        if said.done() {
            Ok(said)
        } else {
            Err(format!("the twin refused {what}: {}", said.words()))
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<Said, String> {
        let ask = if self.token.is_empty() { ask } else { ask.bearer(&self.token) };
        let answer = self.client.ask(&mut self.course, &ask);
        let answer = answer.map_err(|why| format!("the twin did not answer: {why}"))?;
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        Ok(Said { status: answer.status, body })
    }
}

/// Files as `multipart/form-data`.
fn form(ask: Ask, files: &[(&str, &[u8])]) -> Ask {
    let mut body = Vec::new();
    for (name, file) in files {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}.bin\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend([head.as_bytes(), file, b"\r\n"].concat());
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    ask.body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
