//! How long a loop bears a PV that is bad: silence for as long as the silent device's watchdog, another fault not at
//! all, and either for `bad_pv_delay` where the text has it.
//!
//! The watchdog of PLC is 2 s, a scan 10 ms.

mod support;

use model::{Mode, Quality};
use support::text_loop::{TUNED, running, text_loop};
use support::{Harness, words};

const SILENT: Quality = Quality::BadNoCommunication;
const BROKEN: Quality = Quality::BadSensorFailure;
/// Scans of the watchdog.
const BORNE: usize = 200;

fn pv(h: &mut Harness, quality: Quality) {
    let point = h.point("TT-1");
    h.input(point, 100.0, quality);
    h.scan();
}

/// Mode, OUT and SP.
fn stand(h: &Harness) -> (Mode, f64, f64) {
    (h.actual("TIC-1"), h.value("TV-1"), h.value("TIC-1.SP"))
}

/// The loop at rest in auto, and its PV bad for so many scans of which the first has been.
fn lost(options: &str, quality: Quality, scans: usize) -> Harness {
    let mut h = running(&format!("{TUNED}{options}"), 100.0, 0.0, 40.0);
    h.run(10);
    pv(&mut h, quality);
    h.run(scans - 1);
    h
}

#[test]
fn a_silence_as_long_as_the_watchdog_holds_out_and_the_loop_goes_on_by_itself() {
    for on_bad in ["manual", "0 %"] {
        let mut h = lost(&format!("on_bad_pv = \"{on_bad}\"\n"), SILENT, BORNE);
        assert_eq!(stand(&h), (Mode::Manual, 40.0, 100.0), "{on_bad}");
        pv(&mut h, Quality::Good);
        assert_eq!(stand(&h), (Mode::Auto, 40.0, 100.0), "{on_bad}: without a bump");
        // The next silence has the whole time again.
        pv(&mut h, SILENT);
        h.run(BORNE - 1);
        pv(&mut h, Quality::Good);
        assert_eq!(stand(&h), (Mode::Auto, 40.0, 100.0), "{on_bad}");
    }
}

#[test]
fn a_longer_silence_does_what_the_text_says_and_for_good() {
    for (on_bad, out) in [("manual", 40.0), ("5 %", 5.0)] {
        let mut h = lost(&format!("on_bad_pv = \"{on_bad}\"\n"), SILENT, BORNE);
        assert_eq!(h.value("TV-1"), 40.0);
        h.scan();
        assert_eq!(stand(&h), (Mode::Manual, out, 100.0), "{on_bad}");
        pv(&mut h, Quality::Good);
        h.run(10);
        assert_eq!(stand(&h), (Mode::Manual, out, 100.0), "{on_bad}: until a person takes it back");
    }
}

#[test]
fn a_fault_that_is_no_silence_is_not_borne_not_even_in_the_middle_of_one() {
    let h = lost("on_bad_pv = \"0 %\"\n", BROKEN, 1);
    assert_eq!(stand(&h), (Mode::Manual, 0.0, 100.0));
    let mut h = lost("on_bad_pv = \"0 %\"\n", SILENT, 50);
    assert_eq!(stand(&h), (Mode::Manual, 40.0, 100.0));
    pv(&mut h, BROKEN);
    assert_eq!(stand(&h), (Mode::Manual, 0.0, 100.0));
}

#[test]
fn what_the_text_says_holds_for_every_fault_and_zero_bears_none() {
    for quality in [SILENT, BROKEN, Quality::BadOutOfRange, Quality::BadCalculation] {
        let mut h = lost("on_bad_pv = \"0 %\"\nbad_pv_delay = \"500 ms\"\n", quality, 50);
        assert_eq!(h.value("TV-1"), 40.0, "{quality:?}");
        h.scan();
        assert_eq!(h.value("TV-1"), 0.0, "{quality:?}: after half a second");
        let h = lost("on_bad_pv = \"0 %\"\nbad_pv_delay = \"0 s\"\n", quality, 1);
        assert_eq!(h.value("TV-1"), 0.0, "{quality:?}: at once");
    }
    let uncertain = "uncertain = \"bad\"\non_bad_pv = \"0 %\"\nbad_pv_delay = \"500 ms\"\n";
    let mut h = lost(uncertain, Quality::UncertainSubNormal, 50);
    assert_eq!(h.value("TV-1"), 40.0);
    h.scan();
    assert_eq!(h.value("TV-1"), 0.0, "one that counts as bad is borne for as long");
}

/// The fault changes its face: what counts is how long there has been no PV.
#[test]
fn one_time_counts_for_all_that_is_bad_on_end() {
    let mut h = lost("on_bad_pv = \"0 %\"\nbad_pv_delay = \"500 ms\"\n", BROKEN, 30);
    pv(&mut h, SILENT);
    h.run(19);
    assert_eq!(h.value("TV-1"), 40.0);
    h.scan();
    assert_eq!(h.value("TV-1"), 0.0);
}

