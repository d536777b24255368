//! The application describe: JSON `{"f":["name"],"v":{"name":type}}`, in the order of the device.
//!
//! Bounded while it is read, so that no device can make it large: 100 functions, 100 variables, names of 1 to
//! 64 bytes, none twice. Keys that are not known are passed over.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::value::VariableType;
use crate::{Error, path};

/// How many functions a device may have.
pub const MAX_FUNCTIONS: usize = 100;

/// How many variables a device may have.
pub const MAX_VARIABLES: usize = 100;

/// The functions and variables of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// The functions that can be called.
    pub functions: Vec<String>,
    /// The variables that can be read.
    pub variables: Vec<(String, VariableType)>,
}

impl Application {
    /// Reads the JSON text. Variables of a type that is not known are left out: they could not be read.
    ///
    /// # Errors
    /// [`Error::ApplicationDescribe`].
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|_| Error::ApplicationDescribe)
    }

    /// Writes the JSON text.
    ///
    /// # Errors
    /// [`Error::ApplicationDescribe`] if there are too many functions or variables, or a name is out of bounds.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let names = || self.functions.iter().chain(self.variables.iter().map(|(name, _)| name));
        let fits = self.functions.len() <= MAX_FUNCTIONS && self.variables.len() <= MAX_VARIABLES;
        if !fits || names().any(|name| path::check_name(name).is_err()) {
            return Err(Error::ApplicationDescribe);
        }
        serde_json::to_vec(self).map_err(|_| Error::ApplicationDescribe)
    }

    /// Whether there is a function of this name.
    #[must_use]
    pub fn has_function(&self, name: &str) -> bool {
        self.functions.iter().any(|function| function == name)
    }

    /// The type of the variable of this name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<VariableType> {
        self.variables.iter().find(|(variable, _)| variable == name).map(|(_, kind)| *kind)
    }
}

impl Serialize for Application {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("f", &self.functions)?;
        map.serialize_entry("v", &VariableMap(&self.variables))?;
        map.end()
    }
}

/// Variables as a JSON object that keeps their order.
struct VariableMap<'a>(&'a [(String, VariableType)]);

impl Serialize for VariableMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, kind)| (name, kind.number())))
    }
}

impl<'de> Deserialize<'de> for Application {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ApplicationVisitor)
    }
}

struct ApplicationVisitor;

impl<'de> Visitor<'de> for ApplicationVisitor {
    type Value = Application;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of functions and variables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Application, A::Error> {
        let mut application = Application::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Functions => application.functions = map.next_value::<Functions>()?.0,
                Key::Variables => application.variables = map.next_value::<Variables>()?.0,
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(application)
    }
}

/// The keys of the object.
enum Key {
    Functions,
    Variables,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "f" => Key::Functions,
            "v" => Key::Variables,
            _ => Key::Other,
        })
    }
}

/// A name within its bounds.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        path::check_name(&name).map_err(de::Error::custom)?;
        Ok(Self(name))
    }
}

struct Functions(Vec<String>);

impl<'de> Deserialize<'de> for Functions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(FunctionsVisitor).map(Self)
    }
}

struct FunctionsVisitor;

impl<'de> Visitor<'de> for FunctionsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("at most 100 different function names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Vec<String>, A::Error> {
        let mut functions = Vec::new();
        while let Some(Name(name)) = names.next_element()? {
            if functions.len() == MAX_FUNCTIONS || functions.contains(&name) {
                return Err(de::Error::custom(Error::ApplicationDescribe));
            }
            functions.push(name);
        }
        Ok(functions)
    }
}

struct Variables(Vec<(String, VariableType)>);

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(VariablesVisitor).map(Self)
    }
}

struct VariablesVisitor;

impl<'de> Visitor<'de> for VariablesVisitor {
    type Value = Vec<(String, VariableType)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("at most 100 different variables and their types")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut variables: Self::Value = Vec::new();
        while let Some((Name(name), number)) = map.next_entry::<Name, u8>()? {
            if variables.len() == MAX_VARIABLES || variables.iter().any(|(n, _)| *n == name) {
                return Err(de::Error::custom(Error::ApplicationDescribe));
            }
            if let Some(kind) = VariableType::from_number(number) {
                variables.push((name, kind));
            }
        }
        Ok(variables)
    }
}
