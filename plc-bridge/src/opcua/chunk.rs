//! Watches the chunk headers of an `opc.tcp` stream go by, and stops it when a chunk would be too
//! large or is none. Sans-IO, with a thin reader around it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// The largest chunk that either half takes; what is announced in Hello and Acknowledge.
pub(crate) const CHUNK_LIMIT: u32 = 65_535;
const HEADER: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoChunk;

/// Which side a stream comes from: each has its own kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Client,
    Server,
}

#[derive(Debug)]
pub(crate) struct ChunkGuard {
    sender: Sender,
    header: [u8; HEADER],
    filled: usize,
    remaining: u32,
}

impl ChunkGuard {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, header: [0; HEADER], filled: 0, remaining: 0 }
    }

    /// Looks at the next bytes of the stream; tells how many chunks ended among them.
    pub(crate) fn watch(&mut self, mut bytes: &[u8]) -> Result<usize, NoChunk> {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.remaining > 0 {
                let skipped = bytes.len().min(self.remaining as usize);
                self.remaining -= skipped as u32;
                bytes = &bytes[skipped..];
                ended += usize::from(self.remaining == 0);
                continue;
            }
            let taken = bytes.len().min(HEADER - self.filled);
            self.header[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEADER {
                self.filled = 0;
                self.remaining = self.body()?;
            }
        }
        Ok(ended)
    }

    /// True between two chunks.
    pub(crate) fn is_between(&self) -> bool {
        self.remaining == 0 && self.filled == 0
    }

    fn body(&self) -> Result<u32, NoChunk> {
        let [kind @ .., last, a, b, c, d] = &self.header;
        let known: &[&[u8; 3]] = match self.sender {
            Sender::Client => &[b"HEL", b"OPN", b"MSG", b"CLO"],
            Sender::Server => &[b"ACK", b"ERR", b"OPN", b"MSG", b"CLO"],
        };
        let size = u32::from_le_bytes([*a, *b, *c, *d]);
        // No chunk is shorter than twelve bytes: header and at least one number.
        let is_chunk = known.contains(&kind) && b"FCA".contains(last) && (12..=CHUNK_LIMIT).contains(&size);
        if is_chunk { Ok(size - HEADER as u32) } else { Err(NoChunk) }
    }
}

/// A reader that fails as soon as the stream is no longer made of sensible chunks.
pub(crate) struct Guarded<R> {
    inner: R,
    guard: ChunkGuard,
}

impl<R> Guarded<R> {
    pub(crate) fn new(inner: R, sender: Sender) -> Self {
        Self { inner, guard: ChunkGuard::new(sender) }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Guarded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let received = buffer.filled().get(before..).unwrap_or_default();
        Poll::Ready(match self.guard.watch(received) {
            Ok(_) => Ok(()),
            Err(NoChunk) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the peer sent what is no OPC UA chunk of at most {CHUNK_LIMIT} bytes"),
            )),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(kind: &[u8; 4], size: u32, sent: usize) -> Vec<u8> {
        let mut bytes = kind.to_vec();
        bytes.extend(size.to_le_bytes());
        bytes.resize(sent, 0);
        bytes
    }

    #[test]
    fn a_chunk_that_announces_gigabytes_is_stopped_at_its_header() {
        let mut guard = ChunkGuard::new(Sender::Client);
        assert_eq!(guard.watch(&chunk(b"MSGF", u32::MAX, 8)), Err(NoChunk));
        assert_eq!(ChunkGuard::new(Sender::Client).watch(&chunk(b"MSGF", 4, 8)), Err(NoChunk));
        assert_eq!(ChunkGuard::new(Sender::Client).watch(b"GET / HTTP/1.1"), Err(NoChunk));
        assert_eq!(ChunkGuard::new(Sender::Client).watch(&chunk(b"ACKF", 28, 28)), Err(NoChunk));
        assert_eq!(ChunkGuard::new(Sender::Server).watch(&chunk(b"ACKF", 28, 28)), Ok(1));
    }

    proptest! {
        #[test]
        fn chunks_are_counted_however_the_stream_is_cut(
            sizes in proptest::collection::vec(12..2000u32, 1..8), cut in 1..97usize,
        ) {
            let stream: Vec<u8> = sizes.iter().flat_map(|size| chunk(b"MSGC", *size, *size as usize)).collect();
            let mut guard = ChunkGuard::new(Sender::Client);
            let mut ended = 0;
            for piece in stream.chunks(cut) {
                ended += guard.watch(piece).unwrap();
            }
            prop_assert_eq!(ended, sizes.len());
            prop_assert!(guard.is_between());
        }

        #[test]
        fn no_bytes_make_the_guard_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ChunkGuard::new(Sender::Server).watch(&bytes);
        }
    }
}
