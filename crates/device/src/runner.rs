//! The loop that gives a life its socket, its clock, its board and its events: one thread that polls, and a
//! worker for each call. No async runtime.

mod application;
mod beginning;
mod lines;
mod lived;
mod sources;
mod wire;
mod workers;

pub(crate) use lived::Lived;

use crate::agent::RunOptions;
use crate::board::{Board, BoardError, ConfiguredBoard};
use crate::error::Error;
use crate::folder::Folder;
use crate::life::Happening;
use crate::notice::Notice;
use crate::stop::Stop;
use application::{Application, Occasion, Todo};
use beginning::{application_of, begin};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pintle_protocol::reply::Answer;
use sources::Sources;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wire::{Came, Wire};
use workers::{Done, Workers};

/// Longer than any datagram that a cloud sends, in bytes.
const PIECE: usize = 2048;
/// How many datagrams, or pieces of a stream, are read before anything else gets its turn.
const BURST: usize = 64;
/// What the cloud is told when a function could not be run.
const FAILED: i32 = -1;

/// An event from another thread.
pub(crate) struct ToPublish {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
}

/// What other threads may know of an agent.
#[derive(Default)]
pub(crate) struct Shared {
    connected: AtomicBool,
    local: Mutex<Option<SocketAddr>>,
}

impl Shared {
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.local.lock().ok().and_then(|local| *local)
    }

    fn set_local(&self, address: SocketAddr) {
        if let Ok(mut local) = self.local.lock() {
            *local = Some(address);
        }
    }
}

/// A device and everything around it.
pub(crate) struct Runner {
    folder: Folder,
    life: Box<dyn Lived + Send>,
    wire: Option<Wire>,
    workers: Workers,
    sources: Sources,
    publications: Receiver<ToPublish>,
    stop: Stop,
    shared: Arc<Shared>,
    on_notice: Box<dyn FnMut(Notice) + Send>,
    started: Instant,
    board: Arc<dyn Board>,
    application: Option<Application>,
    /// An update waits to be tried.
    apply: bool,
}

impl Runner {
    pub(crate) fn new(
        folder: Folder,
        options: RunOptions,
        stop: Stop,
        publications: Receiver<ToPublish>,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let RunOptions { board, on_notice, stdin, firmware } = options;
        let config = folder.config();
        let board = board.unwrap_or_else(|| Arc::new(ConfiguredBoard::new(config, folder.dir())));
        let sources =
            Sources::open(&config.events, stdin.unwrap_or(config.events.stdin), folder.dir())?;
        let mut application = application_of(&folder, firmware.as_ref(), &stop)?;
        if let Some(application) = &mut application {
            application.decide()?;
        }
        let life = begin(&folder, board.as_ref(), application.as_ref(), Duration::ZERO)?;
        Ok(Self {
            folder,
            life,
            wire: None,
            workers: Workers::new(Arc::clone(&board), stop.waker().clone()),
            sources,
            publications,
            stop,
            shared,
            on_notice: on_notice.unwrap_or_else(|| Box::new(|_| {})),
            started: Instant::now(),
            board,
            application,
            apply: false,
        })
    }

