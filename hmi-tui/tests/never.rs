//! What must never happen: a panic at any size, a command that nobody confirmed.

mod fixture;

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};
use fixture::Console;
use hmi_tui::{ApiEvent, Effect, Event};
use model::Action;
use model::wire::*;
use proptest::prelude::*;

/// Ways to every view.
const VIEWS: &[&str] = &[
    "1",
    "2",
    "2m",
    "2<Right>",
    "3",
    "3<Tab><Tab><Tab><Tab>",
    "4",
    "4nAT-351<Enter>nTIC-322.PV<Enter>nIT-301<Enter>nLT-311<Enter><Left>",
    "5",
    "5p",
    "6",
    "6nTT-311, FT-301 2h every 5m<Enter>",
    "7",
    "/TIC-322<Enter>",
    "/TIC-322<Enter>V83.5",
    "/TIC-322<Enter>g",
    "/TIC-322<Enter>M",
    "/FFC-301<Enter>",
    "/AT-351<Enter>",
    "/P-311<Enter>",
    "/IL-302<Enter>",
    "/IL-301<Enter>B30<Enter>because",
    "?",
    ":theme",
    "/",
    "/TIC-311<Enter>w",
];

#[test]
fn no_size_of_the_screen_makes_any_view_panic() {
    let start = Instant::now();
    let small: Vec<(u16, u16)> =
        (0..=24).flat_map(|width| (0..=8).map(move |height| (width, height))).collect();
    let large: Vec<(u16, u16)> = (25..=200)
        .step_by(17)
        .flat_map(|width| (1..=60).step_by(7).map(move |height| (width, height)))
        .collect();
    let edges =
        [(79, 24), (80, 23), (80, 24), (81, 25), (109, 30), (110, 30), (117, 40), (118, 40), (120, 40)];
    let mut drawn = 0;
    for keys in VIEWS {
        let mut console = Console::new(Role::Administrator);
        console.keys(keys);
        for (width, height) in small.iter().chain(&large).chain(&edges) {
            let text = console.text(*width, *height);
            assert_eq!(text.lines().count(), usize::from(*height));
            drawn += 1;
        }
    }
    println!("{drawn} screens in {:?}", start.elapsed());
}

#[test]
fn values_beyond_all_measure_do_not_upset_a_page() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, -0.0, 5e-324];
    for value in wild {
        let mut console = Console::new(Role::Engineer);
        let mut frame = fixture::frame(&console.view);
        frame.values.iter_mut().for_each(|known| known.1 = value);
        frame.system.scan_load_percent = value;
        frame.batches = frame.batches.map(|mut batches| {
            batches[0].parameters = vec![value; 3];
            batches[0].since_ms = i64::MIN / 4;
            batches
        });
        console.frame(frame);
        for keys in VIEWS {
            console.keys("<Esc><Esc><Esc>");
            console.keys(keys);
            console.screen();
            console.text(80, 24);
        }
    }
}

#[test]
fn a_frame_that_fits_no_plant_is_survived() {
    let mut console = Console::new(Role::Engineer);
    let mut frame = fixture::frame(&console.view);
    let beyond = 1_000_000;
    frame.values.push(PointValue(model::PointId(beyond), 1.0, model::Quality::Good));
    if let Some(alarms) = &mut frame.alarms {
        alarms[0].alarm = model::AlarmId(beyond);
        alarms[1].since_ms = i64::MAX;
    }
    if let Some(interlocks) = &mut frame.interlocks {
        interlocks[0].interlock = model::InterlockId(beyond);
        interlocks[1].first_out = Some(u16::MAX);
    }
    if let Some(batches) = &mut frame.batches {
        batches[0].recipe = model::RecipeId(beyond);
    }
    frame.time_ms = i64::MIN / 2;
    console.frame(frame);
    for keys in VIEWS {
        console.keys("<Esc><Esc><Esc>");
        console.keys(keys);
        console.screen();
    }
}

fn any_key() -> impl Strategy<Value = KeyCode> {
    let letters = prop::sample::select(
        "aabvseftghwimpnod1234567MVOSPRBNHUX0123456789.-+[]/:? IL-30TIC".chars().collect::<Vec<_>>(),
    );
    let others = prop::sample::select(vec![
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Tab,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
    ]);
    prop_oneof![3 => letters.prop_map(KeyCode::Char), 2 => others]
}

/// Words by which the line of a command is known.
const LINES: &[&str] = &[
    " SET  ",
    " MODE  ",
    " CONFIRM  ",
    " SHELVE  ",
    " UNSHELVE  ",
    " RESET TRIP  ",
    " BYPASS  ",
    " END BYPASS  ",
    " PREPARE  ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Acknowledging apart, a command leaves on Enter alone, and only from the line that shows it.
    #[test]
    fn nothing_is_sent_that_was_not_confirmed(keys in prop::collection::vec(any_key(), 0..60)) {
        let mut console = Console::new(Role::Administrator);
        for code in keys {
            console.now_ms += 100;
            console.frame(fixture::still_frame(i64::try_from(console.now_ms).unwrap()));
            let before = console.text(120, 40);
            let line = before.lines().nth(38).unwrap_or_default().to_owned();
            let known = console.sent.len();
            console.event(Event::Key(KeyEvent::from(code)));
            console.text(80, 24);
            for effect in &console.sent[known..] {
                let Effect::Command { command, .. } = effect else { continue };
                if matches!(command.action, Action::Acknowledge { .. }) {
                    continue;
                }
                prop_assert_eq!(code, KeyCode::Enter);
                prop_assert!(LINES.iter().any(|word| line.starts_with(word)), "{} sent from {}", format!("{:?}", command), line);
            }
            console.sent.retain(|effect| *effect != Effect::Quit);
            if let Some(Effect::Command { request, .. }) = console.sent.last() {
                let result = Err("no".to_owned());
                let request = *request;
                console.api(ApiEvent::Reply { request, result });
            }
        }
    }
}
