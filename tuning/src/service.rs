//! What a loop was doing all day: modes, limits, the work of its valve.

use crate::record::Record;

/// Shares are of the time that is known, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Service {
    pub known_s: f64,
    /// In its normal mode, and in any mode that controls.
    pub normal: f64,
    pub automatic: f64,
    /// OUT stood at one of its limits while the loop controlled; share of the controlled time.
    pub saturated: f64,
    /// Changes of mode.
    pub changes: usize,
    /// Sum of |change of OUT| for each hour, in units of OUT.
    pub travel_per_h: f64,
    /// Turns of OUT for each hour: each wears the packing of a valve.
    pub reversals_per_h: f64,
}

/// Of an instant: `None` where it was not recorded or not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub normal: bool,
    pub automatic: bool,
    /// Number of the mode, to see it change.
    pub mode: u8,
}

/// `moments` belongs sample by sample to `record`; `limits` are those of OUT, of which `near` counts as at them.
pub fn service(record: &Record, moments: &[Option<Moment>], limits: (f64, f64), near: f64) -> Service {
    let mut service = Service::default();
    let (mut known, mut normal, mut automatic, mut saturated) = (0usize, 0usize, 0usize, 0usize);
    let mut last: Option<(u8, f64)> = None;
    let mut travel = 0.0;
    let (mut reversals, mut way) = (0usize, 0.0);
    for (moment, out) in moments.iter().zip(&record.out) {
        let Some(moment) = moment else {
            last = None;
            continue;
        };
        known += 1;
        normal += usize::from(moment.normal);
        automatic += usize::from(moment.automatic);
        saturated += usize::from(moment.automatic && (*out <= limits.0 + near || *out >= limits.1 - near));
        if let Some((mode, before)) = last {
            service.changes += usize::from(mode != moment.mode);
            let moved = out - before;
            travel += libm::fabs(moved);
            if libm::fabs(moved) > near {
                reversals += usize::from(moved * way < 0.0);
                way = moved;
            }
        }
        last = Some((moment.mode, *out));
    }
    let share = |part: usize, whole: usize| if whole > 0 { part as f64 / whole as f64 } else { 0.0 };
    service.known_s = known as f64 * record.dt;
    service.normal = share(normal, known);
    service.automatic = share(automatic, known);
    service.saturated = share(saturated, automatic);
    if service.known_s > 0.0 {
        service.travel_per_h = travel / service.known_s * 3600.0;
        service.reversals_per_h = reversals as f64 / service.known_s * 3600.0;
    }
    service
}

#[cfg(test)]
mod tests {
    use super::{Moment, service};
    use crate::record::Record;
    use std::vec;

    #[test]
    fn a_morning_is_counted_sample_by_sample() {
        let auto = Some(Moment { normal: true, automatic: true, mode: 2 });
        let manual = Some(Moment { normal: false, automatic: false, mode: 1 });
        let moments = [auto, auto, auto, auto, manual, manual, None, auto, auto, auto];
        let out = vec![0.0, 50.0, 40.0, 100.0, 100.0, 100.0, 7.0, 20.0, 30.0, 10.0];
        let found = service(&Record { dt: 360.0, pv: vec![0.0; 10], out }, &moments, (0.0, 100.0), 0.5);
        assert_eq!(found.known_s, 3240.0);
        assert_eq!((found.normal, found.automatic), (7.0 / 9.0, 7.0 / 9.0));
        assert_eq!(found.saturated, 2.0 / 7.0);
        assert_eq!(found.changes, 1);
        // 50 + 10 + 60 before the gap, 10 + 20 after it.
        assert!((found.travel_per_h - 150.0 / 0.9).abs() < 1e-9);
        // 50 up, 10 down, 60 up, (gap) 10 up, 20 down.
        assert!((found.reversals_per_h - 3.0 / 0.9).abs() < 1e-9);
    }

    #[test]
    fn an_unknown_day_is_nothing_and_no_division_by_zero() {
        let record = Record { dt: 1.0, pv: vec![0.0; 3], out: vec![0.0; 3] };
        assert_eq!(service(&record, &[None; 3], (0.0, 100.0), 0.5), super::Service::default());
    }
}
