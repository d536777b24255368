//! A listener on plain HTTP for short questions: one request a connection, of which no more than the head is read, and
//! one short answer. Few at once, none for long.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// For a whole connection.
const WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of a head.
const MAX_HEAD: usize = 16 * 1024;

/// Answers on `listener`, so many connections at once, until `shutdown` turns true or its sender is gone.
pub(crate) async fn serve<A>(
    listener: TcpListener,
    most: usize,
    answer: A,
    mut shutdown: watch::Receiver<bool>,
) where
    A: Fn(&Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let permits = Arc::new(Semaphore::new(most));
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
            let answer = answer.clone();
            tokio::spawn(async move {
                let _permit = permit;
                let _ = tokio::time::timeout(WITHIN, connection(stream, &answer)).await;
            });
        }
    }
}

async fn connection<A>(stream: TcpStream, answer: &A) -> Result<(), hyper::Error>
where
    A: Fn(&Request<Incoming>) -> Response<Body>,
{
    let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request)) });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}
