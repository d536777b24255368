//! The board that `device.toml` describes: functions are programs, variables are programs or files.

use super::{Board, BoardError};
use crate::command::{self, Output};
use crate::config::{Config, Source, Variable};
use pintle_protocol::MAX_DATA;
use pintle_protocol::value::{Value, VariableType};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Functions and variables of a configuration.
pub(crate) struct ConfiguredBoard {
    functions: BTreeMap<String, Vec<String>>,
    variables: BTreeMap<String, Variable>,
    /// Where programs run and what file names are relative to.
    dir: PathBuf,
}

impl ConfiguredBoard {
    pub(crate) fn new(config: &Config, dir: &Path) -> Self {
        Self {
            functions: config.functions.clone(),
            variables: config.variables.clone(),
            dir: dir.to_path_buf(),
        }
    }

    fn run(&self, command: &[String], argument: Option<&[u8]>) -> Result<Output, BoardError> {
        command::run(command, argument.map(OsStr::from_bytes), &self.dir)
    }
}

impl Board for ConfiguredBoard {
    fn functions(&self) -> Vec<String> {
        self.functions.keys().cloned().collect()
    }

    fn variables(&self) -> Vec<(String, VariableType)> {
        self.variables.iter().map(|(name, variable)| (name.clone(), variable.kind)).collect()
    }

    /// The number on the first line of what the program prints, else its exit code.
    fn call(&self, name: &str, argument: &[u8]) -> Result<i32, BoardError> {
        let command =
            self.functions.get(name).ok_or_else(|| BoardError::Unknown(name.to_owned()))?;
        let output = self.run(command, Some(argument))?;
        let first = output.text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let number = std::str::from_utf8(first).ok().and_then(|line| line.trim().parse().ok());
        Ok(number.unwrap_or(output.exit_code))
    }

    fn read(&self, name: &str) -> Result<Value, BoardError> {
        let variable =
            self.variables.get(name).ok_or_else(|| BoardError::Unknown(name.to_owned()))?;
        let text = match &variable.source {
            Source::File(file) => read_file(&self.dir.join(file))?,
            Source::Command(command) => match self.run(command, None)? {
                Output { exit_code: 0, text } => text,
                _ => return Err(BoardError::Failed(command.first().cloned().unwrap_or_default())),
            },
        };
        value_of(variable.kind, &text)
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, BoardError> {
    let mut text = Vec::new();
    // Not blocking: a named pipe that nobody writes to must not hold a worker.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .and_then(|file| file.take(command::MAX_OUTPUT).read_to_end(&mut text))
        .map(|_| text)
        .map_err(|error| BoardError::NotRead {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
}

/// What was printed or read, as a value. Strings lose the line end and what is over 1024 bytes.
fn value_of(kind: VariableType, text: &[u8]) -> Result<Value, BoardError> {
    if kind == VariableType::String {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        return Ok(Value::String(text.get(..MAX_DATA).unwrap_or(text).to_vec()));
    }
    let text = String::from_utf8_lossy(text);
    let word = text.trim();
    let value = match kind {
        VariableType::Int => word.parse().ok().map(Value::Int),
        VariableType::Double => word.parse().ok().map(Value::Double),
        VariableType::Bool => bool_of(word).map(Value::Bool),
        VariableType::String => None,
    };
    value.ok_or_else(|| BoardError::WrongType(word.chars().take(40).collect()))
}

fn bool_of(word: &str) -> Option<bool> {
    match word {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(rest: &str, dir: &Path) -> ConfiguredBoard {
        let head = "id = \"0123456789abcdef01234567\"\ncloud = \"127.0.0.1:5684\"\n";
        let config = Config::parse(&format!("{head}{rest}"), Path::new("device.toml")).unwrap();
        ConfiguredBoard::new(&config, dir)
    }

    #[test]
    fn an_argument_is_one_element_of_argv_and_no_shell_sees_it() {
        let dir = tempfile::tempdir().unwrap();
        let board = board(
            "[functions]\ncount = [\"printf\", \"%s|%s|\"]\nmake = [\"touch\", \"--\"]\n",
            dir.path(),
        );
        let output =
            board.run(&board.functions["count"], Some(b"a b; rm -rf $HOME `x` > y")).unwrap();
        assert_eq!(output.text, b"a b; rm -rf $HOME `x` > y||");
        assert_eq!(board.call("make", b"; rm -rf x"), Ok(0));
        assert!(dir.path().join("; rm -rf x").exists());
    }

    #[test]
    fn a_result_is_the_printed_number_or_the_exit_code() {
        let dir = tempfile::tempdir().unwrap();
        let board = board(
            "[functions]\necho = [\"echo\"]\nfalse = [\"false\"]\ntrue = [\"true\"]\nnone = [\"/no/such\"]\n",
            dir.path(),
        );
        assert_eq!(board.call("echo", b"-17"), Ok(-17));
        assert_eq!(board.call("echo", b"words"), Ok(0));
        assert_eq!(board.call("false", b""), Ok(1));
        assert_eq!(board.call("true", b""), Ok(0));
        assert!(matches!(board.call("none", b""), Err(BoardError::NotRun { .. })));
        assert!(matches!(board.call("echo", b"nul\0byte"), Err(BoardError::NotRun { .. })));
        assert!(matches!(board.call("other", b""), Err(BoardError::Unknown(_))));
    }

    #[test]
    fn variables_come_from_files_and_programs() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t"), "21.5\n").unwrap();
        let board = board(
            "[variables]\nt = {type = \"double\", file = \"t\"}\nn = {type = \"int\", command = [\"echo\", \"7\"]}\n\
             s = {type = \"string\", command = [\"echo\", \"a b\"]}\nb = {type = \"bool\", command = [\"echo\", \"on\"]}\n\
             w = {type = \"int\", file = \"t\"}\nf = {type = \"string\", command = [\"false\"]}\n",
            dir.path(),
        );
        assert_eq!(board.read("t"), Ok(Value::Double(21.5)));
        assert_eq!(board.read("n"), Ok(Value::Int(7)));
        assert_eq!(board.read("s"), Ok(Value::String(b"a b".to_vec())));
        assert_eq!(board.read("b"), Ok(Value::Bool(true)));
        assert!(matches!(board.read("w"), Err(BoardError::WrongType(_))));
        assert!(matches!(board.read("f"), Err(BoardError::Failed(_))));
    }
}
