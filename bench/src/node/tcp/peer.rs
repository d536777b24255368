//! The server of an npm package for the same devices, and the same fleet at its door.

use crate::cores;
use crate::node::process::Folder;
use crate::node::vitals::Vitals;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// It does a few handshakes a second.
const DEVICES: u32 = 60;
/// Those that come before anything is measured: it compiles itself meanwhile.
const FIRST: u32 = 10;
/// Of its devices, those on their way in at the same time.
const AT_ONCE: u32 = 4;
const SCRIPT: &str = include_str!("peer.mjs");

/// What was measured of it.
pub struct Figures {
    /// How many devices.
    pub devices: u32,
    /// Nanoseconds of its process for each device that came in.
    pub processor: f64,
    /// Devices a second by the clock.
    pub rate: f64,
}

/// Measures it; `folder` has the keys of a fleet with this seed, and the server's.
pub fn measure(library: &Path, folder: &Folder, seed: u32) -> Option<Figures> {
    let script = folder.beside("peer.mjs");
    std::fs::write(&script, SCRIPT).ok()?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "node"]).arg(&script).arg(library.canonicalize().ok()?);
    command.arg(folder.data().join("keys/tcp.der"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Ending(cores::start_server(&mut command).ok()?);
    let mut lines = BufReader::new(server.0.stdout.take()?).lines();
    let port: u16 = until(&mut lines, "listening on ")?;

    let mut command = folder.command("fleet");
    command.args(["--protocol", "tcp", "--tcp", &format!("127.0.0.1:{port}")]);
    command.args(["--seed", &seed.to_string(), "--devices", &DEVICES.to_string()]);
    // It acknowledges no descriptions, which later generations wait for.
    command.args(["--generation", "photon-0.7"]);
    command.args(["--at-once", &AT_ONCE.to_string(), "--rate", "0", "--duration", "1h"]);
    command.args(["--pinned", "--keep", "--core", "1", "--connect-within", "10m"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _fleet = Ending(command.spawn().ok()?);
    while until::<u32>(&mut lines, "greeted ")? < FIRST {}
    let (before, began) = (Vitals::of(server.0.id()), Instant::now());
    while until::<u32>(&mut lines, "greeted ")? < DEVICES {}
    let (after, took) = (Vitals::of(server.0.id()), began.elapsed());
    let each = |whole: f64| whole / f64::from(DEVICES - FIRST);
    Some(Figures {
        devices: DEVICES,
        processor: each((after.processor - before.processor).as_secs_f64() * 1e9),
        rate: 1.0 / each(took.max(Duration::from_millis(1)).as_secs_f64()),
    })
}

/// The number after the next such words; none when it has ended.
fn until<T: std::str::FromStr>(
    lines: &mut Lines<BufReader<ChildStdout>>,
    words: &str,
) -> Option<T> {
    lines.map_while(Result::ok).find_map(|line| line.strip_prefix(words)?.parse().ok())
}

/// A process that ends with this value.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
