use std::time::Duration;

use api::Limits;
use model::wire::Role;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::{PATIENCE, Server, connect_from, is_healthy, until};

fn impatient() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(500),
        body_timeout: Duration::from_millis(500),
        stall_timeout: Duration::from_millis(500),
        ..Limits::default()
    }
}

/// True when the far end has closed: what it still says is read and forgotten.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[tokio::test]
async fn random_bytes_on_the_port_hurt_nobody() {
    let server = Server::with(impatient(), 6).await;
    let token = server.login(Role::Viewer).await;
    let seed = 0x5eed_cafe_f00d_0001;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let starts: [&[u8]; 6] = [
        b"",
        b"GET /api/v1/plant HTTP/1.1\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET /api/v1/live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for _ in 0..4 {
        let mut noise = tokio::task::JoinSet::new();
        for start in starts.iter().cycle().take(60) {
            let mut bytes = start.to_vec();
            let length = random.next() % 2000;
            bytes.extend((0..length).map(|_| random.next() as u8));
            let address = server.address;
            noise.spawn(async move {
                let mut stream = connect_from("127.0.0.2", address).await;
                // The server may hang up in the middle.
                let _ = stream.write_all(&bytes).await;
                is_closed(&mut stream).await
            });
        }
        while let Some(closed) = noise.join_next().await {
            assert!(closed.unwrap());
            assert!(is_healthy("127.0.0.1", server.address).await);
        }
        assert_eq!(server.status(&token, "/plant").await, StatusCode::OK);
    }
    assert!(server.script.executed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_says_nothing_or_says_it_slowly_is_let_go() {
    let server = Server::with(impatient(), 6).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert!(is_closed(&mut silent).await);

    // A header byte now and then does not prolong the stay.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /api/v1/health HTTP/1.1\r\nx: ").await.unwrap();
    let dribble = async {
        while slow.write_all(b"y").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, dribble).await.expect("the dribbling client is let go");

    // So is one that has had its answer and keeps the connection for nothing.
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(is_closed(&mut idle).await);
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let limits = Limits { connections: 20, connections_per_address: 8, ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let mut hoard = Vec::new();
    for _ in 0..30 {
        hoard.push(connect_from("127.0.0.2", server.address).await);
    }
    let token = server.login(Role::Viewer).await;
    assert_eq!(server.status(&token, "/plant").await, StatusCode::OK);
    // The first of them have made room for the last, although nothing has timed out.
    let mut closed = 0;
    for stream in &mut hoard[..22] {
        closed += usize::from(is_closed(stream).await);
    }
    assert_eq!(closed, 22);
    drop(hoard);
    until("its places are free again", async || is_healthy("127.0.0.2", server.address).await).await;
}

/// Asks for the plant as somebody who is signed in, and keeps the connection.
async fn asks_for_the_plant(stream: &mut TcpStream, token: &str) -> bool {
    let request = format!("GET /api/v1/plant HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut head = [0; 15];
    let asked = stream.write_all(request.as_bytes()).await.is_ok();
    asked && stream.read_exact(&mut head).await.is_ok() && &head == b"HTTP/1.1 200 OK"
}

#[tokio::test]
async fn idle_connections_from_an_operators_own_address_neither_keep_her_out_nor_send_her_away() {
    // Nothing here waits for a timeout of the server: it would be one of an hour.
    let hour = Duration::from_secs(3600);
    let server =
        Server::with(Limits { header_timeout: hour, body_timeout: hour, ..Limits::default() }, 6).await;
    let console = "127.0.0.4";
    let mut hoard = Vec::new();
    for _ in 0..64 {
        hoard.push(connect_from(console, server.address).await);
    }
    // Some of them say a word, or begin a login that never ends.
    for stream in &mut hoard[..8] {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let begun = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\n\r\n";
        stream.write_all(begun).await.unwrap();
    }
    let token = server.login(Role::Operator).await;
    let mut operator = connect_from(console, server.address).await;
    assert!(asks_for_the_plant(&mut operator, &token).await, "she is let in at once");
    for _ in 0..200 {
        hoard.push(connect_from(console, server.address).await);
    }
    assert!(is_healthy(console, server.address).await);
    // What is left of the first answer goes first.
    let mut rest = [0; 1 << 14];
    let _ = operator.try_read(&mut rest);
    operator.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, operator.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.contains("200 OK"), "her connection stays hers: {answer}");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_dropped() {
    // A plant of several megabytes does not fit into the buffers of a connection.
    let limits = Limits { connections_per_address: 1, ..impatient() };
    let server = Server::with(limits, 60_000).await;
    let token = server.login(Role::Viewer).await;
    let console = "127.0.0.3";
    let mut greedy = connect_from(console, server.address).await;
    let request = format!("GET /api/v1/plant HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    greedy.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    greedy.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    assert!(!is_healthy(console, server.address).await, "its only place is taken");
    until("its place is free again", async || is_healthy(console, server.address).await).await;
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    let line = format!("x: {}\r\n", "y".repeat(1000));
    let mut sent = 0;
    let flood = async {
        while sent < 10_000 && stream.write_all(line.as_bytes()).await.is_ok() {
            sent += 1;
        }
    };
    timeout(PATIENCE, flood).await.unwrap();
    assert!(sent < 10_000, "ten megabytes of head were taken");
}
