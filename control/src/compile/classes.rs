//! Class parameters: `{n}`, `{n:02}`, `{n+10}` in keys and texts, and the bindings of an instance.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::fields::Fields;
use super::place::Text;
use super::report::{Mistake, Report};
use super::tree::{Entry, Node, Table, Value};

/// One `for` makes no more instances than this.
const INSTANCES: i64 = 10_000;
/// Digits of `{n:02}`.
const WIDTH: usize = 12;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Binding {
    Integer(i64),
    Word(String),
}

pub(super) type Bindings = BTreeMap<String, Binding>;

/// The table with every class parameter replaced.
pub(super) fn substitute(table: &Table, bindings: &Bindings) -> Table {
    let entries = table
        .entries
        .iter()
        .map(|entry| Entry {
            key: replace(&entry.key, bindings),
            node: substitute_node(&entry.node, bindings),
        })
        .collect();
    Table { place: table.place, entries }
}

fn substitute_node(node: &Node, bindings: &Bindings) -> Node {
    let value = match &node.value {
        Value::Text(text) => Value::Text(replace(text, bindings)),
        Value::List(items) => Value::List(items.iter().map(|item| substitute_node(item, bindings)).collect()),
        Value::Table(table) => Value::Table(substitute(table, bindings)),
        other => other.clone(),
    };
    Node { place: node.place, value }
}

/// Reports braces that calculate with a parameter which the class does not have. Those of a display that hold a name
/// alone are fields, and looked up there.
pub(super) fn check_braces(body: &Table, parameters: &[&Text], report: &mut Report) {
    for entry in body.entries.iter().filter(|entry| entry.key.as_str() != "parameters") {
        let is_display = entry.key.as_str() == "display";
        braces_of_text(&entry.key, parameters, is_display, report);
        braces_of_node(&entry.node, parameters, is_display, report);
    }
}

fn braces_of_node(node: &Node, parameters: &[&Text], is_display: bool, report: &mut Report) {
    match &node.value {
        Value::Text(text) => braces_of_text(text, parameters, is_display, report),
        Value::List(items) => {
            items.iter().for_each(|item| braces_of_node(item, parameters, is_display, report));
        }
        Value::Table(table) => {
            for entry in &table.entries {
                braces_of_text(&entry.key, parameters, is_display, report);
                braces_of_node(&entry.node, parameters, is_display, report);
            }
        }
        _ => {}
    }
}

fn braces_of_text(text: &Text, parameters: &[&Text], is_display: bool, report: &mut Report) {
    for (open, _) in text.value.match_indices('{') {
        let behind = &text.value[open + 1..];
        let Some(inside) = behind.find(['{', '}']).filter(|end| behind[*end..].starts_with('}')) else {
            continue;
        };
        let Some((name, alone)) = asked_for(&behind[..inside]) else { continue };
        if (alone && is_display) || parameters.iter().any(|parameter| parameter.as_str() == name) {
            continue;
        }
        let known: Vec<&str> = parameters.iter().map(|parameter| parameter.as_str()).collect();
        let help = if known.is_empty() {
            format!("declare it: `parameters = [\"{name}\"]`")
        } else {
            super::fields::one_of(name, &known)
        };
        report.add(
            Mistake::error("unknown-parameter", format!("the class has no parameter `{name}`"))
                .at(text.part(open..open + inside + 2), "asked for here")
                .help(help),
        );
    }
}

/// The parameter that braces ask for, and whether it stands alone: `n` of `{n+20:03}`.
fn asked_for(inside: &str) -> Option<(&str, bool)> {
    let (term, format) = inside.split_once(':').map_or((inside, None), |(term, format)| (term, Some(format)));
    let term = term.trim();
    let length = term.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(term.len());
    let (name, rest) = (&term[..length], term[length..].trim());
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || calculate(0, rest).is_none() {
        return None;
    }
    if format.is_some_and(|format| !format.starts_with('0')) {
        return None;
    }
    // A tag may have a hyphen and a number: `{TT-311}`.
    Some((name, format.is_none() && !rest.contains(['+', '*'])))
}

/// Braces that hold no parameter stay: they are fields of a display.
fn replace(text: &Text, bindings: &Bindings) -> Text {
    let mut changes = Vec::new();
    let mut from = 0;
    while let Some(open) = text.value[from..].find('{').map(|open| from + open) {
        let Some(close) = text.value[open..].find('}').map(|close| open + close) else { break };
        match evaluate(&text.value[open + 1..close], bindings) {
            Some(new) => {
                changes.push((open..close + 1, new));
                from = close + 1;
            }
            None => from = open + 1,
        }
    }
    if changes.is_empty() { text.clone() } else { text.replaced(&changes) }
}

