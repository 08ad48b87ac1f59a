//! The plant as it was loaded, with the lookups that pages need.

use std::collections::HashMap;

use model::wire::{
    AlarmView, BlockKind, BlockView, DisplayView, InterlockView, PhaseView, PlantView, PointView, RecipeView,
    RowView,
};
use model::{AlarmId, BlockId, InterlockId, PhaseId, PointId, RecipeId};

/// What a name on a screen leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    Block(BlockId),
    Point(PointId),
    Interlock(InterlockId),
}

#[derive(Debug)]
pub(crate) struct Plant {
    pub(crate) view: PlantView,
    names: HashMap<String, Item>,
    /// Block and role behind a point such as `FIC-301.SP`.
    roles: Vec<Option<(BlockId, String)>>,
    point_alarms: Vec<Vec<AlarmId>>,
    block_alarms: Vec<Vec<AlarmId>>,
    overview: Option<usize>,
    overview_rows: Vec<usize>,
    units: Vec<usize>,
}

impl Plant {
    pub(crate) fn new(view: PlantView) -> Self {
        let mut names = HashMap::new();
        let mut roles = vec![None; view.points.len()];
        for point in &view.points {
            names.insert(point.name.clone(), Item::Point(point.id));
        }
        for interlock in &view.interlocks {
            names.insert(interlock.name.clone(), Item::Interlock(interlock.id));
        }
        for block in &view.blocks {
            names.insert(block.name.clone(), Item::Block(block.id));
            for (role, point) in &block.points {
                if let Some(place) = roles.get_mut(point.index()) {
                    *place = Some((block.id, role.clone()));
                }
            }
        }
        let overview = view.displays.iter().position(|display| display.level == 1);
        let overview_rows =
            overview.map(|index| grouped(&view, &view.displays[index].rows)).unwrap_or_default();
        let units = (0..view.displays.len()).filter(|index| view.displays[*index].level != 1).collect();
        let mut plant = Self {
            point_alarms: vec![Vec::new(); view.points.len()],
            block_alarms: vec![Vec::new(); view.blocks.len()],
            view,
            names,
            roles,
            overview,
            overview_rows,
            units,
        };
        plant.tie_alarms();
        plant
    }

    /// Each alarm belongs to its point, to the tag that it names and to the loop that measures it.
    fn tie_alarms(&mut self) {
        for alarm in &self.view.alarms {
            let tag = self.names.get(&alarm.tag).copied();
            let named = match tag {
                Some(Item::Point(point)) => Some(point),
                _ => None,
            };
            for point in [alarm.point, named].into_iter().flatten() {
                if let Some(list) = self.point_alarms.get_mut(point.index())
                    && !list.contains(&alarm.id)
                {
                    list.push(alarm.id);
                }
            }
            for block in &self.view.blocks {
                let measures = |point: Option<PointId>| {
                    point.is_some() && (point == block.input || point == block.points.get("PV").copied())
                };
                let belongs = tag == Some(Item::Block(block.id)) || measures(alarm.point) || measures(named);
                if belongs && let Some(list) = self.block_alarms.get_mut(block.id.index()) {
                    list.push(alarm.id);
                }
            }
        }
    }

    pub(crate) fn point(&self, id: PointId) -> Option<&PointView> {
        self.view.points.get(id.index())
    }

    pub(crate) fn block(&self, id: BlockId) -> Option<&BlockView> {
        self.view.blocks.get(id.index())
    }

    pub(crate) fn alarm(&self, id: AlarmId) -> Option<&AlarmView> {
        self.view.alarms.get(id.index())
    }

    pub(crate) fn interlock(&self, id: InterlockId) -> Option<&InterlockView> {
        self.view.interlocks.get(id.index())
    }

    pub(crate) fn phase(&self, id: PhaseId) -> Option<&PhaseView> {
        self.view.phases.get(id.index())
    }

    pub(crate) fn recipe(&self, id: RecipeId) -> Option<&RecipeView> {
        self.view.recipes.get(id.index())
    }

    pub(crate) fn find(&self, name: &str) -> Option<Item> {
        self.names.get(name).copied()
    }

    pub(crate) fn find_point(&self, name: &str) -> Option<PointId> {
        match self.names.get(name)? {
            Item::Point(point) => Some(*point),
            Item::Block(block) => self.main_point(*block),
            Item::Interlock(_) => None,
        }
    }

    /// The point of a block in a role.
    pub(crate) fn part(&self, block: BlockId, role: &str) -> Option<PointId> {
        self.block(block)?.points.get(role).copied()
    }

    /// The value that stands for the whole block.
    pub(crate) fn main_point(&self, block: BlockId) -> Option<PointId> {
        let view = self.block(block)?;
        let roles: &[&str] = match view.kind {
            BlockKind::Pid => &["PV"],
            BlockKind::Motor | BlockKind::Valve | BlockKind::Breaker => &["STATE", "CMD"],
            BlockKind::Function => &["CV", "Q", "OUT", "OUT1", "DEV", "POS"],
            _ => &["OUT", "PV"],
        };
        roles.iter().find_map(|role| view.points.get(*role)).or_else(|| view.points.values().next()).copied()
    }

    pub(crate) fn role(&self, point: PointId) -> Option<(BlockId, &str)> {
        self.roles.get(point.index())?.as_ref().map(|(block, role)| (*block, role.as_str()))
    }

