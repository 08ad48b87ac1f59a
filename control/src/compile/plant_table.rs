//! `[plant]`, `[area.*]` and `[unit.*]`: the frame that everything else stands in.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::draft::Draft;
use super::fields::Fields;
use super::items::{Items, Kind, duplicate};
use super::place::Place;
use super::report::{Mistake, Report};
use crate::plant::{Area, EquipmentUnit};

/// The base period when the plant does not say one.
const PERIOD_MS: u32 = 10;

/// Name and title of the plant.
#[derive(Default)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) title: String,
}

pub(super) fn compile(items: &Items, draft: &mut Draft, report: &mut Report) -> Head {
    let head = head(items, draft, report);
    areas(items, draft, report);
    units(items, draft, report);
    head
}

fn head(items: &Items, draft: &mut Draft, report: &mut Report) -> Head {
    draft.period_ms = PERIOD_MS;
    let Some((table, place)) = &items.plant else {
        if items.almost_plant {
            return Head::default();
        }
        report.add(
            Mistake::error("no-plant", "no file has the table [plant]")
                .help("write plant.toml with [plant], name = \"...\", title = \"...\", period = \"10 ms\""),
        );
        return Head::default();
    };
    let mut fields = Fields::new(table, "[plant]".into(), *place).of("plant");
    let name = fields.need_text("name", "\"refinery\"", report).map(String::from).unwrap_or_default();
    let title = fields.text("title", report).map_or_else(|| name.clone(), String::from);
    if let Some(period) = fields.time_ms("period", report) {
        if (1..=1000).contains(&period) {
            draft.period_ms = period;
        } else {
            report.add(
                Mistake::error("out-of-range", "the base period must be 1 ms to 1 s")
                    .at(fields.place_of("period"), "out of bounds")
                    .help("write `period = \"10 ms\"`"),
            );
        }
    }
    fields.finish(report);
    Head { name, title }
}

fn areas(items: &Items, draft: &mut Draft, report: &mut Report) {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for item in items.of(Kind::Area) {
        let mut fields = item.fields();
        let title = fields.text("title", report).map_or_else(|| String::from(&item.name), String::from);
        fields.finish(report);
        if let Some(first) = first.get(item.name.as_str()) {
            report.add(duplicate("area", &item.name, *first));
            continue;
        }
        first.insert(item.name.as_str(), item.name.place);
        draft.areas.push(Area { id: String::from(&item.name), title });
    }
}

fn units(items: &Items, draft: &mut Draft, report: &mut Report) {
    for item in items.of(Kind::Unit) {
        let mut fields = item.fields();
        let description = fields.words("description", report);
        let area = draft.area(item, &mut fields, report);
        fields.finish(report);
        if let Some(first) = draft.unit_names.get(item.name.as_str()) {
            report.add(duplicate("equipment unit", &item.name, *first));
            continue;
        }
        draft.unit_names.insert(String::from(&item.name), item.name.place);
        draft.units.push(EquipmentUnit { name: String::from(&item.name), description, area });
    }
}
