//! GnuTLS's client: an independent DTLS 1.2 with raw public keys both ways and no connection ID.

use crate::cloud::Cloud;
use crate::coap;
use crate::device::Device;
use crate::peers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const ID: &str = "0b1e00000000000000000715";
const PRIORITY: &str = "NONE:+VERS-DTLS1.2:+ECDHE-ECDSA:+AES-128-CCM-8:+AEAD:+SIGN-ECDSA-SHA256:\
    +GROUP-SECP256R1:+COMP-NULL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK";

/// `gnutls-cli`, which sends what it reads as one record and prints what it receives.
struct GnuTls(Child);

impl GnuTls {
    fn connect(cloud: &Cloud, device: &Device) -> Self {
        peers::require_gnutls();
        let folder = cloud.scratch("gnutls");
        let private = pem(&folder, &device.private_key(), "EC PRIVATE KEY");
        let public = pem(&folder, &device.public_key(), "PUBLIC KEY");
        let address = cloud.udp();
        let mut command = Command::new("gnutls-cli");
        command.args(["--udp", "--insecure", "--priority", PRIORITY]);
        command.args(["--port", &address.port().to_string()]);
        command.arg("--rawpkkeyfile").arg(private).arg("--rawpkfile").arg(public);
        command.arg(address.ip().to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().expect("gnutls-cli starts"))
    }

    fn send(&mut self, message: &[u8]) {
        let stdin = self.0.stdin.as_mut().expect("its standard input is open");
        stdin.write_all(message).and_then(|()| stdin.flush()).expect("gnutls-cli reads");
    }

    /// Reads until `part` and `more` bytes after it came; returns those bytes.
    fn read_past(&mut self, part: &[u8], more: usize) -> Vec<u8> {
        let mut seen = Vec::new();
        loop {
            let found = seen.windows(part.len()).position(|window| window == part);
            let end = found.map(|start| start + part.len());
            if let Some(bytes) = end.and_then(|end| seen.get(end..end + more)) {
                return bytes.to_vec();
            }
            let mut next = [0];
            let stdout = self.0.stdout.as_mut().expect("its standard output is open");
            let read = stdout.read(&mut next).expect("its output can be read");
            assert!(read == 1, "gnutls-cli ended: {}", String::from_utf8_lossy(&seen));
            seen.extend(next);
        }
    }

    /// Ends it; returns all that it printed.
    fn end(mut self) -> String {
        self.0.kill().expect("gnutls-cli can be ended");
        let mut text = Vec::new();
        let stdout = self.0.stdout.as_mut().expect("its standard output is open");
        stdout.read_to_end(&mut text).expect("its output can be read");
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for GnuTls {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left running.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes a DER file as PEM.
fn pem(folder: &Path, der: &Path, label: &str) -> PathBuf {
    let text = STANDARD.encode(fs::read(der).expect("the key can be read"));
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    let path = folder.join(der.file_name().expect("a file")).with_extension("pem");
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    fs::write(&path, pem).expect("the key can be written");
    path
}

#[test]
fn p1_gnutls_with_a_pinned_raw_key_exchanges_coap() {
    let cloud = Cloud::start();
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let mut client = GnuTls::connect(&cloud, &device);
    client.read_past(b"Simple Client Mode:\n\n", 0);
    client.send(&coap::hello(1, ID));
    client.read_past(&coap::empty_ack(1), 0);
    client.send(&coap::get_time(2, 9));
    let seconds = client.read_past(&coap::time_answer_start(2, 9), 4);
    assert!(coap::is_about_now(&seconds), "{seconds:02x?}");
    // Its session ends with the process: nothing is written down, and nothing waits for that.
    client.send(&coap::event(3, "gnutls"));
    client.read_past(&coap::empty_ack(3), 0);
}

#[test]
fn p1_gnutls_with_a_key_that_is_not_pinned_gets_no_handshake() {
    let mut cloud = Cloud::start();
    let pinned = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &pinned.public_key());
    let stranger = Device::new(&cloud, "0b1e0000000000000000bad0", cloud.udp());
    let client = GnuTls::connect(&cloud, &stranger);
    // A refusal is silent on the wire: the client would go on asking for a minute.
    cloud.node().wait_until("a refusal in the log", |seen| {
        seen.iter().any(|line| line.contains("refused")).then_some(())
    });
    let said = client.end();
    assert!(!said.contains("Handshake was completed"), "{said}");
}
