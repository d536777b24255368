//! A node of the test's own, on free ports of the loopback, with nothing pinned.

use pintle_rsa::CloudPublicKey;
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const FREE: &str = "127.0.0.1:0";
const PASSWORD: &[u8] = b"correct horse battery staple\n";
/// How often its ready file is looked for, and how many times.
const LOOK: (Duration, u32) = (Duration::from_millis(50), 600);

/// Ends with this value.
pub struct Node {
    /// Of its TCP door.
    pub address: SocketAddrV4,
    /// The key that devices would have pinned.
    pub cloud: CloudPublicKey,
    child: Child,
    _folder: TempDir,
}

impl Node {
    /// Makes a data folder and serves it.
    pub fn start(program: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let printed = init(program, &data)?;
        let key = text(&printed, "tcp_public_key")?;
        let cloud = CloudPublicKey::read(&fs::read(key)?).map_err(io::Error::other)?;
        let ready = folder.path().join("ready.json");
        let mut child = Command::new(program)
            .args(["serve", "--api", FREE, "--udp", FREE, "--tcp", FREE, "--data"])
            .arg(&data)
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let address = wait_for(&ready).inspect_err(|_| end(&mut child))?;
        Ok(Self { address, cloud, child, _folder: folder })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn init(program: &Path, data: &PathBuf) -> io::Result<Value> {
    let mut init = Command::new(program)
        .args([
            "init",
            "--tcp",
            "--json",
            "--password-stdin",
            "--user",
            "timing@example.com",
            "--data",
        ])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = init.stdin.take() {
        stdin.write_all(PASSWORD)?;
    }
    let output = init.wait_with_output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("init ended with {}", output.status)));
    }
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}

/// The address of the TCP door, once the node is ready.
fn wait_for(ready: &Path) -> io::Result<SocketAddrV4> {
    let (pause, times) = LOOK;
    for _ in 0..times {
        if let Some(json) =
            fs::read(ready).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok())
        {
            return text(&json, "tcp")?.parse().map_err(io::Error::other);
        }
        thread::sleep(pause);
    }
    Err(io::Error::other("it did not get ready"))
}

fn text<'j>(json: &'j Value, name: &str) -> io::Result<&'j str> {
    json[name].as_str().ok_or_else(|| io::Error::other(format!("it printed no {name}")))
}
