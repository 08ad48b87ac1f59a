//! The OpenAPI document: what [`Endpoint::ALL`] lists, in words for people and programs.

use std::sync::LazyLock;

use model::wire::API;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, Required, ResponseBuilder,
};

use crate::described::Wanted;
use crate::endpoint::{Access, Endpoint, Method};
use crate::{examples, schema};

const ABOUT: &str = "\
Process control and SCADA for lithium refineries and battery recycling. JSON over HTTP, and a WebSocket for live \
values. Times are milliseconds since 1970, UTC. Ids are indices into the lists of GET /plant and mean something \
only with its hash. An error is an ErrorReply: what happened, and what to do next. Log in with POST /login and send \
the token as a bearer with every request. A session ends when it is not used, at the latest at expires_ms. \
A quality is a number: below 64 good, below 128 uncertain, else bad.";

/// Made once: whoever asks for it need not be logged in, so it must cost nothing.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| build().to_json().unwrap_or_default());
    &DOCUMENT
}

fn build() -> OpenApi {
    let paths = Endpoint::ALL.into_iter().fold(PathsBuilder::new(), |paths, endpoint| {
        let paths = match endpoint {
            Endpoint::Health => paths.path(endpoint.path(), item(endpoint, "healthAtTheRoot")),
            _ => paths,
        };
        paths.path(format!("{API}{}", endpoint.path()), item(endpoint, endpoint.text().id))
    });
    let components = SCHEMAS.iter().fold(ComponentsBuilder::new(), |components, (name, values)| {
        let values = values();
        components.schema(*name, schema::of(&values.iter().collect::<Vec<_>>()))
    });
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Catholyte")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .build(),
        )
        .paths(paths.build())
        .components(Some(components.security_scheme("session", bearer).build()))
        .build()
}

/// Everything that is named in a request or an answer, with the values that its schema is read off.
type Named = (&'static str, fn() -> Vec<Value>);

const SCHEMAS: &[Named] = &[
    ("AlarmStatuses", || vec![value(&examples::alarms())]),
    ("CommandReply", || vec![value(&examples::reply())]),
    ("CommandRequest", || optional(values(&examples::commands()), &["reason", "plant"])),
    ("ErrorReply", || values(&examples::errors())),
    ("EventRecords", || vec![value(&[examples::event()])]),
    ("Frame", || vec![value(&examples::frame()), value(&examples::changes())]),
    ("Health", || vec![json!({ "ok": true, "version": env!("CARGO_PKG_VERSION") })]),
    ("HistoryReply", || vec![value(&examples::history())]),
    ("Login", || vec![value(&examples::login())]),
    ("PasswordChange", || vec![value(&examples::password_change())]),
    ("PlantApply", || optional(values(&examples::plant_changes()), &["files", "force"])),
    ("PlantChange", || {
        optional(values(&examples::plant_changes()), &["files", "from", "to", "force", "reason"])
    }),
    ("PlantPlan", || vec![value(&examples::plant_plan())]),
    ("PlantView", || vec![value(&examples::plant())]),
    ("ServerMessage", || values(&examples::messages())),
    ("Session", || vec![value(&examples::session())]),
    ("SimulatorStatus", || vec![value(&examples::simulator())]),
    ("TimeRequest", || optional(values(&examples::time_requests()), &["reason"])),
    ("Why", || vec![value(&examples::why())]),
];

/// With examples that lack these fields, which the server does not insist on.
fn optional(values: Vec<Value>, fields: &[&str]) -> Vec<Value> {
    let without = |value: &Value| {
        let mut value = value.clone();
        if let Some(object) = value.as_object_mut() {
            fields.iter().for_each(|field| drop(object.remove(*field)));
        }
        value
    };
    let lacking: Vec<Value> = values.iter().map(without).collect();
    values.into_iter().chain(lacking).collect()
}

fn item(endpoint: Endpoint, id: &str) -> PathItem {
    let method = match endpoint.method() {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
    };
    PathItem::new(method, operation(endpoint, id))
}

fn operation(endpoint: Endpoint, id: &str) -> Operation {
    let text = endpoint.text();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(text.summary))
        .description(Some(text.description));
    for wanted in text.parameters {
        operation = operation.parameter(parameter(endpoint, wanted));
    }
    if let Some(body) = text.body {
        let body = RequestBodyBuilder::new().content("application/json", content(body).build());
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    operation = match (endpoint, text.answer) {
        (_, Some(answer)) => operation.response(
            "200",
            ResponseBuilder::new().description("Done").content("application/json", content(answer).build()),
        ),
        (Endpoint::OpenApi, None) => {
            operation.response("200", ResponseBuilder::new().description("The document"))
        }
        (Endpoint::Live, None) => operation.response(
            "101",
            ResponseBuilder::new()
                .description("Live; messages are ServerMessage")
                .content("application/json", content("ServerMessage").build()),
        ),
        (_, None) => operation.response("204", ResponseBuilder::new().description("Done")),
    };
    let mut errors = text.errors.to_vec();
    if endpoint.access() != Access::Public {
        operation = operation.security(SecurityRequirement::new("session", Vec::<String>::new()));
        errors.extend([
            (401, "Not logged in, or the session has ended"),
            (403, "The role is too low, or the one-time password must be changed first"),
        ]);
    }
    for (status, description) in errors {
        let response = ResponseBuilder::new().description(description);
        operation = operation.response(
            status.to_string(),
            response.content("application/json", content("ErrorReply").build()),
        );
    }
    operation.build()
}

fn parameter(endpoint: Endpoint, wanted: &Wanted) -> Parameter {
    let place = if endpoint.path().contains(&format!("{{{}}}", wanted.name)) {
        ParameterIn::Path
    } else {
        ParameterIn::Query
    };
    ParameterBuilder::new()
        .name(wanted.name)
        .parameter_in(place)
        .required(if wanted.required { Required::True } else { Required::False })
        .description(Some(wanted.description))
        .schema(Some(ObjectBuilder::new().schema_type(wanted.kind.clone()).build()))
        .build()
}

/// A named schema with its examples.
fn content(name: &str) -> ContentBuilder {
    let examples =
        SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, values)| values()).unwrap_or_default();
    ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).example(examples.into_iter().next())
}

