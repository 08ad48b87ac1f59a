//! The plant while it is being compiled: points, blocks and their names.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::wire::Role;
use model::{BlockId, DeviceId, IoMap, PointId, Unit, nearest};

use super::bounds::Bounds;
use super::fields::{Fields, Range};
use super::items::{Item, Kind, duplicate};
use super::place::{Place, Text};
use super::quantity::Shown;
use super::report::{Mistake, Report};
use crate::plant::{Area, Code, EquipmentUnit, Origin, Point, Write};

/// Looking for similar names costs time; nobody reads more suggestions than this.
const SUGGESTIONS: u32 = 100;

#[derive(Default)]
pub(super) struct Draft {
    pub(super) areas: Vec<Area>,
    pub(super) units: Vec<EquipmentUnit>,
    pub(super) unit_names: BTreeMap<String, Place>,
    pub(super) io: IoMap,
    pub(super) points: Vec<Point>,
    /// One per point.
    pub(super) facts: Vec<Facts>,
    pub(super) names: BTreeMap<String, Named>,
    pub(super) blocks: Vec<BlockDraft>,
    pub(super) code: Code,
    pub(super) period_ms: u32,
    /// Of each included plant, a multiple of the site's.
    pub(super) periods: BTreeMap<usize, u32>,
    suggestions: u32,
    /// The group of a motor, its number there, and where that is written.
    pub(super) groups: BTreeMap<String, (BlockId, usize, Place)>,
    /// The output that the text of a device names.
    pub(super) outs: BTreeMap<BlockId, String>,
    /// Between which values the results of blocks stay, where it is known.
    pub(super) reach: BTreeMap<PointId, Bounds>,
}

/// What one name stands for. A calculation is both a block and a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) place: Place,
    pub(super) point: Option<PointId>,
    pub(super) block: Option<BlockId>,
    pub(super) device: Option<DeviceId>,
}

/// What the compiler needs to know of a point beyond the plant itself.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) place: Place,
    pub(super) part: Part,
    /// Unit and range are as the text says; otherwise a mistake is reported already.
    pub(super) sure: bool,
    /// Where it stands in the field cannot be read, and a mistake says so: whether it is an output is not known.
    pub(super) lost: bool,
}

/// What a point is to its block: decides data flow and which words it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A tag, a link or a phase parameter.
    None,
    /// Computed by the block in its turn: whoever reads it runs after the block.
    Result,
    /// Written by commands and phases.
    Setting,
    /// A setting whose unit is that of one value per another, and is not followed.
    Factor,
    Mode,
    State,
    /// Known from the scan before; reading it makes no dependency.
    Memory,
}

/// A block that has its name and points, and not yet its body.
pub(super) struct BlockDraft {
    pub(super) name: Text,
    pub(super) kind: Kind,
    /// Index into the items.
    pub(super) item: usize,
    pub(super) points: Vec<(&'static str, PointId)>,
    /// Every point that it reads in the same scan.
    pub(super) reads: Vec<(PointId, Place)>,
    /// The output tags that it writes.
    pub(super) writes: Vec<(PointId, Place)>,
    /// In which tick of its period it runs, where its text says so.
    pub(super) phase_ticks: Option<u32>,
}

impl BlockDraft {
    pub(super) fn point(&self, role: &str) -> Option<PointId> {
        self.points.iter().find(|(name, _)| *name == role).map(|(_, point)| *point)
    }

    /// The point that stands for the block on a row or in an alarm.
    pub(super) fn main_point(&self) -> Option<PointId> {
        ["CV", "Q", "PV", "STATE", "OUT", "OUT1", "DEV", "POS", ""]
            .into_iter()
            .find_map(|role| self.point(role))
    }
}

/// What a new point is made of.
pub(super) struct NewPoint {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) area: String,
    pub(super) place: Place,
    pub(super) part: Part,
    pub(super) origin: Origin,
}

impl Draft {
    /// The base period of the plant that an item belongs to.
    pub(super) fn period_of(&self, item: &Item) -> u32 {
        self.periods.get(&item.plant).copied().unwrap_or(self.period_ms)
    }

