//! The state table, cell by cell, and what surrounds it.

use alloc::{string::String, vec, vec::Vec};
use model::wire::AlarmKind;
use model::{AlarmState, PointId, Priority, Quality, Refusal, UserId};

use super::{AlarmMemory, Order, reported_value};
use crate::image::Image;
use crate::machine::{Memory, Now};
use crate::plant::{Alarm, AlarmCondition, Code, Op, Plant};

use AlarmState::{Acked, Normal, OutOfService, Returned, Shelved, Suppressed, Unacked};

const STATES: [AlarmState; 7] = [Normal, Unacked, Acked, Returned, Shelved, Suppressed, OutOfService];

/// An alarm that has stood in this state since tick 5; a shelf that ends at tick 100.
fn memory(state: AlarmState, active: bool) -> AlarmMemory {
    AlarmMemory { state, active, raw: active, since: 5, shelved_until: 100, ..AlarmMemory::default() }
}

/// What time and condition make of a state: (enabled, active, shelf over) -> next.
fn expected(state: AlarmState, enabled: bool, active: bool, shelf_over: bool) -> AlarmState {
    match state {
        OutOfService => OutOfService,
        Shelved if !shelf_over => Shelved,
        _ if !enabled => Suppressed,
        Normal => [Normal, Unacked][usize::from(active)],
        Unacked => [Returned, Unacked][usize::from(active)],
        Acked => [Normal, Acked][usize::from(active)],
        Returned => [Returned, Unacked][usize::from(active)],
        Shelved | Suppressed => [Normal, Unacked][usize::from(active)],
    }
}

#[test]
fn time_and_condition_move_every_state_as_the_table_says() {
    for state in STATES {
        for (enabled, active, over) in (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)) {
            let mut alarm = memory(state, active);
            let tick = if over { 100 } else { 99 };
            let left = alarm.settle(enabled, tick);
            let next = expected(state, enabled, active, over);
            assert_eq!(alarm.state, next, "{state:?} enabled {enabled} active {active} over {over}");
            assert_eq!(left, (next != state).then_some(state), "a transition is reported, nothing else is");
        }
    }
}

#[test]
fn orders_move_every_state_as_the_table_says() {
    let user = UserId(3);
    let acknowledge = |state| match state {
        Unacked => Ok(Acked),
        Returned => Ok(Normal),
        Normal | Acked | Shelved | Suppressed | OutOfService => Err(Refusal::NothingToDo),
    };
    let shelve = |state| match state {
        Normal | Unacked | Acked | Returned | Shelved => Ok(Shelved),
        Suppressed | OutOfService => Err(Refusal::NotInThisState),
    };
    let unshelve = |state, active: bool| match state {
        Shelved => Ok([Normal, Unacked][usize::from(active)]),
        Normal | Unacked | Acked | Returned | Suppressed | OutOfService => Err(Refusal::NothingToDo),
    };
    for state in STATES {
        for active in [false, true] {
            for (order, next) in [
                (Order::Acknowledge(user), acknowledge(state)),
                (Order::Shelve(200), shelve(state)),
                (Order::Unshelve, unshelve(state, active)),
            ] {
                let mut alarm = memory(state, active);
                let answer = alarm.order(order, 50);
                assert_eq!(answer, next.map(|_| state), "{state:?} {order:?}");
                assert_eq!(alarm.state, next.unwrap_or(state), "{state:?} {order:?}");
                if alarm.state == Acked && state != Acked {
                    assert_eq!(alarm.user, user);
                }
            }
        }
    }
}

#[test]
fn an_alarm_that_is_acknowledged_or_returns_keeps_its_age() {
    let mut alarm = memory(Normal, true);
    alarm.settle(true, 20);
    assert_eq!(alarm.since, 20);
    alarm.order(Order::Acknowledge(UserId(1)), 30).unwrap();
    assert_eq!((alarm.state, alarm.since), (Acked, 20));
    let mut alarm = memory(Unacked, false);
    alarm.settle(true, 40);
    assert_eq!((alarm.state, alarm.since), (Returned, 5));
    alarm.active = true;
    alarm.settle(true, 50);
    assert_eq!((alarm.state, alarm.since), (Unacked, 50), "it rings again, and is new");
}

struct Bench {
    plant: Plant,
    image: Image,
    memory: Memory,
    alarm: AlarmMemory,
    tick: u64,
}

