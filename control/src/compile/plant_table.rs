//! `[plant]`, `[area.*]` and `[unit.*]`: the frame that everything else stands in.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::draft::Draft;
use super::fields::Fields;
use super::items::{self, Items, Kind, duplicate};
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
    let Some(found) = items.plants.get(&0) else {
        if !items.almost_plant {
            report.add(
                Mistake::error("no-plant", "no file has the table [plant]").help(
                    "write plant.toml with [plant], name = \"...\", title = \"...\", period = \"10 ms\"",
                ),
            );
        }
        return Head::default();
    };
    let (head, site) = one_head(found, report);
    draft.period_ms = site.ms;
    draft.periods = included_heads(items, &head, &site, report);
    head
}

/// A base period, and where it is written.
struct Period {
    ms: u32,
    place: Place,
}

fn one_head(found: &items::Head, report: &mut Report) -> (Head, Period) {
    let mut fields = Fields::new(&found.table, "[plant]".into(), found.place).of("plant");
    let name = fields.need_text("name", "\"refinery\"", report).map(String::from).unwrap_or_default();
    if fields.has("name") && name.trim().is_empty() {
        report.add(
            Mistake::error("missing-text", "the plant has no name")
                .at(fields.place_of("name"), "nothing stands here")
                .help("write what the plant is called, as in `name = \"refinery\"`: data folder and history go by it"),
        );
    }
    let title = fields.text("title", report).map_or_else(|| name.clone(), String::from);
    let mut ms = PERIOD_MS;
    if let Some(period) = fields.period_ms("period", report) {
        if (1..=1000).contains(&period) {
            ms = period;
        } else {
            report.add(
                Mistake::error("out-of-range", "the base period must be 1 ms to 1 s")
                    .at(fields.place_of("period"), "out of bounds")
                    .help(
                        "write `period = \"10 ms\"`; what shall run slower has `task = \"10 s\"`, a multiple of it, and may have up to an hour",
                    ),
            );
        }
    }
    let place = fields.place_of("period");
    fields.finish(report);
    (Head { name, title }, Period { ms, place })
}

/// An included plant is sound by itself, and runs in the same scan: its period is the site's or a multiple,
/// which is then what its blocks run at. Returns the periods by plant.
fn included_heads(
    items: &Items,
    site: &Head,
    site_period: &Period,
    report: &mut Report,
) -> BTreeMap<usize, u32> {
    let mut periods = BTreeMap::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    if let Some(found) = items.plants.get(&0) {
        names.insert(site.name.clone(), found.place);
    }
    for (plant, asked) in &items.included {
        let Some(found) = items.plants.get(plant) else {
            report.add(
                Mistake::error("no-plant", "the included folder has no table [plant]")
                    .at(*asked, "included here")
                    .help("write [plant] with name and period into its plant.toml"),
            );
            continue;
        };
        let (head, period) = one_head(found, report);
        if period.ms.is_multiple_of(site_period.ms) {
            periods.insert(*plant, period.ms);
        } else {
            let message = format!(
                "{} has a base period of {} ms, the site {} ms",
                head.name, period.ms, site_period.ms
            );
            report.add(
                Mistake::error("include-period", message)
                    .at(period.place, "no multiple of the site's")
                    .related(site_period.place, "the site's")
                    .related(*asked, "included here")
                    .help(
                        "give the site a period of which those of all its plants are multiples: the shortest",
                    ),
            );
        }
        if let Some(first) = names.get(&head.name) {
            report.add(
                Mistake::error("duplicate-name", format!("two plants are named `{}`", head.name))
                    .at(found.place, "the second one")
                    .related(*first, "the first one")
                    .help("give each plant of a site a name of its own"),
            );
        }
        names.insert(head.name, found.place);
    }
    periods
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
