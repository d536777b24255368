//! Who reaches which device: people and what acts for them on one side, places with devices on the other, and between them
//! the role by which somebody reaches a place. Names are handles, products and organizations, never people's.

use serde::{Deserialize, Serialize};

/// The graph of permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// Who reaches something, in the order of their names.
    pub holders: Vec<Holder>,
    /// What is reached.
    pub places: Vec<Place>,
    /// By which way: at most one between two.
    pub ways: Vec<Way>,
}

/// Who reaches something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// A handle, or a client's id.
    pub name: String,
    /// What they are: `operator`, `person`, `client`.
    pub kind: String,
}

/// Devices that are reached together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The product, or whose devices they are.
    pub name: String,
    /// How many.
    pub devices: usize,
}

/// A way from somebody to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Which of the holders.
    pub from: usize,
    /// Which of the places.
    pub to: usize,
    /// By what: `owner`, a role, a scope.
    pub by: String,
}
