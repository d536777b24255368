//! A virtual device that runs, and whose new firmware waits for a word whether it is well.

use pintle_device::{
    Agent, AgentHandle, Folder, Notice, RunOptions, VirtualBoard, VirtualFirmware,
};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For a step of the device.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said of firmware on trial.
pub type Word = Result<(), String>;

/// A running device; it ends when dropped.
pub struct Running {
    _agent: AgentHandle,
    told: Receiver<Notice>,
    words: Sender<Word>,
}

impl Running {
    /// Runs it; whenever new firmware is on trial, it waits for a word of [`Running::say`].
    ///
    /// # Errors
    /// For a person.
    pub fn start(folder: Folder, firmware: VirtualFirmware) -> Result<Self, String> {
        let (tell, told) = channel();
        let (words, heard) = channel::<Word>();
        let heard = Arc::new(Mutex::new(heard));
        let firmware = firmware.health(move |_| {
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| Err("nobody said that it is well".to_owned()))
        });
        let options = RunOptions {
            board: Some(Arc::new(VirtualBoard::new())),
            on_notice: Some(Box::new(move |notice| drop(tell.send(notice)))),
            stdin: Some(false),
            firmware: Some(firmware),
        };
        let agent = Agent::spawn(folder, options).map_err(|why| why.to_string())?;
        Ok(Self { _agent: agent, told, words })
    }

    /// Says of the next firmware on trial, or of the one that waits, whether it is well.
    pub fn say(&self, word: Word) {
        // Who ended hears nothing, and that is found out where it is waited for.
        drop(self.words.send(word));
    }

    /// Waits for something to happen.
    ///
    /// # Errors
    /// It did not, in good time: `what`.
    pub fn until(&self, what: &str, is: impl Fn(&Notice) -> bool) -> Result<Notice, String> {
        let until = Instant::now() + PATIENCE;
        crate::communication::traffic::await_notice(&self.told, until, is)
            .ok_or_else(|| format!("the virtual device {what} not in good time"))
    }
}
