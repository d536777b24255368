//! `pintle key`.

use crate::args::{KeyBackupArgs, KeyCommand, KeyRestoreArgs};
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::say;
use pintle_cloud::clock::iso8601;
use pintle_cloud::config::Config;
use pintle_cloud::control::{ControlError, KeyLine, KeyRequest, Request, Response};
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::vault::key_copy::{self, Cost, KeyCopyError};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// No copy of a key is longer, in bytes.
const LONGEST: u64 = 64 << 10;

pub fn run(command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::List { data, json } => {
            print(&carry_out(&data, Request::Key { key: KeyRequest::List })?, json)
        }
        KeyCommand::Rotate { data, reason: why, json } => {
            print(&carry_out(&data, Request::Key { key: KeyRequest::Rotate { why } })?, json)
        }
        KeyCommand::Backup(args) => back_up(&args),
        KeyCommand::Restore(args) => restore(&args),
    }
}

fn print(response: &Response, json: bool) -> Result<(), Failure> {
    if json {
        say!("{}", serde_json::json!(response));
        return Ok(());
    }
    match response {
        Response::Keys { keys } => keys.iter().for_each(print_key),
        Response::Rotated { labels, resealed, destroyed, kept } => {
            say!(
                "{labels} new keys; {resealed} values sealed anew; {destroyed} older keys destroyed"
            );
            if *kept > 0 {
                say!(
                    "{kept} older keys stay until nothing lies under them (docs/keys.md says when)"
                );
            }
        }
        _ => return Err(Failure::failed(ControlError::Version)),
    }
    Ok(())
}

fn print_key(key: &KeyLine) {
    let state = if key.newest { "in use" } else { "older" };
    say!("{:24} {:3}  {}  {state}", key.label, key.generation, iso8601(key.made_at_ms));
}

fn back_up(args: &KeyBackupArgs) -> Result<(), Failure> {
    let config = Config::load(&args.data).map_err(Failure::usage)?;
    let key = NodeKey::load(&config.node.key_file).map_err(Failure::usage)?;
    let how = match args.shares.zip(args.needed) {
        Some((count, needed)) => {
            let shares = key_copy::split(&key, needed, count).map_err(failure)?;
            DirBuilder::new().mode(0o700).create(&args.to).map_err(|error| at(&args.to, &error))?;
            for (share, number) in shares.iter().zip(1..) {
                let path = args.to.join(format!("share-{number}-of-{count}.pem"));
                write_new(&path, share.as_bytes())?;
            }
            say!(
                "{count} shares are in {}; any {needed} of them make the node key.",
                args.to.display()
            );
            say!("Give each to another person or place, and remove the folder.");
            format!("{needed} of {count} shares")
        }
        None => {
            let passphrase = passphrase(args.passphrase_stdin, true)?;
            let copy = key_copy::lock(&key, &passphrase, Cost::OF_A_COPY).map_err(failure)?;
            write_new(&args.to, copy.as_bytes())?;
            say!("{} opens with the passphrase alone: keep them apart.", args.to.display());
            "under a passphrase".to_owned()
        }
    };
    carry_out(&args.data, Request::Key { key: KeyRequest::Copied { how } }).map(drop)
}

fn restore(args: &KeyRestoreArgs) -> Result<(), Failure> {
    let texts = args.from.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let key = match texts.as_slice() {
        [only] if key_copy::is_locked(only) => {
            key_copy::unlock(only, &passphrase(args.passphrase_stdin, false)?)
        }
        shares => key_copy::join(shares.iter().map(|text| text.as_str())),
    };
    key.map_err(failure)?.save(&args.to).map_err(Failure::usage)?;
    say!("{} is the node key again.", args.to.display());
    Ok(())
}

fn failure(error: KeyCopyError) -> Failure {
    match error {
        KeyCopyError::Crypto => Failure::failed(error),
        error => Failure::usage(error),
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let length = fs::metadata(path).map_err(|error| at(path, &error))?.len();
    if length > LONGEST {
        return Err(Failure::usage(format!("{}: too long for a copy of a key", path.display())));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(|error| at(path, &error))
}

fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// From standard input: typed blind on a terminal, twice where it is a new one, else its first line.
fn passphrase(from_stdin: bool, is_new: bool) -> Result<Zeroizing<String>, Failure> {
    if from_stdin {
        let mut line = Zeroizing::new(String::new());
        io::stdin().lock().read_line(&mut line).map_err(Failure::failed)?;
        return Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "no terminal to ask for a passphrase on: use --passphrase-stdin",
        ));
    }
    let ask = |prompt: &str| {
        let mut terminal = io::stderr();
        let _ = terminal.write_all(prompt.as_bytes()).and_then(|()| terminal.flush());
        rpassword::read_password().map(Zeroizing::new).map_err(Failure::failed)
    };
    let typed = ask("Passphrase of the copy: ")?;
    match is_new && typed != ask("The same again: ")? {
        true => Err(Failure::usage("the two passphrases differ")),
        false => Ok(typed),
    }
}
