//! The picture in the README is the HMI's own rendering of the shipped plant after ten minutes.
//!
//! `CATHOLYTE_UPDATE_SCREEN=1 cargo test --test screen` draws it anew.

#[path = "common/lockstep.rs"]
#[allow(dead_code)]
mod lockstep;

use std::path::Path;

use control::StateView;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hmi_tui::{ApiEvent, Event, Settings, State, Zone, render_to_svg, render_to_text, update};
use lockstep::{Lockstep, refinery};
use model::PointId;
use model::wire::{Frame, PointValue, Role, ServerMessage, Session, SystemStatus};
use sim_plant::Initial;

/// 2026-11-23 14:00:00 UTC: the clock of the picture.
const START_MS: i64 = 1_795_442_400_000;
const PICTURE: &str = "docs/screen.svg";

fn frame(plant: &Lockstep, view: &StateView) -> Frame {
    let text = plant.engine.plant();
    let time = |tick: u64| START_MS + tick as i64 * i64::from(text.period_ms);
    let values = view.values.iter().zip(&view.qualities).enumerate();
    Frame {
        tick: view.tick,
        time_ms: time(view.tick),
        full: true,
        values: values
            .map(|(index, (value, quality))| PointValue(PointId(index as u32), *value, *quality))
            .collect(),
        alarms: Some(control::alarm_status(text, view, &time, &|_| "operator".to_owned())),
        interlocks: Some(control::interlock_status(text, view, &time, &|_| "operator".to_owned())),
        batches: Some(control::batch_status(text, view, &time)),
        forced: Some(control::force_status(text, view, &time, &|_| "operator".to_owned())),
        out_of_service: Some(control::service_status(text, view, &time, &|_| "operator".to_owned())),
        limited: Some(control::limit_status(text, view)),
        system: SystemStatus { links_up: 2, links: 2, scan_load_percent: 1.0, ..SystemStatus::default() },
    }
}

#[test]
fn the_picture_in_the_readme_is_what_the_hmi_draws() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    let view = control::plant_view(plant.engine.plant());
    let mut state = State::new(Settings { zone: Zone::Utc, ..Settings::default() }, false);
    let session = Session {
        token: String::new(),
        user: "operator".into(),
        role: Role::Operator,
        expires_ms: START_MS + 8 * 3_600_000,
    };
    update(&mut state, 0, Event::Resize(120, 40));
    update(&mut state, 0, Event::Api(ApiEvent::Session(session)));
    update(&mut state, 0, Event::Api(ApiEvent::Plant(Box::new(view))));
    let mut published = StateView::new(plant.engine.plant());
    let mut now = 0;
    for _ in 0..120 {
        plant.run(5.0);
        plant.engine.publish(&mut published);
        let frame = frame(&plant, &published);
        now = u64::try_from(frame.time_ms - START_MS).unwrap();
        update(&mut state, now, Event::Api(ApiEvent::Message(Box::new(ServerMessage::Frame(frame)))));
    }
    update(&mut state, now, Event::Key(KeyEvent::new(KeyCode::Char('2'), KeyModifiers::NONE)));
    // The unit displays stand in order of area; that of the cells is some way down the row.
    let displays = control::plant_view(plant.engine.plant()).displays.len();
    for _ in 0..displays {
        if render_to_text(&state, 120, 40).contains("CELL VOLTS") {
            break;
        }
        update(&mut state, now, Event::Key(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE)));
    }
    let text = render_to_text(&state, 120, 40);
    assert!(text.contains("CELL VOLTS") && text.contains("IC-301"), "{text}");
    let drawn = render_to_svg(&mut state, 120, 40);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE);
    if std::env::var_os("CATHOLYTE_UPDATE_SCREEN").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "{PICTURE} is stale: CATHOLYTE_UPDATE_SCREEN=1 cargo test --test screen\n{text}");
}
