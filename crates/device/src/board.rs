//! What an agent's functions and variables are to the rest of it: a [`Board`], as if it were hardware.
//!
//! Without another, `device.toml` says what they are: programs and files. [`VirtualBoard`] is made of
//! closures, for tests and demonstrations.

mod closures;
mod configured;

pub use closures::VirtualBoard;
pub(crate) use configured::ConfiguredBoard;

pub use pintle_protocol::describe::{MAX_FUNCTIONS, MAX_VARIABLES};
use pintle_protocol::value::{Value, VariableType};

/// Functions and variables. Calls and reads run on worker threads, up to four at a time.
pub trait Board: Send + Sync + 'static {
    /// The names of the functions, at most [`MAX_FUNCTIONS`].
    fn functions(&self) -> Vec<String>;

    /// The names and types of the variables, at most [`MAX_VARIABLES`].
    fn variables(&self) -> Vec<(String, VariableType)>;

    /// Calls a function with at most 1024 bytes of argument, which need not be text.
    ///
    /// # Errors
    /// Where the function could not be run; the cloud is told -1.
    fn call(&self, name: &str, argument: &[u8]) -> Result<i32, BoardError>;

    /// Reads a variable; the value must have the type that [`Board::variables`] says.
    ///
    /// # Errors
    /// Where there is no value; the cloud is told that there is none now (5.03).
    fn read(&self, name: &str) -> Result<Value, BoardError>;
}

/// Why a function was not run or a variable not read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// There is none of this name.
    #[error("there is no {0:?}")]
    Unknown(String),
    /// The program could not be started.
    #[error("{program:?} could not be run: {reason}")]
    NotRun {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The program took too long and was ended.
    #[error("{0:?} took longer than 15 seconds and was ended")]
    TooSlow(String),
    /// The program ended badly, so what it printed is no value.
    #[error("{0:?} ended with an error")]
    Failed(String),
    /// The file could not be read.
    #[error("{path} could not be read: {reason}")]
    NotRead {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// What was printed or read is not of the variable's type.
    #[error("{0:?} is not of the variable's type")]
    WrongType(String),
}
