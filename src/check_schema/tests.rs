use std::path::Path;

use serde_json::{Value, json};

use super::document;
use crate::cli::SchemaOf;
use crate::plant_files;

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
            "minItems"
                if value.as_array().is_some_and(|items| (items.len() as u64) < rule.as_u64().unwrap()) =>
            {
                out.push(format!("{at}: minItems {rule}"));
            }
            "maxItems"
                if value.as_array().is_some_and(|items| items.len() as u64 > rule.as_u64().unwrap()) =>
            {
                out.push(format!("{at}: maxItems {rule}"));
            }
            "minItems" | "maxItems" => {}
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
    check_against(&document(SchemaOf::Plant), text)
}

fn check_against(root: &Value, text: &str) -> Vec<String> {
    let table = toml::de::DeTable::parse(text).unwrap().into_inner();
    let mut out = Vec::new();
    complaints(root, root, &as_json(toml::de::DeValue::Table(table)), "", &mut out);
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
fn every_shipped_file_satisfies_the_schema_of_its_kind() {
    let schemas = [SchemaOf::Plant, SchemaOf::Field, SchemaOf::Scenario].map(document);
    let mut files = [0; 3];
    for name in ["refinery", "recycling", "site"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants").join(name);
        let read = [
            plant_files::read(&folder).unwrap().sources,
            plant_files::read_field(&folder).unwrap(),
            plant_files::read_scenarios(&folder).unwrap(),
        ];
        for ((sources, schema), files) in read.iter().zip(&schemas).zip(&mut files) {
            for source in sources.iter().filter(|source| source.path.ends_with(".toml")) {
                assert_eq!(
                    check_against(schema, &source.text),
                    Vec::<String>::new(),
                    "{name}: {}",
                    source.path
                );
                *files += 1;
            }
        }
    }
    assert!(files[0] > 60 && files[1] > 10 && files[2] > 100, "{files:?}");
}

#[test]
fn the_schema_of_the_field_has_every_word_that_its_readers_know_and_no_other() {
    let (schema, words) = (document(SchemaOf::Field), sim_plant::field::words());
    let names = |object: &Value| -> Vec<String> {
        let mut names: Vec<String> = object["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let sorted = |words: &[&str]| {
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        words.sort();
        words
    };
    assert_eq!(names(&schema), sorted(words.tables));
    for (table, keys) in words.keys {
        assert_eq!(names(&schema["$defs"][table]), sorted(keys), "{table}");
    }
}

#[test]
fn the_schemas_of_field_and_scenario_refuse_what_their_readers_refuse() {
    let (field, scenario) = (document(SchemaOf::Field), document(SchemaOf::Scenario));
    let good = "[unit.T-1]\nkind = \"tank\"\nset = [\"tank.volume=2m3\"]\n[measure]\nLT-1 = \"T-1.level\"\n[unused]\ntags = [\"HA-1\"]\n\
                [start.running]\nTV-1 = 30\n";
    assert!(check_against(&field, good).is_empty(), "{:?}", check_against(&field, good));
    for (wrong, complaint) in [
        ("[unti.T-1]\nkind = \"tank\"", "no such key"),
        ("[unit.T-1]\nkind = \"bucket\"", "\"bucket\""),
        ("[unit.T-1]\nstep = \"1 s\"", "\"kind\" is missing"),
        ("[unit.T-1]\nkind = \"tank\"\norders = { a = { by = \"TV-1\", at_50 = 3 } }", "none of"),
        ("[line.a]\nfrom = \"T-1\"", "\"to\" is missing"),
        ("[line.a]\nfrom = \"T-1\"\nto = \"T-2\"\ntrim = \"quick\"", "quick"),
        ("[supply.a]\nliquid = { NaOH = 3 }", "no such key"),
        ("[measure]\nLT-1 = { of = \"T-1.level\", kind = \"sight glass\" }", "none of"),
        ("[start.runing]\nTV-1 = 30", "no such key"),
    ] {
        let found = check_against(&field, wrong);
        assert!(found.iter().any(|found| found.contains(complaint)), "{wrong}: {found:?}");
    }
    assert!(check_against(&scenario, "title = \"a\"\nfor = \"1 min\"").is_empty());
    for (wrong, complaint) in [
        ("title = \"a\"", "\"for\" is missing"),
        ("title = \"a\"\nfor = \"1 min\"\nstart = \"warm\"", "none of"),
        ("title = \"a\"\nfor = \"1 min\"\n[[at]]\nset = \"A := 1\"", "\"time\" is missing"),
        ("title = \"a\"\nfor = \"1 min\"\n[[expect]]\ntrip = [\"IL-1\"]", "no such key"),
        ("title = \"a\"\nfor = \"1 min\"\n[[expect]]\ntrips = \"IL-1\"", "is no"),
    ] {
        let found = check_against(&scenario, wrong);
        assert!(found.iter().any(|found| found.contains(complaint)), "{wrong}: {found:?}");
    }
}

#[test]
fn the_schema_refuses_what_the_compiler_refuses() {
    assert!(check("[plant]\nname = \"x\"").is_empty());
    assert!(check("[pid.X]\npv = \"A\"\naction = \"direct\"\nkc = 0.5\nti = 0\ntd = 0.0").is_empty());
    for (wrong, complaint) in [
        ("[plant]\ntitle = \"x\"", "\"name\" is missing"),
        ("[plant]\nname = 3", "is no"),
        ("[plan]\nname = \"x\"", "no such key"),
        ("[tag.X]\nunit = \"bar\"\nrnage = [0, 1]", "no such key"),
        ("[tag.X]\nunit = \"bar\"\nrange = [0, 1, 2]", "Items"),
        ("[pid.X]\npv = \"A\"\naction = \"sideways\"", "none of"),
        ("[pid.X]\npv = \"A\"\naction = \"direct\"\nkc = -1", "none of"),
        ("[pid.X]\npv = \"A\"\naction = \"direct\"\nti = 20", "none of"),
        ("[interlock.IL-1]\ndescription = \"x\"\nreset = \"auto\"\ntrip = []\ndo = [\"A := 0\"]", "minItems"),
        ("[interlock.IL-1]\ndescription = \"x\"\nreset = \"auto\"\ndo = [\"A := 0\"]", "\"trip\" is missing"),
    ] {
        let found = check(wrong);
        assert!(found.iter().any(|found| found.contains(complaint)), "{wrong}: {found:?}");
    }
}
