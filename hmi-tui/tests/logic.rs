//! What keys, frames and time do to the state, and what leaves it.

mod fixture;

use crossterm::event::{KeyCode, KeyEvent};
use fixture::{Console, NOW_MS, alarm, control, plant, settings};
use hmi_tui::{ApiEvent, Effect, Event, Settings, State, render_to_text, update};
use model::wire::*;
use model::*;

/// The last line but one: last action, entry line or note.
fn last_line(console: &Console) -> String {
    console.screen().lines().nth(38).unwrap_or_default().trim().to_owned()
}

fn line_with(console: &Console, part: &str) -> String {
    let screen = console.screen();
    screen
        .lines()
        .find(|line| line.contains(part))
        .unwrap_or_else(|| panic!("no {part} in\n{screen}"))
        .to_owned()
}

#[test]
fn a_set_point_goes_out_on_the_second_step_only() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V83.5");
    assert!(console.commands().is_empty(), "nothing leaves while typing");
    let line = last_line(&console);
    assert!(line.contains("TIC-322.SP 80.0 -> 83.5"), "{line}");
    assert!(line.contains("+3.5, limits 24..90"), "{line}");
    console.keys("<Enter>");
    let point = console.names.point("TIC-322.SP");
    let commands = console.commands();
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].action, Action::Write { point, value: 83.5 });
    assert!(last_line(&console).contains("has not answered yet"));
    assert!(line_with(&console, "SP  ").contains("80.0"), "the value on the screen is the controller's");
    console.reply(true, "TIC-322.SP 80.0 -> 83.5 degC");
    assert!(last_line(&console).ends_with("accepted"), "{}", last_line(&console));
}

#[test]
fn a_value_is_raised_and_lowered_from_where_it_stands_and_goes_out_on_the_second_step_all_the_same() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V<Up>");
    // One part in a hundred of 24 to 90 degC, as its one decimal can show it.
    assert!(last_line(&console).contains("TIC-322.SP 80.0 -> 80.7"), "{}", last_line(&console));
    console.keys("<Down><Down>");
    assert!(last_line(&console).contains("-> 79.3"), "{}", last_line(&console));
    console.keys("<PgUp><PgUp><PgUp><PgUp>");
    assert!(last_line(&console).contains("-> 90.0"), "it stops at its limit: {}", last_line(&console));
    console.keys("<PgDn>");
    assert!(console.commands().is_empty());
    assert!(console.screen().contains("Up/Down 1 %"), "{}", console.screen());
    console.keys("<Enter>");
    let point = console.names.point("TIC-322.SP");
    assert_eq!(console.commands()[0].action, Action::Write { point, value: 86.7 });
}

#[test]
fn a_reason_travels_with_the_command() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V81<Tab>membrane wash<Enter>");
    assert_eq!(console.commands()[0].reason, "membrane wash");
}

#[test]
fn a_value_beyond_its_limit_stays_here_and_says_why() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V96<Enter>");
    assert!(console.commands().is_empty());
    let screen = console.screen();
    assert!(screen.contains("NOT SENT  96 degC is above the high limit 90 degC"), "{screen}");
    console.keys("<Back><Back>9x<Enter>");
    assert!(console.screen().contains("\"9x\" is no number"));
    console.keys("<Esc>");
    assert_eq!(last_line(&console), "cancelled, nothing was sent");
}

#[test]
fn an_entry_that_nobody_touches_expires() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V83.5");
    for _ in 0..15 {
        console.pass(500);
        console.frame(fixture::still_frame(0));
    }
    assert!(last_line(&console).contains("expires in 1 s"), "{}", last_line(&console));
    console.pass(500);
    console.keys("<Enter>");
    assert!(console.commands().is_empty());
    assert!(last_line(&console).contains("no key for 8 s, nothing was sent"));
}

#[test]
fn the_output_is_set_in_manual_only() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>O");
    assert!(last_line(&console).contains("O: the mode is AUTO; MAN only"), "{}", last_line(&console));
    console.keys("<Esc>/TIC-311<Enter>O25<Enter>");
    let point = console.names.point("TIC-311.OUT");
    assert_eq!(console.commands()[0].action, Action::Write { point, value: 25.0 });
}

