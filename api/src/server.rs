//! The listener: connections come in, each within its bounds, and leave in order at the end.
//!
//! `axum::serve` knows no timeouts and no number of connections, so the loop is ours, on hyper.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use model::wire::PlantView;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::app::{App, Peer, stopped};
use crate::backend::Backend;
use crate::clock::Clock;
use crate::doors::{Doors, Entry};
use crate::endpoint;
use crate::limits::{HEAD_BYTES, Limits, SEND_BUFFER_BYTES};
use crate::listen::{ListenError, check_listen};
use crate::stall::Stall;
use crate::users::Users;

/// When the system has no file handle left, trying at once again only burns the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub struct Options {
    /// What `/health` says.
    pub version: String,
    /// Listen beyond this machine without TLS; see [`check_listen`].
    pub insecure_listen: bool,
    /// The proxy whose `X-Forwarded-For` is believed. Without it, everybody behind a proxy shares
    /// one address, and one throttle.
    pub forwarded_by: Option<IpAddr>,
    pub clock: Clock,
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            insecure_listen: false,
            forwarded_by: None,
            clock: Clock::system(),
            limits: Limits::default(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the API's listener is broken: {0}; start again, or choose another port")]
    Listener(#[from] io::Error),
    #[error("the plant cannot be told to clients: {0}; every number of it must be finite")]
    Plant(String),
}

/// Serves until `shutdown` resolves, then lets open requests finish, within bounds.
pub async fn serve<B: Backend>(
    listener: TcpListener,
    backend: Arc<B>,
    users: Arc<Users>,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    check_listen(address, options.insecure_listen)?;
    check_plant(&backend.in_force().plant)?;
    let limits = options.limits.clone();
    let doors = Doors::new(&limits, options.forwarded_by);
    let (stop, stopping) = watch::channel(false);
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let app = Arc::new(App::new(backend, users, options, stopping.clone(), alive.clone()));
    let router = endpoint::router(&app);
    tracing::info!(%address, "the API listens");

    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let entry = doors.enter(peer.ip(), |conduct| {
                    let service = router.clone().layer(Extension(Peer { address: peer.ip(), conduct }));
                    let (limits, stopping, alive) = (limits.clone(), stopping.clone(), alive.clone());
                    async move {
                        let _held = alive;
                        connection(stream, peer, service, &limits, stopping).await;
                    }
                });
                if entry == Entry::InPlaceOfAnother {
                    // In a crowd that comes all at once, those who are in have their requests heard first.
                    tokio::task::yield_now().await;
                }
            }
            // The client was gone before it was let in, or handles have run out: neither ends the server.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    drop((app, router, alive));
    if timeout(limits.shutdown_grace, all_gone.recv()).await.is_err() {
        tracing::warn!("some API clients did not let go in time");
    }
    Ok(())
}

/// One connection, from its first byte to its last, or to its upgrade.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    mut stopping: watch::Receiver<bool>,
) {
    // Values are small and wanted now.
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES));
    if let Err(error) = prepared {
        tracing::debug!(%peer, %error, "the connection keeps the system's settings");
    }
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(HEAD_BYTES);
    let stream = TokioIo::new(Stall::new(stream, limits.stall_timeout));
    let serving = builder.serve_connection(stream, TowerToHyperService::new(router)).with_upgrades();
    let mut serving = pin!(serving);
    let result = tokio::select! {
        result = &mut serving => result,
        () = stopped(&mut stopping) => {
            serving.as_mut().graceful_shutdown();
            match timeout(limits.shutdown_grace, serving).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// A number that is not finite becomes `null`, which no client can read as a number. Better to say
/// so at the start than to a control room full of blank screens.
fn check_plant(plant: &PlantView) -> Result<(), ServeError> {
    let failed = |error: serde_json::Error| ServeError::Plant(error.to_string());
    let text = serde_json::to_string(plant).map_err(failed)?;
    serde_json::from_str::<PlantView>(&text).map(drop).map_err(failed)
}
