//! The plant as clients need to know it: everything that does not change while it runs.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};
use model::wire::{
    AlarmView, AreaView, BlockView, CauseView, DeviceView, ForceView, InterlockView, ParameterView,
    PhaseView, PlantView, PointView, ProcedureLevel, ProcedureNode, RecipeView, Role, WriteView,
};
use model::{
    AlarmId, BlockId, DeviceId, ExperimentShape, InterlockId, Mode, PhaseId, PointId, Protocol, RecipeId,
};
use recipes::MasterRecipe;

use crate::force::{all_asking, all_defeated, can_be_simulated, feedbacks};
use crate::plant::{Alarm, AlarmCondition, Block, BlockBody, Device, Interlock, Origin, Phase, Plant, Point};
use crate::service::modes;
use crate::text::roles;

/// What `GET /plant` answers.
pub fn plant_view(plant: &Plant) -> PlantView {
    let defeated = all_defeated(plant);
    PlantView {
        name: plant.name.clone(),
        title: plant.title.clone(),
        hash: hex(&plant.hash),
        period_ms: plant.period_ms,
        areas: plant
            .areas
            .iter()
            .map(|area| AreaView { id: area.id.clone(), title: area.title.clone() })
            .collect(),
        devices: numbered(&plant.io.devices, DeviceId, device),
        points: points(plant, &defeated),
        blocks: blocks(plant, &defeated),
        alarms: numbered(&plant.alarms, AlarmId, alarm),
        interlocks: numbered(&plant.interlocks, InterlockId, |id, found| interlock(plant, id, found)),
        phases: numbered(&plant.phases, PhaseId, phase),
        recipes: numbered(&plant.recipes, RecipeId, recipe),
        displays: plant.displays.clone(),
    }
}

