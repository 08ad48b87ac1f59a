//! `catholyte check --schema`: what the compiler reads, as JSON schemas (draft 2020-12) for editors: one of the files that
//! the controller compiles, one of scenarios, one of the simulated field.
//!
//! Editors see a TOML file as the JSON value that it stands for. A value inside a class may hold
//! parameters in braces, which are text wherever a number would stand.

use control::compile::{SchemaKey, SchemaTable, Shape, schema, schema_kinds};
use serde_json::{Map, Value, json};

use crate::cli::SchemaOf;

mod field;

/// Tables of scenarios; the head of the file is the first.
const SCENARIO: &str = "scenario";

pub fn document(of: SchemaOf) -> Value {
    match of {
        SchemaOf::Plant => plant(),
        SchemaOf::Field => headed("Catholyte field", "Files of field/", field::schema()),
        SchemaOf::Scenario => headed("Catholyte scenario", "Files of scenarios/", scenario()),
    }
}

/// With what every schema begins with.
fn headed(title: &str, files: &str, schema: Value) -> Value {
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": format!("{files}, as catholyte {} reads them", env!("CARGO_PKG_VERSION")),
    });
    if let (Value::Object(document), Value::Object(schema)) = (&mut document, schema) {
        document.extend(schema);
    }
    document
}

fn is_of_scenarios(table: &SchemaTable) -> bool {
    table.path.split('/').next() == Some(SCENARIO)
}

/// The head of a scenario's file, and the lists below it.
fn scenario() -> Value {
    let tables = schema();
    let mut definitions = Map::new();
    for table in tables.iter().filter(|table| is_of_scenarios(table)) {
        definitions.insert(name_of(&table.path), table_schema(table, &tables));
    }
    let mut head = definitions.remove(SCENARIO).unwrap_or_default();
    head["$defs"] = Value::Object(definitions);
    head
}

/// One schema for every `*.toml` that the controller compiles.
fn plant() -> Value {
    let tables = schema();
    let mut definitions = Map::new();
    for table in tables.iter().filter(|table| !is_of_scenarios(table)) {
        definitions.insert(name_of(&table.path), table_schema(table, &tables));
    }
    let mut level: Map<String, Value> = schema_kinds()
        .into_iter()
        .map(|kind| {
            let named = json!({ "type": "object", "additionalProperties": reference(kind) });
            (kind.to_owned(), named)
        })
        .collect();
    level.insert("instance".to_owned(), json!({ "type": "array", "items": reference("instance") }));
    // `area = "300"` at the head of a file, `[area.300]` where it is declared.
    let areas = level.get("area").cloned().unwrap_or_default();
    level.insert("area".to_owned(), json!({ "anyOf": [{ "type": "string" }, areas] }));
    let mut class = level.clone();
    class.insert("parameters".to_owned(), json!({ "type": "array", "items": { "type": "string" } }));
    let class = json!({ "type": "object", "properties": class, "additionalProperties": false });
    definitions.insert("class".to_owned(), class);
    level.insert("class".to_owned(), json!({ "type": "object", "additionalProperties": reference("class") }));
    level.insert("plant".to_owned(), reference("plant"));
    let includes = json!({ "type": "object", "additionalProperties": reference("include") });
    level.insert("include".to_owned(), includes);
    let schema = json!({
        "type": "object", "properties": level, "additionalProperties": false, "$defs": definitions,
    });
    headed("Catholyte plant folder", "Files of a plant", schema)
}

fn name_of(path: &str) -> String {
    path.replace('/', "-")
}

fn reference(path: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{}", name_of(path)) })
}

fn table_schema(table: &SchemaTable, all: &[SchemaTable]) -> Value {
    let mut properties = Map::new();
    for key in &table.keys {
        properties.insert(key.name.clone(), key_schema(table, key, all));
    }
    let required: Vec<&str> =
        table.keys.iter().filter(|key| key.required).map(|key| key.name.as_str()).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn key_schema(table: &SchemaTable, key: &SchemaKey, all: &[SchemaTable]) -> Value {
    let below = format!("{}/{}", table.path, key.name);
    let is_described = all.iter().any(|table| table.path == below);
    let inner = || if is_described { reference(&below) } else { json!({ "type": "object" }) };
    let number_or_text = json!([{ "type": "number" }, { "type": "string" }]);
    let parameter = json!({ "type": "string", "pattern": "\\{.*\\}" });
    match key.shape {
        // Named tables, such as the parameters of a recipe.
        Shape::Any if is_described => json!({ "type": "object", "additionalProperties": reference(&below) }),
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::Boolean => json!({ "anyOf": [{ "type": "boolean" }, parameter] }),
        Shape::Integer(low, high) => json!({
            "anyOf": [{ "type": "integer", "minimum": low, "maximum": high }, parameter],
            "description": format!("a whole number from {low} to {high}"),
        }),
        Shape::Quantity => json!({
            "anyOf": [number(key.bounds), { "type": "string" }], "description": "a number, or a quantity with its unit: \"95 degC\"",
        }),
        // Nothing is nothing in every unit.
        Shape::Time => json!({
            "anyOf": [{ "enum": [0, 0.0] }, { "type": "string" }], "description": "a time with its unit: \"30 s\"",
        }),
        Shape::Rate => json!({ "type": "string", "description": "a change per time: \"0.4 kA/min\"" }),
        Shape::Pair => json!({
            "type": "array", "items": { "anyOf": number_or_text }, "minItems": 2, "maxItems": 2,
            "description": "low and high: [0, 100]",
        }),
        Shape::Role | Shape::Choice => json!({ "anyOf": [{ "enum": key.words }, parameter] }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Tables if key.filled => json!({ "type": "array", "items": inner(), "minItems": 1 }),
        Shape::Tables => json!({ "type": "array", "items": inner() }),
        Shape::Table => inner(),
    }
}

/// A bare number, within bounds where there are any.
fn number((low, high): (f64, f64)) -> Value {
    let mut schema = json!({ "type": "number" });
    for (word, bound) in [("minimum", low), ("maximum", high)] {
        if bound.is_finite() {
            schema[word] = json!(bound);
        }
    }
    schema
}

#[cfg(test)]
mod tests;