fn bench(condition: AlarmCondition) -> Bench {
    let mut plant = crate::testing::plant(2);
    plant.code = Code { ops: vec![Op::Load(PointId(1))], timers: 0, edges: 0, rates: 0, stack: 1 };
    plant.alarms = vec![Alarm {
        name: "TT.HH".into(),
        tag: "TT".into(),
        area: String::new(),
        equipment: None,
        kind: AlarmKind::HighHigh,
        priority: Priority::High,
        condition,
        on_delay_ms: 0,
        off_delay_ms: 0,
        enable: None,
        text: String::new(),
        cause: String::new(),
        consequence: String::new(),
        response: String::new(),
        time_to_respond: String::new(),
    }];
    let mut image = Image::new(&plant);
    for point in [PointId(0), PointId(1)] {
        image.set(point, 0.0, Quality::Good);
    }
    let memory = Memory::new(&plant, &image);
    Bench { plant, image, memory, alarm: AlarmMemory::default(), tick: 0 }
}

impl Bench {
    /// One scan of 10 ms.
    fn scan(&mut self, value: f64) -> AlarmState {
        self.image.set(PointId(0), value, Quality::Good);
        self.again()
    }

    fn again(&mut self) -> AlarmState {
        self.tick += 1;
        let now = Now { tick: self.tick, period_ms: 10 };
        let alarm = &self.plant.alarms[0];
        self.alarm.scan(alarm, &self.plant.code.ops, &self.image, &mut self.memory, now);
        self.alarm.state
    }

    fn states(&mut self, values: &[f64]) -> Vec<bool> {
        values
            .iter()
            .map(|value| {
                self.scan(*value);
                self.alarm.active
            })
            .collect()
    }
}

#[test]
fn the_deadband_keeps_an_alarm_until_the_value_is_well_back() {
    let point = PointId(0);
    let mut high = bench(AlarmCondition::Above { point, limit: 90.0, deadband: 2.0 });
    assert_eq!(high.states(&[89.9, 90.0, 89.0, 88.0, 87.9, 89.9]), [false, true, true, true, false, false]);
    let mut low = bench(AlarmCondition::Below { point, limit: 10.0, deadband: 2.0 });
    assert_eq!(low.states(&[10.1, 10.0, 11.0, 12.0, 12.1]), [false, true, true, true, false]);
    let (pv, sp) = (PointId(0), PointId(1));
    let mut deviation = bench(AlarmCondition::Deviation { pv, sp, limit: 5.0, deadband: 1.0 });
    assert_eq!(deviation.states(&[4.9, -5.0, -4.0, -3.9]), [false, true, true, false]);
    let mut fault = bench(AlarmCondition::Fault { point, faulty_at: 1.0 });
    assert_eq!(fault.states(&[0.0, 1.0, 0.0]), [false, true, false]);
}

#[test]
fn delays_count_unbroken_time() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.plant.alarms[0].on_delay_ms = 30;
    bench.plant.alarms[0].off_delay_ms = 20;
    let values = [95.0, 95.0, 95.0, 80.0, 95.0, 95.0, 95.0, 95.0, 80.0, 80.0, 80.0];
    let active = bench.states(&values);
    assert_eq!(active, [false, false, false, false, false, false, false, true, true, true, false]);
}

#[test]
fn an_on_delay_counts_what_is_beyond_the_limit_and_an_off_delay_what_is_beyond_the_deadband() {
    let mut high = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 2.0 });
    high.plant.alarms[0].on_delay_ms = 20;
    assert_eq!(
        high.states(&[90.0, 89.0, 89.0, 89.0]),
        [false; 4],
        "once past the limit, then within its deadband"
    );
    assert_eq!(high.states(&[90.5, 89.9, 90.5, 90.5, 90.5]), [false, false, false, false, true]);
    assert_eq!(high.states(&[88.5, 87.9]), [true, false]);

    let mut low = bench(AlarmCondition::Below { point: PointId(0), limit: 1.060, deadband: 0.02 });
    low.plant.alarms[0].on_delay_ms = 20;
    assert_eq!(low.states(&[1.059, 1.062, 1.062, 1.062]), [false; 4]);
    assert_eq!(low.states(&[1.059, 1.059, 1.059]), [false, false, true]);

    let (pv, sp) = (PointId(0), PointId(1));
    let mut deviation = bench(AlarmCondition::Deviation { pv, sp, limit: 5.0, deadband: 1.0 });
    deviation.plant.alarms[0].on_delay_ms = 20;
    assert_eq!(deviation.states(&[5.0, 4.5, -4.5, 4.5]), [false; 4]);

    let mut slow = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 2.0 });
    slow.plant.alarms[0].off_delay_ms = 20;
    assert_eq!(
        slow.states(&[90.0, 87.0, 88.5, 87.0, 88.5, 88.5]),
        [true; 6],
        "back within its deadband it stands"
    );
    assert_eq!(slow.states(&[87.0, 87.0, 87.0]), [true, true, false]);
}

