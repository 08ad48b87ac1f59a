use std::sync::atomic::Ordering;
use std::time::Duration;

use api::{AuditKind, Limits};
use model::wire::{CommandReply, CommandRequest, PlantChange, Role, TimeOrder, TimeRequest};
use model::{Action, AlarmId, BlockId, InterlockId, Mode, PhaseId, PointId, ProcOrder, RecipeId};
use reqwest::StatusCode;
use tokio::io::AsyncWriteExt as _;

use crate::server::{Server, connect_from, is_healthy, refusal, until};

/// Every action, with the least role; the plant's points and interlocks carry their role's number.
fn table() -> Vec<(Action, Option<Role>)> {
    let (recipe, phase) = (RecipeId(0), PhaseId(0));
    let order = ProcOrder::Abort;
    let mut table = vec![
        (Action::Mode { block: BlockId(0), mode: Mode::Auto }, Some(Role::Operator)),
        (Action::Acknowledge { alarm: AlarmId(0) }, Some(Role::Operator)),
        (Action::Shelve { alarm: AlarmId(0), for_ms: 1 }, Some(Role::Supervisor)),
        (Action::Shelve { alarm: AlarmId(0), for_ms: 0 }, Some(Role::Operator)),
        (Action::Shelve { alarm: AlarmId(1), for_ms: 1 }, Some(Role::Operator)),
        (Action::ResetInterlock { interlock: InterlockId(5) }, Some(Role::Operator)),
        (Action::Prepare { recipe, batch: 1 }, Some(Role::Operator)),
        (Action::Parameter { recipe, parameter: 0, value: 0.5 }, Some(Role::Operator)),
        (Action::Batch { recipe, order }, Some(Role::Operator)),
        (Action::Phase { phase, order }, Some(Role::Operator)),
        (Action::Write { point: PointId(5), value: 1.0 }, None),
        (Action::Bypass { interlock: InterlockId(5), for_ms: 1 }, None),
    ];
    for (id, role) in (0..).zip(Role::ALL) {
        let least = Some(role.max(Role::Operator));
        table.push((Action::Write { point: PointId(id), value: 1.0 }, least));
        table.push((Action::Bypass { interlock: InterlockId(id), for_ms: 1 }, least));
    }
    table
}

#[tokio::test]
async fn every_action_reaches_the_plant_for_the_roles_that_may_and_the_audit_log_for_the_others() {
    let server = Server::start().await;
    let mut refused = 0;
    for role in Role::ALL {
        let token = server.login(role).await;
        for (action, least) in table() {
            let request = CommandRequest::new(action, "because");
            let executed = server.script.executed.lock().unwrap().len();
            let response = server.post(&token, "/commands").json(&request).send().await.unwrap();
            if least.is_some_and(|least| role >= least) {
                assert_eq!(response.status(), StatusCode::OK, "{role:?} {action:?}");
                assert!(response.json::<CommandReply>().await.unwrap().accepted);
                let (who, carried) = server.script.executed.lock().unwrap().last().cloned().unwrap();
                let request = CommandRequest { plant: server.script.plant.hash.clone(), ..request };
                assert_eq!((who.user.as_str(), who.role, carried), (role.word(), role, request));
                assert!(who.address.is_loopback());
            } else {
                assert_eq!(response.status(), StatusCode::FORBIDDEN, "{role:?} {action:?}");
                refusal(response).await;
                refused += 1;
                let record = server.script.audited.lock().unwrap().last().cloned().unwrap();
                assert_eq!((record.kind, record.user.as_str()), (AuditKind::CommandRefused, role.word()));
                assert_eq!((record.role, record.reason.as_str()), (Some(role), "because"));
                assert_eq!(server.script.executed.lock().unwrap().len(), executed);
            }
        }
    }
    let kinds = server.audited();
    assert_eq!(kinds.iter().filter(|(kind, _)| *kind == AuditKind::CommandRefused).count(), refused);
}

