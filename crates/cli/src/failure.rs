//! How a command fails: one line on standard error, and an exit code that says whose turn it is.

use crate::service::journal;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// What was typed, or what it names, is wrong: exit code 2.
    Usage(String),
    /// It could not be done: exit code 1.
    Failed(String),
}

impl Failure {
    /// A failure that the person who typed can mend.
    pub fn usage(why: impl Display) -> Self {
        Self::Usage(why.to_string())
    }

    /// Any other failure.
    pub fn failed(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// Says it, on one line; the exit code.
    pub fn report(&self) -> ExitCode {
        let (why, code) = match self {
            Self::Usage(why) => (why, 2),
            Self::Failed(why) => (why, 1),
        };
        let priority = if journal::is_stderr() { journal::ERROR } else { "" };
        // Nobody reads it: the exit code still says it.
        let _ = writeln!(io::stderr(), "{priority}pintle: {}", why.trim_end().replace('\n', " "));
        ExitCode::from(code)
    }
}
