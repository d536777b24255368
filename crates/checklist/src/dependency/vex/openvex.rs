//! OpenVEX 0.2.0. In 0.0 a vulnerability and a product were plain strings, which are read too.

use super::{Justification, Statement, Status};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    statements: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Vec<Product>,
    status: Status,
    justification: Option<Justification>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    timestamp: Option<String>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Id(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        #[serde(default)]
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Id(String),
    Named {
        #[serde(rename = "@id", default)]
        id: String,
        #[serde(default)]
        identifiers: Identifiers,
        #[serde(default)]
        subcomponents: Vec<Product>,
    },
}

#[derive(Default, Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

impl Product {
    /// The parts that are named, or else the whole.
    fn into_names(self) -> Vec<String> {
        match self {
            Self::Id(id) => vec![id],
            Self::Named { id, identifiers, subcomponents } if subcomponents.is_empty() => {
                vec![identifiers.purl.unwrap_or(id)]
            }
            Self::Named { subcomponents, .. } => {
                subcomponents.into_iter().flat_map(Self::into_names).collect()
            }
        }
    }
}

impl Vulnerability {
    fn into_ids(self) -> Vec<String> {
        match self {
            Self::Id(id) => vec![id],
            Self::Named { id, name, aliases } => {
                let mut ids = vec![name];
                ids.extend(aliases);
                // An @id is an address; its last part may be all that names the vulnerability.
                ids.extend(id.and_then(|id| id.rsplit('/').next().map(str::to_owned)));
                ids.retain(|id| !id.is_empty());
                ids.dedup();
                ids
            }
        }
    }
}

pub fn read(value: Value) -> Result<Vec<Statement>, serde_json::Error> {
    let document: Document = serde_json::from_value(value)?;
    let time = document.timestamp;
    let statement = |said: Said| Statement {
        vulnerability: said.vulnerability.into_ids(),
        products: said.products.into_iter().flat_map(Product::into_names).collect(),
        status: said.status,
        justification: said.justification,
        note: said.impact_statement.or(said.action_statement).unwrap_or_default(),
        at: said.last_updated.or(said.timestamp).unwrap_or_else(|| time.clone()),
    };
    Ok(document.statements.into_iter().map(statement).collect())
}

pub fn document(statements: &[Statement], author: &str, time: &str, id: &str) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{id}"),
        "author": author,
        "timestamp": time,
        "version": 1,
        "statements": statements.iter().map(|one| said(one, time)).collect::<Vec<_>>(),
    })
}

fn said(statement: &Statement, time: &str) -> Value {
    let (name, aliases) = match statement.vulnerability.split_first() {
        Some((name, aliases)) => (name.as_str(), aliases),
        None => ("", [].as_slice()),
    };
    let product = |one: &String| json!({ "@id": one });
    let mut said = json!({
        "vulnerability": { "name": name, "aliases": aliases },
        "products": statement.products.iter().map(product).collect::<Vec<_>>(),
        "status": statement.status,
        "timestamp": if statement.at.is_empty() { time } else { &statement.at },
    });
    let Some(object) = said.as_object_mut() else { return said };
    if let Some(justification) = statement.justification {
        object.insert("justification".into(), json!(justification));
    }
    if !statement.note.is_empty() {
        let key = match statement.status {
            Status::Affected => "action_statement",
            _ => "impact_statement",
        };
        object.insert(key.into(), statement.note.as_str().into());
    }
    said
}