    /// Adds a point without unit and range, which follow. Reports a name that is taken.
    pub(super) fn add_point(&mut self, new: NewPoint, report: &mut Report) -> PointId {
        let id = PointId(self.points.len() as u32);
        let name = Text::whole(new.name.clone(), new.place);
        let named = Named { place: new.place, point: Some(id), block: None, device: None };
        self.add_name(&name, named, report);
        self.points.push(Point {
            name: new.name,
            description: new.description,
            area: new.area,
            unit: Unit::NONE,
            low: 0.0,
            high: 1.0,
            decimals: 0,
            normal: None,
            words: None,
            initial: 0.0,
            origin: new.origin,
            write: None,
            source: None,
        });
        self.facts.push(Facts { place: new.place, part: new.part, sure: true, lost: false });
        id
    }

    pub(super) fn add_name(&mut self, name: &Text, named: Named, report: &mut Report) {
        match self.names.get_mut(name.as_str()) {
            Some(known) if known.point.is_none() && named.block.is_none() && known.place == named.place => {
                // The block's own point of the same name.
                known.point = named.point;
            }
            Some(known) => report.add(duplicate("the name", name, known.place)),
            None => {
                self.names.insert(String::from(name), named);
            }
        }
    }

    /// The point that says whether the interlock of this name has tripped.
    pub(super) fn trip_point(&self, interlock: &str) -> Option<PointId> {
        let point = self.names.get(&format!("{interlock}.TRIPPED"))?.point?;
        matches!(self.point(point).origin, Origin::Interlock(_)).then_some(point)
    }

    pub(super) fn point(&self, id: PointId) -> &Point {
        &self.points[id.index()]
    }

    pub(super) fn is_sure(&self, id: PointId) -> bool {
        self.facts[id.index()].sure
    }

    pub(super) fn part(&self, id: PointId) -> Part {
        self.facts[id.index()].part
    }

    pub(super) fn set_unit(&mut self, id: PointId, unit: Unit, low: f64, high: f64, decimals: Option<u8>) {
        let point = &mut self.points[id.index()];
        point.unit = unit;
        point.low = low;
        point.high = high;
        point.decimals = decimals.unwrap_or_else(|| default_decimals(low, high));
    }

    pub(super) fn set_write(&mut self, id: PointId, low: f64, high: f64, role: Role) {
        self.points[id.index()].write = Some(Write { low, high, role });
    }

    pub(super) fn set_words(&mut self, id: PointId, words: (&str, &str)) {
        let point = &mut self.points[id.index()];
        point.words = Some((words.0.to_string(), words.1.to_string()));
        (point.low, point.high, point.decimals) = (0.0, 1.0, 0);
    }

    /// A point by its name; otherwise a mistake that names the nearest.
    pub(super) fn find_point(&mut self, name: &str, place: Place, report: &mut Report) -> Option<PointId> {
        if let Some(point) = self.names.get(name).and_then(|named| named.point) {
            return Some(point);
        }
        self.unknown_point(name, place, report);
        None
    }

    pub(super) fn unknown_point(&mut self, name: &str, place: Place, report: &mut Report) {
        if let Some(block) = self.names.get(name).and_then(|named| named.block) {
            let block = &self.blocks[block.index()];
            let points: Vec<String> = block.points.iter().map(|(role, _)| format!("{name}.{role}")).collect();
            report.add(
                Mistake::error("not-a-value", format!("`{name}` is a {}, not a value", block.kind.word()))
                    .at(place, "which of its values?")
                    .help(format!("write one of {}", points.join(", "))),
            );
            return;
        }
        let help = match (self.split_minus(name), self.nearest_name(name)) {
            (Some((left, right)), _) => format!("a minus has spaces around it: `{left} - {right}`"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "declare it as a [tag] or a block, or correct the name".to_string(),
        };
        report.add(
            Mistake::error("unknown-name", format!("no `{name}` in this plant"))
                .at(place, "not declared")
                .help(help),
        );
    }

    /// `FT-301-5` as `FT-301` and `5`: a minus without spaces.
    fn split_minus<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        name.match_indices('-').map(|(at, _)| (&name[..at], &name[at + 1..])).find(|(left, right)| {
            self.names.contains_key(*left)
                && (self.names.contains_key(*right) || right.parse::<f64>().is_ok())
        })
    }

    /// The name is two, with a minus between them that has no spaces.
    pub(super) fn has_minus(&self, name: &str) -> bool {
        self.split_minus(name).is_some()
    }

    /// The parameter of a phase that a name comes near to.
    pub(super) fn nearest_parameter(&self, phase: &str, name: &str) -> Option<String> {
        let prefix = format!("{phase}.");
        let own = self.names.range(prefix.clone()..).map_while(|(known, _)| known.strip_prefix(&prefix));
        nearest(name, own).map(str::to_string)
    }

