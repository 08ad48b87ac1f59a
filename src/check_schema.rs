//! `catholyte check --schema`: what the compiler reads, as a JSON schema (draft 2020-12) for editors.
//!
//! Editors see a TOML file as the JSON value that it stands for. A value inside a class may hold
//! parameters in braces, which are text wherever a number would stand.

use control::compile::{SchemaKey, SchemaTable, Shape, schema, schema_kinds};
use serde_json::{Map, Value, json};

/// One schema for every `*.toml` of a plant folder.
pub fn document() -> Value {
    let tables = schema();
    let mut definitions = Map::new();
    for table in &tables {
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
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Catholyte plant folder",
        "description": format!("Files of a plant, as catholyte {} compiles them", env!("CARGO_PKG_VERSION")),
        "type": "object",
        "properties": level,
        "additionalProperties": false,
        "$defs": definitions,
    })
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
            "anyOf": number_or_text, "description": "a number, or a quantity with its unit: \"95 degC\"",
        }),
        Shape::Time => json!({ "anyOf": number_or_text, "description": "a time with its unit: \"30 s\"" }),
        Shape::Rate => json!({ "type": "string", "description": "a change per time: \"0.4 kA/min\"" }),
        Shape::Pair => json!({
            "type": "array", "items": { "anyOf": number_or_text }, "minItems": 2, "maxItems": 2,
            "description": "low and high: [0, 100]",
        }),
        Shape::Role | Shape::Choice => json!({ "anyOf": [{ "enum": key.words }, parameter] }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Tables => json!({ "type": "array", "items": inner() }),
        Shape::Table => inner(),
    }
}

#[cfg(test)]
mod tests {
    use super::document;
    use serde_json::{Value, json};

    /// As much of JSON schema as [`document`] writes; anything else would be ignored in silence, so it panics.
    fn complaints(root: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
        let below = |schema: &Value, value: &Value, at: &str, out: &mut Vec<String>| {
            complaints(root, schema, value, at, out);
        };
        let Some(schema) = schema.as_object() else { panic!("{at}: no schema: {schema}") };
        for (word, rule) in schema {
            match word.as_str() {
                "description" | "$schema" | "title" | "$defs" => {}
                "$ref" => {
                    let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    below(&root["$defs"][name], value, at, out);
                }
                "anyOf" => {
                    let fits = |rule: &Value| {
                        let mut found = Vec::new();
                        below(rule, value, at, &mut found);
                        found.is_empty()
                    };
                    if !rule.as_array().unwrap().iter().any(fits) {
                        out.push(format!("{at}: {value} is none of {rule}"));
                    }
                }
                "enum" if !rule.as_array().unwrap().contains(value) => out.push(format!("{at}: {value}")),
                "enum" => {}
                "type" => {
                    let fits = match rule.as_str().unwrap() {
                        "object" => value.is_object(),
                        "array" => value.is_array(),
                        "string" => value.is_string(),
                        "boolean" => value.is_boolean(),
                        "integer" => value.is_i64(),
                        "number" => value.is_number(),
                        other => panic!("{other}"),
                    };
                    if !fits {
                        out.push(format!("{at}: {value} is no {rule}"));
                    }
                }
                "pattern" => {
                    let text = value.as_str().unwrap_or_default();
                    if !(text.contains('{') && text.contains('}')) {
                        out.push(format!("{at}: no parameter in braces"));
                    }
                }
                "minimum" if value.as_f64() < rule.as_f64() => out.push(format!("{at}: below {rule}")),
                "maximum" if value.as_f64() > rule.as_f64() => out.push(format!("{at}: above {rule}")),
                "minItems" | "maxItems" => {
                    if value.as_array().is_some_and(|items| items.len() as u64 != rule.as_u64().unwrap()) {
                        out.push(format!("{at}: {word} {rule}"));
                    }
                }
                "minimum" | "maximum" => {}
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        below(rule, item, &format!("{at}[{index}]"), out);
                    }
                }
                "required" => {
                    for key in rule.as_array().unwrap() {
                        if value.is_object() && value.get(key.as_str().unwrap()).is_none() {
                            out.push(format!("{at}: {key} is missing"));
                        }
                    }
                }
                "properties" | "additionalProperties" => {
                    let empty = serde_json::Map::new();
                    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
                    for (key, inner) in value.as_object().into_iter().flatten() {
                        let at = format!("{at}.{key}");
                        match (word.as_str(), known.get(key)) {
                            ("properties", Some(rule)) => below(rule, inner, &at, out),
                            ("additionalProperties", None) if rule == &json!(false) => {
                                out.push(format!("{at}: no such key"));
                            }
                            ("additionalProperties", None) => below(rule, inner, &at, out),
                            _ => {}
                        }
                    }
                }
                other => panic!("the schema uses `{other}`, which this test does not know"),
            }
        }
    }

    fn check(text: &str) -> Vec<String> {
        let table = toml::de::DeTable::parse(text).unwrap().into_inner();
        let (root, mut out) = (document(), Vec::new());
        complaints(&root, &root, &as_json(toml::de::DeValue::Table(table)), "", &mut out);
        out
    }

    /// The JSON value that editors take a TOML value for.
    fn as_json(value: toml::de::DeValue<'_>) -> Value {
        use toml::de::DeValue;
        match value {
            DeValue::String(text) => json!(text),
            DeValue::Integer(number) => json!(number.as_str().parse::<i64>().unwrap()),
            DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap()),
            DeValue::Boolean(truth) => json!(truth),
            DeValue::Datetime(time) => json!(time.to_string()),
            DeValue::Array(items) => items.into_iter().map(|item| as_json(item.into_inner())).collect(),
            DeValue::Table(table) => table
                .into_iter()
                .map(|(key, value)| (key.into_inner().into_owned(), as_json(value.into_inner())))
                .collect(),
        }
    }

    #[test]
    fn the_shipped_plant_satisfies_the_schema() {
        let mut files = 0;
        for source in crate::plant_files::shipped_refinery() {
            if source.path.ends_with(".toml") && !source.path.contains("scenarios/") {
                assert_eq!(check(&source.text), Vec::<String>::new(), "{}", source.path);
                files += 1;
            }
        }
        assert!(files > 5);
    }

    #[test]
    fn the_schema_refuses_what_the_compiler_refuses() {
        assert!(check("[plant]\nname = \"x\"").is_empty());
        for (wrong, complaint) in [
            ("[plant]\ntitle = \"x\"", "\"name\" is missing"),
            ("[plant]\nname = 3", "is no"),
            ("[plan]\nname = \"x\"", "no such key"),
            ("[tag.X]\nunit = \"bar\"\nrnage = [0, 1]", "no such key"),
            ("[tag.X]\nunit = \"bar\"\nrange = [0, 1, 2]", "Items"),
            ("[pid.X]\npv = \"A\"\naction = \"sideways\"", "none of"),
        ] {
            let found = check(wrong);
            assert!(found.iter().any(|found| found.contains(complaint)), "{wrong}: {found:?}");
        }
    }
}
