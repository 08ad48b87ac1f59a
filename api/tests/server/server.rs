//! A server on a free port of this machine, and the ways to talk to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{AuditKind, Clock, Limits, Options, ServeError, Users};
use model::wire::{API, ErrorReply, Login, Role, Session};
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::script::Script;

/// Nothing that a test waits for takes so long, unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) script: Arc<Script>,
    pub(crate) users: Arc<Users>,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: tempfile::TempDir,
    now_ms: Arc<AtomicI64>,
    passwords: Mutex<Vec<(Role, String)>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default(), 6).await
    }

    pub(crate) async fn with(limits: Limits, points: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = Arc::new(Users::open(&folder.path().join("users")).unwrap());
        let script = Arc::new(Script::new(points));
        let now_ms = Arc::new(AtomicI64::new(1_000_000));
        let time = Arc::clone(&now_ms);
        let clock = Clock::from_fn(move || time.load(Ordering::SeqCst));
        let options = Options { version: "1.2.3".into(), clock, limits, ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (backend, known) = (Arc::clone(&script), Arc::clone(&users));
        let task = tokio::spawn(async move {
            api::serve(listener, backend, known, options, async { drop(stopped.await) }).await
        });
        Self {
            address,
            script,
            users,
            // A connection for each request: none is closed by the server just as it is used again.
            client: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            folder,
            now_ms,
            passwords: Mutex::default(),
            stop: Some(stop),
            task,
        }
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.now_ms.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }

    /// The password of a user who has the role for a name.
    pub(crate) fn password(&self, role: Role) -> String {
        let mut passwords = self.passwords.lock().unwrap();
        if let Some((_, password)) = passwords.iter().find(|(known, _)| *known == role) {
            return password.clone();
        }
        let password = self.users.add_with_random_password(role.word(), role).unwrap();
        passwords.push((role, password.clone()));
        password
    }

    pub(crate) async fn try_login(&self, user: &str, password: &str) -> Response {
        let login = Login { user: user.into(), password: password.into() };
        self.client.post(self.url("/login")).json(&login).send().await.unwrap()
    }

    pub(crate) async fn login(&self, role: Role) -> String {
        let password = self.password(role);
        let response = self.try_login(role.word(), &password).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json::<Session>().await.unwrap().token
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{API}{path}", self.address)
    }

    pub(crate) fn get(&self, token: &str, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(token)
    }

    pub(crate) fn post(&self, token: &str, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(token)
    }

    pub(crate) async fn status(&self, token: &str, path: &str) -> StatusCode {
        self.get(token, path).send().await.unwrap().status()
    }

    pub(crate) fn audited(&self) -> Vec<(AuditKind, String)> {
        let audited = self.script.audited.lock().unwrap();
        audited.iter().map(|record| (record.kind, record.user.clone())).collect()
    }

    pub(crate) async fn stop(mut self) -> Result<(), ServeError> {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap()
    }
}

/// The sentence of a refusal; every refusal has one.
pub(crate) async fn refusal(response: Response) -> String {
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    let reply: ErrorReply =
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{status} without ErrorReply: {error}"));
    assert!(reply.error.len() > 10, "{}", reply.error);
    reply.error
}

/// Waits for a condition, within bounds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "never happened: {what}");
}

/// From another address of this machine: all of 127.0.0.0/8 is this machine.
pub(crate) async fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    // Small, so that a client that does not read is soon full.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(to).await.unwrap()
}

/// Asks on a connection of its own, which the server may have no place for.
pub(crate) async fn is_healthy(from: &str, server: SocketAddr) -> bool {
    let mut stream = connect_from(from, server).await;
    // A server without a place hangs up before it has read.
    let _ = stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("an answer or an end").is_ok() && answer.contains("200 OK")
}