fn values<T: Serialize>(all: &[T]) -> Vec<Value> {
    all.iter().map(value).collect()
}

/// Wire types have string keys and no failing serializer, so `Null` never comes; a test looks.
fn value<T: Serialize + ?Sized>(example: &T) -> Value {
    serde_json::to_value(example).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::{SCHEMAS, document};
    use crate::endpoint::{Endpoint, Method};
    use model::wire::{API, Frame, PlantView, ServerMessage};
    use serde_json::Value;

    #[test]
    fn every_route_is_in_the_document_with_its_method_and_nothing_else_is() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.len(), Endpoint::ALL.len() + 1, "every route, and /health at the root");
        for endpoint in Endpoint::ALL {
            let item = &paths[&format!("{API}{}", endpoint.path())];
            let method = if endpoint.method() == Method::Get { "get" } else { "post" };
            assert!(item[method]["summary"].is_string(), "{endpoint:?}");
            assert_eq!(item.as_object().unwrap().len(), 1, "{endpoint:?}");
        }
    }

    #[test]
    fn no_reference_leads_nowhere_and_no_schema_stands_unused() {
        let used: Vec<&str> = document()
            .split("#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for name in &used {
            assert!(SCHEMAS.iter().any(|(known, _)| known == name), "{name}");
        }
        for (name, values) in SCHEMAS {
            assert!(used.contains(name) || *name == "Frame", "{name}");
            assert!(values().iter().all(|value| !value.is_null()), "{name}");
        }
    }

    #[test]
    fn examples_read_back_as_what_they_are_examples_of() {
        let example = |name: &str| SCHEMAS.iter().find(|(known, _)| *known == name).unwrap().1().remove(0);
        serde_json::from_value::<PlantView>(example("PlantView")).unwrap();
        serde_json::from_value::<Frame>(example("Frame")).unwrap();
        serde_json::from_value::<ServerMessage>(example("ServerMessage")).unwrap();
    }

    /// Read as the server reads it, the smallest request that the document allows is one.
    #[test]
    fn what_a_request_must_have_is_what_the_server_insists_on() {
        use model::wire::{CommandRequest, PlantChange, TimeRequest};
        let document: Value = serde_json::from_str(document()).unwrap();
        let least = |name: &str| {
            let schema = &document["components"]["schemas"][name];
            let mut value = SCHEMAS.iter().find(|(known, _)| *known == name).unwrap().1().remove(0);
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            value.as_object_mut().unwrap().retain(|field, _| required.contains(&field.as_str()));
            value
        };
        let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let command = least("CommandRequest");
        assert_eq!(fields(&command), ["action"]);
        serde_json::from_value::<CommandRequest>(command).unwrap();
        let time = least("TimeRequest");
        assert_eq!(fields(&time), ["order"]);
        serde_json::from_value::<TimeRequest>(time).unwrap();
        assert_eq!(fields(&least("PlantChange")), Vec::<String>::new());
        serde_json::from_value::<PlantChange>(least("PlantChange")).unwrap();
        assert_eq!(fields(&least("PlantApply")), ["from", "reason", "to"]);
        serde_json::from_value::<PlantChange>(least("PlantApply")).unwrap();
    }

    /// A property that no example fills has no type: an `Option` that is never there.
    #[test]
    fn every_property_has_a_type() {
        fn look(value: &Value, path: &str) {
            if let Some(properties) = value["properties"].as_object() {
                for (name, property) in properties {
                    let typed = property.get("type").is_some() || property.get("oneOf").is_some();
                    assert!(typed, "{path}.{name} has no type: {property}");
                    assert_ne!(property["type"], "null", "{path}.{name}");
                }
            }
            match value {
                Value::Object(object) => {
                    for (name, inner) in object {
                        look(inner, &format!("{path}.{name}"));
                    }
                }
                Value::Array(array) => {
                    for inner in array {
                        look(inner, path);
                    }
                }
                _ => {}
            }
        }
        let document: Value = serde_json::from_str(document()).unwrap();
        look(&document["components"]["schemas"], "");
    }
}
