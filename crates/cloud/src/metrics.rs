//! `/metrics`: what the node counts, in the text format that Prometheus and OpenMetrics collectors read.
//!
//! It has a listener of its own, on plain HTTP and off by default: a collector has no account here, and who may read
//! these numbers may read nothing else. No label is made of anything that came from outside, so there are always as
//! many lines, and none says anything about a person. `docs/metrics.md` lists them.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api::listener::brief;
use crate::device::Roll;
use crate::event::Bus;
use crate::guard::{Guard, Reason};

mod text;
mod traffic;

use text::{Kind, Text};
pub use traffic::Traffic;

/// Collectors at once.
const MOST: usize = 8;

/// Everything that is counted. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    /// Requests and their answers.
    pub traffic: Arc<Traffic>,
    /// What was refused.
    pub guard: Guard,
    /// Events and those who read them.
    pub bus: Bus,
    /// Devices.
    pub roll: Roll,
    /// Whether devices of the TCP service are let in.
    pub tcp_service: bool,
}

impl Metrics {
    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = Text::default();
        text.family("pintle_build", Kind::Gauge, "Always 1; the label says which version runs.");
        text.line("pintle_build", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.traffic.write(&mut text);
        self.refusals(&mut text);
        self.events(&mut text);
        let help = "Devices with a pinned key.";
        text.single("pintle_devices_pinned", Kind::Gauge, help, self.roll.count() as u64);
        let help = "1 where the TCP service is on, whose sessions have neither forward secrecy nor integrity.";
        text.single("pintle_tcp_service", Kind::Gauge, help, self.tcp_service.into());
        text.end()
    }

    fn refusals(&self, text: &mut Text) {
        let name = "pintle_api_refused_total";
        text.family(
            name,
            Kind::Counter,
            "What the guard refused before anything was read, by reason.",
        );
        for reason in Reason::ALL {
            text.line(name, &[("reason", reason.name())], self.guard.tally().count(reason));
        }
        let help = "Logins that wait for their password to be looked at.";
        let waiting = self.guard.logins().waiting() as u64;
        text.single("pintle_logins_waiting", Kind::Gauge, help, waiting);
        let help = "Connections to the API.";
        text.single("pintle_api_connections", Kind::Gauge, help, self.guard.connections() as u64);
    }

    fn events(&self, text: &mut Text) {
        let bus = &self.bus;
        let help = "Readers of events.";
        text.single("pintle_event_readers", Kind::Gauge, help, bus.readers() as u64);
        let help = "Events that found no room at a reader that was slow.";
        text.single("pintle_events_missed_total", Kind::Counter, help, bus.missed());
        let help = "Readers that were sent away because they did not keep up.";
        text.single("pintle_event_readers_given_up_total", Kind::Counter, help, bus.given_up());
    }
}

/// Answers collectors on `listener` until `shutdown` turns true or its sender is gone.
pub async fn serve(listener: TcpListener, metrics: Metrics, shutdown: watch::Receiver<bool>) {
    let answer =
        move |request: &Request<Incoming>| answer(request.method(), request.uri().path(), &metrics);
    brief::serve(listener, MOST, answer, shutdown).await;
}

fn answer(method: &Method, path: &str, metrics: &Metrics) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match (method, path) {
        (&Method::GET, "/metrics") => {
            *response.body_mut() = Body::from(metrics.text());
            let kind = HeaderValue::from_static(text::CONTENT_TYPE);
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        (_, "/metrics") => *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED,
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

#[cfg(test)]
mod tests;
