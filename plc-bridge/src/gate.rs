//! Who may be connected to a soft PLC: a bounded number of peers, and nobody while the link is cut.
//!
//! When all places are taken, a newcomer gets the place of the peer that has been silent longest. A
//! controller speaks several times per second, so strangers who only hold connections open push out
//! each other and never the controller.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

pub(crate) struct Gate {
    places: usize,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    open: bool,
    next: u64,
    peers: Vec<Peer>,
}

struct Peer {
    number: u64,
    active_at_ms: Arc<AtomicU64>,
    task: AbortHandle,
}

/// Marks a peer as living: touched with every whole message that it sends.
pub(crate) struct Activity {
    started: Instant,
    active_at_ms: Arc<AtomicU64>,
}

impl Activity {
    pub(crate) fn touch(&self) {
        self.active_at_ms.store(milliseconds(self.started), Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        let state = State { open: true, next: 0, peers: Vec::new() };
        Arc::new(Self { places: places.max(1), started: Instant::now(), state: Mutex::new(state) })
    }

    /// Takes in whoever connects, until the task that runs this is aborted.
    pub(crate) async fn keep<F, Fut>(self: Arc<Self>, listener: TcpListener, serve: F)
    where
        F: Fn(TcpStream, Activity) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.admit(stream, peer, &serve),
                Err(error) => {
                    // Out of file handles or the like: it passes, and must not spin until then.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn admit<F, Fut>(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, serve: &F)
    where
        F: Fn(TcpStream, Activity) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut state = self.state.lock();
        if !state.open {
            reset(&stream);
            return;
        }
        if state.peers.len() >= self.places {
            state.evict_the_most_silent();
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "no delay could not be set");
        }
        let active_at_ms = Arc::new(AtomicU64::new(milliseconds(self.started)));
        let activity = Activity { started: self.started, active_at_ms: active_at_ms.clone() };
        let number = state.next;
        state.next += 1;
        let (gate, serving) = (self.clone(), serve(stream, activity));
        let task = tokio::spawn(async move {
            serving.await;
            gate.state.lock().peers.retain(|peer| peer.number != number);
        });
        state.peers.push(Peer { number, active_at_ms, task: task.abort_handle() });
    }

    /// Closing cuts every connection, and newcomers are reset until the gate opens again.
    pub(crate) fn set_open(&self, open: bool) {
        let mut state = self.state.lock();
        state.open = open;
        if !open {
            for peer in state.peers.drain(..) {
                peer.task.abort();
            }
        }
    }

    pub(crate) fn peers(&self) -> usize {
        self.state.lock().peers.len()
    }
}

impl State {
    fn evict_the_most_silent(&mut self) {
        let silent = self.peers.iter().enumerate();
        let silent = silent.min_by_key(|(_, peer)| peer.active_at_ms.load(Ordering::Relaxed));
        if let Some(index) = silent.map(|(index, _)| index) {
            self.peers.swap_remove(index).task.abort();
        }
    }
}

/// A cut cable answers nothing; the nearest that a living process can do is a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
