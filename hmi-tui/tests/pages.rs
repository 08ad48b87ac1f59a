//! Every page as an operator sees it, at the two sizes that the guide names.

mod fixture;

use fixture::Console;
use model::wire::{LinkTrouble, Role};

fn shown(name: &str, keys: &str) {
    let mut console = Console::new(Role::Engineer);
    console.now_ms = 1_000;
    console.frame(fixture::still_frame(1_000));
    console.keys(keys);
    for (width, height) in [(120, 40), (80, 24)] {
        console.size(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.text(width, height));
    }
}

#[test]
fn overview() {
    shown("overview", "");
}

#[test]
fn unit() {
    shown("unit", "2");
}

#[test]
fn unit_with_its_mimic_on_a_small_screen() {
    shown("unit_mimic", "2m");
}

#[test]
fn alarms() {
    shown("alarms", "3");
}

#[test]
fn alarm_journal() {
    shown("alarm_journal", "3<Tab><Tab><Tab><Tab><Down>");
}

#[test]
fn trends() {
    shown(
        "trends",
        "4nAT-351<Enter>nTIC-322.PV<Enter>nIT-301<Enter>nLT-311<Enter><Tab><Left><Left><Left><Left>",
    );
}

#[test]
fn batch() {
    shown("batch", "5");
}

#[test]
fn history() {
    shown("history", "6nTT-311, FT-301 2h every 5m<Enter>");
}

#[test]
fn history_of_one_tag() {
    shown("history_one", "6nTT-311 1h every 1m<Enter><Tab>k");
}

#[test]
fn system() {
    shown("system", "7");
}

#[test]
fn what_is_forced_stands_on_the_system_page_in_the_header_and_on_the_faceplate() {
    for (name, keys) in [("forced", "7"), ("forced_point", "/TT-311<Enter>")] {
        let mut console = Console::new(Role::Engineer);
        console.now_ms = 1_000;
        console.frame(fixture::forced_frame(1_000));
        console.keys(keys);
        for (width, height) in [(120, 40), (80, 24)] {
            console.size(width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.text(width, height));
        }
    }
}

#[test]
fn what_is_bypassed_stands_on_the_system_page_and_in_the_header() {
    let mut console = Console::new(Role::Engineer);
    console.now_ms = 1_000;
    console.frame(fixture::bypassed_frame(1_000));
    console.keys("7");
    for (width, height) in [(120, 40), (80, 24)] {
        console.size(width, height);
        insta::assert_snapshot!(format!("bypassed_{width}x{height}"), console.text(width, height));
    }
}

#[test]
fn what_is_out_of_service_stands_on_the_system_page_in_the_header_and_on_its_faceplate() {
    let mut console = Console::new(Role::Supervisor);
    console.now_ms = 1_000;
    let frame = fixture::out_of_service_frame(&console.view, 1_000);
    console.frame(frame);
    for (name, keys) in [("out_of_service", "7"), ("out_of_service_device", "/P-311<Enter>")] {
        console.keys(keys);
        for (width, height) in [(120, 40), (80, 24)] {
            console.size(width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.text(width, height));
        }
    }
}

#[test]
fn what_is_simulated_stands_on_the_system_page_in_the_header_and_on_its_faceplate() {
    let mut console = Console::new(Role::Supervisor);
    console.now_ms = 1_000;
    let frame = fixture::simulated_frame(&console.view, 1_000);
    console.frame(frame);
    for (name, keys) in [("simulated", "7"), ("simulated_device", "/P-311<Enter>")] {
        console.keys(keys);
        for (width, height) in [(120, 40), (80, 24)] {
            console.size(width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.text(width, height));
        }
    }
}

#[test]
fn a_disk_that_refuses_stands_on_the_system_page_with_what_to_do() {
    let mut console = Console::new(Role::Engineer);
    let mut frame = fixture::frame(&console.view);
    frame.system.journal_age_ms = 83_000;
    frame.system.journal_error = Some(
        "the journal cannot be written: cannot write /var/lib/catholyte/refinery/journal/journal-7.cjl: No space left on \
         device (os error 28); free space on that disk, or lower the retention"
            .into(),
    );
    console.frame(frame);
    console.keys("7");
    for (width, height) in [(120, 40), (80, 24)] {
        console.size(width, height);
        insta::assert_snapshot!(format!("disk_{width}x{height}"), console.text(width, height));
    }
}

