//! Peers that mean no good, or are broken: none of them may hurt a controller or a scan.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::Quality;
use plc_bridge::{Clock, PlcMemory, ServeOptions, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::field::*;

const SEED: u64 = 0x5EED_0BAD_F00D_u64;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics below our tests: a connection's task that panics would otherwise only be logged.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|location| location.file().contains("tests/wire")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            usual(info);
        }));
    });
}

/// The beginning of something sensible, so that noise reaches deeper than the first check.
fn openings(wire: Wire) -> Vec<Vec<u8>> {
    match wire {
        Wire::Modbus => vec![
            vec![],
            vec![0, 1, 0, 0, 0, 6, 1],
            vec![0, 1, 0, 0, 0, 9, 1, 15, 0, 0, 7, 0xD0, 1],
            vec![0, 1, 0, 0, 0, 8, 1, 16, 0x80, 0, 0x80, 0],
            vec![0, 1, 0, 0, 0, 250, 1, 23],
            vec![0, 1, 0, 0, 0xFF, 0xFF, 1, 3],
        ],
        Wire::OpcUa => {
            let chunk = |kind: &[u8; 4], size: u32| [kind.as_slice(), &size.to_le_bytes()].concat();
            let url = b"opc.tcp://127.0.0.1:1/";
            let mut hello = chunk(b"HELF", 32 + url.len() as u32);
            for number in [0u32, 65_535, 65_535, 0, 0, url.len() as u32] {
                hello.extend(number.to_le_bytes());
            }
            hello.extend(url);
            vec![
                vec![],
                hello.clone(),
                [hello.clone(), chunk(b"OPNF", 132)].concat(),
                [hello.clone(), chunk(b"MSGF", 64)].concat(),
                [hello, chunk(b"MSGF", u32::MAX)].concat(),
                chunk(b"MSGC", 0),
                chunk(b"HELF", 65_535),
            ]
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_on_the_port_ends_its_own_connection_and_no_other() {
    println!("seed {SEED:#x}");
    count_panics();
    for wire in BOTH {
        let mut noise = Noise(SEED);
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        let openings = openings(wire);
        for round in 0..200 {
            let mut stream = TcpStream::connect(field.plc.address()).await.unwrap();
            let mut bytes = openings[round % openings.len()].clone();
            bytes.extend(noise.bytes(400));
            // The peer may have hung up in the middle of it, which is what it should do.
            let _ = stream.write_all(&bytes).await;
            if round % 3 == 0 {
                let _ = stream.shutdown().await;
                let mut answer = Vec::new();
                let closed = timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
                assert!(closed.is_ok(), "{wire:?} round {round}: not closed");
            }
        }
        assert!(driver.is_up());
        assert_eq!(driver.bridge.health()[0].reconnects, 0, "the controller noticed nothing");
        field.memory.set_input(LEVEL, 33.0, Quality::Good);
        until(SOON, "news", || (driver.value(IN_LEVEL) - 33.0).abs() < 0.01).await;
    }
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
}

/// Hello and a secure channel without security, by hand; tells the channel and its token.
async fn open_channel(stream: &mut TcpStream) -> Option<[u8; 8]> {
    let hello = openings(Wire::OpcUa).remove(1);
    let policy = b"http://opcfoundation.org/UA/SecurityPolicy#None";
    let mut body = 0u32.to_le_bytes().to_vec();
    body.extend((policy.len() as u32).to_le_bytes());
    body.extend(policy);
    // No certificates; sequence 1, request 1; OpenSecureChannelRequest is ns=0;i=446.
    body.extend([0xFF; 8]);
    body.extend([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0xBE, 1]);
    // Request header: no token, time, handle, diagnostics, no audit entry, timeout, nothing more.
    body.extend([0, 0]);
    body.extend([0; 16]);
    body.extend([0xFF; 4]);
    body.extend([0; 7]);
    // Version 0, issue, mode None, no nonce, one minute.
    body.extend([0; 8]);
    body.extend([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    body.extend(60_000u32.to_le_bytes());
    let open = [b"OPNF".as_slice(), &(body.len() as u32 + 8).to_le_bytes(), &body].concat();
    stream.write_all(&[hello, open].concat()).await.ok()?;
    let mut acknowledge = [0; 28];
    stream.read_exact(&mut acknowledge).await.ok()?;
    let mut header = [0; 8];
    stream.read_exact(&mut header).await.ok()?;
    let mut answer = vec![0; u32::from_le_bytes(header[4..].try_into().ok()?) as usize - 8];
    stream.read_exact(&mut answer).await.ok()?;
    // The security token (channel, token, created, lifetime) stands 28 bytes before the nonce.
    let token = answer.len().checked_sub(4 + 4 + 8 + 4 + 4)?;
    let channel: [u8; 4] = answer[..4].try_into().ok()?;
    let token: [u8; 4] = answer[token..token + 4].try_into().ok()?;
    [channel, token].concat().try_into().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_inside_a_secure_channel_ends_its_own_connection_and_no_other() {
    println!("seed {SEED:#x}");
    count_panics();
    // Services by number: sessions, reads, writes, browses, subscriptions, methods, history.
    let services =
        [428u16, 422, 461, 467, 473, 527, 533, 554, 631, 664, 673, 712, 751, 763, 787, 826, 832, 847];
    let mut noise = Noise(SEED);
    let field = field(Wire::OpcUa).await;
    let mut driver = drive(Wire::OpcUa, field.plc.address());
    until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
    let mut opened = 0;
    for round in 0..400 {
        let mut stream = TcpStream::connect(field.plc.address()).await.unwrap();
        let Some(channel) = timeout(SOON, open_channel(&mut stream)).await.unwrap() else { continue };
        opened += 1;
        for request in 2..6u32 {
            let service = services[(round + request as usize) % services.len()].to_le_bytes();
            let mut body = channel.to_vec();
            body.extend(request.to_le_bytes());
            body.extend(request.to_le_bytes());
            body.extend([1, 0, service[0], service[1]]);
            if round % 2 == 0 {
                // A sound request header in front of the noise.
                body.extend([0; 18]);
                body.extend([0xFF; 4]);
                body.extend([0; 7]);
            }
            body.extend(noise.bytes(120));
            let message = [b"MSGF".as_slice(), &(body.len() as u32 + 8).to_le_bytes(), &body].concat();
            let _ = stream.write_all(&message).await;
        }
        if round % 4 == 0 {
            let mut answer = [0; 256];
            let _ = timeout(Duration::from_millis(200), stream.read(&mut answer)).await;
        }
    }
    assert!(opened > 350, "only {opened} channels were opened");
    assert!(driver.is_up());
    assert_eq!(driver.bridge.health()[0].reconnects, 0, "the controller noticed nothing");
    field.memory.set_input(LEVEL, 33.0, Quality::Good);
    until(SOON, "news", || (driver.value(IN_LEVEL) - 33.0).abs() < 0.01).await;
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_protocol_is_hung_up_on() {
    for wire in BOTH {
        let field = field(wire).await;
        for bytes in [b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n".as_slice(), &[0xFF; 64]] {
            let mut stream = TcpStream::connect(field.plc.address()).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            let closed = timeout(Duration::from_secs(3), stream.read_to_end(&mut answer)).await;
            assert!(closed.is_ok(), "{wire:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_strangers_push_out_each_other_and_never_the_controller() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        let mut strangers = Vec::new();
        for _ in 0..60 {
            let mut stranger = TcpStream::connect(field.plc.address()).await.unwrap();
            // The first bytes of a frame that never comes.
            let _ = stranger.write_all(if wire == Wire::Modbus { &[0, 1, 0, 0] } else { b"HEL" }).await;
            strangers.push(stranger);
            let sequence = driver.link.input_bank.read().sequence;
            until(SOON, "the controller goes on", || driver.link.input_bank.read().sequence > sequence).await;
        }
        assert!(field.plc.peers() <= 16);
        assert!(driver.is_up());
        assert_eq!(driver.bridge.health()[0].reconnects, 0);
    }
}

/// One thread for the PLC and its controller, so that a crowd is taken in before either is heard again.
#[tokio::test(flavor = "current_thread")]
async fn a_crowd_that_comes_while_the_plc_is_busy_pushes_out_itself_and_never_the_controller() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        // Long enough to be no passer-by any more.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        // Blocking on purpose: nobody is served while they come.
        let crowd: Vec<_> =
            (0..60).map(|_| std::net::TcpStream::connect(field.plc.address()).unwrap()).collect();
        let sequence = driver.link.input_bank.read().sequence;
        until(SOON, "the controller goes on", || driver.link.input_bank.read().sequence > sequence + 5).await;
        assert!(driver.is_up());
        assert_eq!(driver.bridge.health()[0].reconnects, 0, "{wire:?}");
        assert!(field.plc.peers() <= 16);
        drop(crowd);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_or_never_ends_a_frame_is_hung_up_on() {
    for wire in BOTH {
        let memory = PlcMemory::new(&points(wire), &WARM, Duration::from_secs(1), Clock::manual());
        let pki = tempfile::tempdir().unwrap();
        let options = ServeOptions {
            idle_timeout: Duration::from_millis(300),
            pki_dir: pki.path().to_owned(),
            ..ServeOptions::default()
        };
        let plc = serve(&device(wire, "127.0.0.1:0"), &points(wire), memory, &options).await.unwrap();
        let beginning: &[u8] =
            if wire == Wire::Modbus { &[0, 1, 0, 0, 0, 6, 1, 3] } else { b"HELF\x30\0\0\0" };
        for bytes in [b"".as_slice(), beginning] {
            let mut stream = TcpStream::connect(plc.address()).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            let closed = timeout(Duration::from_secs(4), stream.read_to_end(&mut answer)).await;
            assert!(closed.is_ok() && answer.is_empty(), "{wire:?} after {} bytes", bytes.len());
        }
        // A peer that trickles one byte at a time is no better than one that says nothing.
        let mut stream = TcpStream::connect(plc.address()).await.unwrap();
        let mut trickle = tokio::time::interval(Duration::from_millis(100));
        let mut sent = 0;
        while stream.write_all(&beginning[..1]).await.is_ok() {
            trickle.tick().await;
            sent += 1;
            assert!(sent < 100, "{wire:?}: still taken");
        }
    }
}

/// A "PLC" that answers everything with the given bytes, again and again.
async fn liar(bytes: Vec<u8>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut request = [0; 512];
                while let Ok(1..) = stream.read(&mut request).await {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_talks_nonsense_is_lost_and_tried_again() {
    let mut noise = Noise(SEED);
    for wire in BOTH {
        let mut answers = vec![
            noise.bytes(300),
            // Fewer registers than asked for; fewer bits; another function; half an answer.
            vec![0, 0, 0, 0, 0, 5, 1, 4, 2, 0, 7],
            vec![0, 0, 0, 0, 0, 3, 1, 2, 0],
            vec![0, 0, 0, 0, 0, 4, 1, 0x2B, 0, 0],
            vec![0, 0, 0, 0, 0, 50, 1, 4],
            b"MSGF\xFF\xFF\xFF\xFF".to_vec(),
            b"ACKF\x1C\0\0\0\0\0\0\0\xFF\xFF\0\0\xFF\xFF\0\0\0\0\0\0\0\0\0\0".to_vec(),
            b"ERRF\x10\0\0\0\0\0\x05\x80\xFF\xFF\xFF\x7F".to_vec(),
        ];
        answers.push(openings(wire).concat());
        for answer in answers {
            let mut driver = drive(wire, liar(answer.clone()).await);
            until(SOON, "two failed attempts", || driver.bridge.health()[0].errors >= 2).await;
            assert!(!driver.is_up(), "{wire:?} {answer:?}");
            assert!(driver.all_are(Quality::BadNoCommunication));
        }
    }
}
