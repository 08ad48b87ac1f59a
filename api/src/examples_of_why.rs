//! One of each kind of line of `why`, twice: with all that may be absent, and without.

use model::wire::{
    AtLimit, DelayKind, Joined, WhyDelay, WhyFact, WhyGroup, WhyPoint, WhySum, WhyTerm, WhyValue,
};
use model::{AlarmState, Limited, Mode, Priority, ProcState, Quality};

pub(crate) fn facts() -> Vec<WhyFact> {
    [of_conditions(), of_loops(), of_devices(), of_interlocks(), of_alarms(), of_procedures()].concat()
}

fn value(whole: bool) -> WhyValue {
    if !whole {
        return WhyValue::default();
    }
    WhyValue { word: Some("open".into()), ..WhyValue::number(8.5, "m3/h", Some(2), Quality::Good) }
}

fn delay(whole: bool) -> WhyDelay {
    let (elapsed_ms, remaining_ms) = if whole { (Some(12_000), Some(18_000)) } else { (None, None) };
    WhyDelay { kind: DelayKind::On, delay_ms: 30_000, elapsed_ms, remaining_ms }
}

/// Both forms of something whose form depends on nothing but that.
fn both(fact: impl Fn(bool) -> WhyFact) -> Vec<WhyFact> {
    vec![fact(true), fact(false)]
}

fn same(fact: &WhyFact) -> Vec<WhyFact> {
    vec![fact.clone(), fact.clone()]
}

fn of_conditions() -> Vec<WhyFact> {
    let condition = || "FT-301 < 8.4 m3/h for 30 s".to_owned();
    let whole = WhyTerm {
        condition: condition(),
        tag: Some("FT-301".into()),
        operator: Some("<".into()),
        limit: Some(value(true)),
        limit_tag: Some("FIC-301.SP".into()),
        limit_moves: true,
        now: Some(value(true)),
        distance: Some(-0.25),
        negated: false,
        delay: Some(delay(true)),
    };
    let half = WhyTerm {
        limit: Some(value(false)),
        now: Some(value(false)),
        delay: Some(delay(false)),
        ..WhyTerm::default()
    };
    let bare = WhyTerm { condition: condition(), ..WhyTerm::default() };
    let group = |delay| WhyFact::Group(WhyGroup { of: Joined::Vote, need: 2, count: 3, delay });
    vec![
        WhyFact::Term(whole.clone()),
        WhyFact::Term(half),
        WhyFact::Term(whole),
        WhyFact::Term(bare),
        group(Some(delay(true))),
        group(Some(delay(false))),
        group(Some(delay(true))),
        group(None),
    ]
}

fn of_loops() -> Vec<WhyFact> {
    let mode = WhyFact::Mode { actual: Mode::Manual, ordered: Mode::Auto, normal: Mode::Cascade };
    let some = |whole: bool, number: f64| whole.then_some(number);
    [
        both(|whole| {
            WhyFact::Value(WhyPoint {
                label: "SP".into(),
                tag: "FIC-301.SP".into(),
                now: value(whole),
                working: Some(value(whole)),
                at_limit: whole.then_some(AtLimit { high: true, limit: 9.5 }),
                limited: if whole { Limited::High } else { Limited::No },
                from: whole.then(|| "FFC-301.OUT".into()),
            })
        }),
        same(&WhyFact::Value(WhyPoint::default())),
        same(&mode),
        both(|whole| {
            WhyFact::Sum(WhySum {
                proportional: 1.5,
                integral: 40.5,
                derivative: some(whole, 0.5),
                feed_forward: some(whole, 2.5),
                factor: some(whole, 1.5),
                decimals: 2,
            })
        }),
        both(|whole| WhyFact::Gain { factor: 0.5, band: Some(value(whole)) }),
        same(&WhyFact::Gain { factor: 0.5, band: None }),
        both(|whole| WhyFact::Moving { to: value(whole), unit: "%".into(), per_s: 0.5 }),
        same(&WhyFact::Words { words: "PV is bad, sensor failure".into() }),
    ]
    .concat()
}

fn of_devices() -> Vec<WhyFact> {
    let member = WhyFact::Member {
        name: "P-331A".into(),
        state: "running".into(),
        by_hand: false,
        ready: true,
        leads: true,
    };
    [
        same(&WhyFact::Device { command: "start".into(), state: "running".into() }),
        same(&member),
        same(&WhyFact::Simulated { remaining_ms: 600_000 }),
        both(|whole| WhyFact::Forced { to: value(whole), remaining_ms: 60_000, field: Some(value(whole)) }),
        same(&WhyFact::Forced { to: value(false), remaining_ms: 60_000, field: None }),
        same(&WhyFact::ForcedBy { interlock: "IL-301".into(), description: "Brine flow".into() }),
        both(|whole| WhyFact::OwnedBy {
            phase: "Fill".into(),
            batch: whole.then(|| "B-0412".into()),
            state: ProcState::Running,
        }),
    ]
    .concat()
}

fn of_interlocks() -> Vec<WhyFact> {
    let cause = WhyFact::Cause { number: 1, cause: "no brine".into(), bad: false, trips_on_bad: true };
    [
        same(&WhyFact::Interlock { tripped: true, cause_stands: true, latched: true }),
        same(&WhyFact::Bypassed { remaining_ms: 600_000 }),
        same(&WhyFact::FirstOut { number: 1, cause: "no brine".into(), ago_ms: 12_000 }),
        same(&cause),
        both(|whole| WhyFact::Action {
            action: "XV-353 := open".into(),
            tag: "XV-353.CMD".into(),
            to: value(whole),
            now: value(whole),
        }),
        same(&WhyFact::Starts { phase: "Flush".into(), state: ProcState::Running, waits: false }),
    ]
    .concat()
}

fn of_alarms() -> Vec<WhyFact> {
    [
        same(&WhyFact::Alarm { state: AlarmState::Unacked, priority: Priority::High }),
        same(&WhyFact::Shelved { remaining_ms: 600_000 }),
        both(|whole| WhyFact::Delay(delay(whole))),
    ]
    .concat()
}

fn of_procedures() -> Vec<WhyFact> {
    let within = WhyFact::Within {
        limit_ms: 600_000,
        elapsed_ms: 12_000,
        then: "holds".into(),
        because: "the level does not rise".into(),
    };
    [
        both(|whole| WhyFact::Phase {
            state: ProcState::Running,
            for_ms: whole.then_some(12_000),
            batch: whole.then(|| "B-0412".into()),
        }),
        same(&WhyFact::Batch { batch: "B-0412".into(), state: ProcState::Running, for_ms: 12_000 }),
        same(&WhyFact::StartedBy { interlock: "IL-301".into() }),
        same(&WhyFact::Step { number: 2, title: "Fill".into() }),
        both(|whole| WhyFact::Way { to: whole.then_some(4), title: "Drain".into() }),
        same(&WhyFact::Refused { action: "FV-301 := 0 %".into(), reason: "an interlock holds it".into() }),
        same(&within),
        same(&WhyFact::Call { phase: "Fill".into(), started: true }),
    ]
    .concat()
}
