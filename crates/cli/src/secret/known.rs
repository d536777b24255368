//! Keys that the sender has confirmed once: `known-keys` in the folder of the login, a line for each with the server, the
//! recipient's handle and the fingerprint. A key that is not there is asked for, so the server cannot slip in another.

use crate::failure::Failure;
use crate::person::{folder, keep};
use pintle_cloud::secret::Fingerprint;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

const FILE: &str = "known-keys";

/// Whose key it is said to be.
pub struct Claim<'a> {
    pub server: &'a str,
    /// As the sender typed it.
    pub name: &'a str,
    /// What the server knows them by.
    pub handle: &'a str,
    pub fingerprint: Fingerprint,
}

impl Claim<'_> {
    /// Holds it against what the sender was told, or confirmed before, or confirms now.
    pub fn confirm(&self, told: Option<Fingerprint>) -> Result<(), Failure> {
        match told {
            Some(told) if told == self.fingerprint => self.remember(),
            Some(_) => Err(self.is_another()),
            None if self.is_known()? => Ok(()),
            None => self.ask().and_then(|()| self.remember()),
        }
    }

    fn is_another(&self) -> Failure {
        Failure::usage(format!(
            "the server offers another key for {}: {}. Nothing was sent; ask them which is theirs",
            self.name, self.fingerprint
        ))
    }

    fn line(&self) -> String {
        format!("{} {} {}", self.server, self.handle, self.fingerprint.hex())
    }

    fn is_known(&self) -> Result<bool, Failure> {
        Ok(lines()?.contains(&self.line()))
    }

    fn remember(&self) -> Result<(), Failure> {
        let mut known = lines()?;
        if known.contains(&self.line()) {
            return Ok(());
        }
        known.push(self.line());
        let path = path()?;
        keep(&path, (known.join("\n") + "\n").as_bytes()).map_err(|error| cannot(&path, &error))
    }

    /// On the terminal: standard input holds the secret.
    fn ask(&self) -> Result<(), Failure> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
        let Ok(mut terminal) = terminal else {
            return Err(Failure::usage(format!(
                "the key of {} was never confirmed: ask them for its fingerprint and name it with --fingerprint",
                self.name
            )));
        };
        let question = format!(
            "The key of {} has the fingerprint\n  {}\nAsk them, by another way than this server. Is it theirs? (yes/no) ",
            self.name, self.fingerprint
        );
        let mut answer = String::new();
        let asked = terminal
            .write_all(question.as_bytes())
            .and_then(|()| BufReader::new(&terminal).read_line(&mut answer));
        asked.map_err(|error| Failure::failed(format!("cannot ask on the terminal: {error}")))?;
        match answer.trim() {
            "yes" => Ok(()),
            _ => Err(Failure::usage("not confirmed: nothing was sent")),
        }
    }
}

fn path() -> Result<PathBuf, Failure> {
    Ok(folder()?.join(FILE))
}

fn lines() -> Result<Vec<String>, Failure> {
    let path = path()?;
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(cannot(&path, &error)),
    }
}

fn cannot(path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}
