//! The benchmarks: a workspace of their own under `bench/`, because they compare with libraries
//! that the product does not use.
//!
//! Some rows compare with whole servers from the distribution's packages, or need a whole node: those run with
//! `--peers`.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::{package, peers, repo};

/// Stands for the rows beside other servers.
const PEERS: &str = "--peers";

const PACKAGES: [Packaged; 2] = [
    Packaged { program: "mosquitto", package: "mosquitto" },
    Packaged { program: "coap-server-openssl", package: "libcoap3-bin" },
];

/// Builds them optimised and runs them; arguments are handed on.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let benchmarks = Program::cargo()
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(repo::root().join("bench/Cargo.toml"))
        .arg("--");
    let (peers, rest): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| *argument == PEERS);
    if peers.is_empty() {
        return benchmarks.args(rest).run();
    }
    debian::ensure(&PACKAGES)?;
    let spark = peers::spark_protocol()?;
    let benchmarks = benchmarks.arg("--node").arg(package::build()?).arg("--spark").arg(spark);
    benchmarks.args(rest).run()
}
