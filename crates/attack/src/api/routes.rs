//! The routes of the target, as its own description has them (`GET /v1/openapi.json`): so none that it has is left out.

use super::ground::{Step, Visitor, expect, untried};
use crate::https::Ask;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Words in a description that say that a route asks for a fresh second factor.
const FRESH: &str = "Needs a second factor";

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// In capital letters.
    pub method: String,
    /// With its variable parts in braces.
    pub path: String,
    /// Whether it asks for a token.
    pub needs_token: bool,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
    /// Whether it asks for a fresh second factor.
    pub is_fresh: bool,
    /// The parts of its path that vary.
    pub parts: Vec<String>,
    /// What may stand in its query.
    pub query: Vec<String>,
    /// What may stand in its body.
    pub fields: Vec<String>,
    /// What must.
    pub required: Vec<String>,
}

/// What stands in the variable parts of paths.
pub type Parts = BTreeMap<&'static str, String>;

impl Operation {
    /// Its method and path.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether its path names something of one of these kinds.
    #[must_use]
    pub fn names(&self, parts: &Parts) -> bool {
        self.parts.iter().any(|part| parts.contains_key(part.as_str()))
    }

    /// Its path with these parts; others are `1`, which is nothing's name.
    #[must_use]
    pub fn path_with(&self, parts: &Parts) -> String {
        self.parts.iter().fold(self.path.clone(), |path, part| {
            let value = parts.get(part.as_str()).map_or("1", String::as_str);
            path.replace(&format!("{{{part}}}"), value)
        })
    }

    /// A request to it, with something in each field that it must have.
    #[must_use]
    pub fn ask(&self, parts: &Parts) -> Ask {
        let ask = Ask::new(&self.method, self.path_with(parts));
        if matches!(self.method.as_str(), "GET" | "HEAD" | "DELETE") {
            return ask;
        }
        let body: Map<String, Value> =
            self.required.iter().map(|name| (name.clone(), json!("1"))).collect();
        ask.json(&Value::Object(body))
    }
}

/// All routes, those that only read first.
///
/// # Errors
/// The target does not describe itself.
pub fn all(visitor: &mut Visitor<'_, '_>) -> Step<Vec<Operation>> {
    let answer = expect(visitor.get("/v1/openapi.json")?, "the description of its API")?;
    let mut all = read(&answer.json());
    if all.is_empty() {
        return Err(untried("the target describes no routes"));
    }
    all.sort_by_key(|operation| (operation.method != "GET", operation.name()));
    Ok(all)
}

fn read(description: &Value) -> Vec<Operation> {
    let paths = description.get("paths").and_then(Value::as_object);
    let operations = |(path, item): (&String, &Value)| {
        let methods = item.as_object().into_iter().flatten();
        let read = methods.map(|(method, said)| operation(method, path, said));
        read.collect::<Vec<_>>()
    };
    paths.into_iter().flatten().flat_map(operations).collect()
}

fn operation(method: &str, path: &str, said: &Value) -> Operation {
    let security = said.get("security").and_then(Value::as_array);
    let needs = security.into_iter().flatten().filter_map(|one| one.get("token")?.as_array());
    let scopes = needs.flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let description = said.get("description").and_then(Value::as_str).unwrap_or_default();
    let schema = schema(said);
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    Operation {
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        needs_token: security.is_some(),
        scopes,
        is_fresh: description.contains(FRESH),
        parts: parameters(said, "path"),
        query: parameters(said, "query"),
        fields: properties.into_iter().flatten().map(|(name, _)| name.clone()).collect(),
        required: required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    }
}

fn schema(said: &Value) -> Option<&Value> {
    let content = said.get("requestBody")?.get("content")?.as_object()?;
    content.values().next()?.get("schema")
}

fn parameters(said: &Value, place: &str) -> Vec<String> {
    let all = said.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let there = all.filter(|one| one.get("in").and_then(Value::as_str) == Some(place));
    there.filter_map(|one| Some(one.get("name")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_description_is_read_as_the_routes_that_it_has() {
        let said = json!({ "paths": { "/v1/keys/{device}": {
            "put": {
                "description": "Needs the scope `key:update`, of who owns the device. Needs a second factor that is fresh.",
                "security": [{ "token": ["key:update"] }],
                "parameters": [{ "name": "device", "in": "path", "required": true }],
                "requestBody": { "content": { "application/json": { "schema": {
                    "properties": { "publicKey": {}, "algorithm": {} }, "required": ["publicKey"] } } } },
            },
            "get": {},
        } } });
        let all = read(&said);
        let put = all.iter().find(|operation| operation.method == "PUT").unwrap();
        assert!(put.needs_token && put.is_fresh && put.scopes == ["key:update"]);
        assert_eq!(
            (put.required.as_slice(), put.fields.len()),
            (["publicKey".to_owned()].as_slice(), 2)
        );
        let parts = Parts::from([("device", "ab".to_owned())]);
        assert_eq!(put.path_with(&parts), "/v1/keys/ab");
        assert!(!all.iter().any(|operation| operation.method == "GET" && operation.needs_token));
    }

    proptest! {
        #[test]
        fn no_description_makes_it_panic(path in ".{0,20}", method in ".{0,8}", text in ".{0,20}") {
            for odd in [json!(text), json!([text]), json!({ method.clone(): text }), json!(null)] {
                read(&json!({ "paths": { path.clone(): { method.clone(): odd } } }));
                read(&json!({ "paths": odd }));
                operation(&method, &path, &json!({ "security": odd, "parameters": [odd], "requestBody": { "content": odd } }));
            }
        }
    }
}
