//! A new password, from standard input: typed blind on a terminal, else its first line.

use crate::failure::Failure;
use std::io::{self, BufRead, IsTerminal, Write};
use zeroize::Zeroizing;

/// Reads one; `prompt` is for a terminal.
pub fn read(prompt: &str, from_stdin: bool) -> Result<Zeroizing<String>, Failure> {
    if !from_stdin && !io::stdin().is_terminal() {
        return Err(Failure::usage("no terminal to ask for a password on: use --password-stdin"));
    }
    if !from_stdin {
        return typed_twice(prompt);
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).map_err(Failure::failed)?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    match password.is_empty() {
        true => Err(Failure::usage("no password came on standard input")),
        false => Ok(password),
    }
}

/// Typed blind, so typed twice: a slip would lock its owner out.
fn typed_twice(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let ask = |prompt: &str| {
        let mut terminal = io::stderr();
        let _ = terminal.write_all(prompt.as_bytes()).and_then(|()| terminal.flush());
        rpassword::read_password().map(Zeroizing::new).map_err(Failure::failed)
    };
    let password = ask(prompt)?;
    match password == ask("The same again: ")? {
        true => Ok(password),
        false => Err(Failure::usage("the two passwords differ")),
    }
}
