//! The accept loop of the HTTPS API: TLS, HTTP/1.1, bounds, and an end that lets requests finish.
//!
//! 1. A connection takes a permit (the cap), and one of the places of its address; one too many is closed at once.
//! 2. It has ten seconds to finish the TLS handshake, and ten more for each request's head, from the end of the
//!    answer before: who sends nothing is gone then, too.
//! 3. Requests are served until it closes, a handler cuts it, or it takes nothing of an answer for two minutes.
//! 4. At the end of the node no new ones come, idle connections close at once, busy ones when their answer is
//!    out, and what is left after five seconds is cut.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::weakened::{self, Weakness};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;

use super::line::Line;
use super::{Clock, Peer};
use crate::guard::{Guard, Reason};

pub(crate) mod brief;
mod patience;

use patience::Patient;

/// Of what a client sends and we have not read, or we write and it has not taken, in bytes: 64 KiB. Of an answer no
/// more is made until there is room.
const MAX_BUFFER: usize = 64 * 1024;
/// Of a request's head, in bytes: 32 KiB. The edge has narrower bounds, and answers in the one shape.
const MAX_HEAD: usize = 32 * 1024;
/// For a TLS handshake, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For requests to finish when the node ends.
const DRAIN: Duration = Duration::from_secs(5);

/// What a listener goes by.
#[derive(Clone)]
pub struct Rules {
    /// How TLS is spoken.
    pub tls: Arc<ServerConfig>,
    /// Who counts connections.
    pub guard: Guard,
    /// What time it is.
    pub clock: Clock,
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
}

/// Serves the API on `listener` until `shutdown` turns true or its sender is gone.
pub async fn serve(
    listener: TcpListener,
    rules: Rules,
    router: Router,
    shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(rules.connections));
    let mut accepting = true;
    let mut connections = JoinSet::new();
    let mut over = shutdown.clone();
    loop {
        let accepted = tokio::select! {
            _ = over.wait_for(|over| *over) => break,
            Some(_) = connections.join_next() => continue,
            accepted = next(&listener, &permits) => accepted,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                accepting = true;
                if weakened::is(Weakness::AddressesLogged) {
                    tracing::info!(%peer, "a connection came");
                }
                let now = rules.clock.now().since_start;
                let Some(seat) = rules.guard.connect(peer.ip().into(), now) else { continue };
                let (rules, router, shutdown) = (rules.clone(), router.clone(), shutdown.clone());
                connections.spawn(async move {
                    let _places = (permit, seat);
                    if let Err(error) = connection(stream, peer, &rules, router, shutdown).await {
                        // No address in the log (promise P6).
                        tracing::debug!(%error, "an API connection ended early");
                    }
                });
            }
            // A connection that was gone before it was accepted, or no file descriptor left: go on, not too fast.
            // Said once, until one is accepted again.
            Err(error) => {
                if std::mem::take(&mut accepting) {
                    tracing::warn!(%error, "API connections are not accepted; trying again");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::info!(open = connections.len(), "API connections were cut at the end");
    }
    Ok(())
}

async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

async fn secured(stream: TcpStream, rules: &Rules) -> io::Result<TlsStream<Patient<TcpStream>>> {
    stream.set_nodelay(true)?;
    let stream = Patient::new(stream, Arc::clone(rules.guard.tally()));
    let handshake = TlsAcceptor::from(Arc::clone(&rules.tls)).accept(stream);
    tokio::time::timeout(HANDSHAKE, handshake).await?
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    rules: &Rules,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let stream = secured(stream, rules).await;
    let stream = stream.inspect_err(|_| rules.guard.tally().refused(Reason::Handshake))?;
    let line = Line::default();
    let this = line.clone();
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(this.clone());
        request
    });
    let awaited = weakened::is(Weakness::HeadsAwaited);
    let mut serving = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if awaited { Duration::from_secs(3_600) } else { HANDSHAKE })
            .max_buf_size(MAX_BUFFER)
            .max_header_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
    );
    tokio::select! {
        done = serving.as_mut() => return done.map_err(io::Error::other),
        () = line.is_cut() => return Ok(()),
        _ = shutdown.wait_for(|over| *over) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        done = serving => done.map_err(io::Error::other),
        () = line.is_cut() => Ok(()),
    }
}