/// `number` and what is done to it from left to right: ` + 10`, `*20+3`. A product behind a sum would need parentheses.
fn calculate(mut number: i64, mut rest: &str) -> Option<i64> {
    let mut summed = false;
    while let Some(operator) = rest.chars().next() {
        let operand = rest[operator.len_utf8()..].trim_start();
        let digits = operand.find(|c: char| !c.is_ascii_digit()).unwrap_or(operand.len());
        let value: i64 = operand[..digits].parse().ok()?;
        number = match operator {
            '+' => number.checked_add(value)?,
            '-' => number.checked_sub(value)?,
            '*' if !summed => number.checked_mul(value)?,
            _ => return None,
        };
        summed = operator != '*';
        rest = operand[digits..].trim_start();
    }
    Some(number)
}

/// `n`, `n:02`, `n+10`, `n*20 + 3:03`.
fn evaluate(inside: &str, bindings: &Bindings) -> Option<String> {
    let (term, format) = inside.split_once(':').map_or((inside, None), |(term, format)| (term, Some(format)));
    let term = term.trim();
    let length = term.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(term.len());
    let rest = term[length..].trim();
    let number = match bindings.get(&term[..length])? {
        Binding::Word(word) if rest.is_empty() && format.is_none() => return Some(word.clone()),
        // What one class has worked out for another comes as a word.
        Binding::Word(word) => word.parse().ok()?,
        Binding::Integer(number) => *number,
    };
    let number = calculate(number, rest)?;
    match format {
        None => Some(number.to_string()),
        Some(format) => {
            let width: usize = format.strip_prefix('0')?.parse().ok()?;
            (width <= WIDTH).then(|| format!("{number:0width$}"))
        }
    }
}

/// All instances that one `[[instance]]` asks for, as their bindings.
pub(super) fn instances(fields: &mut Fields<'_>, parameters: &[&Text], report: &mut Report) -> Vec<Bindings> {
    let mut fixed = Bindings::new();
    if let Some(node) = fields.node("with") {
        if let Some(table) = node.table() {
            bind(table, &mut fixed, report);
        } else {
            report.add(
                Mistake::error("wrong-type", "`with` of an instance is no table")
                    .at(node.place, "a table in braces is expected")
                    .help("write `with = { n = 1 }`"),
            );
        }
    }
    let mut all = Vec::new();
    match fields.text("for", report) {
        Some(text) => {
            if let Some((name, low, high)) = parse_for(text, report) {
                if fixed.contains_key(&name) {
                    report.add(
                        Mistake::error(
                            "contradiction",
                            format!("`{name}` is given by both `for` and `with`"),
                        )
                        .at(text.place, "counted here")
                        .related(fields.place_of("with"), "and given here")
                        .help(format!("remove `{name}` from `with`, or `for`")),
                    );
                }
                for number in low..=high {
                    let mut bindings = fixed.clone();
                    bindings.insert(name.clone(), Binding::Integer(number));
                    all.push(bindings);
                }
            }
        }
        None => all.push(fixed),
    }
    if let Some(first) = all.first()
        && let Some((wrong, right)) = check(fields, first, parameters, report)
    {
        // Go on with the name that was probably meant, so that the rest of the class is checked as well.
        for bindings in &mut all {
            if let Some(value) = bindings.remove(&wrong) {
                bindings.insert(right.clone(), value);
            }
        }
    }
    all
}

fn bind(table: &Table, bindings: &mut Bindings, report: &mut Report) {
    for entry in &table.entries {
        let value = match &entry.node.value {
            Value::Integer(number) => Binding::Integer(*number),
            Value::Text(text) => Binding::Word(String::from(text)),
            other => {
                report.add(
                    Mistake::error("wrong-type", format!("parameter `{}` is {}", entry.key, other.kind()))
                        .at(entry.node.place, "a whole number or a text is expected")
                        .help("write a whole number or a text in quotes"),
                );
                continue;
            }
        };
        bindings.insert(String::from(&entry.key), value);
    }
}

