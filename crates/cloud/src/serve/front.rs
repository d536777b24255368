//! What listens for people and their tools: the API, the way to it from plain HTTP, and metrics.

use super::{Addresses, ServeError, ServeOptions};
use crate::api::listener::{self, Rules};
use crate::api::redirect;
use crate::api::{self, ApiState, Clock};
use crate::certificate::Held;
use crate::clock::now_ms;
use crate::device::{Gateway, Roll};
use crate::folder::Folder;
use crate::guard::Guard;
use crate::metrics::{self, Metrics};
use rustls::ServerConfig;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the certificate is looked at, and what the guard needs no more is forgotten.
const CHORES: Duration = Duration::from_secs(60);

/// Sockets that listen, and that nobody answers yet.
pub(super) struct Front {
    api: TcpListener,
    redirect: Option<TcpListener>,
    metrics: Option<TcpListener>,
    held: Held,
    tls: Arc<ServerConfig>,
}

impl Front {
    pub(super) async fn bind(folder: &Folder, options: &ServeOptions) -> Result<Self, ServeError> {
        let config = &folder.config;
        let held = Held::open(&folder.path, config, now_ms())?;
        let tls = held.server_config()?;
        let api = bind("the API", options.api.unwrap_or(config.api.listen)).await?;
        let redirect = match config.api.redirect {
            Some(address) => Some(bind("the way to HTTPS", address).await?),
            None => None,
        };
        let metrics = match config.metrics.listen {
            Some(address) => Some(bind("metrics", address).await?),
            None => None,
        };
        Ok(Self { api, redirect, metrics, held, tls })
    }

    /// Where they listen; the doors for devices are nowhere yet.
    pub(super) fn addresses(&self) -> Result<Addresses, ServeError> {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let address = |listener: &TcpListener| {
            let bind = |source| ServeError::Bind { what: "the API", address: nowhere, source };
            listener.local_addr().map_err(bind)
        };
        Ok(Addresses {
            api: address(&self.api)?,
            udp: nowhere,
            tcp: None,
            redirect: self.redirect.as_ref().map(address).transpose()?,
            metrics: self.metrics.as_ref().map(address).transpose()?,
        })
    }

    /// Begins to answer; what is given back ends with the API.
    pub(super) fn open(
        self,
        state: ApiState<Gateway>,
        roll: Roll,
        tcp_service: bool,
        connections: usize,
        stopped: watch::Receiver<bool>,
    ) -> JoinHandle<io::Result<()>> {
        let (guard, clock) = (state.guard.clone(), state.clock.clone());
        if let (Some(redirect), Ok(api)) = (self.redirect, self.api.local_addr()) {
            let serving = redirect::serve(redirect, api.port(), stopped.clone());
            tokio::spawn(serving);
        }
        if let Some(listener) = self.metrics {
            let (traffic, bus) = (Arc::clone(&state.traffic), state.bus.clone());
            let metrics = Metrics { traffic, guard: guard.clone(), bus, roll, tcp_service };
            tokio::spawn(metrics::serve(listener, metrics, stopped.clone()));
        }
        tokio::spawn(chores(self.held, guard.clone(), clock.clone(), stopped.clone()));
        let rules = Rules { tls: self.tls, guard, clock, connections };
        tokio::spawn(listener::serve(self.api, rules, api::router(state), stopped))
    }
}

async fn bind(what: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { what, address, source })
}

async fn chores(held: Held, guard: Guard, clock: Clock, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|over| *over) => return,
            () = tokio::time::sleep(CHORES) => {}
        }
        guard.forget(clock.now().since_start);
        let (held, now) = (held.clone(), clock.now().wall_ms);
        // Files, and perhaps a new key: not on a thread that serves people.
        match tokio::task::spawn_blocking(move || held.look(now)).await {
            Ok(Ok(true)) => tracing::info!("the API shows a new certificate"),
            Ok(Err(error)) => {
                tracing::error!(%error, "the API goes on with the certificate it had");
            }
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}