#[test]
fn a_mode_must_be_chosen_and_the_present_one_is_no_choice() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-311<Enter>M");
    assert!(last_line(&console).contains("TIC-311 MAN -> [MAN] AUTO CAS"), "{}", last_line(&console));
    console.keys("<Enter>");
    assert!(console.commands().is_empty());
    console.keys("a<Enter>");
    assert!(matches!(console.commands()[0].action, Action::Mode { mode: Mode::Auto, .. }));
}

#[test]
fn a_pump_is_stopped_in_two_steps() {
    let mut console = Console::new(Role::Operator);
    console.keys("/P-311<Enter>S");
    assert!(last_line(&console).contains("it is commanded start already"), "{}", last_line(&console));
    console.keys("P");
    assert!(last_line(&console).contains("P-311 command start -> stop"), "{}", last_line(&console));
    console.keys("<Enter>");
    let point = console.names.point("P-311.CMD");
    assert_eq!(console.commands()[0].action, Action::Write { point, value: 0.0 });
}

#[test]
fn tuning_needs_an_engineer() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>g");
    assert!(console.screen().contains("TUNING"));
    console.keys("V");
    assert!(last_line(&console).contains("needs the role engineer; j.ortiz is operator"));
    let mut console = Console::new(Role::Engineer);
    console.keys("/TIC-322<Enter>g<Down><Enter>310<Enter>");
    let point = console.names.point("TIC-322.TI");
    assert_eq!(console.commands()[0].action, Action::Write { point, value: 310.0 });
}

#[test]
fn a_trip_is_reset_by_typing_its_name() {
    let mut console = Console::new(Role::Operator);
    console.keys("/IL-302<Enter>R<Enter>");
    assert!(console.screen().contains("type IL-302 to confirm"));
    console.keys("IL-302<Enter>");
    assert_eq!(console.commands()[0].action, Action::ResetInterlock { interlock: InterlockId(1) });
    console.keys("B");
    assert!(last_line(&console).contains("needs the role supervisor"), "{}", last_line(&console));
    console.keys("<Right>B");
    assert!(last_line(&console).contains("may never be bypassed"), "{}", last_line(&console));
}

#[test]
fn a_bypass_wants_minutes_a_reason_and_the_name() {
    let mut console = Console::new(Role::Supervisor);
    console.keys("/IL-301<Enter>B30<Enter><Enter>");
    assert!(console.screen().contains("a reason is needed"));
    console.keys("analyser calibration<Enter>IL-30<Enter>");
    assert!(console.commands().is_empty());
    console.keys("1<Enter>");
    let commands = console.commands();
    let wanted = Action::Bypass { interlock: InterlockId(0), for_ms: 1_800_000 };
    assert_eq!((commands[0].action, commands[0].reason.as_str()), (wanted, "analyser calibration"));
}

#[test]
fn a_force_wants_value_minutes_a_reason_and_the_tag_and_the_same_key_releases_it() {
    let mut console = Console::new(Role::Supervisor);
    console.keys("/TT-311<Enter>F180<Enter>30<Enter>probe changed<Enter>TT-311<Enter>");
    assert!(console.screen().contains("is above the high limit 120 degC"), "{}", console.screen());
    console.keys("<Esc>F81.5<Enter>500<Enter>probe changed<Enter>TT-311<Enter>");
    assert!(console.screen().contains("above the high limit 480 min"), "{}", console.screen());
    assert!(console.commands().is_empty());
    console.keys("<Esc>F81.5<Enter>30<Enter><Enter>");
    assert!(console.screen().contains("a reason is needed"));
    console.keys("probe changed<Enter>TT-311<Enter>");
    let commands = console.commands();
    let point = plant().points.iter().find(|point| point.name == "TT-311").unwrap().id;
    let wanted = Action::Force { point, value: 81.5, for_ms: 1_800_000 };
    assert_eq!((commands[0].action, commands[0].reason.as_str()), (wanted, "probe changed"));
    console.reply(true, "TT-311 force 81.5 degC for 30 min");
    console.frame(fixture::forced_frame(2_000));
    assert!(console.screen().contains(" FORCED 2 "), "{}", console.screen());
    console.keys("F<Enter>");
    assert_eq!(console.commands().last().unwrap().action, Action::Unforce { point });
}

