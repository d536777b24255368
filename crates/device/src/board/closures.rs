//! A board made of closures: the virtual device of tests and demonstrations.

use super::{Board, BoardError};
use pintle_protocol::value::{Value, VariableType};
use std::collections::BTreeMap;

type Function = Box<dyn Fn(&[u8]) -> i32 + Send + Sync>;
type Reading = Box<dyn Fn() -> Value + Send + Sync>;

/// Functions and variables as closures.
#[derive(Default)]
pub struct VirtualBoard {
    functions: BTreeMap<String, Function>,
    variables: BTreeMap<String, (VariableType, Reading)>,
}

impl VirtualBoard {
    /// A board with nothing on it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function.
    #[must_use]
    pub fn function(
        mut self,
        name: &str,
        function: impl Fn(&[u8]) -> i32 + Send + Sync + 'static,
    ) -> Self {
        self.functions.insert(name.to_owned(), Box::new(function));
        self
    }

    /// Adds a variable. `read` must give values of `kind`.
    #[must_use]
    pub fn variable(
        mut self,
        name: &str,
        kind: VariableType,
        read: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        self.variables.insert(name.to_owned(), (kind, Box::new(read)));
        self
    }
}

impl Board for VirtualBoard {
    fn functions(&self) -> Vec<String> {
        self.functions.keys().cloned().collect()
    }

    fn variables(&self) -> Vec<(String, VariableType)> {
        self.variables.iter().map(|(name, (kind, _))| (name.clone(), *kind)).collect()
    }

    fn call(&self, name: &str, argument: &[u8]) -> Result<i32, BoardError> {
        let function =
            self.functions.get(name).ok_or_else(|| BoardError::Unknown(name.to_owned()))?;
        Ok(function(argument))
    }

    fn read(&self, name: &str) -> Result<Value, BoardError> {
        let (_, read) =
            self.variables.get(name).ok_or_else(|| BoardError::Unknown(name.to_owned()))?;
        Ok(read())
    }
}
