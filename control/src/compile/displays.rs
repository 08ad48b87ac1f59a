//! Displays: every field, row and pattern resolves to a point of the plant.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::wire::{BarsView, DisplayView, RowView};
use model::{BlockId, InterlockId, PointId};

use super::draft::Draft;
use super::fields::{Fields, one_of};
use super::items::{Item, Items, Kind, duplicate};
use super::mimic;
use super::place::{Place, Text};
use super::report::{Mistake, Report};

pub(super) struct Displays<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) interlocks: &'d BTreeMap<String, InterlockId>,
}

pub(super) fn compile(items: &Items, displays: &mut Displays<'_, '_>) -> Vec<DisplayView> {
    let mut found = Vec::new();
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for item in items.of(Kind::Display) {
        let display = displays.display(item);
        if let Some(first) = first.get(item.name.as_str()) {
            displays.report.add(duplicate("display", &item.name, *first));
            continue;
        }
        first.insert(item.name.as_str(), item.name.place);
        found.push(display);
    }
    found
}

impl Draft {
    /// A row of a display, for a block or for a value alone.
    pub(super) fn display_row(
        &self,
        point: PointId,
        block: Option<BlockId>,
        label: Option<String>,
    ) -> RowView {
        let found = self.point(point);
        RowView {
            label: label.unwrap_or_else(|| found.description.clone()),
            area: found.area.clone(),
            point,
            block,
        }
    }
}

impl Displays<'_, '_> {
    fn display(&mut self, item: &Item) -> DisplayView {
        let mut fields = item.fields();
        let title = fields.need_text("title", "\"Plant overview\"", self.report).map(String::from);
        if !fields.has("level") {
            fields.missing("level", "2", self.report);
        }
        let level = fields.integer("level", 1, 2, self.report).unwrap_or(2) as u8;
        let area = self.draft.area(item, &mut fields, self.report);
        let unit = self.draft.equipment(&mut fields, self.report);
        let header = fields.text("header", self.report);
        let header = self.drawn(header);
        let mimic = fields.text("mimic", self.report);
        if let Some(text) = mimic {
            self.look_at_mimic(item, text);
        }
        let mimic = self.drawn(mimic);
        let bars = self.bars(&mut fields);
        let rows = self.rows(&mut fields, "rows");
        let key_figures = self.rows(&mut fields, "key_figures");
        let interlocks = self.interlocks(&mut fields);
        fields.finish(self.report);
        DisplayView {
            name: String::from(&item.name),
            title: title.unwrap_or_default(),
            level,
            area,
            unit,
            header,
            mimic,
            bars,
            rows,
            interlocks,
            key_figures,
        }
    }

    /// Doubts about what is drawn; an operator would see it every day.
    fn look_at_mimic(&mut self, item: &Item, text: &Text) {
        let tears = mimic::tears(text.as_str());
        if let Some(first) = tears.first() {
            let more = if tears.len() == 1 { "" } else { ", and others" };
            let message =
                format!("the drawing of `{}` does not hang together: {}{more}", item.name, first.piece);
            self.report.add(
                Mistake::warning("mimic-torn", message)
                    .at(text.part(first.at.clone()), format!("meets no line {}", first.towards))
                    .help("a field is as wide as it is written: move the walls of this row or the next below each other"),
            );
        }
        if let Some((beyond, width)) = mimic::too_wide(text.as_str()) {
            let widest = mimic::WIDEST;
            self.report.add(
                Mistake::warning(
                    "mimic-wide",
                    format!("the drawing of `{}` is {width} columns wide", item.name),
                )
                .at(text.part(beyond), "cut off where a terminal has 80 columns")
                .help(format!(
                    "draw it in {widest} columns; what has no room can stand on a line of its own"
                )),
            );
        }
    }

    /// Text with fields in braces.
    fn drawn(&mut self, text: Option<&Text>) -> String {
        let Some(text) = text else { return String::new() };
        let value = text.as_str();
        let mut from = 0;
        while let Some(open) = value[from..].find('{').map(|open| from + open) {
            let rest = &value[open + 1..];
            let line_end = rest.find(['\n', '{']).map_or(value.len(), |end| open + 1 + end);
            let Some(close) = value[open..line_end].find('}').map(|close| open + close) else {
                self.report.add(
                    Mistake::error("bad-field", "a brace that is not closed on its line")
                        .at(text.part(open..open + 1), "opened here")
                        .help("close the field: `{TT-311 }` is as wide as it is written"),
                );
                from = line_end;
                continue;
            };
            let inside = &value[open + 1..close];
            let start = open + 1 + (inside.len() - inside.trim_start().len());
            let name = inside.trim();
            let place = text.part(start..start + name.len().max(1));
            if name.is_empty() {
                self.report.add(
                    Mistake::error("bad-field", "an empty field")
                        .at(text.part(open..close + 1), "no name")
                        .help("write the name of a value: `{TT-311 }`"),
                );
            } else {
                self.draft.find_point(name, place, self.report);
            }
            from = close + 1;
        }
        String::from(value.strip_prefix('\n').unwrap_or(value))
    }

