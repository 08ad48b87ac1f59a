//! One Modbus TCP peer of a soft PLC.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::map::RegisterMap;
use super::pdu::{self, Exception, LONGEST_FRAME};
use crate::gate::Activity;
use crate::memory::PlcMemory;

/// A started frame must be whole by then, and an answer taken: a slow peer is a lost peer.
const FRAME_TIMEOUT: Duration = Duration::from_secs(5);
/// How much is read at a time.
const PORTION: usize = 2 * LONGEST_FRAME;

pub(crate) struct ModbusServer {
    pub(crate) map: RegisterMap,
    pub(crate) memory: Arc<PlcMemory>,
    pub(crate) unit: u8,
    pub(crate) idle_timeout: Duration,
}

impl ModbusServer {
    /// Ends when the peer leaves, is silent for too long, or speaks something else.
    pub(crate) async fn serve(self: Arc<Self>, mut stream: TcpStream, activity: Activity) {
        // Whole frames leave the buffer before more is read, so it never holds more than a portion
        // and the beginning of a frame.
        let mut portion = [0; PORTION];
        let mut buffer = Vec::with_capacity(PORTION + LONGEST_FRAME);
        let mut answers = Vec::with_capacity(PORTION);
        let mut deadline = Instant::now() + self.idle_timeout;
        loop {
            let was_empty = buffer.is_empty();
            match timeout_at(deadline, stream.read(&mut portion)).await {
                Ok(Ok(received)) if received > 0 => buffer.extend_from_slice(&portion[..received]),
                _ => return,
            }
            if was_empty {
                deadline = Instant::now() + self.frame_timeout();
            }
            let Ok(consumed) = self.answer_all(&buffer, &mut answers) else { return };
            if consumed > 0 {
                buffer.drain(..consumed);
                activity.touch();
                let wait = if buffer.is_empty() { self.idle_timeout } else { self.frame_timeout() };
                deadline = Instant::now() + wait;
            }
            if !answers.is_empty() {
                match timeout(FRAME_TIMEOUT, stream.write_all(&answers)).await {
                    Ok(Ok(())) => answers.clear(),
                    _ => return,
                }
            }
        }
    }

    fn frame_timeout(&self) -> Duration {
        FRAME_TIMEOUT.min(self.idle_timeout)
    }

    /// Answers every whole frame, and tells how many bytes they took.
    fn answer_all(&self, buffer: &[u8], answers: &mut Vec<u8>) -> Result<usize, pdu::NoModbus> {
        let mut consumed = 0;
        while let Some(frame) = pdu::first_frame(&buffer[consumed..])? {
            let answer = if self.is_ours(frame.unit) {
                pdu::parse(frame.pdu).and_then(|request| self.map.serve(request, &self.memory))
            } else {
                Err(Exception::GatewayTargetFailed)
            };
            pdu::encode(&frame, answer, answers);
            consumed += frame.length;
        }
        Ok(consumed)
    }

    /// 0 and 255 address the device behind the port itself, by the messaging guide.
    fn is_ours(&self, unit: u8) -> bool {
        unit == self.unit || unit == 0 || unit == 255
    }
}