    /// The name of the block or the point of a row.
    pub(crate) fn row_tag(&self, row: &RowView) -> &str {
        let block = row.block.and_then(|block| self.block(block)).map(|block| block.name.as_str());
        block.or_else(|| self.point(row.point).map(|point| point.name.as_str())).unwrap_or("?")
    }

    pub(crate) fn row_item(&self, row: &RowView) -> Item {
        row.block.map_or_else(|| self.home(row.point), Item::Block)
    }

    /// The faceplate on which a point is found: that of its block, else its own.
    pub(crate) fn home(&self, point: PointId) -> Item {
        if let Some((block, _)) = self.role(point) {
            return Item::Block(block);
        }
        // `P-311.FAULT` is a tag of the field, and belongs to the pump all the same.
        let name = self.point(point).and_then(|view| view.name.split_once('.'));
        let block = name.and_then(|(name, _)| match self.names.get(name) {
            Some(Item::Block(block)) => Some(*block),
            _ => None,
        });
        block.map_or(Item::Point(point), Item::Block)
    }

    /// The faceplate on which an alarm can be mended: of its block, or of the loop that measures its tag.
    pub(crate) fn alarm_item(&self, alarm: &AlarmView) -> Option<Item> {
        let item = self.find(&alarm.tag).or_else(|| alarm.point.map(|point| self.home(point)))?;
        let Item::Point(point) = item else { return Some(item) };
        let controller = self
            .view
            .blocks
            .iter()
            .find(|block| block.kind == BlockKind::Pid && block.input == Some(point))
            .map(|block| Item::Block(block.id));
        Some(controller.unwrap_or_else(|| self.home(point)))
    }

    pub(crate) fn alarms_of(&self, item: Item) -> &[AlarmId] {
        match item {
            Item::Block(block) => self.block_alarms.get(block.index()),
            Item::Point(point) => self.point_alarms.get(point.index()),
            Item::Interlock(_) => None,
        }
        .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn alarms_of_row(&self, row: &RowView) -> Vec<AlarmId> {
        let mut alarms = self.alarms_of(Item::Point(row.point)).to_vec();
        if let Item::Block(block) = self.row_item(row) {
            for alarm in self.alarms_of(Item::Block(block)) {
                if !alarms.contains(alarm) {
                    alarms.push(*alarm);
                }
            }
        }
        alarms
    }

    pub(crate) fn overview(&self) -> Option<&DisplayView> {
        self.view.displays.get(self.overview?)
    }

    /// The rows of the overview in the order of the areas.
    pub(crate) fn overview_rows(&self) -> &[usize] {
        &self.overview_rows
    }

    pub(crate) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// The `index`-th display of a unit.
    pub(crate) fn unit(&self, index: usize) -> Option<&DisplayView> {
        self.view.displays.get(*self.units.get(index)?)
    }

    /// The unit display, and the row on it, that shows an item.
    pub(crate) fn unit_showing(&self, item: Item) -> Option<(usize, usize)> {
        (0..self.units.len()).find_map(|index| {
            let rows = &self.unit(index)?.rows;
            let row = rows.iter().position(|row| {
                let points = [Item::Point(row.point), self.home(row.point)];
                self.row_item(row) == item || points.contains(&item)
            })?;
            Some((index, row))
        })
    }

    pub(crate) fn unit_of_area(&self, area: &str) -> Option<usize> {
        (0..self.units.len()).find(|index| self.unit(*index).is_some_and(|display| display.area == area))
    }

    pub(crate) fn unit_named(&self, name: &str) -> Option<usize> {
        (0..self.units.len()).find(|index| self.unit(*index).is_some_and(|display| display.name == name))
    }

    pub(crate) fn area_title(&self, id: &str) -> String {
        let title = self.view.areas.iter().find(|area| area.id == id).map(|area| area.title.as_str());
        title.map_or_else(|| id.to_owned(), |title| format!("{id} {title}"))
    }

    /// Where a unit of equipment stands.
    pub(crate) fn area_of_unit(&self, unit: &str) -> Option<&str> {
        let belongs = |name: &Option<String>| name.as_deref() == Some(unit);
        let display = self.view.displays.iter().find(|display| belongs(&display.unit));
        let block = self.view.blocks.iter().find(|block| belongs(&block.unit));
        display.map(|display| display.area.as_str()).or(block.map(|block| block.area.as_str()))
    }

    pub(crate) fn item_name(&self, item: Item) -> &str {
        match item {
            Item::Block(block) => self.block(block).map(|block| block.name.as_str()),
            Item::Point(point) => self.point(point).map(|point| point.name.as_str()),
            Item::Interlock(interlock) => self.interlock(interlock).map(|interlock| interlock.name.as_str()),
        }
        .unwrap_or("?")
    }
}

/// Indices of rows, those of one area together, in the order of the areas.
fn grouped(view: &PlantView, rows: &[RowView]) -> Vec<usize> {
    let rank = |row: &RowView| {
        let area = view.areas.iter().position(|area| area.id == row.area);
        // An area that is not declared keeps its rows together behind the others.
        (area.unwrap_or(view.areas.len()), if area.is_none() { row.area.clone() } else { String::new() })
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| rank(&rows[*index]));
    order
}
