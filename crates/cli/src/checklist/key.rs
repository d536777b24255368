//! The key that signs reports: made of the node key, and used for nothing else.

use super::sources;
use crate::failure::Failure;
use crate::say::say;
use pintle_checklist::sign::SigningKey;
use pintle_cloud::config::Config;
use pintle_cloud::node_key::{Label, NodeKey};
use std::path::Path;

/// `pintle checklist key`.
pub fn print(data: &Path) -> Result<(), Failure> {
    let data = sources::data(Some(data))?;
    let Some(data) = data else { return Err(Failure::usage("name the data folder with --data")) };
    let public = of(&data).map_err(Failure::usage)?.public().map_err(Failure::failed)?;
    say!("{}", public.to_pem().trim_end());
    Ok(())
}

/// The key of a node, or why it cannot be used.
pub fn of(data: &Path) -> Result<SigningKey, String> {
    let config = Config::load(data).map_err(|error| error.to_string())?;
    let node_key = NodeKey::load(&config.node.key_file).map_err(|error| error.to_string())?;
    SigningKey::from_seed(&node_key.derive(Label::CHECKLIST)).map_err(|error| error.to_string())
}

/// The key of the node where there is one; why nobody signs otherwise.
pub fn of_node(data: Option<&Path>) -> Result<SigningKey, String> {
    match data {
        Some(data) => of(data),
        None => Err("no node was named with --data, and its key signs".into()),
    }
}
