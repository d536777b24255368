//! The service manager's socket, played by the test.

use crate::folder::{DataFolder, Running};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The manager's end.
pub struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    /// Makes `command` report to it.
    pub fn of(folder: &DataFolder, command: &mut Command) -> Self {
        let path = folder.scratch.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket of the test's own");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        command.env("NOTIFY_SOCKET", &path);
        Self { socket }
    }

    /// Waits for the message with this line; the whole message.
    pub fn wait_for(&self, line: &str) -> String {
        let mut bytes = [0; 4096];
        loop {
            let length = self.socket.recv(&mut bytes).unwrap_or_else(|_| panic!("no {line} came"));
            let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if message.lines().any(|said| said == line) {
                return message;
            }
        }
    }
}

#[test]
fn the_service_manager_hears_that_the_node_is_ready_alive_and_ending() {
    let folder = DataFolder::new();
    let mut command = folder.serve();
    command.stderr(Stdio::null()).env("WATCHDOG_USEC", "200000");
    let manager = Manager::of(&folder, &mut command);
    let mut node = Running(command.spawn().expect("the node starts"));

    let ready = manager.wait_for("READY=1");
    let api = ready.split("STATUS=API on https://").nth(1).and_then(|rest| rest.split(',').next());
    TcpStream::connect(api.expect("the status names the API"))
        .expect("it listens when it is ready");

    for _ in 0..3 {
        manager.wait_for("WATCHDOG=1");
    }
    node.signal();
    manager.wait_for("STOPPING=1");
    assert!(node.0.wait().expect("it ends").success());
}