#[tokio::test]
async fn unknown_ids_and_missing_reasons_are_refused_and_kept() {
    let server = Server::start().await;
    let token = server.login(Role::Administrator).await;
    for (action, status) in [
        (Action::Write { point: PointId(6), value: 1.0 }, StatusCode::NOT_FOUND),
        (Action::Phase { phase: PhaseId(1), order: ProcOrder::Start }, StatusCode::NOT_FOUND),
        (Action::Bypass { interlock: InterlockId(0), for_ms: 1 }, StatusCode::BAD_REQUEST),
        (Action::Batch { recipe: RecipeId(0), order: ProcOrder::Abort }, StatusCode::BAD_REQUEST),
    ] {
        let request = CommandRequest::new(action, "");
        let response = server.post(&token, "/commands").json(&request).send().await.unwrap();
        assert_eq!(response.status(), status, "{action:?}");
        let text = refusal(response).await;
        assert!(server.script.audited.lock().unwrap().last().unwrap().text.ends_with(&text));
    }
    assert!(server.script.executed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_command_that_has_begun_ends_although_its_client_hangs_up() {
    let server = Server::with(Limits { connections_per_address: 1, ..Limits::default() }, 6).await;
    let token = server.login(Role::Operator).await;
    let free = server.script.done.forget_permits(usize::MAX);
    let body = r#"{"action": {"do": "acknowledge", "alarm": 0}}"#;
    let head = format!(
        "POST /api/v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let console = "127.0.0.3";
    let mut stream = connect_from(console, server.address).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let begun = async || server.script.waiting.load(Ordering::SeqCst) == 1;
    until("the command reaches the backend", begun).await;
    assert!(!is_healthy(console, server.address).await, "its only place is taken");
    drop(stream);
    until("the server has let the connection go", async || is_healthy(console, server.address).await).await;
    assert!(server.script.executed.lock().unwrap().is_empty());
    server.script.done.add_permits(free);
    until("the command is carried out", async || server.script.executed.lock().unwrap().len() == 1).await;
}

#[tokio::test]
async fn a_controller_that_does_not_answer_or_fails_is_told_as_what_it_is() {
    let limits = Limits { answer_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let token = server.login(Role::Operator).await;
    let send =
        || server.post(&token, "/commands").body(r#"{"action": {"do": "acknowledge", "alarm": 0}}"#).send();
    let free = server.script.done.forget_permits(usize::MAX);
    let response = send().await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(refusal(response).await.contains("may still be carried out"));
    server.script.done.add_permits(free);
    server.script.panics.store(true, Ordering::SeqCst);
    let response = send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(refusal(response).await.contains("look at the value"));
    assert_eq!(server.status(&token, "/plant").await, StatusCode::OK);
}

#[tokio::test]
async fn a_command_that_acted_and_that_no_journal_keeps_is_a_503_with_its_reply_and_nothing_to_try_again() {
    let server = Server::with(Limits::default(), 6).await;
    let token = server.login(Role::Operator).await;
    server.script.disk_is_full.store(true, Ordering::SeqCst);
    let send =
        || server.post(&token, "/commands").body(r#"{"action": {"do": "acknowledge", "alarm": 0}}"#).send();
    let response = send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().get("retry-after").is_none(), "a second try would do it twice");
    let error: model::wire::ErrorReply = response.json().await.unwrap();
    let reply = error.reply.unwrap();
    assert!(reply.accepted && reply.unrecorded);
    assert_eq!((error.error, reply.tick), (reply.message, 7));
}

#[tokio::test]
async fn commands_at_once_are_bounded() {
    let limits = Limits { connections_per_address: 200, ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let token = server.login(Role::Operator).await;
    let free = server.script.done.forget_permits(usize::MAX);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let body = r#"{"action": {"do": "acknowledge", "alarm": 0}}"#;
        let request = server.post(&token, "/commands").body(body);
        tasks.spawn(async move { request.send().await.unwrap().status() });
    }
    until("all have begun", async || server.script.waiting.load(Ordering::SeqCst) == 64).await;
    let body = r#"{"action": {"do": "acknowledge", "alarm": 0}}"#;
    let response = server.post(&token, "/commands").body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refusal(response).await.contains("nothing was done"));
    server.script.done.add_permits(free);
    assert!(tasks.join_all().await.into_iter().all(|status| status == StatusCode::OK));
}

#[tokio::test]
async fn a_program_gone_wild_does_not_fill_the_audit_log() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    let send =
        || server.post(&token, "/commands").body(r#"{"action": {"do": "acknowledge", "alarm": 0}}"#).send();
    for _ in 0..2 {
        for _ in 0..60 {
            assert_eq!(send().await.unwrap().status(), StatusCode::FORBIDDEN);
        }
        for _ in 0..10 {
            assert_eq!(send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
        }
        server.advance(Duration::from_secs(60));
    }
    let records = server.script.audited.lock().unwrap();
    assert_eq!(records.len(), 1 + 2 * 60);
    assert!(records[60].text.contains("not kept within this minute"), "{}", records[60].text);
}

fn plant_change() -> PlantChange {
    let (from, to) = ("old".into(), "new".into());
    PlantChange { files: None, from, to, force: false, reason: "because".into() }
}

#[tokio::test]
async fn another_plant_is_for_engineers_and_every_other_try_is_kept() {
    let server = Server::start().await;
    for role in Role::ALL {
        let token = server.login(role).await;
        let may = role >= Role::Engineer;
        for (path, allowed) in [("/plan", StatusCode::UNPROCESSABLE_ENTITY), ("/apply", StatusCode::OK)] {
            let before = server.script.changes.lock().unwrap().len();
            let response = server.post(&token, path).json(&plant_change()).send().await.unwrap();
            assert_eq!(
                response.status(),
                if may { allowed } else { StatusCode::FORBIDDEN },
                "{role:?} {path}"
            );
            assert_eq!(server.script.changes.lock().unwrap().len(), before + usize::from(may));
            if !may {
                let record = server.script.audited.lock().unwrap().last().cloned().unwrap();
                assert_eq!((record.kind, record.user.as_str()), (AuditKind::CommandRefused, role.word()));
            }
        }
    }
    let token = server.login(Role::Engineer).await;
    let blind = PlantChange { to: String::new(), ..plant_change() };
    let response = server.post(&token, "/apply").json(&blind).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "nobody applies what was not planned");
    for files in [Some(Vec::new()), None] {
        let silent = PlantChange { files, reason: " ".to_owned(), ..plant_change() };
        let response = server.post(&token, "/apply").json(&silent).send().await.unwrap();
        assert_eq!(
            response.status(),
            StatusCode::BAD_REQUEST,
            "neither applying nor going back is without a reason"
        );
    }
}

#[tokio::test]
async fn the_time_of_the_simulated_plant_is_for_engineers_and_every_other_try_is_kept() {
    let server = Server::start().await;
    for role in Role::ALL {
        let token = server.login(role).await;
        let request = TimeRequest { order: TimeOrder::Step { seconds: 30.0 }, reason: "lesson 3".into() };
        let response = server.post(&token, "/simulator/time").json(&request).send().await.unwrap();
        if role >= Role::Engineer {
            assert_eq!(response.status(), StatusCode::OK, "{role:?}");
            let (who, moved) = server.script.moved.lock().unwrap().last().cloned().unwrap();
            assert_eq!((who.user.as_str(), moved), (role.word(), request));
        } else {
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{role:?}");
            let status = server.get(&token, "/simulator").send().await.unwrap().status();
            assert_eq!(status, StatusCode::FORBIDDEN, "its faults are a trainee's to find");
            let record = server.script.audited.lock().unwrap().last().cloned().unwrap();
            assert_eq!((record.kind, record.user.as_str()), (AuditKind::CommandRefused, role.word()));
        }
    }
    let token = server.login(Role::Engineer).await;
    let moved = server.script.moved.lock().unwrap().len();
    for body in [
        r#"{"order":{"do":"jump"}}"#,
        r#"{"order":{"do":"step"}}"#,
        r#"{"order":{"do":"pause"},"reason":"a\nb"}"#,
    ] {
        let request = server.post(&token, "/simulator/time").header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(server.script.moved.lock().unwrap().len(), moved);
}

#[tokio::test]
async fn ids_of_another_plant_than_that_in_force_do_nothing() {
    let server = Server::start().await;
    let token = server.login(Role::Operator).await;
    let action = Action::Acknowledge { alarm: AlarmId(0) };
    let send = |plant: &str| {
        let request = CommandRequest { plant: plant.into(), ..CommandRequest::new(action, "") };
        server.post(&token, "/commands").json(&request).send()
    };
    let first = server.script.plant.hash.clone();
    assert_eq!(send("").await.unwrap().status(), StatusCode::OK);
    assert_eq!(send(&first).await.unwrap().status(), StatusCode::OK);
    assert_eq!(send("another").await.unwrap().status(), StatusCode::CONFLICT);
    server.script.change(6, "0ther");
    assert_eq!(send(&first).await.unwrap().status(), StatusCode::CONFLICT);
    assert_eq!(send("").await.unwrap().status(), StatusCode::CONFLICT, "nobody knows what it means");
    assert_eq!(send("0ther").await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.script.executed.lock().unwrap().len(), 3);
}
