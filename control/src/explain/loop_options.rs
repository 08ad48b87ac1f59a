//! Why of a loop's options: what of them is at work now.

use alloc::{borrow::ToOwned, format, vec::Vec};
use model::wire::{WhyFact, WhyLine, WhyValue};
use model::{Mode, Quality};

use super::term::Scene;
use super::{condition, point_line};
use crate::blocks::pid::{is_automatic, is_remote};
use crate::plant::pid_options::Shape;
use crate::plant::{Pid, PidForm};
use crate::text::duration;

/// Proportional action now, in units of OUT.
pub(super) fn proportional(scene: Scene<'_>, pid: &Pid) -> f64 {
    let view = scene.view;
    let span = (pid.out_high - pid.out_low) / (pid.pv_high - pid.pv_low);
    let scale = if pid.direct { -span } else { span };
    let shape = Shape::new(pid);
    if !shape.is_prompt() {
        return 0.0;
    }
    let tuning = shape.tuning(view.value(pid.kc), scale, view.value(pid.ti), view.value(pid.td));
    let (pv, working) = (view.value(pid.pv), view.value(pid.sp_working));
    let error = working - pv;
    let factor = if pid.options.ff_multiplies { view.value(pid.ff) } else { 1.0 };
    factor * tuning.gain * (pid.beta * working - pv + (shape.share(error) - 1.0) * error)
}

pub(super) fn lines(scene: Scene<'_>, pid: &Pid, actual: Mode, wanted: f64, lines: &mut Vec<WhyLine>) {
    if pid.options.is_plain() {
        return;
    }
    if is_remote(actual)
        && let Some(remote) = &pid.options.remote
    {
        let source = if actual == Mode::RemoteCascade { remote.sp } else { remote.out };
        if let Some(point) = source {
            lines.push(point_line(scene, 1, "from the remote", point));
        }
        let (timeout, shed) = (duration(u64::from(remote.timeout_ms)), remote.shed.short());
        lines.push(WhyLine::words(1, format!("without a new value for {timeout} it sheds to {shed}")));
    }
    if let Some(schedule) = &pid.options.schedule {
        let by = &scene.plant.point(schedule.by).name;
        lines.push(point_line(scene, 0, &format!("tuning follows {by}"), schedule.by));
        for (table, label, point) in
            [(&schedule.kc, "KC", pid.kc), (&schedule.ti, "TI", pid.ti), (&schedule.td, "TD", pid.td)]
        {
            if !table.is_empty() {
                lines.push(point_line(scene, 1, label, point));
            }
        }
    }
    feed_forward(scene, pid, lines);
    if let Some(feedback) = pid.options.feedback {
        let name = &scene.plant.point(feedback.point).name;
        let usable = scene.view.quality(feedback.point).is_usable();
        let label = if usable { "its integral follows" } else { "its integral follows OUT, without" };
        lines.push(point_line(scene, 0, &format!("{label} {name}"), feedback.point));
    }
    if is_automatic(actual) {
        at_work(scene, pid, wanted, lines);
    }
    let form = match pid.options.form {
        PidForm::Isa => return,
        PidForm::Parallel => "parallel form: KC acts on P alone, TI and TD by themselves",
        PidForm::Series => "series form",
        PidForm::Integral => "integral action alone",
    };
    lines.push(WhyLine::words(0, form));
}

/// What bends the error and what holds OUT back.
fn at_work(scene: Scene<'_>, pid: &Pid, wanted: f64, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let error = view.value(pid.sp_working) - view.value(pid.pv);
    let share = Shape::new(pid).share(error);
    let (unit, decimals) = (scene.plant.point(pid.pv).unit.difference(), scene.plant.point(pid.pv).decimals);
    let band = pid.options.gap.filter(|gap| libm::fabs(error) <= gap.band).map(|gap| gap.band);
    if band.is_some() || share != 1.0 {
        let band = band.map(|band| WhyValue::number(band, unit.symbol(), Some(decimals), Quality::Good));
        lines.push(WhyLine::new(1, WhyFact::Gain { factor: share, band }));
    }
    let out = view.value(pid.out);
    let goal = wanted.max(pid.out_limit_low).min(pid.out_limit_high);
    if pid.options.out_rate.is_finite()
        && libm::fabs(goal - out) > 1e-9 * libm::fabs(pid.out_high - pid.out_low)
    {
        let unit = scene.plant.point(pid.out).unit.difference().symbol().to_owned();
        let (to, per_s) = (scene.value(pid.out, goal, Quality::Good), pid.options.out_rate);
        lines.push(WhyLine::new(1, WhyFact::Moving { to, unit, per_s }));
    }
}

fn feed_forward(scene: Scene<'_>, pid: &Pid, lines: &mut Vec<WhyLine>) {
    if let Some(gain) = pid.options.ff_gain {
        lines.push(point_line(scene, 0, "feed-forward gain", gain));
    }
    if let Some(when) = &pid.options.ff_when {
        lines.push(WhyLine::words(0, "feed-forward acts while"));
        condition::lines(scene, when, 1, lines);
    }
}

/// The condition of the local override, with live values.
pub(super) fn override_lines(scene: Scene<'_>, pid: &Pid, lines: &mut Vec<WhyLine>) {
    let Some(track) = &pid.options.track else { return };
    lines.push(WhyLine::words(1, format!("tracks: local override to {}, while", track.value.text)));
    condition::lines(scene, &track.when, 2, lines);
}