#[test]
fn a_device_goes_out_of_service_with_a_reason_and_its_tag_and_comes_back_with_one_key_more() {
    let mut console = Console::new(Role::Supervisor);
    console.keys("/P-311<Enter>Mo<Enter>");
    assert!(console.commands().is_empty(), "it asks why");
    console.keys("<Enter>");
    assert!(console.screen().contains("a reason is needed"), "{}", console.screen());
    console.keys("bearing<Enter>P-31<Enter>");
    assert!(console.commands().is_empty());
    console.keys("1<Enter>");
    let commands = console.commands();
    let block = plant().blocks.iter().find(|block| block.name == "P-311").unwrap().id;
    let wanted = Action::Mode { block, mode: Mode::OutOfService };
    assert_eq!((commands[0].action, commands[0].reason.as_str()), (wanted, "bearing"));
    console.reply(true, "P-311 MODE MAN -> OOS");
    let frame = fixture::out_of_service_frame(&console.view, 2_000);
    console.frame(frame);
    assert!(console.screen().contains(" OOS 2 "), "{}", console.screen());
    console.keys("Mm<Enter>");
    assert_eq!(console.commands().last().unwrap().action, Action::Mode { block, mode: Mode::Manual });
    let mut console = Console::new(Role::Operator);
    console.keys("/P-311<Enter>Mo<Enter>");
    assert!(console.screen().contains("needs the role supervisor"), "{}", console.screen());
    assert!(console.commands().is_empty());
}

#[test]
fn a_device_is_simulated_for_minutes_with_a_reason_and_its_tag_and_the_same_key_ends_it() {
    let mut console = Console::new(Role::Supervisor);
    console.keys("/P-311<Enter>F30<Enter>contactor is being wired<Enter>P-311<Enter>");
    let block = plant().blocks.iter().find(|block| block.name == "P-311").unwrap().id;
    let commands = console.commands();
    let wanted = Action::Simulate { block, for_ms: 1_800_000 };
    assert_eq!((commands[0].action, commands[0].reason.as_str()), (wanted, "contactor is being wired"));
    console.reply(true, "P-311 simulate for 30 min");
    let frame = fixture::simulated_frame(&console.view, 2_000);
    console.frame(frame);
    assert!(
        console.screen().contains("SIMULATED") && console.screen().contains(" FORCED 1 "),
        "{}",
        console.screen()
    );
    console.keys("F<Enter>");
    assert_eq!(console.commands().last().unwrap().action, Action::Simulate { block, for_ms: 0 });
    let mut console = Console::new(Role::Operator);
    console.keys("/P-311<Enter>F");
    assert!(last_line(&console).contains("needs the role supervisor"), "{}", last_line(&console));
    console.keys("/XV-353<Enter>F");
    assert!(last_line(&console).contains("comes from the field"), "{}", last_line(&console));
}

