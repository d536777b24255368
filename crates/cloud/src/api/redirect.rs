//! A listener on plain HTTP that answers 308 to HTTPS, and nothing else, where the operator turned it on.
//!
//! It reads no more than a request's head, has no store and no tokens. The answer goes to the host that was asked
//! for, at the port of the API; a host that is none gets 400. Where a certificate is being asked for (ACME), it also
//! says what proves that this is the host.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Connections at once.
const MOST: usize = 256;
/// For a whole connection: one request, one short answer.
const WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of a head.
const MAX_HEAD: usize = 16 * 1024;
/// Where proofs are asked for (RFC 8555 8.3).
const PROOFS: &str = "/.well-known/acme-challenge/";

/// What proves to a certificate authority that this is the host: by token. Clones share it.
#[derive(Clone, Default)]
pub struct Proofs(Arc<Mutex<HashMap<String, String>>>);

impl Proofs {
    /// Shows one.
    pub fn show(&self, token: &str, proof: &str) {
        self.lock().insert(token.to_owned(), proof.to_owned());
    }

    /// Takes all of them back.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn find(&self, path: &str) -> Option<String> {
        self.lock().get(path.strip_prefix(PROOFS)?).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers on `listener` until `shutdown` turns true or its sender is gone; `port` is the API's.
pub async fn serve(
    listener: TcpListener,
    port: u16,
    proofs: Proofs,
    mut shutdown: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(MOST));
    loop {
        let accepted = tokio::select! {
            _ = shutdown.wait_for(|over| *over) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // No descriptor left, most likely: not too fast.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // One too many just closes: whoever comes again finds room.
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            let proofs = proofs.clone();
            tokio::spawn(async move {
                let _permit = permit;
                let _ = tokio::time::timeout(WITHIN, connection(stream, port, &proofs)).await;
            });
        }
    }
}

async fn connection(stream: TcpStream, port: u16, proofs: &Proofs) -> io::Result<()> {
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, Infallible>(answer(&request, port, proofs))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

fn answer<B>(request: &Request<B>, port: u16, proofs: &Proofs) -> Response<Body> {
    if let Some(proof) = proofs.find(request.uri().path()) {
        return Response::new(Body::from(proof));
    }
    let mut response = Response::new(Body::empty());
    match location(request, port) {
        Some(location) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

fn location<B>(request: &Request<B>, port: u16) -> Option<HeaderValue> {
    let asked = request.headers().get(header::HOST)?.to_str().ok()?;
    let asked: Authority = asked.parse().ok()?;
    // Nobody's password goes along.
    let host = asked.host();
    if host.is_empty() || asked.as_str().contains('@') {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    HeaderValue::try_from(format!("https://{host}{port}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(host: &str, uri: &str, port: u16) -> (u16, String) {
        let request = Request::builder().uri(uri).header("host", host).body(()).unwrap();
        let proofs = Proofs::default();
        proofs.show("tok", "tok.print");
        let response = answer(&request, port, &proofs);
        let location = response.headers().get(header::LOCATION);
        (response.status().as_u16(), location.map_or("", |at| at.to_str().unwrap()).to_owned())
    }

    #[test]
    fn p9_plain_http_gets_a_way_to_https_and_nothing_else() {
        assert_eq!(
            ask("cloud.example", "/v1/devices?x=1", 443),
            (308, "https://cloud.example/v1/devices?x=1".into())
        );
        assert_eq!(ask("cloud.example:80", "/", 8443), (308, "https://cloud.example:8443/".into()));
        assert_eq!(
            ask("[::1]:80", "//evil.example/", 443),
            (308, "https://[::1]//evil.example/".into())
        );
        assert_eq!(ask("a:b@cloud.example", "/", 443).0, 400);
        assert_eq!(ask("not a host", "/", 443).0, 400);
        assert_eq!(
            ask("cloud.example", "/.well-known/acme-challenge/tok", 443),
            (200, String::new())
        );
        assert_eq!(ask("cloud.example", "/.well-known/acme-challenge/other", 443).0, 308);
    }
}