#[test]
fn a_bad_value_freezes_the_alarm_and_its_delay() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.plant.alarms[0].on_delay_ms = 30;
    bench.scan(95.0);
    bench.image.set_quality(PointId(0), Quality::BadSensorFailure);
    for _ in 0..10 {
        assert_eq!(bench.again(), Normal);
    }
    assert_eq!(bench.scan(95.0), Normal, "bad time does not count");
    bench.scan(95.0);
    assert_eq!(bench.scan(95.0), Unacked);
    bench.image.set_quality(PointId(0), Quality::BadSensorFailure);
    for _ in 0..10 {
        assert_eq!(bench.again(), Unacked, "nor does it clear");
    }
}

#[test]
fn suppression_must_be_certain() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.plant.alarms[0].enable = Some(crate::testing::expr(0, 1));
    assert_eq!(bench.scan(95.0), Suppressed);
    bench.image.set_quality(PointId(1), Quality::BadNoCommunication);
    assert_eq!(bench.scan(95.0), Unacked, "an unknown enable hides nothing");
    bench.image.set(PointId(1), 1.0, Quality::Good);
    assert_eq!(bench.scan(95.0), Unacked);
}

#[test]
fn a_shelf_ends_by_itself() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.scan(95.0);
    bench.alarm.order(Order::Shelve(bench.tick + 10), bench.tick).unwrap();
    for _ in 0..9 {
        assert_eq!(bench.scan(95.0), Shelved);
    }
    assert_eq!(bench.scan(95.0), Unacked);
}

#[test]
fn a_deviation_is_counted_from_the_set_point_wherever_it_stands() {
    let (pv, sp) = (PointId(0), PointId(1));
    let mut bench = bench(AlarmCondition::Deviation { pv, sp, limit: 5.0, deadband: 1.0 });
    bench.image.set(sp, 50.0, Quality::Good);
    assert_eq!(bench.states(&[46.0, 45.0, 46.5, 54.0, 55.0]), [false, true, false, false, true]);
}

#[test]
fn a_deviation_of_which_one_side_is_bad_freezes() {
    let (pv, sp) = (PointId(0), PointId(1));
    for bad in [pv, sp] {
        let mut bench = bench(AlarmCondition::Deviation { pv, sp, limit: 5.0, deadband: 1.0 });
        bench.image.set(pv, 20.0, Quality::Good);
        bench.image.set_quality(bad, Quality::BadSensorFailure);
        assert_eq!(bench.again(), Normal, "{bad:?} is bad: nobody knows whether it deviates");
    }
}

#[test]
fn an_alarm_reports_what_its_condition_looked_at() {
    let (point, pv, sp) = (PointId(0), PointId(0), PointId(1));
    let reported = |condition: AlarmCondition| {
        let mut bench = bench(condition);
        bench.image.set(sp, 30.0, Quality::Good);
        bench.scan(92.5);
        reported_value(&bench.plant.alarms[0], &bench.alarm, &bench.image)
    };
    assert_eq!(reported(AlarmCondition::Above { point, limit: 90.0, deadband: 1.0 }), 92.5);
    assert_eq!(reported(AlarmCondition::Below { point, limit: 10.0, deadband: 1.0 }), 92.5);
    assert_eq!(reported(AlarmCondition::Fault { point, faulty_at: 4.0 }), 92.5);
    assert_eq!(reported(AlarmCondition::Deviation { pv, sp, limit: 5.0, deadband: 1.0 }), 62.5);
    // A condition has no value of its own: whether it holds.
    assert_eq!(reported(AlarmCondition::When(crate::testing::expr(0, 1))), 1.0);
}

#[test]
fn what_happened_while_nobody_looked_rings_at_once_and_goes_with_the_next_look() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.plant.alarms[0].on_delay_ms = 60_000;
    bench.scan(20.0);
    assert_eq!(bench.alarm.strike(bench.tick), Some(Normal), "without its delay");
    assert_eq!((bench.alarm.state, bench.alarm.active), (Unacked, true));
    assert_eq!(bench.alarm.strike(bench.tick), None, "once");
    assert_eq!(bench.scan(20.0), Returned);
}

#[test]
fn a_suppressed_alarm_is_not_struck_into_view() {
    let mut bench = bench(AlarmCondition::Above { point: PointId(0), limit: 90.0, deadband: 0.0 });
    bench.plant.alarms[0].enable = Some(crate::testing::expr(0, 1));
    assert_eq!(bench.scan(20.0), Suppressed);
    assert_eq!(bench.alarm.strike(bench.tick), None);
    assert_eq!(bench.alarm.state, Suppressed);
}

#[test]
fn a_snapshot_keeps_every_field_of_an_alarm() {
    for (state, active, raw) in [(Acked, true, false), (Shelved, false, true), (Unacked, true, true)] {
        let mut written = memory(state, active);
        (written.raw, written.raw_since, written.user) = (raw, 17, UserId(0x1_0203));
        let mut writer = model::StateWriter::default();
        written.state(&mut writer);
        let mut read = AlarmMemory::default();
        read.state(&mut model::StateReader::new(&writer.0));
        assert_eq!(read, written);
    }
}
