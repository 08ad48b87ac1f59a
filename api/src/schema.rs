//! JSON schemas, read off real wire values.
//!
//! The wire types know nothing of OpenAPI. Their schemas are derived from examples that are built
//! from the types themselves, so a field that is renamed there is renamed here, or does not compile.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ArrayItems, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};

/// The fields by which serde tells the variants of an enum apart.
const TAGS: [&str; 2] = ["type", "do"];

/// The schema that all of `values` fit: fields that some lack are optional, `null` makes nullable.
pub(crate) fn of(values: &[&Value]) -> Schema {
    let nullable = values.iter().any(|value| value.is_null());
    let present: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    let objects: Vec<&Map<String, Value>> = present.iter().filter_map(|value| value.as_object()).collect();
    let arrays: Vec<&Vec<Value>> = present.iter().filter_map(|value| value.as_array()).collect();
    if !present.is_empty() && objects.len() == present.len() {
        return match variants(&objects) {
            Some(variants) => one_of(&variants),
            None => object(&objects, nullable),
        };
    }
    if !present.is_empty() && arrays.len() == present.len() {
        let items: Vec<&Value> = arrays.into_iter().flatten().collect();
        return ArrayBuilder::new()
            .schema_type(nullable_type(Type::Array, nullable))
            .items(ArrayItems::from(utoipa::openapi::RefOr::T(of(&items))))
            .into();
    }
    match scalar(&present) {
        Some(kind) => ObjectBuilder::new().schema_type(nullable_type(kind, nullable)).into(),
        None => ObjectBuilder::new().schema_type(SchemaType::AnyValue).into(),
    }
}

fn object(objects: &[&Map<String, Value>], nullable: bool) -> Schema {
    let builder = ObjectBuilder::new().schema_type(nullable_type(Type::Object, nullable));
    let keys: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
    // Fields are written in small letters; anything else is a key of a map.
    if !keys.is_empty() && keys.iter().all(|key| !key.starts_with(|c: char| c.is_ascii_lowercase())) {
        let values: Vec<&Value> = objects.iter().flat_map(|object| object.values()).collect();
        return builder.additional_properties(Some(AdditionalProperties::from(of(&values)))).into();
    }
    keys.into_iter()
        .fold(builder, |builder, key| {
            let values: Vec<&Value> = objects.iter().filter_map(|object| object.get(key)).collect();
            let property = match (TAGS.contains(&key.as_str()), values.first()) {
                (true, Some(tag)) => {
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([(*tag).clone()])).into()
                }
                _ => of(&values),
            };
            let builder = builder.property(key, property);
            if values.len() == objects.len() { builder.required(key) } else { builder }
        })
        .into()
}

/// The objects by their tag, when there is one and it differs.
fn variants<'a>(objects: &[&'a Map<String, Value>]) -> Option<Vec<Vec<&'a Map<String, Value>>>> {
    let tag = TAGS.into_iter().find(|tag| objects.iter().all(|object| object.contains_key(*tag)))?;
    let names: BTreeSet<&str> = objects.iter().filter_map(|object| object[tag].as_str()).collect();
    (names.len() > 1).then(|| {
        let of_name = |name: &str| objects.iter().copied().filter(|object| object[tag] == name).collect();
        names.into_iter().map(of_name).collect()
    })
}

fn one_of(variants: &[Vec<&Map<String, Value>>]) -> Schema {
    variants.iter().fold(OneOfBuilder::new(), |builder, variant| builder.item(object(variant, false))).into()
}

fn scalar(values: &[&Value]) -> Option<Type> {
    let all = |test: fn(&Value) -> bool| !values.is_empty() && values.iter().all(|value| test(value));
    if all(Value::is_string) {
        Some(Type::String)
    } else if all(Value::is_boolean) {
        Some(Type::Boolean)
    } else if all(|value| value.is_i64() || value.is_u64()) {
        Some(Type::Integer)
    } else if all(Value::is_number) {
        Some(Type::Number)
    } else {
        None
    }
}

fn nullable_type(kind: Type, nullable: bool) -> SchemaType {
    if nullable { SchemaType::from_iter([kind, Type::Null]) } else { SchemaType::new(kind) }
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde_json::{Value, json};

    fn schema(values: &[Value]) -> Value {
        serde_json::to_value(of(&values.iter().collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn what_some_lack_is_optional_and_what_is_null_is_nullable() {
        let found = schema(&[json!({"a": 1, "b": "x"}), json!({"a": null})]);
        assert_eq!(found["required"], json!(["a"]));
        assert_eq!(found["properties"]["a"]["type"], json!(["integer", "null"]));
        assert_eq!(found["properties"]["b"]["type"], json!("string"));
    }

    #[test]
    fn tagged_values_become_alternatives() {
        let found = schema(&[json!({"do": "write", "value": 1.0}), json!({"do": "mode", "mode": "auto"})]);
        assert_eq!(found["oneOf"].as_array().unwrap().len(), 2);
        assert_eq!(found["oneOf"][1]["properties"]["do"]["enum"], json!(["write"]));
        assert_eq!(found["oneOf"][1]["properties"]["value"]["type"], json!("number"));
    }

    #[test]
    fn keys_that_are_no_field_names_make_a_map_and_mixed_numbers_a_number() {
        let found = schema(&[json!({"PV": 1, "SP": 2})]);
        assert_eq!(found["additionalProperties"]["type"], json!("integer"));
        assert_eq!(schema(&[json!([[1, 2.5, 0]])])["items"]["items"]["type"], json!("number"));
    }
}
