//! One route, as OpenAPI describes it.

use serde_json::{Map, Value, json};

use super::answers;
use crate::api::route::{Entry, Field, Kind, Needs};

pub(super) fn of(entry: &Entry) -> Value {
    let mut all = json!({
        "operationId": id(entry),
        "tags": [tag(entry.path)],
        "summary": entry.summary,
        "responses": answers::of(entry),
    });
    let parameters: Vec<Value> =
        entry.parts().map(part).chain(entry.query.iter().map(query)).collect();
    let optional = [
        ("description", description(entry).map(Value::from)),
        ("parameters", (!parameters.is_empty()).then(|| Value::from(parameters))),
        ("requestBody", (!entry.body.is_empty()).then(|| body(&entry.body))),
        ("security", security(entry)),
    ];
    if let Some(fields) = all.as_object_mut() {
        let there =
            optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        fields.extend(there);
    }
    all
}

/// `get_v1_devices_device`: stable, since clients are made from it.
fn id(entry: &Entry) -> String {
    let words = entry.path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words = words.filter(|word| !word.is_empty());
    let method = entry.method.as_str().to_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// The resource, which is the first word of a path that is not the version.
fn tag(path: &str) -> &str {
    let mut words = path.split('/').filter(|word| !word.is_empty() && *word != "v1");
    words.next().unwrap_or("node")
}

fn description(entry: &Entry) -> Option<String> {
    let scope = entry.needs.scope().map(|scope| format!("Needs the scope `{scope}`"));
    let whose = match entry.needs {
        Needs::Nothing | Needs::Token => None,
        Needs::Own(_) => Some("."),
        Needs::Device(_) => Some(", of who owns the device."),
        Needs::Product(_) => Some(", of who has a role with it in the product."),
        Needs::Org(_) => Some(", of who has a role with it in the organization."),
    };
    let needs = scope.zip(whose).map(|(scope, whose)| format!("{scope}{whose}"));
    let fresh = "Needs a second factor that was proven a short while ago.";
    let fresh = entry.is_fresh.then(|| fresh.to_owned());
    let sentences: Vec<String> = needs.into_iter().chain(fresh).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn security(entry: &Entry) -> Option<Value> {
    if entry.needs == Needs::Nothing {
        return None;
    }
    let scopes: Vec<String> = entry.needs.scope().iter().map(ToString::to_string).collect();
    Some(json!([{ "token": scopes }]))
}

fn part(name: &str) -> Value {
    let schema = json!({ "type": "string", "minLength": 1 });
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn query(field: &Field) -> Value {
    json!({
        "name": field.name,
        "in": "query",
        "required": field.is_required,
        "schema": schema(field.kind),
    })
}

fn body(fields: &[Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), schema(field.kind))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if let Some(whole) = schema.as_object_mut().filter(|_| !required.is_empty()) {
        whole.insert("required".to_owned(), required.clone().into());
    }
    let has_file = fields.iter().any(|field| field.kind == Kind::File);
    let needs_file = fields.iter().any(|field| field.kind == Kind::File && field.is_required);
    let plain = ["application/json", "application/x-www-form-urlencoded"];
    let kinds = has_file.then_some("multipart/form-data").into_iter();
    let kinds = kinds.chain(plain.into_iter().filter(|_| !needs_file));
    let content: Map<String, Value> =
        kinds.map(|kind| (kind.to_owned(), json!({ "schema": schema }))).collect();
    json!({ "required": !required.is_empty(), "content": content })
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Object => json!({ "type": "object" }),
        Kind::File => json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
    }
}