#[test]
fn an_engineer_tests_the_stroke_of_a_valve_and_the_same_key_ends_it() {
    let mut console = Console::new(Role::Engineer);
    console.keys("/XV-353<Enter>");
    assert!(console.screen().contains("STROKE TEST passed"), "{}", console.screen());
    console.keys("T");
    assert!(last_line(&console).contains("STROKE TEST  XV-353 [partial] whole"), "{}", last_line(&console));
    console.keys("<Right>");
    assert!(last_line(&console).contains("XV-353 partial [whole]"), "{}", last_line(&console));
    console.keys("<Left><Enter>");
    assert!(console.screen().contains("a reason is needed"), "{}", console.screen());
    console.keys("monthly<Right><Enter>");
    assert!(last_line(&console).contains("[partial] whole"), "no more once a reason is typed");
    console.keys("XV-353<Enter>");
    let block = plant().blocks.iter().find(|block| block.name == "XV-353").unwrap().id;
    let plan = Experiment {
        shape: ExperimentShape::PartialStroke,
        amplitude: 0.0,
        bias: 0.0,
        hysteresis: 0.0,
        deviation: 0.0,
        for_ms: 0,
    };
    let commands = console.commands();
    assert_eq!((commands.len(), commands[0].action), (1, Action::Experiment { block, plan }));
    assert_eq!(commands[0].reason, "monthly");
    console.reply(true, "XV-353 partial stroke test");
    let result = console.names.point("XV-353.RESULT");
    let values = vec![PointValue(result, 1.0, Quality::Good)];
    console.frame(Frame { values, ..fixture::still_frame(2_000) });
    assert!(console.screen().contains("STROKE TEST runs"), "{}", console.screen());
    console.keys("T<Enter>");
    assert_eq!(console.commands().last().unwrap().action, Action::EndExperiment { block });
    let mut console = Console::new(Role::Supervisor);
    console.keys("/XV-353<Enter>T");
    assert!(last_line(&console).contains("needs the role engineer"), "{}", last_line(&console));
    let mut console = Console::new(Role::Engineer);
    console.keys("/P-311<Enter>T");
    assert!(last_line(&console).contains("declares no stroke test"), "{}", last_line(&console));
}

#[test]
fn a_force_that_may_not_be_says_why() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TT-311<Enter>F");
    assert!(last_line(&console).contains("needs the role supervisor"), "{}", last_line(&console));
    console.keys("/LT-311<Enter>F");
    let line = last_line(&console);
    assert!(line.contains("IL-303 reads it and may never be bypassed"), "{line}");
    console.keys("/JI-301<Enter>F");
    assert!(last_line(&console).contains("only what comes from the field"), "{}", last_line(&console));
}

#[test]
fn an_abort_wants_a_reason_and_the_unit() {
    let mut console = Console::new(Role::Operator);
    console.keys("5X");
    console.keys("hydrogen in chlorine<Enter>EL-301<Enter>");
    let commands = console.commands();
    assert_eq!(commands[0].action, Action::Batch { recipe: RecipeId(0), order: ProcOrder::Abort });
    assert_eq!(commands[0].reason, "hydrogen in chlorine");
}

#[test]
fn batch_orders_follow_the_state_model() {
    let mut console = Console::new(Role::Operator);
    console.keys("5S");
    assert!(
        last_line(&console).contains("start is not possible while it is HELD"),
        "{}",
        last_line(&console)
    );
    console.keys("R");
    assert!(last_line(&console).contains("EL-START B-0412: HELD -> RESTART"), "{}", last_line(&console));
    console.keys("<Enter>");
    assert_eq!(
        console.commands()[0].action,
        Action::Batch { recipe: RecipeId(0), order: ProcOrder::Restart }
    );
    console.keys("pV");
    assert!(last_line(&console).contains("parameters are set before the start"), "{}", last_line(&console));
}

#[test]
fn a_batch_is_prepared_and_its_parameter_set() {
    let mut console = Console::new(Role::Operator);
    console.keys("5<Down>N<Enter>");
    // Seconds since 2026 on the controller's clock: above every batch that ever was, also when none stands.
    let batch = u32::try_from((NOW_MS - 1_767_225_600_000) / 1000).unwrap();
    assert_eq!(console.commands()[0].action, Action::Prepare { recipe: RecipeId(1), batch });
    let mut idle = fixture::still_frame(100);
    let mut batches = fixture::batches(&console.view);
    batches[0].state = ProcState::Idle;
    idle.batches = Some(batches);
    console.frame(idle);
    console.keys("<Up>p<Enter>4.5<Enter>");
    let wanted = Action::Parameter { recipe: RecipeId(0), parameter: 0, value: 4.5 };
    assert_eq!(console.commands()[1].action, wanted);
}