    fn bars(&mut self, fields: &mut Fields<'_>) -> Option<BarsView> {
        let mut bars = fields.table("bars", self.report)?;
        let title = bars.need_text("title", "\"CELL VOLTS\"", self.report).map(String::from);
        let pattern = bars.need_text("tags", "\"ET-331.*\"", self.report);
        if !bars.has("span") {
            bars.missing("span", "0.15", self.report);
        }
        let points = pattern.map(|pattern| self.matching(pattern)).unwrap_or_default();
        let unit = points.first().map(|point| self.draft.point(*point).unit.difference()).unwrap_or_default();
        let span = bars.quantity("span", unit, self.report);
        bars.finish(self.report);
        if span.is_some_and(|span| span <= 0.0) {
            self.report.add(
                Mistake::error("out-of-range", "a span that is not above zero")
                    .at(bars.place_of("span"), "the deviation from the mean that fills the bar")
                    .help("write a number above zero"),
            );
        }
        Some(BarsView { title: title?, points, span: span? })
    }

    /// Points whose names fit a pattern with one `*`, in order of declaration.
    fn matching(&mut self, pattern: &Text) -> Vec<PointId> {
        let (head, tail) = pattern.as_str().split_once('*').unwrap_or((pattern.as_str(), ""));
        let exact = !pattern.as_str().contains('*');
        let fits = |name: &str| {
            if exact {
                return name == head;
            }
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        };
        let mut points = Vec::new();
        for (index, point) in self.draft.points.iter().enumerate() {
            if fits(&point.name) && point.words.is_none() {
                points.push(PointId(index as u32));
            }
        }
        let units: Vec<model::Unit> = points.iter().map(|point| self.draft.point(*point).unit).collect();
        if points.is_empty() {
            let near = if exact { self.draft.nearest_name(head) } else { None };
            self.report.add(
                Mistake::error("unknown-name", format!("no value fits \"{pattern}\""))
                    .at(pattern.place, "fits nothing")
                    .help(near.map_or_else(
                        || "write the part that the names have in common, and a star for the rest: \"ET-331.*\"".into(),
                        |near| format!("did you mean \"{near}\"?"),
                    )),
            );
        } else if units.iter().any(|unit| *unit != units[0]) {
            self.report.add(
                Mistake::error("unit-mismatch", format!("\"{pattern}\" fits values of different units"))
                    .at(pattern.place, "bars compare like with like")
                    .help("write a narrower pattern"),
            );
        }
        points
    }

    fn rows(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Vec<RowView> {
        let what = if key == "rows" { "a row" } else { "a key figure" };
        let list = fields.tables(key, what, self.report).unwrap_or_default();
        list.into_iter().filter_map(|mut row| self.row(&mut row)).collect()
    }

    fn row(&mut self, fields: &mut Fields<'_>) -> Option<RowView> {
        let label = fields.text("label", self.report).map(String::from);
        let tag = fields.need_text("tag", "\"TT-311\"", self.report);
        fields.finish(self.report);
        let (point, block) = self.draft.point_or_block(tag?, self.report)?;
        Some(self.draft.display_row(point, block, label))
    }

    fn interlocks(&mut self, fields: &mut Fields<'_>) -> Vec<InterlockId> {
        let mut found = Vec::new();
        for text in fields.texts("interlocks", self.report).unwrap_or_default() {
            match self.interlocks.get(text.as_str()) {
                Some(id) => found.push(*id),
                None => {
                    let known: Vec<&str> = self.interlocks.keys().map(String::as_str).collect();
                    self.report.add(
                        Mistake::error("unknown-name", format!("no interlock `{text}`"))
                            .at(text.place, "not declared")
                            .help(one_of(text.as_str(), &known)),
                    );
                }
            }
        }
        found
    }
}
