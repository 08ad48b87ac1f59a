use std::time::{Duration, Instant};

use api::Limits;
use futures_util::{SinkExt as _, StreamExt as _};
use model::wire::{EventRecord, Frame, PlantView, Role, ServerMessage};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::script::event;
use crate::server::{PATIENCE, Server, connect_from, is_healthy, until};

type Live = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn soon() -> Limits {
    Limits {
        frame_interval: Duration::from_millis(1),
        live_check: Duration::from_millis(5),
        ..Limits::default()
    }
}

async fn connect(server: &Server, token: Option<&str>) -> Result<Live, u16> {
    connect_with(server, token, "").await
}

async fn connect_with(server: &Server, token: Option<&str>, query: &str) -> Result<Live, u16> {
    let mut request = format!("ws://{}/api/v1/live{query}", server.address).into_client_request().unwrap();
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    match connect_async(request).await {
        Ok((live, _)) => Ok(live),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn open(server: &Server, role: Role) -> (Live, String) {
    let token = server.login(role).await;
    let live = connect(server, Some(&token)).await.unwrap();
    (live, token)
}

/// The next message; pings are answered on the way.
async fn next(live: &mut Live) -> Option<Message> {
    loop {
        match timeout(PATIENCE, live.next()).await.expect("a message in time") {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(message)) => return Some(message),
            Some(Err(_)) | None => return None,
        }
    }
}

async fn next_message(live: &mut Live) -> ServerMessage {
    let message = next(live).await.expect("the connection stands");
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn next_frame(live: &mut Live) -> Frame {
    match next_message(live).await {
        ServerMessage::Frame(frame) => frame,
        other => panic!("expected a frame: {other:?}"),
    }
}

async fn next_event(live: &mut Live) -> EventRecord {
    match next_message(live).await {
        ServerMessage::Event(event) => event,
        other => panic!("expected an event: {other:?}"),
    }
}

/// How the server ended the connection; frames on the way are passed over.
async fn close_code(live: &mut Live) -> CloseCode {
    loop {
        match next(live).await {
            Some(Message::Close(Some(close))) => return close.code,
            Some(Message::Text(_)) => {}
            other => panic!("expected a close with a reason: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_handshake_needs_a_token() {
    let server = Server::start().await;
    assert_eq!(connect(&server, None).await.err(), Some(401));
    assert_eq!(connect(&server, Some("0123")).await.err(), Some(401));
    let (mut live, _) = open(&server, Role::Viewer).await;
    assert!(next_frame(&mut live).await.full);
}

#[tokio::test]
async fn first_everything_then_changes_that_make_up_the_newest_frame() {
    let server = Server::with(soon(), 6).await;
    let (mut live, _) = open(&server, Role::Viewer).await;
    let mut known = next_frame(&mut live).await;
    assert!(known.full && known.values.len() == 6 && known.alarms.is_some());
    assert_eq!(known.system.sessions, 1);
    for round in 1..=50u32 {
        server.script.publish(|frame| frame.values[(round % 6) as usize].1 = f64::from(round) / 4.0);
        let newest = server.script.newest();
        while known.tick < newest.tick {
            let frame = next_frame(&mut live).await;
            assert!(!frame.full && frame.alarms.is_none() && frame.batches.is_none());
            assert!(frame.values.len() <= 1, "only what differs: {:?}", frame.values);
            for value in frame.values {
                known.values[value.0.index()] = value;
            }
            known.tick = frame.tick;
        }
        assert_eq!(known.values, newest.values);
    }
    server.script.publish(|frame| frame.interlocks = Some(Vec::new()));
    assert_eq!(next_frame(&mut live).await.interlocks, None, "equal to the one before");
}

#[tokio::test]
async fn events_come_between_frames_that_keep_their_distance() {
    let limits = Limits { frame_interval: PATIENCE * 10, ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let (mut live, _) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    for number in 0..5 {
        for _ in 0..20 {
            server.script.publish(|frame| frame.values[0].1 += 1.0);
        }
        server.script.events.send(event(&number.to_string())).unwrap();
        assert_eq!(next_event(&mut live).await.text, number.to_string());
    }
}

#[tokio::test]
async fn frames_come_no_faster_than_ten_a_second_and_the_latest_wins() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    // Before the first frame can have been sent, so that a slow machine only lengthens what is measured.
    let start = Instant::now();
    let mut live = connect(&server, Some(&token)).await.unwrap();
    let first = next_frame(&mut live).await;
    for _ in 0..1000 {
        server.script.publish(|frame| frame.values[0].1 += 1.0);
    }
    let second = next_frame(&mut live).await;
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!((first.tick, second.tick), (1, 1001));
}

#[tokio::test(flavor = "current_thread")]
async fn who_lags_behind_the_events_is_told_how_many_are_missing() {
    let limits = Limits { frame_interval: PATIENCE * 10, ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let (mut live, _) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    // No await between them: the server's task cannot take one before all are sent.
    for number in 0..100 {
        server.script.events.send(event(&number.to_string())).unwrap();
    }
    assert!(next_event(&mut live).await.text.starts_with("84 events came too fast"));
    for number in 84..100 {
        assert_eq!(next_event(&mut live).await.text, number.to_string());
    }
}

#[tokio::test]
async fn the_connection_ends_with_its_session_however_that_ends() {
    let server = Server::with(soon(), 6).await;
    let (mut live, token) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    server.post(&token, "/logout").send().await.unwrap();
    assert_eq!(close_code(&mut live).await, CloseCode::Policy, "logout");

    let (mut live, _) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    server.advance(Duration::from_secs(12 * 3600));
    assert_eq!(close_code(&mut live).await, CloseCode::Policy, "the end of the shift");

    let (mut live, _) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    server.users.set_password("viewer", "four plain words here").unwrap();
    assert_eq!(close_code(&mut live).await, CloseCode::Policy, "another password");

    let (mut live, _) = open(&server, Role::Operator).await;
    next_frame(&mut live).await;
    server.users.remove("operator").unwrap();
    assert_eq!(close_code(&mut live).await, CloseCode::Policy, "removed");
}

#[tokio::test]
async fn an_open_live_connection_keeps_its_session_in_use() {
    let server = Server::with(soon(), 6).await;
    let (mut live, token) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    let idle = server.login(Role::Operator).await;
    for _ in 0..3 {
        server.advance(Duration::from_secs(29 * 60));
        // A look at the session is due every 5 ms and comes before a frame that is due as well.
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(50) {
            server.script.publish(|frame| frame.values[0].1 += 1.0);
            next_frame(&mut live).await;
        }
    }
    assert_eq!(server.status(&token, "/plant").await, StatusCode::OK);
    assert_eq!(server.status(&idle, "/plant").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_that_talks_is_shown_out() {
    let server = Server::start().await;
    for message in [Message::text("{}"), Message::binary(vec![1, 2, 3])] {
        let (mut live, _) = open(&server, Role::Viewer).await;
        next_frame(&mut live).await;
        live.send(message).await.unwrap();
        assert_eq!(close_code(&mut live).await, CloseCode::Policy);
    }
    let (mut live, _) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    let _ = live.send(Message::text("x".repeat(1 << 20))).await;
    while next(&mut live).await.is_some() {}
}

#[tokio::test]
async fn live_connections_are_bounded_and_a_closed_one_makes_room() {
    let server = Server::with(Limits { live_connections: 2, ..soon() }, 6).await;
    let token = server.login(Role::Viewer).await;
    let first = connect(&server, Some(&token)).await.unwrap();
    let _second = connect(&server, Some(&token)).await.unwrap();
    assert_eq!(connect(&server, Some(&token)).await.err(), Some(503));
    drop(first);
    until("a place is free", async || connect(&server, Some(&token)).await.is_ok()).await;
}

/// A handshake by hand, on a socket that takes little and is not read further than its head.
async fn deaf(server: &Server, token: &str) -> TcpStream {
    let mut stream = connect_from("127.0.0.1", server.address).await;
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_dropped_and_hurts_nobody() {
    let limits = Limits { live_connections: 2, stall_timeout: Duration::from_secs(1), ..soon() };
    let points = 20_000;
    let server = Server::with(limits, points).await;
    let token = server.login(Role::Viewer).await;
    let deaf = deaf(&server, &token).await;
    let mut live = connect(&server, Some(&token)).await.unwrap();
    let mut frames = 0;
    let dropped = async {
        // Every value changes every time, so that the deaf one's buffers fill.
        loop {
            server.script.publish(|frame| {
                for value in &mut frame.values {
                    value.1 += 1.0;
                }
            });
            next_frame(&mut live).await;
            frames += 1;
            if connect(&server, Some(&token)).await.is_ok() {
                break;
            }
        }
    };
    timeout(PATIENCE, dropped).await.expect("the deaf client is dropped");
    assert!(frames > 1, "the other one goes on");
    drop(deaf);
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_for_live_values_is_dropped() {
    let limits = Limits { live_connections: 1, stall_timeout: Duration::from_secs(1), ..soon() };
    let server = Server::with(limits, 20_000).await;
    let token = server.login(Role::Viewer).await;
    let slow = deaf(&server, &token).await;
    let start = Instant::now();
    let (mut read, mut buffer) = (0, [0; 4096]);
    let dropped = async || {
        server.script.publish(|frame| {
            for value in &mut frame.values {
                value.1 += 1.0;
            }
        });
        // At most 200 kB/s: a frame of half a megabyte takes longer than it may, but never stands still.
        while read < start.elapsed().as_millis() as usize * 200
            && let Ok(length @ 1..) = slow.try_read(&mut buffer)
        {
            read += length;
        }
        connect(&server, Some(&token)).await.is_ok()
    };
    until("the slow client is dropped", dropped).await;
}

#[tokio::test]
async fn a_client_that_never_answers_a_ping_is_gone() {
    let limits = Limits {
        ping_interval: Duration::from_millis(20),
        pong_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Server::with(limits, 6).await;
    let token = server.login(Role::Viewer).await;
    let mut silent = deaf(&server, &token).await;
    let mut heard = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut heard)).await.expect("the server lets go").ok();
    // One that answers stays: many pings later its frames still come.
    let mut live = connect(&server, Some(&token)).await.unwrap();
    let mut pings = 0;
    while pings < 20 {
        match timeout(PATIENCE, live.next()).await.unwrap().unwrap().unwrap() {
            Message::Ping(_) => pings += 1,
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_end_of_the_server_is_said_to_everybody_and_waits_for_nobody() {
    // With these, anything that does not let go by itself would outlast the test's patience.
    let limits = Limits { shutdown_grace: PATIENCE * 10, header_timeout: PATIENCE * 10, ..soon() };
    let server = Server::with(limits, 6).await;
    let (mut live, token) = open(&server, Role::Viewer).await;
    next_frame(&mut live).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    let (address, client) = (server.address, server.client.clone());
    let url = server.url("/plant");
    let listen = tokio::spawn(async move { close_code(&mut live).await });
    server.stop().await.unwrap();
    assert_eq!(listen.await.unwrap(), CloseCode::Away);
    assert!(client.get(url).bearer_auth(token).send().await.is_err());
    assert!(TcpStream::connect(address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn whoever_watches_is_told_that_the_plant_has_changed_and_reads_the_new_one() {
    let server = Server::with(soon(), 6).await;
    let (mut live, token) = open(&server, Role::Viewer).await;
    assert_eq!(next_frame(&mut live).await.values.len(), 6);
    server.script.change(4, "0ther");
    let told = loop {
        match next_message(&mut live).await {
            ServerMessage::PlantChanged { hash } => break hash,
            ServerMessage::Frame(frame) => assert_eq!(frame.values.len(), 6, "never of the new plant"),
            ServerMessage::Event(event) => panic!("{event:?}"),
        }
    };
    assert_eq!(told, "0ther");
    let plant: PlantView = server.get(&token, "/plant").send().await.unwrap().json().await.unwrap();
    assert_eq!((plant.hash.as_str(), plant.points.len()), ("0ther", 4));
    let mut again = connect(&server, Some(&token)).await.unwrap();
    assert_eq!(next_frame(&mut again).await.values.len(), 4);
}

#[tokio::test]
async fn whoever_read_the_plant_before_its_change_gets_no_frame_of_the_one_after() {
    let server = Server::with(soon(), 6).await;
    let (_, token) = open(&server, Role::Viewer).await;
    let read: PlantView = server.get(&token, "/plant").send().await.unwrap().json().await.unwrap();
    let query = format!("?plant={}", read.hash);
    let mut live = connect_with(&server, Some(&token), &query).await.unwrap();
    assert_eq!(next_frame(&mut live).await.values.len(), 6, "the plant that was read is in force");

    server.script.change(4, "0ther");
    let mut late = connect_with(&server, Some(&token), &query).await.unwrap();
    match next_message(&mut late).await {
        ServerMessage::PlantChanged { hash } => assert_eq!(hash, "0ther"),
        other => panic!("{other:?}"),
    }
    assert_eq!(close_code(&mut late).await, CloseCode::Restart);
    let mut again = connect_with(&server, Some(&token), "?plant=0ther").await.unwrap();
    assert_eq!(next_frame(&mut again).await.values.len(), 4);
    assert_eq!(connect_with(&server, Some(&token), "?plnt=0ther").await.err(), Some(400));
}

#[tokio::test]
async fn a_live_connection_stays_however_many_strangers_come() {
    let server = Server::with(Limits { connections: 4, ..soon() }, 6).await;
    let (mut live, _) = open(&server, Role::Viewer).await;
    assert!(next_frame(&mut live).await.full);
    let mut hoard = Vec::new();
    for _ in 0..40 {
        hoard.push(connect_from("127.0.0.2", server.address).await);
    }
    assert!(is_healthy("127.0.0.1", server.address).await);
    server.script.events.send(event("still here")).unwrap();
    assert_eq!(next_event(&mut live).await.text, "still here");
}