#[test]
fn a_viewer_and_a_view_only_console_cannot_command() {
    let mut console = Console::new(Role::Viewer);
    console.keys("/TIC-322<Enter>V");
    assert!(last_line(&console).contains("needs the role operator; j.ortiz is viewer"));
    let mut console = Console::with(Settings { view_only: true, ..settings() }, Role::Administrator);
    console.keys("3a/TIC-322<Enter>V90<Enter><Esc>/IL-302<Enter>R");
    assert!(last_line(&console).contains("--view: looking only"), "{}", last_line(&console));
    assert!(console.commands().is_empty());
    assert!(console.screen().contains("VIEW ONLY"));
}

#[test]
fn acknowledging_needs_the_cursor_on_the_alarm() {
    let mut console = Console::new(Role::Operator);
    console.keys("3a");
    let alarm = console.names.alarm("AT-351.H");
    assert_eq!(console.commands()[0].action, Action::Acknowledge { alarm });
    console.keys("<Down>a");
    assert!(last_line(&console).contains("nothing here waits"), "{}", last_line(&console));
    assert_eq!(console.commands().len(), 1);
}

#[test]
fn all_visible_alarms_are_acknowledged_at_once() {
    let mut console = Console::new(Role::Operator);
    console.keys("3v");
    assert_eq!(console.commands().len(), 2, "the unacknowledged one and the returned one");
    console.reply(true, "acknowledged");
    assert!(last_line(&console).contains("more to come"), "{}", last_line(&console));
}

#[test]
fn shelving_wants_minutes_and_a_reason_and_a_supervisor_for_critical_ones() {
    let mut console = Console::new(Role::Operator);
    console.keys("3<Down>s30<Enter>noisy after filter change<Enter>");
    let alarm = console.names.alarm("LT-402.H");
    assert_eq!(console.commands()[0].action, Action::Shelve { alarm, for_ms: 1_800_000 });
    console.keys("<Tab>s<Enter>");
    let alarm = console.names.alarm("TIC-322.DEV");
    assert_eq!(console.commands()[1].action, Action::Shelve { alarm, for_ms: 0 });
    let mut frame = fixture::still_frame(200);
    let id = console.names.alarm("AT-351.HH");
    let critical = AlarmStatus {
        alarm: id,
        state: AlarmState::Unacked,
        active: true,
        since_ms: NOW_MS,
        acknowledged_by: None,
        shelved_until_ms: None,
    };
    frame.alarms = Some(vec![critical]);
    console.frame(frame);
    console.keys("3s30<Enter>x<Enter>");
    assert!(console.screen().contains("needs the role supervisor"));
    assert_eq!(console.commands().len(), 2);
}

/// The screen line of an alarm on the alarm page.
fn row_of(console: &Console, text: &str) -> usize {
    let screen = console.screen();
    screen.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text} in\n{screen}"))
}

#[test]
fn the_row_under_the_cursor_never_moves_by_itself() {
    let mut console = Console::new(Role::Operator);
    console.keys("3<Down>");
    let cursor = row_of(&console, ">\\3/");
    assert!(console.screen().lines().nth(cursor).unwrap().contains("LT-402"));
    // A worse one comes up above.
    let mut frame = fixture::still_frame(100);
    let mut alarms = fixture::alarms(&console.names);
    alarms.push(alarm(&console.names, "AT-351.HH", AlarmState::Unacked, 0, None));
    alarms.push(alarm(&console.names, "TT-322.H", AlarmState::Unacked, 0, None));
    frame.alarms = Some(alarms);
    console.frame(frame);
    let line = console.screen().lines().nth(cursor).unwrap().to_owned();
    assert!(line.starts_with(">\\3/") && line.contains("LT-402"), "{line}");
    assert!(console.screen().contains("2 more urgent or newer above (Home)"), "{}", console.screen());
    // Everything above goes away.
    let mut frame = fixture::still_frame(200);
    frame.alarms = Some(vec![alarm(&console.names, "LT-402.H", AlarmState::Acked, 0, None)]);
    console.frame(frame);
    let line = console.screen().lines().nth(cursor).unwrap().to_owned();
    assert!(line.starts_with(">\\3/") && line.contains("LT-402"), "{line}");
    // The alarm itself goes away: its row stays and says so.
    let mut frame = fixture::still_frame(300);
    frame.alarms = Some(vec![alarm(&console.names, "AT-351.HH", AlarmState::Unacked, 0, None)]);
    console.frame(frame);
    let line = console.screen().lines().nth(cursor).unwrap().to_owned();
    assert!(line.contains("LT-402") && line.contains("gone"), "{line}");
    console.keys("a");
    assert!(console.commands().is_empty(), "what is gone is not acknowledged, and neither is another");
    console.keys("<Up>");
    let line = console.screen().lines().nth(6).unwrap().to_owned();
    assert!(line.starts_with(">[1]"), "{line}");
    assert!(!console.screen().contains("gone"));
}

