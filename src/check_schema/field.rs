//! The schema of `field/*.toml`. Which tables and keys there are is the simulator's to say; what stands behind a key is
//! said here. The names of solutes, solids, settings and orders are open: they depend on the kind of unit.

use serde_json::{Map, Value, json};
use sim_plant::Trust;
use sim_plant::field::{FieldWords, words};

pub(super) fn schema() -> Value {
    let words = words();
    let definitions: Map<String, Value> = words
        .keys
        .iter()
        .map(|(table, keys)| ((*table).to_owned(), table_schema(table, keys, &words)))
        .collect();
    let tables: Map<String, Value> =
        words.tables.iter().map(|table| ((*table).to_owned(), head(table))).collect();
    json!({ "type": "object", "properties": tables, "additionalProperties": false, "$defs": definitions })
}

/// What stands at the head of a file.
fn head(table: &str) -> Value {
    let named = |value: &Value| json!({ "type": "object", "additionalProperties": value });
    match table {
        "measure" => named(&json!({
            "anyOf": [{ "type": "string" }, reference("measure")],
            "description": "what the tag measures: \"T-301.level\"",
        })),
        "start" => {
            only("running", &named(&json!({ "anyOf": [{ "type": "number" }, { "type": "boolean" }] })))
        }
        "unused" => only("tags", &texts()),
        named_ones => named(&reference(named_ones)),
    }
}

fn only(key: &str, value: &Value) -> Value {
    json!({ "type": "object", "properties": { key: value }, "additionalProperties": false })
}

fn reference(table: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{table}") })
}

fn texts() -> Value {
    json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

fn quantity(example: &str) -> Value {
    json!({ "anyOf": [{ "type": "number" }, { "type": "string" }], "description": format!("such as {example}") })
}

fn table_schema(table: &str, keys: &[&str], words: &FieldWords) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), key_schema(table, key, words))).collect();
    let required: &[&str] = match table {
        "unit" => &["kind"],
        "line" => &["from", "to"],
        _ => &[],
    };
    json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    })
}

fn key_schema(table: &str, key: &str, words: &FieldWords) -> Value {
    let parts = || json!({ "type": "object", "additionalProperties": quantity("\"93 wt%\", or per cent") });
    match (table, key) {
        ("supply", "liquor" | "solid" | "gas") => parts(),
        ("supply", "organic") => quantity("\"0.8 mol/L\""),
        ("supply", "temperature") => quantity("\"20 degC\""),
        ("unit", "kind") => json!({ "enum": words.units }),
        (_, "trust") => json!({ "enum": Trust::ALL.map(Trust::word) }),
        (_, "source") => json!({ "type": "string", "description": "where its numbers come from" }),
        ("measure", "kind") => json!({ "enum": words.instruments }),
        ("unit", "set" | "running") | ("line", "through") | ("term", "by") => texts(),
        ("unit", "orders") => json!({ "type": "object", "additionalProperties": order() }),
        ("unit", "step") => quantity("\"2 s\""),
        ("line", "flow") => quantity("\"8 m3/h\""),
        ("line", "trim") => json!({ "enum": ["linear", "equal"] }),
        ("measure", "above" | "below" | "value") => quantity("\"4 bar\""),
        ("measure", "healthy" | "power") => json!({ "enum": [true] }),
        ("term", "at_0" | "at_100") => quantity("\"300 kW\""),
        _ => json!({ "type": "string" }),
    }
}

/// What a unit is told: a number, a motor or a valve, a term, or a sum of those.
fn order() -> Value {
    let one = json!([{ "type": "number" }, { "type": "string" }, reference("term")]);
    let mut all = one.as_array().cloned().unwrap_or_default();
    all.push(json!({ "type": "array", "items": { "anyOf": one } }));
    json!({ "anyOf": all })
}
