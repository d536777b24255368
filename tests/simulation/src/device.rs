//! A device of the fleet: its life, its address, and what its application does.

use crate::oracle::nonces::Whose;
use pintle_device::life::{Happening, Kept, Publication, Ticket};
use pintle_device::{DeviceId, Error, Life, Profile, Value, VariableType};
use pintle_dtls::ExportedSession;
use pintle_dtls::client::ClientConfig;
use pintle_dtls::crypto::AwsLc;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The function every device has.
pub const FUNCTION: &str = "act";
/// The variable every device has.
pub const VARIABLE: &str = "level";
/// What devices subscribe to.
pub const SUBSCRIPTION: &str = "cmd/";

/// Names of events that are kept for a durable consumer begin so.
pub const KEPT: &str = "e/keep";
/// The name of events that are not.
pub const RELAYED: &str = "e/flow";

/// Whether the event of this number is kept for a durable consumer.
#[must_use]
pub const fn is_kept(number: u64) -> bool {
    number % 2 == 1
}

/// What a device's application sees.
pub enum Seen {
    /// It needs another socket.
    NewSocket,
    /// Anything else.
    Happened(Happening),
}

/// One device.
pub struct Device {
    /// Its number.
    pub number: usize,
    /// Its id.
    pub id: DeviceId,
    /// Its address as the cloud sees it.
    pub address: SocketAddr,
    /// Until when neither hears nor is heard.
    pub silent_until: Duration,
    /// How many events it published.
    pub published: u64,
    config: Arc<ClientConfig<AwsLc>>,
    life: Option<Life>,
    kept: Option<Kept>,
    wakes: Option<Duration>,
    /// Which session of this run of the device was seen last.
    session_of_life: u32,
    /// Counts its sessions, over all its runs.
    sessions: u32,
    waiting: BTreeMap<Publication, u64>,
    runs: u64,
}

impl Device {
    /// A device that begins at `wakes`.
    #[must_use]
    pub fn new(
        number: usize,
        config: Arc<ClientConfig<AwsLc>>,
        address: SocketAddr,
        wakes: Duration,
    ) -> Self {
        Self {
            number,
            id: id_of(number),
            address,
            silent_until: Duration::ZERO,
            published: 0,
            config,
            life: None,
            kept: None,
            wakes: Some(wakes),
            session_of_life: 0,
            sessions: 0,
            waiting: BTreeMap::new(),
            runs: 0,
        }
    }

    /// Whether everything was said and acknowledged.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.life.as_ref().is_some_and(Life::is_connected)
    }

    /// Whether it is switched on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.life.is_some()
    }

    /// When something of its own is due.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.life.as_ref().map_or(self.wakes, Life::poll_timeout)
    }

    /// Does what is due.
    ///
    /// # Errors
    /// Where the profile is out of bounds.
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), Error> {
        match &mut self.life {
            Some(life) => life.handle_timeout(now),
            None if self.wakes.is_some_and(|at| at <= now) => self.wake(now)?,
            None => {}
        }
        Ok(())
    }

    fn wake(&mut self, now: Duration) -> Result<(), Error> {
        self.wakes = None;
        self.runs += 1;
        let kept = self.kept.take();
        // A session that goes on is the one it was.
        self.session_of_life = u32::from(kept.is_some());
        let seed = self.runs << 32 | self.number as u64;
        let profile = profile(self.id);
        self.life = Some(Life::simulated(Arc::clone(&self.config), profile, kept, now, seed)?);
        Ok(())
    }

    /// A datagram reaches it.
    pub fn datagram(&mut self, now: Duration, datagram: &mut [u8]) {
        if let Some(life) = &mut self.life {
            life.handle_datagram(now, datagram);
        }
    }

    /// The next thing that its application sees.
    pub fn seen(&mut self) -> Option<Seen> {
        let happening = self.life.as_mut()?.poll_happening()?;
        Some(match happening {
            Happening::NewSocket => Seen::NewSocket,
            other => Seen::Happened(other),
        })
    }

    /// The next datagram it sends.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        self.life.as_mut()?.poll_transmit()
    }

    /// The session that began since this was last called.
    pub fn began(&mut self) -> Option<(Whose, ExportedSession)> {
        let life = self.life.as_ref()?;
        if life.session_number() == self.session_of_life {
            return None;
        }
        let session = life.session()?;
        self.session_of_life = life.session_number();
        self.sessions += 1;
        Some((self.whose(), session))
    }

    /// The session that what it sends now belongs to: while it shakes hands, the one to come.
    #[must_use]
    pub fn whose(&self) -> Whose {
        let shaking = self.life.as_ref().is_some_and(|life| life.session().is_none());
        Whose { device: self.number, session: self.sessions + u32::from(shaking) }
    }

    /// How many sessions it has had.
    #[must_use]
    pub const fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Publishes its next event; the number of it, where there was room.
    pub fn publish(&mut self, now: Duration) -> Option<u64> {
        let number = self.published + 1;
        let text = format!("{} {number}", self.number);
        let name = if is_kept(number) { KEPT } else { RELAYED };
        let publication = self.life.as_mut()?.publish(now, name, text.as_bytes()).ok()?;
        self.published = number;
        self.waiting.insert(publication, number);
        Some(number)
    }

    /// The number of a publication that is settled.
    pub fn settled(&mut self, publication: Publication) -> Option<u64> {
        self.waiting.remove(&publication)
    }

    /// Answers a call.
    pub fn answer_call(&mut self, now: Duration, ticket: Ticket, result: i32) {
        if let Some(life) = &mut self.life {
            life.answer_call(now, ticket, Ok(result));
        }
    }

    /// Answers a read.
    pub fn answer_read(&mut self, now: Duration, ticket: Ticket) {
        if let Some(life) = &mut self.life {
            life.answer_read(now, ticket, Ok(Value::Int(7)));
        }
    }

    /// Its process ends in peace.
    pub fn leave(&mut self, now: Duration) {
        if let Some(life) = &mut self.life {
            life.leave(now);
        }
    }

    /// Takes it off once it has left, to come back at `wakes`; false while it is leaving still.
    pub fn gone(&mut self, wakes: Duration) -> bool {
        if !self.life.as_ref().is_some_and(Life::is_gone) {
            return false;
        }
        self.kept = self.life.take().and_then(Life::keep);
        self.rest(wakes);
        true
    }

    /// Its process is killed, and its session with it.
    pub fn kill(&mut self, wakes: Duration) {
        self.life = None;
        self.kept = None;
        self.rest(wakes);
    }

    fn rest(&mut self, wakes: Duration) {
        self.waiting.clear();
        self.wakes = Some(wakes);
    }
}

/// The id of a device.
#[must_use]
pub fn id_of(number: usize) -> DeviceId {
    let mut bytes = [0x51; 12];
    if let Some(last) = bytes.last_mut() {
        *last = number as u8;
    }
    DeviceId::from_bytes(bytes)
}

fn profile(device_id: DeviceId) -> Profile {
    Profile {
        device_id,
        platform_id: 32,
        product_id: 32,
        product_version: None,
        keepalive: Duration::from_secs(25),
        functions: vec![FUNCTION.to_owned()],
        variables: vec![(VARIABLE.to_owned(), VariableType::Int)],
        subscriptions: vec![SUBSCRIPTION.to_owned()],
        firmware: None,
        last_reset: None,
    }
}
