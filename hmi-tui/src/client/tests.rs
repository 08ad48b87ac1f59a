//! The client against a server of some sixty lines, with its faults on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::SinkExt;
use model::wire::*;
use model::{Action, AlarmId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::{Client, base_url};
use crate::{ApiEvent, Effect, HmiError, Options};

/// What the server knows and has seen.
#[derive(Default)]
struct Book {
    password: String,
    must_change: bool,
    /// Counts the restarts: a token of an older life is not known.
    life: u32,
    logins: u32,
    commands: Vec<CommandRequest>,
    /// The next command is taken and its connection dropped without an answer.
    hang_up: bool,
    /// Commands act, and no journal keeps them.
    disk_is_full: bool,
    targets: Vec<String>,
}

struct Server {
    book: Arc<Mutex<Book>>,
    address: String,
    /// Counts the times that all live links were cut.
    cuts: watch::Sender<u32>,
}

fn plant() -> PlantView {
    PlantView {
        name: "small".into(),
        title: "SMALL".into(),
        hash: "1".into(),
        period_ms: 10,
        areas: vec![],
        devices: vec![],
        points: vec![],
        blocks: vec![],
        alarms: vec![],
        interlocks: vec![],
        phases: vec![],
        recipes: vec![],
        displays: vec![],
    }
}

fn frame() -> Frame {
    Frame {
        tick: 1,
        time_ms: 1,
        full: true,
        values: vec![],
        alarms: None,
        interlocks: None,
        batches: None,
        forced: None,
        out_of_service: None,
        limited: None,
        system: SystemStatus::default(),
    }
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let book = Arc::new(Mutex::new(Book { password: "right".into(), ..Book::default() }));
        let (cuts, cut) = watch::channel(0);
        let kept = Arc::clone(&book);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), cut.clone()));
            }
        });
        Self { book, address, cuts }
    }

    fn book<T>(&self, with: impl FnOnce(&mut Book) -> T) -> T {
        with(&mut self.book.lock().unwrap())
    }

    /// The controller comes back from a restart: no session is known any more.
    fn restart(&self) {
        self.book(|book| book.life += 1);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    fn client(&self, password: Option<&str>) -> (Client, mpsc::Receiver<ApiEvent>) {
        let mut options = Options::new(self.address.clone());
        options.user = password.map(|_| "jane".to_owned());
        options.password = password.map(str::to_owned);
        let (sender, events) = mpsc::channel(64);
        (Client::start(&options, sender).unwrap(), events)
    }
}

async fn serve(mut stream: TcpStream, book: Arc<Mutex<Book>>, cut: watch::Receiver<u32>) {
    let mut start = [0; 64];
    let seen = stream.peek(&mut start).await.unwrap();
    if start[..seen].starts_with(b"GET /api/v1/live?plant=") {
        return live(stream, book, cut).await;
    }
    let mut bytes = Vec::new();
    // The client keeps its connections: one request after the other.
    while let Some((head, body)) = request(&mut stream, &mut bytes).await {
        let Some((status, answer)) = answer(&book, &head, &body) else { return };
        let reply = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase();
            let length =
                length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            let length: usize = length.unwrap_or(0);
            if body.len() >= length {
                let found = (head.to_owned(), body[..length].to_owned());
                bytes.drain(..head.len() + 4 + length);
                return Some(found);
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

fn answer(book: &Mutex<Book>, head: &str, body: &str) -> Option<(u16, String)> {
    let mut book = book.lock().unwrap();
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    book.targets.push(format!("{method} {target}"));
    let json = |value: &dyn erased::Json| Some((200, value.json()));
    let refuse = |status, text: &str| Some((status, format!("{{\"error\":\"{text}\"}}")));
    if target == "/api/v1/login" {
        let login: Login = serde_json::from_str(body).unwrap();
        book.logins += 1;
        if login.password != book.password {
            return refuse(401, "no");
        }
        let token = format!("t{}", book.life);
        return json(&Session { token, user: login.user, role: Role::Operator, expires_ms: 0 });
    }
    if !head.to_lowercase().contains(&format!("authorization: bearer t{}\r\n", book.life)) {
        return refuse(401, "who are you");
    }
    if target == "/api/v1/password" {
        let change: PasswordChange = serde_json::from_str(body).unwrap();
        if change.old != book.password || change.new.len() < 8 {
            return refuse(400, "at least 8 characters");
        }
        (book.password, book.must_change) = (change.new, false);
        return Some((200, String::new()));
    }
    if book.must_change {
        return refuse(403, "change it first");
    }
    match target.split('?').next()? {
        "/api/v1/plant" => json(&plant()),
        "/api/v1/commands" => {
            book.commands.push(serde_json::from_str(body).unwrap());
            if std::mem::take(&mut book.hang_up) {
                return None;
            }
            let reply = CommandReply {
                accepted: true,
                message: "done".into(),
                tick: 2,
                time_ms: 2,
                unrecorded: book.disk_is_full,
            };
            if book.disk_is_full {
                let error = ErrorReply { error: reply.message.clone(), reply: Some(reply) };
                return Some((503, serde_json::to_string(&error).unwrap()));
            }
            json(&reply)
        }
        "/api/v1/history" => {
            json(&HistoryReply { point: "x".into(), unit: model::Unit::NONE, samples: vec![], gaps: vec![] })
        }
        "/api/v1/events" => json(&Vec::<EventRecord>::new()),
        _ => refuse(404, "nothing here"),
    }
}

/// Anything that serialises, behind one reference.
mod erased {
    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).unwrap()
        }
    }
}

