//! The values of variables and how each type stands on the wire.
//!
//! A bool is one byte, an int four bytes big endian, a double eight bytes little endian, a string is raw.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Error, MAX_DATA};

/// The type of a variable, as an application describe names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariableType {
    /// One byte, zero or not.
    Bool,
    /// 32 bits, signed.
    Int,
    /// Raw bytes, meant as text.
    String,
    /// 64 bits, IEEE 754.
    Double,
}

impl VariableType {
    /// The number in a describe.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Bool => 1,
            Self::Int => 2,
            Self::String => 4,
            Self::Double => 9,
        }
    }

    /// The type with this number in a describe.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Bool),
            2 => Some(Self::Int),
            4 => Some(Self::String),
            9 => Some(Self::Double),
            _ => None,
        }
    }

    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int32",
            Self::String => "string",
            Self::Double => "double",
        }
    }

    /// The type with this name in the API.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Bool, Self::Int, Self::String, Self::Double].into_iter().find(|t| t.name() == name)
    }
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`VariableType::Bool`].
    Bool(bool),
    /// Of [`VariableType::Int`].
    Int(i32),
    /// Of [`VariableType::String`]: at most 1024 bytes, which a device may cut inside a character.
    String(Vec<u8>),
    /// Of [`VariableType::Double`].
    Double(f64),
}

impl Value {
    /// The type of this value.
    #[must_use]
    pub const fn kind(&self) -> VariableType {
        match self {
            Self::Bool(_) => VariableType::Bool,
            Self::Int(_) => VariableType::Int,
            Self::String(_) => VariableType::String,
            Self::Double(_) => VariableType::Double,
        }
    }

    /// The text of a string value, with what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    /// The bytes that answer a read.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bool(value) => Vec::from([u8::from(*value)]),
            Self::Int(value) => Vec::from(value.to_be_bytes()),
            Self::String(value) => value.clone(),
            Self::Double(value) => Vec::from(value.to_le_bytes()),
        }
    }
}

/// Reads the bytes that answered a read of a variable of this type.
///
/// # Errors
/// [`Error::Value`] if their number does not fit the type.
pub fn decode(kind: VariableType, bytes: &[u8]) -> Result<Value, Error> {
    let value = match kind {
        VariableType::Bool => <[u8; 1]>::try_from(bytes).ok().map(|[byte]| Value::Bool(byte != 0)),
        VariableType::Int => bytes.try_into().ok().map(i32::from_be_bytes).map(Value::Int),
        VariableType::Double => bytes.try_into().ok().map(f64::from_le_bytes).map(Value::Double),
        VariableType::String => (bytes.len() <= MAX_DATA).then(|| Value::String(bytes.to_vec())),
    };
    value.ok_or(Error::Value)
}

/// The number that answers a function call: four bytes, big endian.
///
/// # Errors
/// [`Error::Value`] if there are not four.
pub fn decode_result(bytes: &[u8]) -> Result<i32, Error> {
    bytes.try_into().map(i32::from_be_bytes).map_err(|_| Error::Value)
}
