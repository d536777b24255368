//! What the interoperability tests talk to: GnuTLS's client from the distribution's packages, and
//! the clients that people have, from npm, into `target/peers`.
//!
//! Each npm peer has its manifest and lock file in `tests/interop/peers/<name>`. Install scripts do
//! not run. `particle-cli` 3.51 wants Node 22, which its folder brings along.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::{repo, tools};
use std::fs;
use std::path::{Path, PathBuf};

const NPM: [(&str, &str); 4] = [
    ("particle-api-js", "particle-api-js 12.0.3"),
    ("particle-cli-3.43", "particle-cli 3.43.1"),
    ("particle-cli-3.51", "particle-cli 3.51.0 with Node 22.23.3"),
    ("spark-protocol", "@brewskey/spark-protocol 1.0.21"),
];

const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs every peer that is not there yet.
pub(crate) fn install() -> Result<(), Failure> {
    debian::ensure(&[
        Packaged { program: "gnutls-cli", package: "gnutls-bin" },
        Packaged { program: "node", package: "nodejs" },
        Packaged { program: "npm", package: "npm" },
        // `particle keys send` runs it.
        Packaged { program: "openssl", package: "openssl" },
    ])?;
    for (name, contents) in NPM {
        install_npm(name, contents)?;
    }
    tools::schemathesis()?;
    println!("peers are in target/peers: {}", NPM.map(|(_, contents)| contents).join(", "));
    Ok(())
}

/// The server for TCP devices that the benchmarks measure beside ours.
pub(crate) fn spark_protocol() -> Result<PathBuf, Failure> {
    debian::ensure(&[
        Packaged { program: "node", package: "nodejs" },
        Packaged { program: "npm", package: "npm" },
    ])?;
    let [.., (name, contents)] = NPM;
    install_npm(name, contents)?;
    Ok(repo::target().join("peers").join(name).join("node_modules/@brewskey/spark-protocol"))
}

fn install_npm(name: &str, contents: &str) -> Result<(), Failure> {
    let manifests = repo::root().join("tests/interop/peers").join(name);
    let folder = repo::target().join("peers").join(name);
    let complete = folder.join("complete");
    let wanted = read_all(&manifests)?;
    if fs::read_to_string(&complete).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    println!("installing from npm into target/peers/{name}: {contents}");
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    for file in MANIFESTS {
        let (from, to) = (manifests.join(file), folder.join(file));
        fs::copy(&from, &to).map_err(|error| Failure::at(&from, &error))?;
    }
    Program::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .capture()?;
    // Written last: a folder without it is one whose install was interrupted.
    fs::write(&complete, wanted).map_err(|error| Failure::at(&complete, &error))
}

/// The manifests' text: what is installed is known by it.
fn read_all(manifests: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    for file in MANIFESTS {
        let path: PathBuf = manifests.join(file);
        text += &fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
    }
    Ok(text)
}
