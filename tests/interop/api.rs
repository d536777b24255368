//! The HTTPS API as a person's script sees it: a token, JSON in and out, and the stream of events.

use crate::running::PATIENCE;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::WithBody;
use ureq::{Agent, RequestBuilder};

/// A logged-in client that trusts one CA.
pub(crate) struct Api {
    agent: Agent,
    url: String,
    bearer: String,
}

impl Api {
    /// Logs in with the password grant.
    pub(crate) fn log_in(url: &str, ca: &Path, user: &str, password: &str) -> Self {
        let (status, body) = Self::try_to_log_in(url, ca, user, password);
        assert_eq!(status, 200, "login: {body}");
        let token = body["access_token"].as_str().expect("a token");
        Self { agent: agent(ca), url: url.to_owned(), bearer: format!("Bearer {token}") }
    }

    /// The same; the answer, whatever it is.
    pub(crate) fn try_to_log_in(url: &str, ca: &Path, user: &str, password: &str) -> (u16, Value) {
        let agent = agent(ca);
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let client = [("client_id", "particle"), ("client_secret", "particle")];
        let answer =
            agent.post(format!("{url}/oauth/token")).send_form(form.into_iter().chain(client));
        json_of(answer)
    }

    /// The token that it calls with.
    pub(crate) fn token(&self) -> &str {
        self.bearer.trim_start_matches("Bearer ")
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let request = self.agent.get(format!("{}{path}", self.url));
        json_of(request.header("authorization", &self.bearer).call())
    }

    /// Posts a form.
    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("authorization", &self.bearer);
        json_of(request.send_form(form.iter().copied()))
    }

    /// Puts a form.
    pub(crate) fn put(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.agent.put(format!("{}{path}", self.url));
        let request = request.header("authorization", &self.bearer);
        json_of(request.send_form(form.iter().copied()))
    }

    /// Puts a file in a form, as `multipart/form-data`.
    pub(crate) fn put_file(&self, path: &str, file: &[u8]) -> (u16, Value) {
        let request = self.agent.put(format!("{}{path}", self.url));
        self.send_files(request, &[], &[("file", file)])
    }

    /// Posts a form with a file.
    pub(crate) fn post_file(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        file: &[u8],
    ) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.url));
        self.send_files(request, fields, &[("file", file)])
    }

    /// Posts files, each under its name.
    pub(crate) fn post_files(&self, path: &str, files: &[(&str, &[u8])]) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.url));
        self.send_files(request, &[], files)
    }

    fn send_files(
        &self,
        request: RequestBuilder<WithBody>,
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> (u16, Value) {
        const BOUNDARY: &str = "between-the-parts-of-a-form";
        let mut form = Vec::new();
        let mut part = |head: &str, value: &[u8]| {
            let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; {head}\r\n\r\n");
            form.extend([head.as_bytes(), value, b"\r\n"].concat());
        };
        for (name, value) in fields {
            part(&format!("name=\"{name}\""), value.as_bytes());
        }
        for (name, file) in files {
            let head = format!(
                "name=\"{name}\"; filename=\"{name}.bin\"\r\ncontent-type: application/octet-stream"
            );
            part(&head, file);
        }
        form.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let request = request.header("authorization", &self.bearer);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        json_of(request.header("content-type", kind).send(&form))
    }

    /// Opens a stream of events; every `event:` and `data:` line comes out of the receiver.
    pub(crate) fn events(&self, path: &str) -> Receiver<String> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let answer = request.header("authorization", &self.bearer).call().expect("a stream");
        assert_eq!(answer.status(), 200, "{path}");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let stream = BufReader::new(answer.into_body().into_reader());
            for line in stream.lines().map_while(Result::ok) {
                if line.contains(':') && sender.send(line).is_err() {
                    return;
                }
            }
        });
        lines
    }
}

/// Waits for a line of a stream of events that contains `part`.
pub(crate) fn wait_for_event(lines: &Receiver<String>, part: &str) -> String {
    loop {
        let line = lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|error| panic!("no event line with {part:?}: {error}"));
        if line.contains(part) {
            return line;
        }
    }
}

fn agent(ca: &Path) -> Agent {
    let pem = fs::read(ca).unwrap_or_else(|error| panic!("{}: {error}", ca.display()));
    let certificate = Certificate::from_pem(&pem).expect("the CA is a PEM certificate");
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(vec![certificate])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let config = Agent::config_builder().tls_config(tls).proxy(None).http_status_as_error(false);
    config.build().new_agent()
}

fn json_of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut answer = answer.expect("the API answers");
    let text = answer.body_mut().read_to_string().expect("a body of text");
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}
