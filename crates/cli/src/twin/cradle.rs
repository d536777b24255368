//! What is left of a twin when it goes: nothing. The folder and the process of a twin, held where both its owner and
//! whoever hears that the command is to end can reach them.

use crate::failure::Failure;
use crate::stop::StopSignals;
use pintle_cloud::serve::Addresses;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a twin may take to start.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked whether it has.
const GLANCE: Duration = Duration::from_millis(20);

/// Where a twin lies. Clones hold the same one.
#[derive(Clone, Default)]
pub struct Cradle(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    folder: Option<TempDir>,
    node: Option<Child>,
    /// Nothing more is made.
    is_over: bool,
}

impl Cradle {
    /// The temporary folder, which only this user can look into.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        let mut held = self.held();
        if held.is_over {
            return Err(interrupted());
        }
        let made = tempfile::Builder::new().prefix("pintle-twin-").tempdir();
        let made = made.map_err(|error| {
            Failure::failed(format!("cannot make a temporary folder for the twin: {error}"))
        })?;
        let path = made.path().to_owned();
        held.folder = Some(made);
        Ok(path)
    }

    /// Has this program serve a data folder at free ports of loopback; where it listens.
    pub fn serve(
        &self,
        data: &Path,
        with_tcp: bool,
        weaken: Option<&str>,
    ) -> Result<Addresses, Failure> {
        let (ready, log) = (data.with_extension("ready"), data.with_extension("log"));
        let program = std::env::current_exe().map_err(Failure::failed)?;
        let said = File::create(&log).map_err(Failure::failed)?;
        let mut command = Command::new(program);
        command.args(["serve", "--api", "127.0.0.1:0", "--udp", "127.0.0.1:0"]);
        command.args(with_tcp.then_some(["--tcp", "127.0.0.1:0"]).into_iter().flatten());
        command.args(weaken.map(|name| ["--weaken", name]).into_iter().flatten());
        command.arg("--data").arg(data).arg("--ready-file").arg(&ready);
        // A group of its own: what is typed at the terminal ends this command, which then ends the twin.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).process_group(0);
        command.env_remove("NOTIFY_SOCKET").env_remove("PINTLE_LOG");
        {
            let mut held = self.held();
            if held.is_over {
                return Err(interrupted());
            }
            let started = command.spawn();
            held.node =
                Some(started.map_err(|error| {
                    Failure::failed(format!("the twin does not start: {error}"))
                })?);
        }
        self.wait(&ready, &log)
    }

    /// The process of the twin.
    pub fn process(&self) -> Option<u32> {
        self.held().node.as_ref().map(Child::id)
    }

    /// Ends the twin and removes all of it. Nothing of it is worth keeping, so it is not asked to end.
    pub fn clear(&self) {
        let (node, folder) = {
            let mut held = self.held();
            held.is_over = true;
            (held.node.take(), held.folder.take())
        };
        if let Some(mut node) = node {
            // It may have ended by itself.
            let _ = node.kill();
            let _ = node.wait();
        }
        if let Some(Err(error)) = folder.map(TempDir::close) {
            tracing::warn!(%error, "the folder of the twin could not be removed");
        }
    }

    fn wait(&self, ready: &Path, log: &Path) -> Result<Addresses, Failure> {
        let until = Instant::now() + START_WITHIN;
        loop {
            let listening = fs::read(ready).ok();
            if let Some(text) = listening {
                return serde_json::from_slice(&text).map_err(Failure::failed);
            }
            let ended = match self.held().node.as_mut() {
                Some(node) => node.try_wait().map_err(Failure::failed)?.is_some(),
                None => return Err(interrupted()),
            };
            if ended || Instant::now() > until {
                let said = fs::read_to_string(log).unwrap_or_default();
                let last = said.lines().last().unwrap_or("it said nothing");
                return Err(Failure::failed(format!("the twin does not start: {last}")));
            }
            thread::sleep(GLANCE);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

fn interrupted() -> Failure {
    Failure::failed("interrupted")
}

/// Does work that may make a twin, and leaves none behind when the command is told to end meanwhile.
pub fn interruptible<T: Send + 'static>(
    work: impl FnOnce(&Cradle) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::failed)?;
    let cradle = Cradle::default();
    let held = cradle.clone();
    let done = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let working = tokio::task::spawn_blocking(move || work(&held));
        tokio::select! {
            () = signals.told() => Err(interrupted()),
            done = working => done.map_err(Failure::failed)?,
        }
    });
    cradle.clear();
    // The work may be in the middle of something; it ends with the process.
    runtime.shutdown_background();
    done
}
