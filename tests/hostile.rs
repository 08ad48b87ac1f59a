//! Strangers on every port of a running plant: noise, frames that never end, clients that never read.
//! None of them may stall the scan, take a link down, or make anything panic.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use common::{Plant, until};

const SEED: u64 = 0x0CA7_0117_E5ED;
/// How long an attack lasts, in scans of 10 ms.
const SCANS: u64 = 500;
/// Strangers of each kind on each port.
const EACH: usize = 3;

/// Beginnings of something sensible, so that noise reaches deeper than the first check.
fn openings() -> Vec<Vec<u8>> {
    let endless = |head: &str| head.as_bytes().to_vec();
    vec![
        Vec::new(),
        vec![0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0],
        vec![0, 1, 0, 0, 0xFF, 0xFF, 1, 16, 0, 0, 0, 125],
        [b"HELF".as_slice(), &u32::MAX.to_le_bytes()].concat(),
        [b"OPNF".as_slice(), &132_u32.to_le_bytes(), &[0; 20]].concat(),
        endless("GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
        endless("POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4294967295\r\n\r\n{\"user\":\""),
        endless("GET /api/v1/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "),
    ]
}

/// Small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Noise at full speed, again and again, behind an opening.
fn shout(at: SocketAddr, mut dice: Dice, stop: &AtomicBool, sent: &AtomicUsize) {
    let openings = openings();
    while !stop.load(Relaxed) {
        let Ok(mut stream) = TcpStream::connect_timeout(&at, Duration::from_secs(1)) else { continue };
        let opening = &openings[(dice.next() % openings.len() as u64) as usize];
        let length = (dice.next() % 4096) as usize;
        // A peer that hangs up is what we want.
        if stream.write_all(opening).and_then(|()| stream.write_all(&dice.bytes(length))).is_ok() {
            sent.fetch_add(1, Relaxed);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// One byte now and then, for ever, and never a look at the answers.
fn dawdle(at: SocketAddr, mut dice: Dice, stop: &AtomicBool, sent: &AtomicUsize) {
    let openings = openings();
    while !stop.load(Relaxed) {
        let Ok(mut stream) = TcpStream::connect_timeout(&at, Duration::from_secs(1)) else { continue };
        let opening = openings[(dice.next() % openings.len() as u64) as usize].clone();
        for byte in opening {
            if stop.load(Relaxed) || stream.write_all(&[byte]).is_err() {
                break;
            }
            sent.fetch_add(1, Relaxed);
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Asks for much and reads nothing until it is over.
fn ask_and_ignore(at: SocketAddr, stop: &AtomicBool, sent: &AtomicUsize) {
    let Ok(mut stream) = TcpStream::connect_timeout(&at, Duration::from_secs(1)) else { return };
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let question = [
        [0, 7, 0, 0, 0, 6, 1, 4, 0, 0, 0, 60].as_slice(),
        b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
    ]
    .concat();
    while !stop.load(Relaxed) {
        if stream.write_all(&question).is_ok() {
            sent.fetch_add(1, Relaxed);
        }
        thread::sleep(Duration::from_millis(5));
    }
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut rest = [0; 4096];
    while matches!(stream.read(&mut rest), Ok(read) if read > 0) {}
}

#[test]
fn strangers_on_every_port_neither_stall_the_scan_nor_take_a_link_down() {
    let plant = Plant::start("running");
    let all_up = |plant: &Plant| {
        let system = plant.frame().system;
        (system.links_up == system.links).then_some(system)
    };
    let before = until("both links are up", || all_up(&plant));
    let began = plant.frame().tick;
    let (stop, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for (index, port) in plant.ports.iter().enumerate() {
            let at = SocketAddr::from(([127, 0, 0, 1], *port));
            let (stop, sent) = (&stop, &sent);
            for number in 0..EACH {
                let seed = SEED + (index * EACH + number) as u64;
                scope.spawn(move || shout(at, Dice(seed), stop, sent));
                scope.spawn(move || dawdle(at, Dice(seed ^ u64::MAX), stop, sent));
                scope.spawn(move || ask_and_ignore(at, stop, sent));
            }
        }
        until("the attack has lasted", || (plant.frame().tick > began + SCANS).then_some(()));
        stop.store(true, Relaxed);
    });
    let after = plant.frame();
    assert!(sent.load(Relaxed) > 500, "seed {SEED:#x}: hardly anything was sent");
    assert_eq!((after.system.links_up, after.system.links), (before.links, before.links), "{}", plant.logs());
    let scans = after.tick - began;
    let overruns = after.system.overruns - before.overruns;
    assert!(overruns * 100 <= scans, "seed {SEED:#x}: {overruns} overruns in {scans} scans");
    assert_eq!(after.system.lost, before.lost, "nothing that the scan reports was lost");
    assert!(!plant.logs().contains("panicked"), "seed {SEED:#x}: {}", plant.logs());
    let reply = plant.write("LIC-311.SP", 52.0);
    assert!(reply.accepted, "the operator is still served: {}", reply.message);
}
