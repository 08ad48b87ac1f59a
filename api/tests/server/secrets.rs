//! What is written down somewhere must not contain what only its owner may know.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock};

use model::wire::{PasswordChange, Role, Session};
use reqwest::StatusCode;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::server::Server;

/// Keeps every event and span of every test in this process as text.
struct Everything(&'static Mutex<String>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Text(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Text(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Text(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn log() -> &'static Mutex<String> {
    static LOG: OnceLock<&'static Mutex<String>> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Box::leak(Box::default());
        tracing::subscriber::set_global_default(Everything(log)).unwrap();
        log
    })
}

#[tokio::test]
async fn no_password_and_no_token_stands_in_log_audit_file_or_debug_text() {
    let log = log();
    let server = Server::start().await;
    let one_time = server.users.first_administrator().unwrap().unwrap();
    let wrong = "wrong-but-nearly-right";
    let chosen = "four secret words here";
    assert_eq!(server.try_login("admin", wrong).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(server.try_login(chosen, wrong).await.status(), StatusCode::UNAUTHORIZED);
    let session: Session = server.try_login("admin", &one_time).await.json().await.unwrap();
    let change = PasswordChange { old: one_time.clone(), new: chosen.into() };
    let response = server.post(&session.token, "/password").json(&change).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let broken = format!(r#"{{"user": "admin", "password": "{chosen}", "#);
    let response = server.client.post(server.url("/login")).body(broken).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let viewer = server.login(Role::Viewer).await;
    let refused = server.post(&viewer, "/commands").body(r#"{"action": {"do": "acknowledge", "alarm": 0}}"#);
    assert_eq!(refused.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    server.post(&session.token, "/logout").send().await.unwrap();

    let secrets = [one_time.as_str(), wrong, chosen, &session.token, &viewer, &server.password(Role::Viewer)];
    let places = [
        ("log", log.lock().unwrap().clone()),
        ("audit", format!("{:?}", server.script.audited.lock().unwrap())),
        ("file", std::fs::read_to_string(server.folder.path().join("users")).unwrap()),
        ("debug", format!("{:?} {session:?} {change:?} {:?}", server.users, api::Options::default())),
    ];
    assert!(places[0].1.contains("login refused: wrong password"), "the log is captured: {}", places[0].1);
    for (place, text) in &places {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} stands in the {place}");
        }
        assert!(!text.contains("$argon2id") || *place == "file", "a hash stands in the {place}");
    }
}