fn numbered<T, I, V>(items: &[T], id: impl Fn(u32) -> I, view: impl Fn(I, &T) -> V) -> Vec<V> {
    (0..).zip(items).map(|(index, item)| view(id(index), item)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn device(id: DeviceId, device: &model::Device) -> DeviceView {
    let endpoint = match &device.protocol {
        Protocol::ModbusTcp { endpoint, unit_id } => format!("{endpoint} unit {unit_id}"),
        Protocol::OpcUa { endpoint, .. } => endpoint.clone(),
    };
    DeviceView {
        id,
        name: device.name.clone(),
        description: device.description.clone(),
        endpoint,
        link: device.link,
    }
}

/// The least role that may force a tag which no interlock reads.
const FORCE_ROLE: Role = Role::Supervisor;

fn points(plant: &Plant, defeated: &[Vec<InterlockId>]) -> Vec<PointView> {
    let force = |point: &Point, defeats: &[InterlockId]| {
        let of_the_field = matches!(point.origin, Origin::Field(_) | Origin::FieldOutput(_));
        of_the_field.then(|| defeating(plant, defeats))
    };
    let views = (0..).zip(&plant.points).zip(defeated);
    let view = |((id, definition), defeats): ((u32, &Point), &Vec<InterlockId>)| PointView {
        force: force(definition, defeats),
        ..point(PointId(id), definition)
    };
    views.map(view).collect()
}

/// Who may do what these interlocks do not see: as high as the highest that they ask of who bypasses them.
fn defeating(plant: &Plant, defeats: &[InterlockId]) -> ForceView {
    let highest = |role: Role, id: &InterlockId| Some(role.max(plant.interlocks[id.index()].bypass?));
    ForceView { role: defeats.iter().try_fold(FORCE_ROLE, highest), defeats: defeats.to_vec() }
}

fn blocks(plant: &Plant, defeated: &[Vec<InterlockId>]) -> Vec<BlockView> {
    let views = (0..).zip(&plant.blocks).zip(all_asking(plant));
    let view = |((id, definition), asking): ((u32, &Block), Vec<InterlockId>)| {
        let view = block(BlockId(id), definition);
        let BlockBody::Device(device) = &definition.body else { return view };
        let simulate = can_be_simulated(plant, device).then(|| {
            let seen: BTreeSet<InterlockId> =
                feedbacks(device).flat_map(|point| defeated[point.index()].iter().copied()).collect();
            defeating(plant, &seen.into_iter().collect::<Vec<_>>())
        });
        BlockView { service: Some(defeating(plant, &asking)), simulate, strokes: strokes(device), ..view }
    };
    views.map(view).collect()
}

fn strokes(device: &Device) -> Vec<ExperimentShape> {
    let Some(stroke) = &device.stroke else { return Vec::new() };
    let partial = (stroke.partial_ms > 0).then_some(ExperimentShape::PartialStroke);
    partial.into_iter().chain(stroke.full.then_some(ExperimentShape::Stroke)).collect()
}

fn point(id: PointId, point: &Point) -> PointView {
    PointView {
        id,
        name: point.name.clone(),
        description: point.description.clone(),
        area: point.area.clone(),
        unit: point.unit,
        low: point.low,
        high: point.high,
        decimals: point.decimals,
        normal: point.normal,
        words: point.words.clone(),
        write: point.write.map(|write| WriteView { low: write.low, high: write.high, role: write.role }),
        source: point.source.clone(),
        force: None,
    }
}

fn block(id: BlockId, block: &Block) -> BlockView {
    let (input, output) = match &block.body {
        BlockBody::Calc(calc) => (None, Some(calc.out)),
        BlockBody::Filter(filter) => (Some(filter.input), Some(filter.out)),
        BlockBody::Pid(pid) => (Some(pid.input), pid.target),
        BlockBody::Ratio(ratio) => (Some(ratio.input), Some(ratio.out)),
        BlockBody::Ramp(ramp) => (None, Some(ramp.out)),
        BlockBody::Selector(selector) => (selector.inputs.first().copied(), Some(selector.out)),
        BlockBody::Split(split) => (Some(split.input), split.valves.first().map(|valve| valve.target)),
        BlockBody::Function(function) => {
            (function.read_points().next(), function.target.or(function.ports.first().copied()))
        }
        BlockBody::Device(device) => (device.on.or(device.off), Some(device.out)),
        BlockBody::Duty(_) => (None, None),
        BlockBody::Position(position) => (Some(position.position), Some(position.target)),
    };
    let (modes, normal_mode) = match &block.body {
        BlockBody::Pid(pid) => (pid.modes.clone(), pid.normal_mode),
        BlockBody::Calc(_)
        | BlockBody::Filter(_)
        | BlockBody::Ratio(_)
        | BlockBody::Ramp(_)
        | BlockBody::Position(_)
        | BlockBody::Selector(_)
        | BlockBody::Split(_)
        | BlockBody::Function(_)
        | BlockBody::Duty(_) => (Vec::new(), Mode::Auto),
        BlockBody::Device(device) => {
            let normal = if device.auto.is_some() { Mode::Auto } else { Mode::Manual };
            (modes(device).to_vec(), normal)
        }
    };
    BlockView {
        id,
        name: block.name.clone(),
        kind: block.body.kind(),
        description: block.description.clone(),
        area: block.area.clone(),
        unit: block.equipment.clone(),
        points: roles(&block.body).into_iter().map(|(role, point)| (role.into(), point)).collect(),
        modes,
        normal_mode,
        service: None,
        simulate: None,
        strokes: Vec::new(),
        input,
        output,
    }
}

fn alarm(id: AlarmId, alarm: &Alarm) -> AlarmView {
    AlarmView {
        id,
        name: alarm.name.clone(),
        tag: alarm.tag.clone(),
        point: alarm.point(),
        area: alarm.area.clone(),
        unit: alarm.equipment.clone(),
        priority: alarm.priority,
        kind: alarm.kind,
        limit: alarm.limit(),
        deadband: match alarm.condition {
            AlarmCondition::Above { deadband, .. }
            | AlarmCondition::Below { deadband, .. }
            | AlarmCondition::Deviation { deadband, .. } => deadband,
            AlarmCondition::When(_) | AlarmCondition::Fault { .. } => 0.0,
        },
        on_delay_ms: alarm.on_delay_ms,
        off_delay_ms: alarm.off_delay_ms,
        text: alarm.text.clone(),
        cause: alarm.cause.clone(),
        consequence: alarm.consequence.clone(),
        response: alarm.response.clone(),
        time_to_respond: alarm.time_to_respond.clone(),
    }
}

/// What an interlock does, as written: its positions, then the phase that it starts.
fn actions(plant: &Plant, interlock: &Interlock) -> Vec<String> {
    let start = interlock.start.and_then(|id| plant.phases.get(id.index()));
    let start = start.map(|phase| format!("start {}", phase.name));
    interlock.actions.iter().map(|action| action.text.clone()).chain(start).collect()
}

fn interlock(plant: &Plant, id: InterlockId, interlock: &Interlock) -> InterlockView {
    let cause = |cause: &crate::plant::Cause| CauseView {
        text: cause.when.text.clone(),
        description: cause.text.clone(),
        point: cause.show,
    };
    InterlockView {
        id,
        name: interlock.name.clone(),
        description: interlock.description.clone(),
        area: interlock.area.clone(),
        unit: interlock.equipment.clone(),
        causes: interlock.causes.iter().map(cause).collect(),
        actions: actions(plant, interlock),
        latched: interlock.latched,
        bypass_role: interlock.bypass,
    }
}

fn phase(id: PhaseId, phase: &Phase) -> PhaseView {
    PhaseView {
        id,
        name: phase.name.clone(),
        description: phase.description.clone(),
        unit: phase.equipment.clone(),
        steps: phase.running.iter().map(|step| step.title.clone()).collect(),
    }
}

fn recipe(id: RecipeId, recipe: &MasterRecipe) -> RecipeView {
    let parameter = |parameter: &recipes::Parameter| ParameterView {
        name: parameter.name.clone(),
        description: parameter.description.clone(),
        unit: parameter.unit,
        low: parameter.low,
        high: parameter.high,
        value: parameter.value,
    };
    RecipeView {
        id,
        name: recipe.name.clone(),
        version: recipe.version.clone(),
        title: recipe.title.clone(),
        unit: recipe.equipment.clone(),
        parameters: recipe.parameters.iter().map(parameter).collect(),
        procedure: procedure(recipe),
    }
}

/// The procedure as a flattened tree, in the order that [`recipes::Procedure::nodes`] keeps.
fn procedure(recipe: &MasterRecipe) -> Vec<ProcedureNode> {
    let node = |level, name: &str, title: &str, phase| ProcedureNode {
        level,
        name: name.into(),
        title: title.into(),
        phase,
    };
    let mut nodes = Vec::with_capacity(recipe.nodes());
    nodes.push(node(ProcedureLevel::UnitProcedure, &recipe.name, &recipe.title, None));
    for operation in &recipe.operations {
        nodes.push(node(ProcedureLevel::Operation, &operation.name, &operation.title, None));
        for call in &operation.phases {
            nodes.push(node(ProcedureLevel::Phase, &call.name, &call.title, Some(call.phase)));
        }
    }
    nodes
}