#[test]
fn a_list_that_nobody_touches_lets_go_and_shows_the_worst() {
    let mut console = Console::new(Role::Operator);
    console.keys("3<Down>");
    for _ in 0..40 {
        console.pass(1_000);
        console.frame(fixture::still_frame(0));
    }
    let mut frame = fixture::still_frame(100);
    let mut alarms = fixture::alarms(&console.names);
    alarms.push(alarm(&console.names, "AT-351.HH", AlarmState::Unacked, 0, None));
    frame.alarms = Some(alarms);
    console.frame(frame);
    let line = console.screen().lines().nth(6).unwrap().to_owned();
    assert!(line.starts_with(" [1]"), "{line}");
    console.keys("a");
    assert!(console.commands().is_empty(), "{}", last_line(&console));
    assert!(last_line(&console).contains("choose an alarm with Up/Down first"));
}

#[test]
fn a_lost_link_shows_its_age_refuses_commands_and_heals() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V83");
    console.pass(2_000);
    assert!(!console.screen().contains("LINK LOST"));
    console.pass(1_000);
    assert!(console.screen().contains("LINK LOST 3 s"), "{}", console.screen());
    console.keys("<Enter>");
    assert!(console.screen().contains("NOT SENT  link lost for 3 s"), "{}", console.screen());
    console.keys("<Esc>P");
    console.keys("<Esc>3a");
    assert!(console.commands().is_empty());
    assert!(last_line(&console).contains("commands are refused"), "{}", last_line(&console));
    console.sent.clear();
    console.frame(fixture::still_frame(3_000));
    assert!(!console.screen().contains("LINK LOST"));
    console.keys("a");
    assert_eq!(console.commands().len(), 1);
}

#[test]
fn a_frozen_screen_shows_because_the_clock_is_the_controllers() {
    let mut console = Console::new(Role::Operator);
    console.pass(1_900);
    assert!(console.screen().lines().next().unwrap().contains("14:32:07"));
}

#[test]
fn after_a_break_the_missing_history_is_asked_for_again() {
    let mut state = State::new(settings(), false);
    let session = ApiEvent::Session(fixture::session(Role::Viewer));
    update(&mut state, 0, Event::Api(session));
    update(&mut state, 0, Event::Api(ApiEvent::Plant(Box::new(plant()))));
    let frame = |frame| Event::Api(ApiEvent::Message(Box::new(ServerMessage::Frame(frame))));
    let asked = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::History { .. })).count();
    let first = update(&mut state, 0, frame(fixture::frame(&plant())));
    assert_eq!(asked(&first), 13, "key figures and rows");
    assert_eq!(asked(&update(&mut state, 100, frame(fixture::still_frame(100)))), 0);
    update(&mut state, 5_000, Event::Tick);
    assert_eq!(asked(&update(&mut state, 5_100, frame(fixture::still_frame(5_100)))), 13);
}

#[test]
fn another_plant_after_a_reconnect_is_loaded_and_the_same_one_is_kept() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>");
    let same = console.view.clone();
    console.api(ApiEvent::Plant(Box::new(same)));
    assert!(console.screen().contains("TIC-322   Catholyte"), "the same plant keeps the place");
    let mut other = console.view.clone();
    other.hash = "changed".into();
    other.title = "LITHIUM REFINERY 2".into();
    console.view = other.clone();
    console.api(ApiEvent::Plant(Box::new(other)));
    let frame = fixture::frame(&console.view);
    console.frame(frame);
    let screen = console.screen();
    assert!(screen.contains("LITHIUM REFINERY 2   Plant overview"));
    assert!(screen.contains("THE PLANT HAS CHANGED"), "{screen}");
    // Nothing is sent under the numbers of the plant before.
    console.keys("<Esc>");
    assert!(!console.screen().contains("THE PLANT HAS CHANGED"));
}

