//! Secrets as they are typed: blind on a terminal, else lines of standard input. Never an argument, which every process
//! of the machine can read.

use crate::failure::Failure;
use pintle_device::network::Secret;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// No secret is longer, in bytes.
const LONGEST: u64 = 256;

/// Where secrets come from.
pub struct Typed {
    from_stdin: bool,
}

impl Typed {
    pub const fn new(from_stdin: bool) -> Self {
        Self { from_stdin }
    }

    /// The next secret.
    pub fn secret(&self, prompt: &str) -> Result<Secret, Failure> {
        let line = if self.from_stdin { line()? } else { blind(prompt)? };
        Ok(Secret::new(line))
    }
}

/// The next line; an empty one where there are no more.
fn line() -> Result<Zeroizing<String>, Failure> {
    // Room for all of it: a buffer that grows leaves pieces behind.
    let mut line = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

fn blind(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("no terminal to ask for secrets on: use --secrets-stdin"));
    }
    let mut terminal = io::stderr();
    let _ = terminal.write_all(prompt.as_bytes()).and_then(|()| terminal.flush());
    rpassword::read_password().map(Zeroizing::new).map_err(Failure::failed)
}
