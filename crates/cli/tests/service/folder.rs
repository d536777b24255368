//! A data folder, and nodes on it that end with their test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A data folder whose node listens on free ports.
pub struct DataFolder {
    pub scratch: TempDir,
}

impl DataFolder {
    pub fn new() -> Self {
        let folder = Self { scratch: tempfile::tempdir().expect("a temporary folder") };
        let mut init = pintle("init");
        init.args(["--user", "ada", "--password-stdin", "--data"]).arg(folder.path());
        let mut init = init.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        let mut stdin = init.stdin.take().expect("its input is piped");
        stdin.write_all(b"correct horse battery staple\n").expect("it reads the password");
        assert!(init.wait().expect("it ends").success());
        folder.write("config.toml", FREE_PORTS);
        folder
    }

    pub fn path(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).expect("the folder can be written");
    }

    /// `pintle serve` on it, not started yet.
    pub fn serve(&self) -> Command {
        let mut command = pintle("serve");
        command.arg("--data").arg(self.path()).stdout(Stdio::null()).stdin(Stdio::null());
        command
    }
}

pub const FREE_PORTS: &str = "[api]\nlisten = \"127.0.0.1:0\"\n[udp]\nlisten = \"127.0.0.1:0\"\n";

pub fn pintle(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
    command.arg(verb).env_remove("PINTLE_LOG").env_remove("JOURNAL_STREAM");
    command
}

/// A child that does not outlive its test.
pub struct Running(pub Child);

impl Running {
    /// Sends SIGTERM and waits for the end.
    pub fn terminate(&mut self) -> bool {
        self.signal();
        self.0.wait().expect("a child can be waited for").success()
    }

    pub fn signal(&self) {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a file says, line by line.
pub fn lines_of(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("the file can be read");
    text.lines().map(str::to_owned).collect()
}
