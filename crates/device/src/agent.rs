//! Running a device: on the caller's thread with [`run`], or on one of its own with [`Agent::spawn`].

use crate::board::Board;
use crate::error::Error;
use crate::firmware::VirtualFirmware;
use crate::folder::Folder;
use crate::life::{CAPACITY, EventLimits};
use crate::notice::Notice;
use crate::runner::{Runner, Shared, ToPublish};
use crate::stop::Stop;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

/// How an agent is run. The default does what the folder's configuration says and tells nobody.
#[derive(Default)]
pub struct RunOptions {
    /// Functions and variables; those of `device.toml` if `None`.
    pub board: Option<Arc<dyn Board>>,
    /// Is told what happens, on the agent's thread: it should return soon.
    pub on_notice: Option<Box<dyn FnMut(Notice) + Send>>,
    /// Whether lines of standard input are published; as in `device.toml` if `None`.
    pub stdin: Option<bool>,
    /// Virtual firmware, which takes updates; what `device.toml` says of an application does not count then.
    pub firmware: Option<VirtualFirmware>,
}

/// Runs a device until `stop` is asked for. It then says goodbye and keeps its session for the next run. A
/// cloud that is not there, or refuses it, is tried again for ever.
///
/// # Errors
/// Only for what no waiting mends: an unusable folder or socket path, no file descriptors.
pub fn run(folder: Folder, options: RunOptions, stop: &Stop) -> Result<(), Error> {
    let (_sender, publications) = sync_channel(1);
    Runner::new(folder, options, stop.clone(), publications, Arc::default())?.run()
}

/// A device on a thread of its own.
pub struct Agent;

impl Agent {
    /// Starts a device.
    ///
    /// # Errors
    /// As [`run`], for what shows at the start.
    pub fn spawn(folder: Folder, options: RunOptions) -> Result<AgentHandle, Error> {
        let stop = Stop::new()?;
        let (sender, publications) = sync_channel(CAPACITY);
        let limits = EventLimits::of(folder.config().tcp);
        let shared = Arc::new(Shared::default());
        let runner = Runner::new(folder, options, stop.clone(), publications, Arc::clone(&shared))?;
        let thread = std::thread::Builder::new()
            .name("device".to_owned())
            .spawn(move || runner.run())
            .map_err(Error::system("start a thread"))?;
        Ok(AgentHandle { stop, sender, shared, limits, thread: Some(thread) })
    }
}

/// A running device. Dropping it ends the device as [`AgentHandle::stop`] does.
pub struct AgentHandle {
    stop: Stop,
    sender: SyncSender<ToPublish>,
    shared: Arc<Shared>,
    limits: EventLimits,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl AgentHandle {
    /// Publishes a text event: at most 64 bytes of name and 1024 of data, and less where the firmware takes less. It
    /// waits until the device is connected.
    ///
    /// # Errors
    /// [`Error::Event`] for one out of bounds, [`Error::OutboxFull`], [`Error::Ended`].
    pub fn publish(&self, name: &str, data: &[u8]) -> Result<(), Error> {
        self.limits.check(name, data)?;
        let event = ToPublish { name: name.to_owned(), data: data.to_vec() };
        self.sender.try_send(event).map_err(|error| match error {
            TrySendError::Full(_) => Error::OutboxFull(CAPACITY),
            TrySendError::Disconnected(_) => Error::Ended,
        })?;
        self.stop.waker().wake();
        Ok(())
    }

    /// Whether everything was said to the cloud and acknowledged.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.is_connected()
    }

    /// The address that the device sends from now; it changes with every reconnection.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.shared.local_addr()
    }

    /// A handle to end the device from elsewhere, for example from a signal handler.
    #[must_use]
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Ends the device and waits for it: a goodbye of at most three seconds.
    ///
    /// # Errors
    /// What ended it, if it had ended before, or why its session could not be kept.
    pub fn stop(mut self) -> Result<(), Error> {
        self.stop.stop();
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Err(Error::Panicked)))
    }
}

impl Drop for AgentHandle {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // Whoever wants to know calls `stop`.
            let _ = thread.join();
        }
    }
}
