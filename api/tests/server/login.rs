use std::time::Duration;

use api::{AuditKind, Limits};
use model::wire::{PasswordChange, PlantView, Role, Session};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use crate::server::{Server, refusal};

#[tokio::test]
async fn the_right_password_opens_a_session_and_logout_ends_it() {
    let server = Server::start().await;
    let password = server.password(Role::Operator);
    let response = server.try_login("operator", &password).await;
    assert_eq!(response.status(), StatusCode::OK);
    let session: Session = response.json().await.unwrap();
    assert_eq!((session.user.as_str(), session.role), ("operator", Role::Operator));
    assert_eq!(session.expires_ms, 1_000_000 + 12 * 3_600_000);
    let plant: PlantView = server.get(&session.token, "/plant").send().await.unwrap().json().await.unwrap();
    assert_eq!(plant, *server.script.plant);

    let response = server.post(&session.token, "/logout").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let response = server.get(&session.token, "/plant").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(refusal(response).await.contains("log in again"));
    let operator = "operator".to_owned();
    assert_eq!(server.audited(), [(AuditKind::Login, operator.clone()), (AuditKind::Logout, operator)]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let server = Server::start().await;
    server.password(Role::Operator);
    let mut answers = Vec::new();
    for user in ["operator", "nobody", "", "my secret typed into the wrong field"] {
        let response = server.try_login(user, "wrong password").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        answers.push(refusal(response).await);
    }
    answers.dedup();
    assert_eq!(answers, ["user or password is wrong"]);
    // The audit log tells them apart, and does not keep names that belong to nobody.
    let records = server.script.audited.lock().unwrap();
    assert_eq!((records[0].user.as_str(), records[0].text.as_str()), ("operator", "wrong password"));
    for record in &records[1..] {
        assert_eq!((record.user.as_str(), record.text.as_str(), record.role), ("", "unknown user", None));
    }
}

#[tokio::test]
async fn guessing_is_slowed_and_the_right_password_works_after_the_wait() {
    let server = Server::start().await;
    let password = server.password(Role::Operator);
    for _ in 0..5 {
        assert_eq!(server.try_login("operator", "wrong").await.status(), StatusCode::UNAUTHORIZED);
    }
    let response = server.try_login("operator", &password).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[RETRY_AFTER], "1");
    let text = refusal(response).await;
    assert_eq!(text, "too many failed logins from 127.0.0.1; wait 1 s, then try again");
    server.advance(Duration::from_secs(1));
    assert_eq!(server.try_login("operator", &password).await.status(), StatusCode::OK);
    assert!(server.script.audited.lock().unwrap()[5].text.contains("1 attempts before it were turned away"));
}

#[tokio::test]
async fn many_guesses_at_once_gain_nothing_over_one_after_another() {
    let server = Server::start().await;
    server.password(Role::Operator);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let login = model::wire::Login { user: "operator".into(), password: format!("guess {number}") };
        let request = server.client.post(server.url("/login")).json(&login);
        tasks.spawn(async move { request.send().await.unwrap().status() });
    }
    let answers = tasks.join_all().await;
    let heard = answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    let turned_away = answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!((heard, turned_away), (5, 35));
}

#[tokio::test]
async fn sessions_end_when_idle_and_at_the_end_of_the_shift() {
    let server = Server::start().await;
    let idle = server.login(Role::Viewer).await;
    let used = server.login(Role::Viewer).await;
    for _ in 0..2 {
        server.advance(Duration::from_secs(29 * 60));
        assert_eq!(server.status(&used, "/plant").await, StatusCode::OK);
    }
    assert_eq!(server.status(&idle, "/plant").await, StatusCode::UNAUTHORIZED);
    for _ in 0..22 {
        server.advance(Duration::from_secs(29 * 60));
        assert_eq!(server.status(&used, "/plant").await, StatusCode::OK);
    }
    server.advance(Duration::from_secs(29 * 60));
    assert_eq!(server.status(&used, "/plant").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_one_time_password_opens_nothing_but_its_own_change() {
    let server = Server::start().await;
    let one_time = server.users.first_administrator().unwrap().unwrap();
    let session: Session = server.try_login("admin", &one_time).await.json().await.unwrap();
    let other: Session = server.try_login("admin", &one_time).await.json().await.unwrap();
    let response = server.get(&session.token, "/plant").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(refusal(response).await.contains("POST /api/v1/password"));

    let change = |old: &str, new: &str| {
        let change = PasswordChange { old: old.into(), new: new.into() };
        server.post(&session.token, "/password").json(&change)
    };
    for (old, new, status) in [
        ("wrong old password", "four plain words here", StatusCode::FORBIDDEN),
        (one_time.as_str(), "short", StatusCode::BAD_REQUEST),
        (one_time.as_str(), one_time.as_str(), StatusCode::BAD_REQUEST),
    ] {
        let response = change(old, new).send().await.unwrap();
        assert_eq!(response.status(), status);
        refusal(response).await;
    }
    let response = change(&one_time, "four plain words here").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(server.status(&session.token, "/plant").await, StatusCode::OK);
    assert_eq!(server.status(&other.token, "/plant").await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.try_login("admin", &one_time).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(server.try_login("admin", "four plain words here").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_the_command_line_changes_holds_for_open_sessions() {
    let server = Server::start().await;
    let token = server.login(Role::Operator).await;
    let acknowledge =
        || server.post(&token, "/commands").body(r#"{"action": {"do": "acknowledge", "alarm": 0}}"#).send();
    assert_eq!(acknowledge().await.unwrap().status(), StatusCode::OK);
    server.users.set_role("operator", Role::Viewer).unwrap();
    assert_eq!(acknowledge().await.unwrap().status(), StatusCode::FORBIDDEN);
    server.users.set_password("operator", "four plain words here").unwrap();
    assert_eq!(acknowledge().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let viewer = server.login(Role::Viewer).await;
    server.users.remove("viewer").unwrap();
    assert_eq!(server.status(&viewer, "/plant").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sessions_are_bounded_and_the_refusal_says_so() {
    let server = Server::with(Limits { sessions: 2, sessions_per_user: 1, ..Limits::default() }, 6).await;
    let first = server.login(Role::Viewer).await;
    let second = server.login(Role::Viewer).await;
    assert_eq!(server.status(&first, "/plant").await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.status(&second, "/plant").await, StatusCode::OK);
    server.login(Role::Operator).await;
    let password = server.password(Role::Engineer);
    let response = server.try_login("engineer", &password).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refusal(response).await.contains("all 2 sessions are taken"));
}
