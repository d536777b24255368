//! sslscan, which asks a server for every version and suite of TLS: at the API of a fresh node.

use super::ours::Ours;
use super::{Row, Section};
use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::{repo, tls};

/// Parts of its lines, and the check of ours that is about the same.
const SAME: [(&str, &str); 19] = [
    ("SSLv2", "communication-tls-versions"),
    ("SSLv3", "communication-tls-versions"),
    ("TLSv1.0", "communication-tls-versions"),
    ("TLSv1.1", "communication-tls-versions"),
    ("TLSv1.2", "communication-tls-versions"),
    ("TLSv1.3", "communication-tls-newest"),
    ("Fallback SCSV", "communication-tls-downgrade"),
    ("renegotiation", "communication-tls-renegotiation"),
    ("Compression", "communication-tls-compression"),
    ("heartbleed", "communication-tls-heartbeats"),
    ("bits", "communication-tls-suites-old"),
    ("secp", "communication-tls-groups"),
    ("x25519", "communication-tls-groups"),
    ("Signature Algorithm", "communication-certificate-key"),
    ("Key Strength", "communication-certificate-key"),
    ("Altnames", "communication-certificate-trusted"),
    ("Issuer", "communication-certificate-trusted"),
    ("Not valid before", "communication-certificate-valid"),
    ("Not valid after", "communication-certificate-ends"),
];

/// Has both look at a fresh node.
pub(crate) fn sections() -> Result<Vec<Section>, Failure> {
    debian::ensure(&[Packaged { program: "sslscan", package: "sslscan" }])?;
    super::pintle()?;
    let folder = repo::target().join("peers-tls");
    let (node, api) = tls::fresh(&folder)?;
    let version = Program::new("sslscan").args(["--no-colour", "--version"]).capture()?;
    let said = Program::new("sslscan").args(["--no-colour", "--show-times", &api]).capture()?;
    let ours = Ours::of_node(&folder.join("data"))?;
    drop(node);
    std::fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let version = version.split_whitespace().next().unwrap_or("?");
    Ok(vec![Section {
        title: format!("sslscan {version} at the API of a fresh node"),
        how: "`sslscan HOST:PORT`, and `pintle checklist run --target cloud`. sslscan judges little by itself: each thing that \
              it tells is a row. It looks at TLS alone; headers, the port for devices, DTLS and the TCP service are ours only"
            .into(),
        rows: told(&said).map(|line| row(line, &ours)).collect(),
    }])
}

/// The lines that tell something of the server, without what differs from run to run.
fn told(said: &str) -> impl Iterator<Item = String> + '_ {
    let about = |line: &&str| SAME.iter().any(|(part, _)| line.contains(part));
    let lines = said.lines().skip_while(|line| !line.contains("SSL/TLS Protocols"));
    let is_head = |line: &&str| line.trim_end().ends_with(':');
    lines.filter(about).filter(move |line| !is_head(line)).map(plain)
}

/// One space between words, and nothing that differs from run to run: how long a suite took, when a certificate was made.
fn plain(line: &str) -> String {
    // What follows is a day, a name of this machine, or of an authority that was made for this.
    let named = ["Not valid before", "Not valid after", "Altnames", "Issuer"];
    if let Some(name) = named.iter().find(|name| line.contains(**name)) {
        return (*name).to_owned();
    }
    let words = line.split_whitespace().filter(|word| !word.ends_with("ms"));
    words.collect::<Vec<_>>().join(" ")
}

fn row(theirs: String, ours: &Ours) -> Row {
    // The most telling part: a suite's line names its version, too.
    let same = SAME.iter().rev().find(|(part, _)| theirs.contains(part));
    let ours = match same {
        Some((_, check)) => Ok(ours.of(check)),
        None => Err("nothing of ours is about this".to_owned()),
    };
    Row { theirs, ours }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_it_tells_is_read_without_times() {
        let said = "Version: 2.0.16\n\n  SSL/TLS Protocols:\nSSLv2     disabled\nTLSv1.3   enabled\n\n  TLS Fallback SCSV:\n\
                    Server does not support TLS Fallback SCSV\n\nPreferred TLSv1.3  128 bits  TLS_AES_128  12ms\n\
                    Not valid before: Nov 23 2026 GMT\n";
        let lines: Vec<String> = told(said).collect();
        assert_eq!(
            lines,
            [
                "SSLv2 disabled",
                "TLSv1.3 enabled",
                "Server does not support TLS Fallback SCSV",
                "Preferred TLSv1.3 128 bits TLS_AES_128",
                "Not valid before"
            ]
        );
    }
}
