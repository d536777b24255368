//! The description of the API is what the table of routes says. `docs/openapi.json` is checked in, so that a change of the
//! API is seen in a review; where it has drifted, run the test with `PINTLE_WRITE_REFERENCE=1` and check the file in.

use std::collections::BTreeSet;
use std::path::Path;

use pintle_cloud::api::{describe, entries};
use serde_json::Value;

use crate::harness::{Cloud, Script};

/// JSON with a line for each operation, so that a change is a line, too.
fn laid_out(value: &Value, depth: usize) -> String {
    match value.as_object().filter(|fields| depth > 0 && !fields.is_empty()) {
        None => value.to_string(),
        Some(fields) => {
            let line =
                |(name, value)| format!("{}: {}", Value::from(name), laid_out(value, depth - 1));
            let lines: Vec<String> =
                fields.iter().map(|(name, value)| line((name.as_str(), value))).collect();
            format!("{{\n{}\n}}", lines.join(",\n"))
        }
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_served_and_checked_in() {
    let cloud = Cloud::new().await;
    let (status, served) = cloud.json("GET", "/v1/openapi.json", None, "").await;
    assert_eq!(status, 200);
    let made = describe(&entries::<Script>());
    assert_eq!(served, made);
    let text = laid_out(&made, 3) + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("PINTLE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == text, "docs/openapi.json has drifted; see the head of this test");
}

#[test]
fn every_operation_has_an_id_of_its_own_and_words_and_every_path_its_parts() {
    let made = describe(&entries::<Script>());
    let mut ids = BTreeSet::new();
    for (path, item) in made["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
            let named = |name: &str| {
                let parameters = operation["parameters"].as_array().unwrap();
                parameters.iter().any(|part| part["in"] == "path" && part["name"] == name)
            };
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                assert!(named(name), "{method} {path} says nothing of {name}");
            }
            for response in operation["responses"].as_object().unwrap().values() {
                let Some(reference) = response["$ref"].as_str() else { continue };
                let pointer = reference.trim_start_matches('#');
                assert!(made.pointer(pointer).is_some_and(Value::is_object), "{reference}");
            }
        }
    }
    assert_eq!(ids.len(), entries::<Script>().len());
}
