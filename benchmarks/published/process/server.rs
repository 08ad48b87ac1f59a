//! A Modbus TCP server of its own, on the standard library alone: it shares no line with the controller's.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::bench::Bench;

const READ_HOLDING: u8 = 3;
const READ_INPUT: u8 = 4;
const WRITE_ONE: u8 = 6;
const WRITE_MANY: u8 = 16;
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;
/// Modbus allows so many registers in an answer.
const REGISTERS_AT_MOST: u16 = 125;

/// A bench behind a port, for as long as the program lives.
#[derive(Clone)]
pub struct Served {
    bench: Arc<Mutex<Bench>>,
    pub address: SocketAddr,
}

impl Served {
    pub fn new(bench: Bench, address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let served = Self { bench: Arc::new(Mutex::new(bench)), address: listener.local_addr()? };
        let bench = served.bench.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let bench = bench.clone();
                // A peer that goes away ends its own thread.
                thread::spawn(move || drop(serve(stream, &bench)));
            }
        });
        Ok(served)
    }

    /// A bench that somebody else serves.
    pub fn silent(bench: Bench, address: SocketAddr) -> Self {
        Self { bench: Arc::new(Mutex::new(bench)), address }
    }

    pub fn shared(&self) -> &Arc<Mutex<Bench>> {
        &self.bench
    }

    pub fn bench(&self) -> MutexGuard<'_, Bench> {
        lock(&self.bench)
    }
}

pub fn lock(bench: &Mutex<Bench>) -> MutexGuard<'_, Bench> {
    bench.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, bench: &Mutex<Bench>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0; 260];
    loop {
        // Transaction, protocol, length, unit; the length counts the unit as well.
        stream.read_exact(&mut request[..7])?;
        let length = usize::from(u16::from_be_bytes([request[4], request[5]]));
        if request[2..4] != [0, 0] || !(2..=254).contains(&length) {
            return Ok(());
        }
        stream.read_exact(&mut request[7..6 + length])?;
        let answer = match answer(&request[7..6 + length], &mut lock(bench)) {
            Ok(answer) => answer,
            Err(code) => vec![request[7] | 0x80, code],
        };
        let mut reply = request[..4].to_vec();
        reply.extend(((answer.len() + 1) as u16).to_be_bytes());
        reply.push(request[6]);
        reply.extend(answer);
        stream.write_all(&reply)?;
    }
}

fn answer(request: &[u8], bench: &mut Bench) -> Result<Vec<u8>, u8> {
    let word = |at: usize| request.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (first, second) = (word(1).ok_or(ILLEGAL_VALUE)?, word(3).ok_or(ILLEGAL_VALUE)?);
    match request[0] {
        function @ (READ_HOLDING | READ_INPUT) => {
            let end = first.checked_add(second).ok_or(ILLEGAL_ADDRESS)?;
            if second == 0 || second > REGISTERS_AT_MOST {
                return Err(ILLEGAL_VALUE);
            }
            let read = |register| {
                if function == READ_INPUT { bench.input(register) } else { bench.holding(register) }
            };
            let words = (first..end).flat_map(|register| read(register).to_be_bytes());
            Ok([function, (2 * second) as u8].into_iter().chain(words).collect())
        }
        WRITE_ONE => bench.write(first, &[second]).then(|| request[..5].to_vec()).ok_or(ILLEGAL_ADDRESS),
        WRITE_MANY => {
            let words: Vec<u16> = (6..request.len()).step_by(2).map_while(word).collect();
            if usize::from(second) != words.len() {
                return Err(ILLEGAL_VALUE);
            }
            bench.write(first, &words).then(|| request[..5].to_vec()).ok_or(ILLEGAL_ADDRESS)
        }
        _ => Err(ILLEGAL_FUNCTION),
    }
}
