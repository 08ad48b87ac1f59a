//! Actuators from the tags of the outputs.

use model::Direction;

use crate::parameters::ParameterMistake;
use crate::valve::{BlockValve, ControlValve, Pump};

use super::super::actuator::{Channel, Element};
use super::super::driven::Driven;
use super::super::order::Gate;
use super::super::text::{Document, Item, hint};
use super::super::{FieldTag, Output};
use super::Compiler;

/// Ends of output names that are part of an element.
const ENDS: [(&str, Channel); 3] =
    [(".CMD", Channel::On), (".SPEED", Channel::Speed), (".REF", Channel::Speed)];

fn base(name: &str) -> (&str, Channel) {
    ENDS.iter()
        .find_map(|(end, channel)| name.strip_suffix(end).map(|base| (base, *channel)))
        .unwrap_or((name, Channel::Share))
}

impl Compiler<'_> {
    pub(super) fn gather_elements(&mut self, documents: &[Document<'_>]) {
        for tag in self.tags.iter().filter(|tag| tag.direction == Direction::Output) {
            let (name, channel) = base(&tag.name);
            let element = match self.elements.iter().position(|known| known.name == name) {
                Some(element) => element,
                None => {
                    self.elements.push(Driven::new(name, self.kind(name, tag)));
                    self.used.push(false);
                    self.elements.len() - 1
                }
            };
            let same = |output: &&Output| output.element == element && output.channel.moves_the_same(channel);
            if let Some(other) = self.outputs.iter().find(same) {
                let (name, other) = (&tag.name, &other.tag.name);
                let message =
                    format!("{name} and {other} both move the same of {}: leave one out", base(name).0);
                let file = self.home_of(&tag.device, documents).to_owned();
                self.mistakes.push(ParameterMistake { file, line: 0, message });
            }
            let link = self.link_of(tag);
            self.outputs.push(Output {
                range: (tag.low, tag.high),
                fail: tag.fail,
                link,
                element,
                channel,
                written: tag.fail,
                told: None,
                tag: Box::new(tag.clone()),
            });
        }
    }

    fn kind(&self, name: &str, tag: &FieldTag) -> Element {
        let has = |end: &str, direction: Direction| {
            let whole = format!("{name}{end}");
            self.tags.iter().any(|tag| tag.direction == direction && tag.name == whole)
        };
        let reference = [".SPEED", ".REF", ""].iter().any(|end| has(end, Direction::Output));
        if has(".CMD", Direction::Output) {
            if has(".RUN", Direction::Input) {
                let speed = if reference { 0.0 } else { 1.0 };
                return Element::Motor { motor: Pump::default(), run: false, speed };
            }
            if has(".ZSO", Direction::Input) || has(".ZSC", Direction::Input) {
                return Element::Block { valve: BlockValve::default(), open: false };
            }
            return Element::Switch { on: false };
        }
        if tag.unit.symbol() == "%" {
            Element::Valve { valve: ControlValve::default(), command: 0.0 }
        } else {
            Element::SetPoint { share: 0.0, command: 0.0 }
        }
    }

    /// `"P-301"` or `"P-301A|P-301B"`.
    pub(super) fn gate(&mut self, item: &Item<'_>) -> Result<Gate, ParameterMistake> {
        let text = item.text().ok_or_else(|| item.mistake("write the name of a valve or motor"))?;
        let mut gate = Gate(Vec::new());
        for name in text.split('|').map(str::trim) {
            let found = self.elements.iter().position(|known| known.name == name);
            let element = found.ok_or_else(|| {
                let names = self.elements.iter().map(|known| known.name.as_str());
                item.mistake(format!(
                    "the plant's outputs move nothing that is called {name}{}",
                    hint(name, names)
                ))
            })?;
            self.used[element] = true;
            gate.0.push(element);
        }
        Ok(gate)
    }
}
