use std::time::Duration;

use api::{HistoryError, Limits};
use model::PointId;
use model::Quality;
use model::wire::{EventRecord, Frame, HistoryReply, PointValue, Role, Why};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::server::{PATIENCE, Server, refusal};

async fn document(server: &Server) -> Value {
    let response = server.client.get(server.url("/openapi.json")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

/// Path, method and whether the document asks for a session.
async fn documented(server: &Server) -> Vec<(String, Method, bool)> {
    let document = document(server).await;
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            routes.push((path.replace("{name}", "FIC-301"), method, operation.get("security").is_some()));
        }
    }
    routes
}

#[tokio::test]
async fn every_route_needs_a_token_but_these_four() {
    let server = Server::start().await;
    let mut open = Vec::new();
    let routes = documented(&server).await;
    assert_eq!(routes.len(), 18);
    for (path, method, secured) in routes {
        if !secured {
            open.push(path);
            continue;
        }
        let url = format!("http://{}{path}", server.address);
        for header in [None, Some("Bearer "), Some("Bearer 0123"), Some("Basic dXNlcjpwYXNz"), Some("\u{7f}")]
        {
            let mut request = server.client.request(method.clone(), &url);
            if let Some(header) = header {
                request = request.header("authorization", header.as_bytes());
            }
            let Ok(request) = request.build() else { continue };
            let response = server.client.execute(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {header:?}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            refusal(response).await;
        }
    }
    assert_eq!(open, ["/api/v1/health", "/api/v1/login", "/api/v1/openapi.json", "/health"]);
    assert!(server.script.executed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn every_documented_route_answers_and_its_other_methods_are_refused_in_words() {
    let server = Server::start().await;
    for (path, method, _) in documented(&server).await {
        let token = server.login(Role::Viewer).await;
        let url = format!("http://{}{path}", server.address);
        let request = |method| server.client.request(method, &url).bearer_auth(&token).send();
        let status = request(method.clone()).await.unwrap().status();
        assert_ne!(status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        let response = request(Method::DELETE).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(response.headers()["allow"].to_str().unwrap().contains(method.as_str()), "{path}");
        refusal(response).await;
    }
}

#[tokio::test]
async fn health_says_that_it_lives_and_nothing_about_the_plant() {
    let server = Server::start().await;
    for url in [server.url("/health"), format!("http://{}/health", server.address)] {
        let response = server.client.get(url).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.json::<Value>().await.unwrap(), json!({"ok": true, "version": "1.2.3"}));
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_understood_is_refused_in_words() {
    let server = Server::start().await;
    let token = server.login(Role::Operator).await;
    for path in ["/nothing", "/../etc/passwd", "/why/a/b", "/plant/"] {
        let response = server.get(&token, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        refusal(response).await;
    }
    let response = server.get(&token, "/live").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(refusal(response).await.contains("WebSocket"));
    for body in [
        "",
        "{",
        "[]",
        r#"{"action": {"do": "explode"}}"#,
        r#"{"action": {"do": "write", "point": 0, "value": 1e999}}"#,
        r#"{"action": {"do": "write", "point": 0, "value": null}}"#,
        r#"{"action": {"do": "write", "point": -1, "value": 1}}"#,
        "\u{0}",
    ] {
        let response = server.post(&token, "/commands").body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(refusal(response).await.contains("openapi.json"));
    }
    assert!(server.script.executed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_large_body_is_refused_whether_it_says_so_or_not() {
    let server = Server::start().await;
    let token = server.login(Role::Operator).await;
    let action = r#"{"action": {"do": "acknowledge", "alarm": 0}, "reason": ""#;
    let fits = format!("{action}{}\"}}", " ".repeat(500));
    let response = server.post(&token, "/commands").body(fits).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let response = server.post(&token, "/commands").body(vec![b' '; (64 << 10) + 1]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refusal(response).await.contains("65536"));

    // In chunks, without a length.
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Just beyond the limit, so that nothing is left unread when the server closes.
    for length in [0x8000, 0x7fff, 2] {
        let chunk = format!("{length:x}\r\n{}\r\n", " ".repeat(length));
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_that_dribbles_is_given_up() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with(limits, 6).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("did not arrive"), "{answer}");
}

#[tokio::test]
async fn history_is_asked_for_within_bounds_and_misspelt_names_are_understood() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    let get = |query: &str| server.get(&token, &format!("/history?{query}")).send();
    let reply: HistoryReply =
        get("point=tt-313&from=0&to=1000&columns=5000").await.unwrap().json().await.unwrap();
    assert_eq!(reply.point, "TT-313");
    assert_eq!(reply.samples[0].quality, Quality::BadOutOfRange, "an empty column reads as a bad one");
    let query = server.script.history_queries.lock().unwrap()[0].clone();
    assert_eq!(
        (query.point.as_str(), query.from_ms, query.to_ms, query.columns),
        ("TT-313", 0, 1000, Some(5000))
    );

    let response = get("point=TT313&from=0&to=1").await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(refusal(response).await, "there is no point TT313; did you mean TT-313?");
    let long = "x".repeat(4000);
    assert_eq!(get(&format!("point={long}&from=0&to=1")).await.unwrap().status(), StatusCode::NOT_FOUND);
    for bad in [
        "point=TT-311",
        "point=TT-311&from=0",
        "point=TT-311&from=x&to=1",
        "from=0&to=1",
        "point=TT-311&from=1&to=1",
        "point=TT-311&from=2&to=1",
        "point=TT-311&from=-1&to=1",
        "point=TT-311&from=0&to=9223372036854775807",
        "point=TT-311&from=0&to=99999999999999999999",
        "point=TT-311&from=0&to=1&columns=0",
        "point=TT-311&from=0&to=1&columns=5001",
        "point=TT-311&from=0&to=1&colums=5",
        "point=TT-311&from=2026-01-01&to=1",
    ] {
        let response = get(bad).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{bad}");
        refusal(response).await;
    }
    for (error, status) in [
        (HistoryError::NotRecorded, StatusCode::NOT_FOUND),
        (HistoryError::TooMany { max: 5 }, StatusCode::UNPROCESSABLE_ENTITY),
        (HistoryError::Failed("disk".into()), StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        *server.script.history_error.lock().unwrap() = Some(error);
        let response = get("point=TT-311&from=0&to=1").await.unwrap();
        assert_eq!(response.status(), status);
        refusal(response).await;
    }
}

#[tokio::test]
async fn events_are_asked_for_within_bounds() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    let get = |query: &str| server.get(&token, &format!("/events{query}")).send();
    let records: Vec<EventRecord> = get("?from=5&to=9&tag=TT-311&max=2").await.unwrap().json().await.unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(get("").await.unwrap().status(), StatusCode::OK);
    let queries = server.script.event_queries.lock().unwrap().clone();
    assert_eq!((queries[0].from_ms, queries[0].to_ms, queries[0].max), (5, 9, 2));
    assert_eq!(queries[0].tag.as_deref(), Some("TT-311"));
    assert_eq!((queries[1].from_ms, queries[1].to_ms, queries[1].max), (0, i64::MAX, 200));
    for bad in
        ["?max=0", "?max=5001", "?from=2&to=1", "?since=1", "?from=", &format!("?tag={}", "x".repeat(65))]
    {
        let response = get(bad).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{bad}");
        refusal(response).await;
    }
}

#[tokio::test]
async fn why_is_answered_for_everything_that_has_a_name() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    for (asked, told) in
        [("FIC-301", "FIC-301"), ("il-301", "IL-301"), ("cr-401.cool", "CR-401.COOL"), ("tt-311", "TT-311")]
    {
        let response = server.get(&token, &format!("/why/{asked}")).send().await.unwrap();
        assert_eq!(response.json::<Why>().await.unwrap().title, told);
    }
    let response = server.get(&token, "/why/FIC301").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(refusal(response).await.contains("did you mean FIC-301?"));
    for odd in ["%00", "%ff", "%0a%0d", "TT-31"] {
        let response = server.get(&token, &format!("/why/{odd}")).send().await.unwrap();
        assert!(response.status().is_client_error(), "{odd}");
        assert!(!refusal(response).await.contains('\n'), "{odd}");
    }
}

#[tokio::test]
async fn the_snapshot_is_whole_and_readable_also_with_a_value_that_is_no_number() {
    let server = Server::start().await;
    let token = server.login(Role::Viewer).await;
    server.script.publish(|frame| {
        frame.values[0].1 = f64::NAN;
        frame.full = false;
    });
    let frame: Frame = server.get(&token, "/snapshot").send().await.unwrap().json().await.unwrap();
    assert!(frame.full);
    assert_eq!(frame.values[0], PointValue(PointId(0), 0.0, Quality::BadOutOfRange));
    assert_eq!(frame.values[5], PointValue(PointId(5), 5.0, Quality::Good));
    assert_eq!(frame.system.sessions, 1);
    assert_eq!(server.get(&token, "/alarms").send().await.unwrap().text().await.unwrap(), "[]");
}
