use std::sync::Arc;

use super::Difference;
use model::wire::{
    AlarmStatus, BatchStatus, Frame, InterlockStatus, NodeStatus, PointValue, ServerMessage, SystemStatus,
};
use model::{AlarmId, AlarmState, InterlockId, PointId, ProcState, Quality, RecipeId};
use proptest::prelude::*;

/// What a client does with what it gets.
fn take(known: &mut Option<Frame>, sent: Frame) {
    match known {
        Some(known) if !sent.full => {
            for value in &sent.values {
                let place = known.values.iter_mut().find(|old| old.0 == value.0).unwrap();
                *place = *value;
            }
            known.tick = sent.tick;
            known.time_ms = sent.time_ms;
            known.alarms = sent.alarms.or(known.alarms.take());
            known.interlocks = sent.interlocks.or(known.interlocks.take());
            known.batches = sent.batches.or(known.batches.take());
            known.system = sent.system;
        }
        _ => *known = Some(sent),
    }
}

/// Few different values, so that many stay as they were.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-0.0), Just(1.5), any::<f64>().prop_filter("finite", |x| x.is_finite())]
}

fn alarm() -> impl Strategy<Value = AlarmStatus> {
    (0..3u32, 0..7u8, any::<bool>(), 0..2i64, prop::option::of("[a-c]")).prop_map(
        |(alarm, state, active, since_ms, acknowledged_by)| AlarmStatus {
            alarm: AlarmId(alarm),
            state: AlarmState::from_code(state),
            active,
            since_ms,
            acknowledged_by,
            shelved_until_ms: active.then_some(since_ms),
        },
    )
}

fn interlock() -> impl Strategy<Value = InterlockStatus> {
    (0..3u32, any::<bool>(), prop::option::of(0..3u16)).prop_map(|(interlock, tripped, first_out)| {
        InterlockStatus {
            interlock: InterlockId(interlock),
            tripped,
            active: tripped,
            first_out,
            first_bad: None,
            since_ms: 0,
            bypassed_until_ms: None,
            bypassed_by: None,
        }
    })
}

fn batch() -> impl Strategy<Value = BatchStatus> {
    (0..12u8, value(), prop::option::of("[a-c]")).prop_map(|(state, parameter, cause)| BatchStatus {
        recipe: RecipeId(0),
        batch: 1,
        state: ProcState::from_code(state),
        since_ms: 0,
        nodes: vec![NodeStatus { state: ProcState::Idle, elapsed_ms: 0 }],
        parameters: vec![parameter],
        phase: None,
        cause,
    })
}

fn frame(points: usize) -> impl Strategy<Value = Frame> {
    let quality = prop_oneof![Just(Quality::Good), Just(Quality::BadNoCommunication)];
    (
        (any::<u64>(), any::<i64>(), any::<u32>()),
        prop::collection::vec((value(), quality), points),
        prop::collection::vec(alarm(), 0..3),
        prop::collection::vec(interlock(), 0..3),
        prop::collection::vec(batch(), 0..2),
    )
        .prop_map(|((tick, time_ms, links), values, alarms, interlocks, batches)| Frame {
            tick,
            time_ms,
            full: true,
            values: (0..)
                .zip(values)
                .map(|(id, (value, quality))| PointValue(PointId(id), value, quality))
                .collect(),
            alarms: Some(alarms),
            interlocks: Some(interlocks),
            batches: Some(batches),
            forced: Some(Vec::new()),
            out_of_service: Some(Vec::new()),
            limited: Some(Vec::new()),
            system: SystemStatus { links, ..SystemStatus::default() },
        })
}

/// Some of which are the one before, with a new tick: most frames are nearly that.
fn run() -> impl Strategy<Value = Vec<Frame>> {
    let frames = |points| prop::collection::vec((frame(points), any::<bool>()), 1..8);
    (0..6usize).prop_flat_map(frames).prop_map(|drawn| {
        let mut run: Vec<Frame> = Vec::new();
        for (frame, again) in drawn {
            match run.last() {
                Some(last) if again => run.push(Frame { tick: frame.tick, ..last.clone() }),
                _ => run.push(frame),
            }
        }
        run
    })
}

fn bits(frame: &Frame) -> Vec<(PointId, u64, Quality)> {
    frame.values.iter().map(|value| (value.0, value.1.to_bits(), value.2)).collect()
}

proptest! {
    #[test]
    fn changes_put_together_are_the_newest_frame(run in run()) {
        let (mut difference, mut known) = (Difference::default(), None);
        for newest in run {
            let sent = difference.next(&Arc::new(newest.clone()));
            // Over the wire and back, as a client gets it.
            let text = serde_json::to_string(&ServerMessage::Frame(sent.clone())).unwrap();
            prop_assert!(serde_json::from_str::<ServerMessage>(&text).is_ok());
            take(&mut known, sent);
            let known = known.as_ref().unwrap();
            prop_assert_eq!(bits(known), bits(&newest));
            prop_assert_eq!(known, &Frame { full: known.full, ..newest });
        }
    }

    #[test]
    fn only_what_differs_is_sent(first in frame(6), second in frame(6)) {
        let mut difference = Difference::default();
        prop_assert!(difference.next(&Arc::new(first.clone())).full);
        let sent = difference.next(&Arc::new(second.clone()));
        prop_assert!(!sent.full);
        prop_assert_eq!(sent.alarms.is_none(), first.alarms == second.alarms);
        prop_assert_eq!(sent.interlocks.is_none(), first.interlocks == second.interlocks);
        prop_assert_eq!(sent.batches.is_none(), first.batches == second.batches);
        for (old, new) in bits(&first).into_iter().zip(bits(&second)) {
            prop_assert_eq!(bits(&sent).contains(&new), old != new);
        }
    }
}

#[test]
fn a_value_that_stays_no_number_is_sent_once() {
    let frame = |value| {
        Arc::new(Frame {
            tick: 1,
            time_ms: 1,
            full: true,
            values: vec![PointValue(PointId(0), value, Quality::Good)],
            alarms: None,
            interlocks: None,
            batches: None,
            forced: None,
            out_of_service: None,
            limited: None,
            system: SystemStatus::default(),
        })
    };
    let mut difference = Difference::default();
    assert_eq!(
        difference.next(&frame(f64::NAN)).values,
        [PointValue(PointId(0), 0.0, Quality::BadOutOfRange)]
    );
    assert_eq!(difference.next(&frame(f64::NAN)).values, []);
    assert_eq!(difference.next(&frame(0.0)).values, [PointValue(PointId(0), 0.0, Quality::Good)]);
}

#[test]
fn another_list_of_points_makes_a_full_frame() {
    let frame = |ids: &[u32]| {
        Arc::new(Frame {
            tick: 1,
            time_ms: 1,
            full: true,
            values: ids.iter().map(|id| PointValue(PointId(*id), 1.0, Quality::Good)).collect(),
            alarms: None,
            interlocks: None,
            batches: None,
            forced: None,
            out_of_service: None,
            limited: None,
            system: SystemStatus::default(),
        })
    };
    let mut difference = Difference::default();
    assert!(difference.next(&frame(&[0, 1])).full);
    assert!(difference.next(&frame(&[0, 2])).full);
    assert!(difference.next(&frame(&[0, 2, 3])).full);
    assert!(!difference.next(&frame(&[0, 2, 3])).full);
}
