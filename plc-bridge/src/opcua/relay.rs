//! Stands between an OPC UA server and the world: holds the port, counts the peers, checks the
//! chunks, cuts the link.
//!
//! The server of the stack takes any number of connections, keeps them as long as it likes, and
//! buffers whatever size a chunk announces. Here every byte of a peer passes a [`ChunkGuard`], a peer
//! that neither speaks nor takes its answers is dropped, and the server itself listens on a loopback
//! port that nobody is told of.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, timeout, timeout_at};

use super::chunk::{ChunkGuard, Sender};
use crate::gate::Activity;

/// A started chunk must be whole by then, and an answer taken.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(5);
const PORTION: usize = 16 * 1024;

/// Carries one peer until either side leaves or misbehaves.
pub(crate) async fn carry(peer: TcpStream, server: SocketAddr, idle_timeout: Duration, activity: Activity) {
    let Ok(inner) = TcpStream::connect(server).await else { return };
    let _ = inner.set_nodelay(true);
    let (from_peer, to_peer) = peer.into_split();
    let (from_server, to_server) = inner.into_split();
    tokio::select! {
        () = requests(from_peer, to_server, idle_timeout, &activity) => {}
        () = answers(from_server, to_peer) => {}
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    idle_timeout: Duration,
    activity: &Activity,
) {
    let mut portion = vec![0; PORTION];
    let mut guard = ChunkGuard::new(Sender::Client);
    let chunk_timeout = CHUNK_TIMEOUT.min(idle_timeout);
    let mut deadline = Instant::now() + chunk_timeout;
    loop {
        let received = match timeout_at(deadline, from.read(&mut portion)).await {
            Ok(Ok(received)) if received > 0 => &portion[..received],
            _ => return,
        };
        let was_between = guard.is_between();
        let Ok(ended) = guard.watch(received) else { return };
        if ended > 0 {
            activity.touch();
        }
        if guard.is_between() {
            deadline = Instant::now() + idle_timeout;
        } else if was_between || ended > 0 {
            deadline = Instant::now() + chunk_timeout;
        }
        if !matches!(timeout(CHUNK_TIMEOUT, to.write_all(received)).await, Ok(Ok(()))) {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut portion = vec![0; PORTION];
    loop {
        let sent = match from.read(&mut portion).await {
            Ok(received) if received > 0 => timeout(CHUNK_TIMEOUT, to.write_all(&portion[..received])).await,
            _ => return,
        };
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}
