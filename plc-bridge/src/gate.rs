//! Who may be connected to a soft PLC: a bounded number of peers, and nobody while the link is cut.
//!
//! When all places are taken, a newcomer gets the place of the peer that has been silent longest, and of
//! one that has not yet spoken for [`PROBATION_MS`] before any other. A controller speaks several times
//! per second, so strangers who only hold connections open, or come in crowds and say a word each, push
//! out each other and never the controller: not even where a busy machine takes in the whole crowd before
//! it reads what the controller has long said.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Between a peer's arrival and the message that makes it more than a passer-by.
const PROBATION_MS: u64 = 1000;

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
    came_at_ms: u64,
    active_at_ms: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Peer {
    /// The least is the first to go: passers-by before those who stay, the longest silent before the rest.
    fn rank(&self) -> (bool, u64) {
        let active_at_ms = self.active_at_ms.load(Ordering::Relaxed);
        (active_at_ms >= self.came_at_ms + PROBATION_MS, active_at_ms)
    }
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
            state.evict_one();
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "no delay could not be set");
        }
        let came_at_ms = milliseconds(self.started);
        let active_at_ms = Arc::new(AtomicU64::new(came_at_ms));
        let activity = Activity { started: self.started, active_at_ms: active_at_ms.clone() };
        let number = state.next;
        state.next += 1;
        let (gate, serving) = (self.clone(), serve(stream, activity));
        let task = tokio::spawn(async move {
            serving.await;
            gate.state.lock().peers.retain(|peer| peer.number != number);
        });
        state.peers.push(Peer { number, came_at_ms, active_at_ms, task: task.abort_handle() });
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
    fn evict_one(&mut self) {
        let first_to_go = self.peers.iter().enumerate().min_by_key(|(_, peer)| peer.rank());
        if let Some(index) = first_to_go.map(|(index, _)| index) {
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