    /// Runs until told to stop.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        let mut leaving = false;
        self.start(Occasion::Begins)?;
        loop {
            self.drain();
            self.look_after()?;
            if self.stop.is_asked() && !leaving {
                leaving = true;
                self.life.leave(self.now());
                continue;
            }
            if self.life.is_gone() {
                break;
            }
            self.wait()?;
            self.take_events();
            self.take_results();
            self.receive();
            self.life.handle_timeout(self.now());
        }
        self.shared.connected.store(false, Ordering::Release);
        if let Some(wire) = self.wire {
            wire.finish();
        }
        self.folder.keep(self.life.as_mut())
    }

    /// Runs the firmware, and begins a life that says so.
    fn start(&mut self, occasion: Occasion) -> Result<(), Error> {
        let Some(application) = &mut self.application else { return Ok(()) };
        if !application.start(occasion, &mut self.on_notice)? {
            return Ok(());
        }
        self.wire = None;
        self.shared.connected.store(false, Ordering::Release);
        let now = self.started.elapsed();
        self.life = begin(&self.folder, self.board.as_ref(), self.application.as_ref(), now)?;
        self.drain();
        Ok(())
    }

    /// Does what is due for the firmware.
    fn look_after(&mut self) -> Result<(), Error> {
        let Some(application) = &mut self.application else { return Ok(()) };
        let todo = application.look_after(&mut self.on_notice);
        let applied = std::mem::take(&mut self.apply);
        match todo {
            Todo::Reboot => self.start(Occasion::FallsBack),
            Todo::Nothing if applied => self.start(Occasion::Applies),
            Todo::Nothing => Ok(()),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Does what the life asks for until it asks for nothing more.
    fn drain(&mut self) {
        loop {
            if let Some(happening) = self.life.poll_happening() {
                self.act_on(happening);
            } else if let Some(datagram) = self.life.poll_transmit() {
                if let Some(wire) = &mut self.wire {
                    wire.send(&datagram);
                }
            } else {
                break;
            }
        }
        self.shared.connected.store(self.life.is_connected(), Ordering::Release);
    }

    fn act_on(&mut self, happening: Happening) {
        match happening {
            Happening::NewSocket => self.reopen(),
            Happening::Greeted => self.greeted(),
            Happening::Connected { resumed } => {
                self.greeted();
                self.tell(Notice::Connected { resumed });
            }
            Happening::Updating { stored, of } => self.tell(Notice::Updating { stored, of }),
            Happening::UpdateDeclined(why) => self.tell(Notice::UpdateDeclined(why)),
            Happening::Apply => {
                self.apply = true;
                self.tell(Notice::Updated);
            }
            Happening::Reported => {
                if let Some(application) = &mut self.application {
                    application.reported();
                }
            }
            Happening::Disconnected(loss) => {
                if self.wire.as_ref().is_some_and(Wire::is_stream) {
                    self.wire = None;
                }
                self.tell(Notice::Disconnected(loss));
            }
            Happening::Call { ticket, name, argument } => {
                if !self.workers.call(ticket, name, argument) {
                    self.life.answer_call(self.now(), ticket, Err(Answer::Unavailable));
                }
            }
            Happening::Read { ticket, name } => {
                if !self.workers.read(ticket, name) {
                    self.life.answer_read(self.now(), ticket, Err(Answer::Unavailable));
                }
            }
            Happening::Event { name, data, content_format } => {
                self.tell(Notice::Event { name, data, content_format });
            }
            Happening::Signal { on } => self.tell(Notice::Signal { on }),
            // The gateway's clock is its own.
            Happening::Time(_) => {}
            Happening::Published(publication) => self.tell(Notice::Published(publication)),
            Happening::NotPublished(publication, why) => {
                self.tell(Notice::NotPublished(publication, why))
            }
        }
    }

    fn greeted(&mut self) {
        if let Some(application) = &mut self.application {
            application.greeted(&mut self.on_notice);
        }
    }

    fn tell(&mut self, notice: Notice) {
        (self.on_notice)(notice);
    }

    /// A fresh socket to the cloud.
    fn reopen(&mut self) {
        let config = self.folder.config();
        match Wire::open(&config.cloud, config.tcp.is_some()) {
            Ok((wire, local, cloud)) => {
                self.wire = Some(wire);
                self.shared.set_local(local);
                self.tell(Notice::Connecting { cloud, local });
            }
            Err(error) => {
                tracing::debug!(%error, "no socket to the cloud");
                self.wire = None;
                self.life.unreachable(self.now());
            }
        }
    }

    /// Sleeps until something can be done.
    fn wait(&mut self) -> Result<(), Error> {
        let now = self.now();
        let life = self.life.poll_timeout().map(|due| due.saturating_sub(now));
        let firmware = self.application.as_ref().and_then(Application::due);
        let left = [life, firmware].into_iter().flatten().min();
        let left = left.map(|left| left + Duration::from_millis(1));
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![readable(self.stop.waker().fd())];
        fds.extend(self.wire.as_ref().map(Wire::poll_fd));
        if self.life.has_room() {
            fds.extend(self.sources.fds().map(readable));
        }
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(Error::system("wait for input")(error.into())),
        }
        self.stop.waker().drain();
        Ok(())
    }

    fn receive(&mut self) {
        let mut buffer = [0; PIECE];
        for _ in 0..BURST {
            let Some(wire) = &mut self.wire else { return };
            match wire.receive(&mut buffer) {
                Came::Bytes(length) => {
                    let now = self.now();
                    self.life.handle_input(now, buffer.get_mut(..length).unwrap_or_default());
                }
                Came::Nothing => return,
                Came::Noise => {}
                Came::End => {
                    self.wire = None;
                    self.life.closed(self.now());
                }
            }
            // A new socket may be due before more is read.
            self.drain();
        }
    }

    /// Takes events from other threads, standard input and the event socket, while there is room.
    fn take_events(&mut self) {
        while self.life.has_room() {
            let Ok(ToPublish { name, data }) = self.publications.try_recv() else { break };
            self.publish(&name, &data);
        }
        if self.life.has_room() {
            self.sources.read();
        }
        while self.life.has_room() {
            match self.sources.next_event() {
                None => break,
                Some(Ok(event)) => self.publish(&event.name, &event.data),
                Some(Err(why)) => self.tell(Notice::BadLine(why)),
            }
        }
    }

    fn publish(&mut self, name: &str, data: &[u8]) {
        if let Err(error) = self.life.publish(self.now(), name, data) {
            self.tell(Notice::BadLine(error.to_string()));
        }
    }

    fn take_results(&mut self) {
        while let Some(done) = self.workers.next_result() {
            let now = self.now();
            match done {
                Done::Call { ticket, name, result } => {
                    self.life.answer_call(now, ticket, Ok(*result.as_ref().unwrap_or(&FAILED)));
                    self.tell(Notice::Called { name, result: result.map_err(text) });
                }
                Done::Read { ticket, name, result } => {
                    self.life.answer_read(
                        now,
                        ticket,
                        result.clone().map_err(|_| Answer::Unavailable),
                    );
                    self.tell(Notice::Read { name, result: result.map_err(text) });
                }
            }
        }
    }
}

fn text(error: BoardError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
