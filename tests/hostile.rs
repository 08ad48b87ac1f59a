//! Strangers on every port of a running plant: noise, frames that never end, clients that never read; and a script that gives
//! orders as fast as it can. None of them may stall the scan, take a link down, or make anything panic.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use common::{Plant, until};
use model::wire::{CommandReply, CommandRequest};

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

/// More askers than the API takes commands at one time, or has places for one address.
const ASKERS: usize = 96;

/// What became of a script's orders, each as its sender was told.
#[derive(Debug, Default)]
struct Told {
    done: usize,
    refused: usize,
    /// Its connection was not taken, or ended: one address has so many places.
    turned_away: usize,
}

/// Every asker orders anew as soon as it is answered, for so long.
fn order_at_full_speed(url: &str, bearer: &str, requests: &[CommandRequest; 2], time: Duration) -> Told {
    let client = reqwest::blocking::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    let began = Instant::now();
    let ask = |number: usize| {
        let mut told = Told::default();
        for request in requests.iter().cycle().skip(number % 2).take_while(|_| began.elapsed() < time) {
            match client.post(url).bearer_auth(bearer).json(request).send() {
                Ok(reply) if reply.status().is_success() => {
                    let reply: CommandReply = reply.json().unwrap();
                    *if reply.accepted { &mut told.done } else { &mut told.refused } += 1;
                }
                Ok(reply) => {
                    let (status, text) = (reply.status(), reply.text().unwrap());
                    assert!(text.contains("nothing was done"), "{status} {text}");
                    told.refused += 1;
                }
                Err(_) => told.turned_away += 1,
            }
        }
        told
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS).map(|number| scope.spawn(move || ask(number))).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).fold(Told::default(), |sum, one| Told {
            done: sum.done + one.done,
            refused: sum.refused + one.refused,
            turned_away: sum.turned_away + one.turned_away,
        })
    })
}

#[test]
fn a_script_that_orders_as_fast_as_it_can_has_done_what_it_was_told_and_the_scan_goes_on() {
    let plant = Plant::settled("running");
    let (sp, _) = plant.value("LIC-311.SP");
    let (before, hash) = (plant.frame(), plant.view().hash.clone());
    let requests = [0.0, 1.0].map(|more| CommandRequest {
        plant: hash.clone(),
        ..CommandRequest::new(plant.write_action("LIC-311.SP", sp + more), "a script")
    });
    let told =
        order_at_full_speed(&plant.url("/commands"), &plant.bearer(), &requests, Duration::from_secs(4));
    let after = until("the script's places are free again", || plant.frame_if_served());
    assert!(told.done > 200 && told.refused + told.turned_away > 0, "{told:?}");
    let scans = after.tick - before.tick;
    let overruns = after.system.overruns - before.system.overruns;
    assert!(scans > 300 && overruns * 100 <= scans, "{overruns} overruns in {scans} scans");
    assert_eq!(after.system.lost, before.system.lost, "nothing that the scan reports was lost");
    let kept = || plant.run(&["audit", "show"]).matches("a script").count();
    until("the audit log has each order that was done", || (kept() >= told.done).then_some(()));
    assert_eq!(kept(), told.done, "whoever was told no, or was turned away, has moved nothing: {told:?}");
    assert!(plant.write("LIC-311.SP", sp).accepted, "people are served as before");
    assert!(!plant.logs().contains("panicked"), "{}", plant.logs());
}