#[test]
fn a_command_names_the_plant_that_its_numbers_are_of() {
    let mut console = Console::new(Role::Operator);
    let hash = console.view.hash.clone();
    console.keys("3v");
    let sent = console.commands();
    assert!(!sent.is_empty() && sent.iter().all(|command| command.plant == hash), "{sent:?}");
}

#[test]
fn the_banner_leads_to_where_it_can_be_mended() {
    let mut console = Console::new(Role::Operator);
    console.keys("<Up>");
    assert!(console.screen().lines().nth(1).unwrap().starts_with(">/2\\ AT-351"));
    console.keys("<Enter>");
    assert!(console.screen().contains("Overview > 300 Electrolysis > EL-301"));
    assert!(line_with(&console, "H2 in Cl2      ").starts_with(">AT-351"));
    console.keys("7b<Enter>");
    assert!(console.screen().contains("EL-301 > AT-351  L3"), "{}", console.screen());
}

#[test]
fn refusals_are_shown_in_full() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V83<Enter>");
    console.reply(false, "above the high limit");
    assert!(last_line(&console).ends_with("TIC-322.SP := 83: above the high limit  REFUSED"));
    console.keys("V83<Enter>");
    let long = "a phase owns this; hold or stop the batch first, then put the loop into AUTO, \
                and if that does not help ask the shift supervisor for the bypass";
    console.reply(false, long);
    let screen = console.screen();
    assert!(screen.contains("REFUSED") && screen.contains("shift supervisor for the bypass"), "{screen}");
    console.keys("x");
    assert!(!console.screen().contains("any key closes"));
}

#[test]
fn themes_and_glyphs_change_by_name() {
    let mut console = Console::new(Role::Viewer);
    let night = hmi_tui::render_to_svg(&mut console.state, 120, 40);
    console.keys(":theme day<Enter>");
    let day = hmi_tui::render_to_svg(&mut console.state, 120, 40);
    assert!(night.contains("#262626") && day.contains("#d0d0d0") && !day.contains("#262626"));
    assert!(night.contains("fill=\"#ffd700\"") && day.contains("fill=\"#ffd75f\""), "the badge keeps a fill");
    console.keys(":glyphs ascii<Enter>");
    assert!(console.screen().is_ascii());
}

#[test]
fn a_picture_needs_no_connection() {
    let view = plant();
    let history = [fixture::history(&view, "TIC-322.PV", NOW_MS - 3_600_000, NOW_MS, 240)];
    let frame = fixture::frame(&view);
    let mut state =
        State::offline(settings(), fixture::session(Role::Viewer), view, frame, &history, "TIC-322");
    let svg = hmi_tui::render_to_svg(&mut state, 120, 40);
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("TIC-322"));
    assert!(render_to_text(&state, 120, 40).contains("-60 min"));
    assert!(!render_to_text(&state, 120, 40).contains("no history yet"));
}

#[test]
fn whoever_is_not_logged_in_is_asked() {
    let mut state = State::new(settings(), true);
    let key = |code| Event::Key(KeyEvent::from(code));
    let mut effects = Vec::new();
    for letter in "j.ortiz".chars() {
        effects.extend(update(&mut state, 0, key(KeyCode::Char(letter))));
    }
    effects.extend(update(&mut state, 0, key(KeyCode::Enter)));
    for letter in "Q1w2".chars() {
        effects.extend(update(&mut state, 0, key(KeyCode::Char(letter))));
    }
    assert!(!render_to_text(&state, 80, 24).contains("Q1w2"), "a password is never shown");
    effects.extend(update(&mut state, 0, key(KeyCode::Enter)));
    assert_eq!(effects, [Effect::Login(Login { user: "j.ortiz".into(), password: "Q1w2".into() })]);
    let refused = ApiEvent::LoginRefused("wrong user or password".into());
    update(&mut state, 0, Event::Api(refused));
    assert!(render_to_text(&state, 80, 24).contains("wrong user or password"));
}

