//! A listener on plain HTTP that answers 308 to HTTPS, and nothing else, where the operator turned it on.
//!
//! It reads no more than a request's head, has no store and no tokens. The answer goes to the host that was asked
//! for, at the port of the API; a host that is none gets 400.

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::listener::brief;

/// Connections at once.
const MOST: usize = 256;

/// Answers on `listener` until `shutdown` turns true or its sender is gone; `port` is the API's.
pub async fn serve(listener: TcpListener, port: u16, shutdown: watch::Receiver<bool>) {
    brief::serve(listener, MOST, move |request| answer(request, port), shutdown).await;
}

fn answer<B>(request: &Request<B>, port: u16) -> Response<Body> {
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
        let response = answer(&request, port);
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
    }
}
