//! Interlocks that take one of the two contacts of a motor-operated valve and leave the other to its block: for one scan both
//! may be closed.

use alloc::format;
use alloc::vec::Vec;
use model::PointId;

use super::items::{Item, Items, Kind};
use super::report::{Mistake, Report};
use crate::plant::{BlockBody, Plant};

pub(super) fn warn(plant: &Plant, items: &Items, report: &mut Report) {
    let pairs: Vec<[PointId; 2]> = plant
        .blocks
        .iter()
        .filter_map(|block| match &block.body {
            BlockBody::Function(function) => Some([function.target?, function.second?]),
            _ => None,
        })
        .collect();
    for interlock in &plant.interlocks {
        let action = |point: PointId| interlock.actions.iter().find(|action| action.point == point);
        for pair in &pairs {
            let named = |item: &&Item| item.name.as_str() == interlock.name;
            let Some(item) = items.of(Kind::Interlock).find(named) else { continue };
            let word = |point: PointId| {
                let point = plant.point(point);
                let word = point.words.as_ref().map_or("off", |(off, _)| off.as_str());
                (point.name.as_str(), format!("{} := {word}", point.name))
            };
            let (said, taken, help) = match pair.map(action) {
                [Some(taken), None] | [None, Some(taken)] => {
                    let (name, off) = word(if taken.point == pair[0] { pair[1] } else { pair[0] });
                    (format!("leaves `{name}` as it is"), taken, format!("add `{off}` to `do`"))
                }
                [Some(raise), Some(lower)] if raise.value >= 0.5 && lower.value >= 0.5 => {
                    let (name, off) = word(pair[1]);
                    (
                        format!("closes `{name}` as well"),
                        raise,
                        format!("write `{off}`, or open the other one"),
                    )
                }
                _ => continue,
            };
            report.add(
                Mistake::warning("one-contact", format!("`{}` {said}", interlock.name))
                    .at(item.name.place, format!("it does `{}`", taken.text))
                    .help(format!("{help}: the motor has one contact closed at a time")),
            );
        }
    }
}
