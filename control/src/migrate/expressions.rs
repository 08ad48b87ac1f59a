//! Delays and edges of two plants, matched by who owns the expression and what it says.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::plant::{AlarmCondition, Auto, BlockBody, Expr, FunctionInput, Op, Plant, Step, Wish};

/// Memory slots of one expression, in the order of its code.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slots {
    pub(super) timers: Vec<u32>,
    pub(super) edges: Vec<u32>,
    pub(super) rates: Vec<u32>,
}

/// Slots by owner, text and, for one that has the same text twice, how manyth it is.
pub(super) fn slots(plant: &Plant) -> BTreeMap<(String, String, u32), Slots> {
    let mut all = BTreeMap::new();
    let mut add = |owner: String, expr: &Expr| {
        let slots = slots_of(plant, expr);
        if slots == Slots::default() {
            return;
        }
        let words: Vec<&str> = expr.text.split_whitespace().collect();
        let mut key = (owner, words.join(" "), 0);
        while all.contains_key(&key) {
            key.2 += 1;
        }
        all.insert(key, slots);
    };
    for block in &plant.blocks {
        let owner = || format!("block {}", block.name);
        match &block.body {
            BlockBody::Calc(calc) => add(owner(), &calc.value),
            BlockBody::Pid(pid) => pid.feed_forward.iter().for_each(|expr| add(owner(), expr)),
            BlockBody::Ramp(ramp) => ramp.source.iter().for_each(|expr| add(owner(), expr)),
            BlockBody::Device(device) => {
                device.permit.iter().for_each(|expr| add(owner(), expr));
                if let Some(Auto { wish: Wish::Condition(when), .. }) = &device.auto {
                    add(owner(), when);
                }
            }
            BlockBody::Function(function) => {
                for input in &function.inputs {
                    if let FunctionInput::Condition(expr) = input {
                        add(owner(), expr);
                    }
                }
            }
            BlockBody::Filter(_)
            | BlockBody::Ratio(_)
            | BlockBody::Selector(_)
            | BlockBody::Split(_)
            | BlockBody::Duty(_)
            | BlockBody::Position(_) => {}
        }
    }
    for alarm in &plant.alarms {
        if let AlarmCondition::When(expr) = &alarm.condition {
            add(format!("alarm {}", alarm.name), expr);
        }
        if let Some(expr) = &alarm.enable {
            add(format!("enable {}", alarm.name), expr);
        }
    }
    for interlock in &plant.interlocks {
        interlock.causes.iter().for_each(|cause| add(format!("interlock {}", interlock.name), &cause.when));
    }
    for phase in &plant.phases {
        let sections: [&[Step]; 5] =
            [&phase.running, &phase.holding, &phase.restarting, &phase.stopping, &phase.aborting];
        for (number, steps) in sections.into_iter().enumerate() {
            for (index, step) in steps.iter().enumerate() {
                let owner = format!("phase {} {number} {index}", phase.name);
                step.conditions().for_each(|expr| add(owner.clone(), expr));
                step.actions.iter().for_each(|action| add(owner.clone(), &action.value));
            }
        }
    }
    all
}

fn slots_of(plant: &Plant, expr: &Expr) -> Slots {
    let mut slots = Slots::default();
    let range = expr.start as usize..(expr.start + expr.len) as usize;
    for op in plant.code.ops.get(range).unwrap_or_default() {
        match *op {
            Op::OnDelay { timer, .. } | Op::OnDelayOf { timer, .. } | Op::OffDelay { timer, .. } => {
                slots.timers.push(timer);
            }
            Op::Rise { edge } | Op::Fall { edge } | Op::Hysteresis { edge } => slots.edges.push(edge),
            Op::Rate { rate, .. } => slots.rates.push(rate),
            _ => {}
        }
    }
    slots
}