#[test]
fn a_one_time_password_is_changed_before_anything_else() {
    let mut state = State::new(settings(), false);
    let key = |code| Event::Key(KeyEvent::from(code));
    update(&mut state, 0, Event::Api(ApiEvent::PasswordChangeNeeded("change it first".into())));
    assert!(render_to_text(&state, 80, 24).contains("change it first"));
    let typed = |state: &mut State, text: &str| {
        let mut effects = Vec::new();
        for letter in text.chars() {
            effects.extend(update(state, 0, key(KeyCode::Char(letter))));
        }
        effects.extend(update(state, 0, key(KeyCode::Enter)));
        effects
    };
    typed(&mut state, "new one");
    assert!(typed(&mut state, "another").is_empty());
    assert!(render_to_text(&state, 80, 24).contains("not the same"));
    typed(&mut state, "new one");
    let effects = typed(&mut state, "new one");
    assert!(
        matches!(&effects[..], [Effect::ChangePassword(change)] if change.new == "new one"),
        "{effects:?}"
    );
}

#[test]
fn a_pen_follows_the_live_values_and_a_query_shows_its_gap() {
    let mut console = Console::new(Role::Viewer);
    console.keys("4nAT-351<Enter>");
    let mut frame = fixture::still_frame(60_000);
    frame.values = vec![PointValue(console.names.point("AT-351"), 3.21, Quality::Good)];
    console.frame(frame);
    let line = line_with(&console, " A   AT-351");
    assert_eq!(line.matches("3.21").count(), 3, "now, at the end and as the maximum: {line}");
    console.keys("6nTT-31 1h<Enter>");
    assert!(console.screen().contains("did you mean TT-311?"), "{}", console.screen());
    console.keys("<Esc>");
}

#[test]
fn leaving_asks_and_control_c_does_not() {
    let mut console = Console::new(Role::Viewer);
    console.keys("q");
    assert!(console.sent.is_empty());
    console.keys("<Enter>");
    assert_eq!(console.sent, [Effect::Quit]);
    console.event(control('c'));
    assert_eq!(console.sent, [Effect::Quit, Effect::Quit]);
}

#[test]
fn a_screen_too_small_to_show_a_command_takes_none() {
    let mut console = Console::new(Role::Administrator);
    console.keys("/P-311<Enter>P");
    console.size(60, 20);
    console.keys("<Enter>P<Enter>");
    console.size(120, 40);
    console.keys("<Enter>");
    assert!(console.commands().is_empty());
}

#[test]
fn only_what_stands_and_waits_blinks_and_only_when_it_may() {
    /// How many fills of priorities an SVG has.
    fn fills(console: &mut Console) -> usize {
        let svg = hmi_tui::render_to_svg(&mut console.state, 120, 40);
        svg.lines().filter(|line| line.starts_with("<rect") && line.contains("x=")).count()
    }
    let mut console = Console::new(Role::Operator);
    console.keys("3");
    let lit = fills(&mut console);
    console.pass(500);
    let dark = fills(&mut console);
    assert_eq!(lit - dark, 2, "the badge of the banner and the one in the list, nothing else");
    console.keys(":reduced<Enter>");
    assert_eq!(fills(&mut console), lit);
}

#[test]
fn a_command_that_acted_and_is_not_kept_is_shown_in_full_and_is_no_refusal() {
    let mut console = Console::new(Role::Operator);
    console.keys("/TIC-322<Enter>V83<Enter>");
    console
        .reply_unrecorded("TIC-322 SP 83; this has acted, but the journal cannot be written: no space left");
    let screen = console.screen();
    assert!(screen.contains("DONE, NOT RECORDED") && screen.contains("this has acted"), "{screen}");
    assert!(!screen.contains("REFUSED"), "{screen}");
}