    pub(super) fn nearest_name(&mut self, name: &str) -> Option<String> {
        self.suggestions += 1;
        if self.suggestions > SUGGESTIONS {
            return None;
        }
        let alike = self.names.keys().map(String::as_str);
        nearest(name, alike.filter(|other| other.len().abs_diff(name.len()) <= 3)).map(str::to_string)
    }

    /// The point behind a row, an alarm or a cause: a point, or the main one of a block.
    pub(super) fn point_or_block(
        &mut self,
        text: &Text,
        report: &mut Report,
    ) -> Option<(PointId, Option<BlockId>)> {
        let named = self.names.get(text.as_str()).copied();
        if let Some(block) = named.and_then(|named| named.block)
            && let Some(point) = self.blocks[block.index()].main_point()
        {
            return Some((point, Some(block)));
        }
        let point = self.find_point(text.as_str(), text.place, report)?;
        let block = match self.point(point).origin {
            Origin::Block(block) => Some(block),
            _ => None,
        };
        Some((point, block))
    }

    /// The area of an item: its own, or that of its file.
    pub(super) fn area(&self, item: &Item, fields: &mut Fields<'_>, report: &mut Report) -> String {
        let Some(area) = fields.text("area", report).or(item.area.as_ref()) else { return String::new() };
        if !self.areas.iter().any(|known| known.id == area.as_str()) {
            let known: Vec<&str> = self.areas.iter().map(|area| area.id.as_str()).collect();
            report.add(
                Mistake::error("unknown-name", format!("no area `{area}`"))
                    .at(area.place, "not declared")
                    .help(if known.is_empty() {
                        format!("declare it in plant.toml: [area.{area}] with its title")
                    } else {
                        super::fields::one_of(area.as_str(), &known)
                    }),
            );
        }
        String::from(area)
    }

    /// The equipment unit that `unit_of` names.
    pub(super) fn equipment(&self, fields: &mut Fields<'_>, report: &mut Report) -> Option<String> {
        let text = fields.text("unit_of", report)?;
        self.check_unit(text.as_str(), text.place, report).then(|| String::from(text))
    }

    pub(super) fn check_unit(&self, name: &str, place: Place, report: &mut Report) -> bool {
        if self.unit_names.contains_key(name) {
            return true;
        }
        let known: Vec<&str> = self.unit_names.keys().map(String::as_str).collect();
        report.add(
            Mistake::error("unknown-name", format!("no equipment unit `{name}`"))
                .at(place, "not declared")
                .help(if known.is_empty() {
                    format!("declare it: [unit.{name}] with its description")
                } else {
                    super::fields::one_of(name, &known)
                }),
        );
        false
    }

    pub(super) fn range_of(&self, id: PointId) -> Range {
        let point = self.point(id);
        Range { low: point.low, high: point.high, place: self.facts[id.index()].place }
    }
}

/// Reports a value outside of a range, with the place of both.
pub(super) fn check_within(
    what: &str,
    value: f64,
    place: Place,
    range: &Range,
    range_name: &str,
    report: &mut Report,
) -> bool {
    if range.contains(value) {
        return true;
    }
    let (low, high) = (Shown(range.low), Shown(range.high));
    report.add(
        Mistake::error("outside-range", format!("{what} is {}, outside of {range_name}", Shown(value)))
            .at(place, format!("{low} to {high} is possible"))
            .related(range.place, format!("{range_name} is given here"))
            .help(format!("write a value from {low} to {high}, or widen {range_name}")),
    );
    false
}

/// About four digits: 0..120 has one decimal, 0..6 has three, 0..5000 none.
pub(super) fn default_decimals(low: f64, high: f64) -> u8 {
    let largest = low.abs().max(high.abs());
    let digits = if largest > 0.0 { libm::floor(libm::log10(largest)) + 1.0 } else { 1.0 };
    (4.0 - digits).clamp(0.0, 4.0) as u8
}

#[cfg(test)]
mod tests {
    use super::default_decimals;

    #[test]
    fn a_range_of_about_four_digits_is_shown() {
        assert_eq!(default_decimals(0.0, 120.0), 1);
        assert_eq!(default_decimals(0.0, 6.0), 3);
        assert_eq!(default_decimals(-5000.0, 100.0), 0);
        assert_eq!(default_decimals(0.0, 0.05), 4);
        assert_eq!(default_decimals(0.0, 0.0), 3);
    }
}