#[test]
fn a_full_disk_stands_on_the_system_page_while_the_journal_has_room_of_its_own() {
    let mut console = Console::new(Role::Engineer);
    let mut frame = fixture::frame(&console.view);
    frame.system.disk_full = Some(
        "the disk is full or nearly so: the journal has 31.5 MB of its own left; free space on that disk"
            .into(),
    );
    console.frame(frame);
    console.keys("7");
    console.size(120, 40);
    insta::assert_snapshot!("full_120x40", console.text(120, 40));
}

#[test]
fn a_wall_clock_that_was_set_back_stands_on_the_system_page() {
    let mut console = Console::new(Role::Engineer);
    let mut frame = fixture::frame(&console.view);
    frame.system.clock_ahead_ms = 10_799_600;
    console.frame(frame.clone());
    console.keys("7");
    for (width, height) in [(120, 40), (80, 24)] {
        console.size(width, height);
        let page = console.text(width, height);
        assert!(page.contains("wall clock     02:59:59 behind"), "{page}");
    }
    frame.system.clock_ahead_ms = -999;
    console.frame(frame);
    assert!(!console.text(120, 40).contains("wall clock"), "less than a second is none");
}

#[test]
fn a_link_that_is_down_says_why_on_the_system_page_in_the_devices_own_words() {
    let mut console = Console::new(Role::Engineer);
    let mut frame = fixture::frame(&console.view);
    let link = console.view.devices[0].link;
    let lost = frame.values.iter_mut().find(|value| value.0 == link).unwrap();
    lost.1 = 0.0;
    frame.system.links_up = 1;
    let trouble = |device: usize, text: &str| LinkTrouble {
        device: console.view.devices[device].name.clone(),
        text: text.into(),
    };
    frame.system.link_troubles = vec![
        trouble(
            0,
            "refuses its heartbeat (Modbus exception 4, server device failure): look whether it is in STOP or write-protected, \
             gives the right to write, and has its heartbeat at this address",
        ),
        trouble(1, "refuses 1 of its outputs; IY-301: the device refuses the write: BadOutOfRange"),
    ];
    console.frame(frame);
    console.keys("7");
    for (width, height) in [(120, 40), (80, 24)] {
        console.size(width, height);
        insta::assert_snapshot!(format!("links_{width}x{height}"), console.text(width, height));
    }
}

#[test]
fn loop_faceplate() {
    shown("faceplate", "/TIC-322<Enter>");
}

#[test]
fn loop_faceplate_with_a_new_set_point() {
    shown("faceplate_entry", "/TIC-322<Enter>V83.5");
}

#[test]
fn loop_tuning() {
    shown("faceplate_tuning", "/TIC-322<Enter>g<Down>");
}

#[test]
fn ratio_faceplate() {
    shown("ratio", "/FFC-301<Enter>");
}

#[test]
fn point_faceplate() {
    shown("point", "/AT-351<Enter>");
}

#[test]
fn device_faceplate() {
    shown("device", "/P-311<Enter>");
}

#[test]
fn stroke_test() {
    shown("stroke_test", "/XV-353<Enter>Tmonthly<Enter>XV");
}

#[test]
fn interlock() {
    shown("interlock", "/IL-302<Enter>");
}

#[test]
fn help() {
    shown("help", "/TIC-322<Enter>?");
}

#[test]
fn palette() {
    shown("palette", ":theme");
}

#[test]
fn why() {
    shown("why", "/TIC-311<Enter>w");
}

#[test]
fn too_small_for_a_page() {
    let mut console = Console::new(Role::Operator);
    console.size(60, 12);
    insta::assert_snapshot!("small_60x12", console.text(60, 12));
}

#[test]
fn ascii_terminal() {
    let settings = hmi_tui::Settings { glyphs: hmi_tui::Glyphs::Ascii, ..fixture::settings() };
    let mut console = Console::with(settings, Role::Operator);
    console.keys("2");
    insta::assert_snapshot!("unit_ascii_120x40", console.screen());
    assert!(console.screen().is_ascii());
}

#[test]
fn login() {
    let state = hmi_tui::State::new(fixture::settings(), true);
    insta::assert_snapshot!("login_80x24", hmi_tui::render_to_text(&state, 80, 24));
}
