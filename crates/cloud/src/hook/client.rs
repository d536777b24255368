//! The way out: resolves, looks at what came of it, dials, speaks TLS and HTTP/1.1, and reads a bounded answer.
//!
//! One connection a request, and none is kept: what was allowed a moment ago is looked at again. Redirects are not
//! followed, since they would lead where nobody looked. Certificates are always verified, against the authorities of the
//! system and those that the operator names. No proxy is asked.

mod roots;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Request, Response};
use bytes::BytesMut;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::egress::{Egress, EgressError};
use super::request::Outgoing;
use super::target::Target;
pub use roots::Roots;

/// For a whole request, from the name to the end of the answer.
pub const WITHIN: Duration = Duration::from_secs(20);
/// The most bytes of an answer that are read.
pub const MAX_ANSWER: usize = 100 * 1024;
/// The most bytes of an answer's head.
const MAX_HEAD: usize = 32 * 1024;
/// For one address to take the connection, so that one that is silent does not use up the time of the others.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// For the body of an answer whose head came.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// Addresses that are on their way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Makes addresses of names.
pub trait Resolve: Send + Sync {
    /// The addresses of a host, with this port.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

/// The system's resolver.
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The first [`MAX_ANSWER`] bytes of the body.
    pub body: Vec<u8>,
}

/// Why a receiver did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The name has no address, or none just now.
    #[error("cannot be resolved")]
    Unresolved,
    /// It may not be reached.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// Nobody took the connection.
    #[error("does not take connections")]
    Unreachable,
    /// It is not who the address says.
    #[error("does not prove who it is: its certificate is not trusted, or TLS failed")]
    Tls,
    /// It broke off, or does not speak HTTP.
    #[error("broke off, or does not speak HTTP")]
    Broken,
    /// It took longer than [`WITHIN`].
    #[error("did not answer within 20 seconds")]
    Late,
}

/// The way out. Clones share it.
#[derive(Clone)]
pub struct Client {
    egress: Egress,
    resolver: Arc<dyn Resolve>,
    roots: Roots,
}

impl Client {
    /// A way out through this filter, that trusts these authorities.
    #[must_use]
    pub fn new(egress: Egress, roots: Roots) -> Self {
        Self { egress, resolver: Arc::new(SystemResolver), roots }
    }

    /// Sets another resolver.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Sends a request, and gives the answer.
    ///
    /// # Errors
    /// [`SendError`]; it takes [`WITHIN`] at most.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, SendError> {
        timeout(WITHIN, self.converse(outgoing)).await.unwrap_or(Err(SendError::Late))
    }

    async fn converse(&self, outgoing: Outgoing) -> Result<Answer, SendError> {
        let stream = self.dial(&outgoing.target).await?;
        if !outgoing.target.tls {
            return exchange(stream, request(outgoing)?).await;
        }
        let config = self.roots.config().ok_or(SendError::Tls)?;
        let stream = encrypt(stream, &outgoing.target, config).await?;
        exchange(stream, request(outgoing)?).await
    }

    /// Connects to an address that was looked at, and to no other.
    async fn dial(&self, target: &Target) -> Result<TcpStream, SendError> {
        let resolved = self.resolver.resolve(&target.host, target.port).await;
        let addresses = resolved.map_err(|_| SendError::Unresolved)?;
        for address in self.egress.check(&addresses)? {
            if let Ok(Ok(stream)) = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
                // A request is written in one go: there is nothing to gather.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(SendError::Unreachable)
    }
}

async fn encrypt(
    stream: TcpStream,
    target: &Target,
    config: Arc<ClientConfig>,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, SendError> {
    let name = target.name().ok_or(SendError::Tls)?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|_| SendError::Tls)
}

fn request(outgoing: Outgoing) -> Result<Request<Body>, SendError> {
    let Outgoing { target, method, path, headers, body } = outgoing;
    let host = HeaderValue::from_str(&target.authority()).map_err(|_| SendError::Broken)?;
    let request = Request::builder().method(method.name()).uri(path.as_str());
    let mut request = request.body(Body::from(body)).map_err(|_| SendError::Broken)?;
    *request.headers_mut() = headers;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

/// One request and its answer; then the connection is dropped.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<Answer, SendError> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let begun = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = begun.map_err(|_| SendError::Broken)?;
    let mut connection = pin!(connection);
    let mut asking = pin!(async {
        let response = sender.send_request(request).await.map_err(|_| SendError::Broken)?;
        Ok(read(response).await)
    });
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            answer = asking.as_mut() => return answer,
            _ = connection.as_mut(), if open => open = false,
        }
    }
}

/// The answer, of which a body that breaks off or dawdles is as much as came: the event was delivered.
async fn read(response: Response<Incoming>) -> Answer {
    let status = response.status().as_u16();
    let mut kept = BytesMut::new();
    let _ = timeout(BODY_WITHIN, fill(&mut kept, response.into_body())).await;
    Answer { status, body: kept.to_vec() }
}

async fn fill(kept: &mut BytesMut, mut body: Incoming) {
    while let Some(Ok(frame)) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        let Ok(data) = frame.into_data() else { continue };
        let room = MAX_ANSWER.saturating_sub(kept.len());
        kept.extend(data.iter().take(room));
        if kept.len() >= MAX_ANSWER {
            break;
        }
    }
}