/// Compares what is given with what the class asks for. One that is missing and one that is not
/// known are probably the same, given back as `(wrong, right)`.
fn check(
    fields: &Fields<'_>,
    bindings: &Bindings,
    parameters: &[&Text],
    report: &mut Report,
) -> Option<(String, String)> {
    let missing: Vec<&Text> =
        parameters.iter().copied().filter(|parameter| !bindings.contains_key(parameter.as_str())).collect();
    let unknown: Vec<&String> =
        bindings.keys().filter(|name| !parameters.iter().any(|known| known.as_str() == *name)).collect();
    if let ([right], [wrong]) = (missing.as_slice(), unknown.as_slice()) {
        report.add(
            Mistake::error("unknown-parameter", format!("the class has no parameter `{wrong}`"))
                .at(fields.place, "given here")
                .related(right.place, format!("the class asks for `{right}`"))
                .help(format!("write `{right}`")),
        );
        return Some(((*wrong).clone(), String::from(*right)));
    }
    for parameter in parameters {
        if !bindings.contains_key(parameter.as_str()) {
            report.add(
                Mistake::error("missing-parameter", format!("this instance gives no `{parameter}`"))
                    .at(fields.place, "a parameter is missing")
                    .related(parameter.place, "the class asks for it here")
                    .help(format!("add `for = \"{parameter} in 1..=24\"` or `with = {{ {parameter} = 1 }}`")),
            );
        }
    }
    for name in bindings.keys() {
        if !parameters.iter().any(|parameter| parameter.as_str() == name) {
            let known: Vec<&str> = parameters.iter().map(|parameter| parameter.as_str()).collect();
            report.add(
                Mistake::error("unknown-parameter", format!("the class has no parameter `{name}`"))
                    .at(fields.place, "given here")
                    .help(super::fields::one_of(name, &known)),
            );
        }
    }
    None
}

/// `n in 1..=24` or `n in 1..25`.
fn parse_for(text: &Text, report: &mut Report) -> Option<(String, i64, i64)> {
    let parsed = text.as_str().split_once(" in ").and_then(|(name, range)| {
        let (low, high) = range.split_once("..")?;
        let (high, closed) = high.strip_prefix('=').map_or((high, false), |high| (high, true));
        let low: i64 = low.trim().parse().ok()?;
        let high: i64 = high.trim().parse().ok()?;
        let high = if closed { high } else { high.checked_sub(1)? };
        Some((name.trim().to_string(), low, high))
    });
    let Some((name, low, high)) = parsed else {
        report.add(
            Mistake::error("bad-for", format!("\"{text}\" says not which numbers"))
                .at(text.place, "a parameter and its numbers are expected")
                .help("write `for = \"n in 1..=24\"`"),
        );
        return None;
    };
    let count = high.saturating_sub(low).saturating_add(1);
    if !(1..=INSTANCES).contains(&count) {
        let help = if count > INSTANCES {
            "divide it: what has more instances than a plant has of one kind is no class"
        } else {
            "write the low number first: `for = \"n in 1..=24\"`"
        };
        report.add(
            Mistake::error("bad-for", format!("\"{text}\" makes {} instances", count.max(0)))
                .at(text.place, format!("from 1 to {INSTANCES} instances are possible"))
                .help(help),
        );
        let turned = (1..=INSTANCES).contains(&low.saturating_sub(high).saturating_add(1));
        return turned.then_some((name, high, low));
    }
    Some((name, low, high))
}

#[cfg(test)]
mod tests {
    use super::{Binding, Bindings, asked_for, evaluate};
    use alloc::string::ToString;

    #[test]
    fn parameters_take_width_and_arithmetic() {
        let mut bindings = Bindings::new();
        bindings.insert("n".to_string(), Binding::Integer(7));
        bindings.insert("side".to_string(), Binding::Word("A".to_string()));
        let value = |inside| evaluate(inside, &bindings);
        assert_eq!(value("n").as_deref(), Some("7"));
        assert_eq!(value("n:02").as_deref(), Some("07"));
        assert_eq!(value("n+10").as_deref(), Some("17"));
        assert_eq!(value("n * 2:03").as_deref(), Some("014"));
        assert_eq!(value("side").as_deref(), Some("A"));
        assert_eq!(value("TT-311"), None, "a field of a display stays");
        assert_eq!(value("n:9999999999"), None);
        assert_eq!(value(""), None);
    }

    #[test]
    fn what_braces_ask_for_is_told_from_the_field_of_a_display() {
        assert_eq!(asked_for("k+20"), Some(("k", false)));
        assert_eq!(asked_for("k:02"), Some(("k", false)));
        assert_eq!(asked_for("k"), Some(("k", true)));
        assert_eq!(asked_for("TT-311 "), Some(("TT", true)));
        for field in ["FIC-301.PV", "P-311A", "TT-311:5.1", "", "2"] {
            assert_eq!(asked_for(field), None, "{field}");
        }
    }
}