#[test]
fn a_person_has_the_loop_meanwhile_and_what_he_orders_stands() {
    let mut h = lost("on_bad_pv = \"0 %\"\n", SILENT, 50);
    h.write("TIC-1.SP", 120.0).unwrap();
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.write("TIC-1.OUT", 30.0).unwrap();
    h.run(BORNE);
    assert_eq!(h.value("TV-1"), 30.0, "in manual nothing is driven anywhere");
    assert!(h.mode("TIC-1", Mode::Auto).is_err(), "without a PV it is not taken back");
    pv(&mut h, Quality::Good);
    assert_eq!((h.actual("TIC-1"), h.value("TV-1")), (Mode::Manual, 30.0));
}

/// A PV that comes through a filter carries the quality of its device, and is borne like it.
#[test]
fn a_filter_between_does_not_change_what_is_borne() {
    let filtered = "[filter.TY-1]\ndescription = \"Filtered\"\ninput = \"TT-1\"\ntime = \"1 s\"\ntask = \"10 ms\"\n\
        [pid.TIC-2]\npv = \"TY-1\"\nout_unit = \"%\"\nout_range = [0, 100]\naction = \"reverse\"\n\
        kc = 1\nti = \"10 s\"\nsp = 100\ntask = \"10 ms\"\non_bad_pv = \"manual\"\n";
    let mut h = lost(filtered, SILENT, BORNE - 10);
    pv(&mut h, Quality::Good);
    h.run(2);
    assert_eq!(h.actual("TIC-2"), Mode::Auto);
    pv(&mut h, SILENT);
    h.run(BORNE + 2);
    pv(&mut h, Quality::Good);
    h.run(2);
    assert_eq!(h.actual("TIC-2"), Mode::Manual);
}

/// As the bridge tells it: all inputs and the link are gone, and come back with the output that the device has held.
#[test]
fn a_device_that_is_away_for_a_second_leaves_no_trace_in_its_loops() {
    let mut h = running(&format!("{TUNED}on_bad_pv = \"manual\"\n"), 100.0, 0.0, 40.0);
    h.run(10);
    let (link, valve) = (h.point("PLC.LINK"), h.point("TV-1"));
    h.set(link, 0.0);
    pv(&mut h, SILENT);
    h.run(99);
    assert_eq!(h.actual("TIC-1"), Mode::Tracking);
    h.set(link, 1.0);
    h.set(valve, 40.0);
    pv(&mut h, Quality::Good);
    h.run(2);
    assert_eq!(stand(&h), (Mode::Auto, 40.0, 100.0));
}

#[test]
fn a_snapshot_takes_the_time_that_has_passed_along() {
    let mut h = lost("on_bad_pv = \"0 %\"\n", SILENT, 150);
    let saved = h.save();
    let mut again = Harness::new(h.plant().as_ref().clone());
    again.engine.restore(&saved).unwrap();
    again.tick = h.tick;
    again.run(50);
    assert_eq!(again.value("TV-1"), 40.0);
    again.scan();
    assert_eq!(again.value("TV-1"), 0.0);
}

#[test]
fn why_says_what_comes_of_the_silence() {
    let why = |h: &Harness| {
        let mut view = control::StateView::new(&h.plant());
        h.engine.publish(&mut view);
        words(&control::why(&h.plant(), &view, "TIC-1").unwrap())
    };
    let borne = why(&lost("on_bad_pv = \"0 %\"\n", SILENT, 50));
    assert!(
        borne.contains("OUT stays, and a PV lost for longer than 2 s puts the loop in manual"),
        "{borne}"
    );
    let held = why(&lost("on_bad_pv = \"hold\"\n", BROKEN, 50));
    assert!(held.contains("PV is bad, sensor failure; OUT stays until it is back"), "{held}");
}

#[test]
fn a_delay_that_means_nothing_is_refused() {
    for (text, code) in [
        ("on_bad_pv = \"hold\"\nbad_pv_delay = \"5 s\"\n", "contradiction"),
        ("on_bad_pv = \"manual\"\nbad_pv_delay = \"61 min\"\n", "out-of-range"),
        ("on_bad_pv = \"manual\"\nbad_pv_delay = 5\n", "missing-unit"),
    ] {
        let mistakes = text_loop(&format!("{TUNED}{text}")).err().expect(text);
        assert_eq!(mistakes.iter().map(|mistake| mistake.code).collect::<Vec<_>>(), [code], "{text}");
    }
    assert!(text_loop(&format!("{TUNED}on_bad_pv = \"manual\"\nbad_pv_delay = \"1 h\"\n")).is_ok());
}