async fn live(stream: TcpStream, book: Arc<Mutex<Book>>, mut cut: watch::Receiver<u32>) {
    cut.mark_unchanged();
    #[expect(clippy::result_large_err, reason = "the callback's type is not ours")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let wanted = format!("Bearer t{}", book.lock().unwrap().life);
        let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if given == Some(wanted.as_str()) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::UNAUTHORIZED;
        Err(refusal)
    };
    let accepted = tokio_tungstenite::accept_hdr_async(stream, check).await;
    let Ok(mut socket) = accepted else { return };
    let text = serde_json::to_string(&ServerMessage::Frame(frame())).unwrap();
    if socket.send(Message::text(text)).await.is_ok() {
        // Until somebody cuts the link.
        let _ = cut.changed().await;
    }
}

/// The next event that fits, within a bound that only a broken client meets.
async fn next<T>(events: &mut mpsc::Receiver<ApiEvent>, fits: impl Fn(&ApiEvent) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = events.recv().await.expect("the client is there");
            if let Some(found) = fits(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the event comes")
}

fn is_frame(event: &ApiEvent) -> Option<()> {
    let ApiEvent::Message(message) = event else { return None };
    matches!(**message, ServerMessage::Frame(_)).then_some(())
}

fn reply(event: &ApiEvent) -> Option<Result<CommandReply, String>> {
    let ApiEvent::Reply { result, .. } = event else { return None };
    Some(result.clone())
}

fn command(request: u64) -> Effect {
    let action = Action::Acknowledge { alarm: AlarmId(3) };
    Effect::Command { request, command: CommandRequest::new(action, "because") }
}

#[test]
fn addresses_are_completed_and_tls_is_refused_with_a_way_out() {
    assert_eq!(base_url("http://127.0.0.1:8600").unwrap().as_str(), "http://127.0.0.1:8600/api/v1");
    assert_eq!(base_url("localhost:8600").unwrap().as_str(), "http://localhost:8600/api/v1");
    assert!(matches!(base_url("ftp://x"), Err(HmiError::BadUrl(_))));
    assert!(matches!(base_url("http://"), Err(HmiError::BadUrl(_))));
    let error = base_url("https://plant.example").unwrap_err();
    assert!(error.to_string().contains("TLS proxy"), "{error}");
}

#[tokio::test]
async fn it_comes_back_by_itself_after_a_restart_of_the_controller() {
    let server = Server::start().await;
    let (_client, mut events) = server.client(Some("right"));
    next(&mut events, is_frame).await;
    server.restart();
    next(&mut events, |event| matches!(event, ApiEvent::Disconnected(_)).then_some(())).await;
    let session = |event: &ApiEvent| matches!(event, ApiEvent::Session(s) if s.token == "t1").then_some(());
    next(&mut events, session).await;
    next(&mut events, |event| matches!(event, ApiEvent::Plant(_)).then_some(())).await;
    next(&mut events, is_frame).await;
    assert_eq!(server.book(|book| book.logins), 2);
}

#[tokio::test]
async fn a_wrong_password_is_asked_for_again() {
    let server = Server::start().await;
    let (client, mut events) = server.client(Some("wrong"));
    next(&mut events, |event| matches!(event, ApiEvent::LoginRefused(_)).then_some(())).await;
    let login = Login { user: "jane".into(), password: "right".into() };
    assert!(client.carry_out(Effect::Login(login)).is_none());
    next(&mut events, is_frame).await;
    assert_eq!(server.book(|book| book.logins), 2, "and a wrong one is not tried again by itself");
}

#[tokio::test]
async fn a_command_whose_session_is_over_is_repeated_once_after_a_new_login() {
    let server = Server::start().await;
    let (client, mut events) = server.client(Some("right"));
    next(&mut events, is_frame).await;
    // The session ends while the live link stands.
    server.book(|book| book.life += 1);
    client.carry_out(command(7));
    assert!(next(&mut events, reply).await.unwrap().accepted);
    assert_eq!(server.book(|book| book.commands.len()), 1);
    assert_eq!(server.book(|book| book.commands[0].reason.clone()), "because");
}

#[tokio::test]
async fn an_unanswered_command_is_not_repeated_and_says_that_it_may_have_acted() {
    let server = Server::start().await;
    let (client, mut events) = server.client(Some("right"));
    next(&mut events, is_frame).await;
    server.book(|book| book.hang_up = true);
    client.carry_out(command(7));
    let trouble = next(&mut events, reply).await.unwrap_err();
    assert!(trouble.contains("it is not known whether the controller acted"), "{trouble}");
    assert_eq!(server.book(|book| book.commands.len()), 1);
}

#[tokio::test]
async fn a_command_that_acted_and_was_not_recorded_is_neither_refused_nor_unsent() {
    let server = Server::start().await;
    let (client, mut events) = server.client(Some("right"));
    next(&mut events, is_frame).await;
    server.book(|book| book.disk_is_full = true);
    client.carry_out(command(7));
    let told = next(&mut events, reply).await.unwrap();
    assert!(told.accepted && told.unrecorded, "{told:?}");
}

#[tokio::test]
async fn a_one_time_password_is_changed_on_the_way() {
    let server = Server::start().await;
    server.book(|book| book.must_change = true);
    let (client, mut events) = server.client(Some("right"));
    let asked = |event: &ApiEvent| match event {
        ApiEvent::PasswordChangeNeeded(reason) => Some(reason.clone()),
        _ => None,
    };
    assert_eq!(next(&mut events, asked).await, "change it first");
    let change = |new: &str| Effect::ChangePassword(PasswordChange { old: String::new(), new: new.into() });
    client.carry_out(change("short"));
    assert_eq!(next(&mut events, asked).await, "at least 8 characters");
    client.carry_out(change("long enough"));
    next(&mut events, is_frame).await;
}

#[tokio::test]
async fn questions_carry_their_names_and_errors_come_back_in_words() {
    let server = Server::start().await;
    let (client, mut events) = server.client(Some("right"));
    next(&mut events, is_frame).await;
    let point = "FIC-301.SP".to_owned();
    client.carry_out(Effect::History { request: 1, point, from_ms: 5, to_ms: 9, columns: 4 });
    let history = |event: &ApiEvent| match event {
        ApiEvent::History { request: 1, result } => Some(result.clone()),
        _ => None,
    };
    assert!(next(&mut events, history).await.is_ok());
    client.carry_out(Effect::Why { request: 2, name: "a b/c".into() });
    let why = |event: &ApiEvent| match event {
        ApiEvent::Why { request: 2, result } => Some(result.clone()),
        _ => None,
    };
    assert_eq!(next(&mut events, why).await.unwrap_err(), "nothing here");
    let targets = server.book(|book| book.targets.clone());
    assert!(
        targets.contains(&"GET /api/v1/history?point=FIC-301.SP&from=5&to=9&columns=4".to_owned()),
        "{targets:?}"
    );
    assert!(targets.contains(&"GET /api/v1/why/a%20b%2Fc".to_owned()), "{targets:?}");
}

#[tokio::test]
async fn without_a_controller_it_says_so_and_sends_nothing() {
    let server = Server::start().await;
    let mut options = Options::new("http://127.0.0.1:1".to_owned());
    (options.user, options.password) = (Some("jane".into()), Some("right".into()));
    let (sender, mut events) = mpsc::channel(64);
    let client = Client::start(&options, sender).unwrap();
    next(&mut events, |event| matches!(event, ApiEvent::Disconnected(_)).then_some(())).await;
    client.carry_out(command(1));
    assert!(next(&mut events, reply).await.unwrap_err().starts_with("not sent"));
    drop(server);
}
