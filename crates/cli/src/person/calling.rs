//! Calls to a server's API: HTTPS alone, to the one server, without redirects, with the token in its header.

use super::Login;
use crate::failure::Failure;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use zeroize::Zeroizing;

/// For a call to be answered.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer that is read, in bytes.
const LARGEST: u64 = 4 << 20;
/// Where systems keep the certificate authorities that they trust.
const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A server, called as the person who logged in there.
pub struct Server {
    agent: Agent,
    url: String,
    bearer: Option<Zeroizing<String>>,
}

impl Server {
    /// The server of the login that is kept.
    pub fn of_login() -> Result<Self, Failure> {
        let login = Login::current()?;
        let bearer = Zeroizing::new(format!("Bearer {}", login.token.as_str()));
        let server = Self::at(&login.server, login.ca.as_deref())?;
        Ok(Self { bearer: Some(bearer), ..server })
    }

    /// A server that nobody has logged in to yet.
    pub fn at(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/');
        if !url.starts_with("https://") {
            return Err(Failure::usage(format!("{url} is not a server: it begins with https://")));
        }
        Ok(Self { agent: agent(&trusted(ca)?), url: url.to_owned(), bearer: None })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gets; what the server answered when all went well.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.url));
        accepted(self.answer(match &self.bearer {
            Some(bearer) => request.header("authorization", bearer.as_str()).call(),
            None => request.call(),
        })?)
    }

    /// Deletes; the same.
    pub fn delete(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.delete(format!("{}{path}", self.url));
        accepted(self.answer(match &self.bearer {
            Some(bearer) => request.header("authorization", bearer.as_str()).call(),
            None => request.call(),
        })?)
    }

    /// Posts JSON; the same.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        accepted(self.try_post(path, "application/json", body.to_string().as_bytes())?)
    }

    /// Posts a form; the same.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value, Failure> {
        let kind = "application/x-www-form-urlencoded";
        accepted(self.try_post(path, kind, form(fields).as_bytes())?)
    }

    /// Posts a body of this type; the status and the answer, whatever they are.
    pub fn try_post(&self, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Value), Failure> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", kind);
        self.answer(match &self.bearer {
            Some(bearer) => request.header("authorization", bearer.as_str()).send(body),
            None => request.send(body),
        })
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(u16, Value), Failure> {
        let failed = |error| Failure::failed(format!("{} does not answer: {error}", self.url));
        let mut answer = answer.map_err(failed)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_string();
        Ok((status, serde_json::from_str(&text.map_err(failed)?).unwrap_or(Value::Null)))
    }
}

/// The body of a form. It may hold secrets.
pub fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut body = Zeroizing::new(String::new());
    for (name, value) in fields {
        let joint = if body.is_empty() { "" } else { "&" };
        body.push_str(&format!("{joint}{name}="));
        body.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    body
}

/// What came with a good status; anything else in the server's words.
fn accepted((status, body): (u16, Value)) -> Result<Value, Failure> {
    let said = body.get("error_description").and_then(Value::as_str).unwrap_or("it gave no reason");
    match status {
        200..=299 => Ok(body),
        401 => Err(Failure::usage("the server does not know this login any more: `pintle login`")),
        400 | 403 | 404 | 409 | 410 | 413 => Err(Failure::usage(said)),
        _ => Err(Failure::failed(format!("the server refused ({status}): {said}"))),
    }
}

fn agent(roots: &[Certificate<'static>]) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(roots.to_vec())))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .https_only(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("pintle/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// The authorities to trust: the one that was named, or the system's.
fn trusted(ca: Option<&Path>) -> Result<Vec<Certificate<'static>>, Failure> {
    let path = match ca {
        Some(path) => path.to_owned(),
        None => of_system().ok_or_else(|| {
            Failure::usage(
                "this system keeps no certificate authorities: name the server's with --ca",
            )
        })?,
    };
    let cannot = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let pem = fs::read(&path).map_err(|error| cannot(error.to_string()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(cannot("there is no certificate in it".to_owned()));
    }
    Ok(certificates)
}

fn of_system() -> Option<PathBuf> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    named.into_iter().chain(SYSTEM.iter().map(PathBuf::from)).find(|path| path.is_file())
}
