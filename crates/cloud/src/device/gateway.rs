//! The way from the API to a device: asks its shard, and waits for the answer.

use super::ask::{Answer, AskError, MAX_ARGUMENT, Question};
use super::command::{Command, Keep, Mailbox, Told};
use super::presence::Presence;
use super::roll::Roll;
use super::update::{Offer, Order, Transfer, UpdateError};
use crate::event::{Event, Wanted};
use pintle_protocol::DeviceId;
use pintle_protocol::value::{Value, VariableType};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a person's event may take to be durable.
const KEEP_WITHIN: Duration = Duration::from_secs(10);

/// Reaches every device of this node; clones share it.
#[derive(Clone)]
pub struct Gateway {
    shards: Arc<[Mailbox]>,
    roll: Roll,
}

impl Gateway {
    /// A gateway to the devices on `shards`, of which `roll` tells where each one is.
    pub fn new(shards: Vec<Mailbox>, roll: Roll) -> Self {
        Self { shards: shards.into(), roll }
    }

    /// Calls a function; the device's return value.
    ///
    /// # Errors
    /// [`AskError`]; the wait is bounded.
    pub async fn call(
        &self,
        device: DeviceId,
        function: &str,
        argument: &[u8],
    ) -> Result<i32, AskError> {
        if argument.len() > MAX_ARGUMENT {
            return Err(AskError::TooLarge { limit: MAX_ARGUMENT });
        }
        let question = Question::Call { function: function.into(), argument: argument.into() };
        match self.ask(device, question).await? {
            Answer::Returned(value) => Ok(value),
            Answer::Value(_) | Answer::Done => Err(AskError::Unreadable),
        }
    }

    /// Reads a variable that the device described as of type `kind`.
    ///
    /// # Errors
    /// [`AskError`]; the wait is bounded.
    pub async fn read(
        &self,
        device: DeviceId,
        variable: &str,
        kind: VariableType,
    ) -> Result<Value, AskError> {
        match self.ask(device, Question::Read { variable: variable.into(), kind }).await? {
            Answer::Value(value) => Ok(value),
            Answer::Returned(_) | Answer::Done => Err(AskError::Unreadable),
        }
    }

    /// Asks whether the device answers.
    ///
    /// # Errors
    /// [`AskError`]; the wait is bounded.
    pub async fn ping(&self, device: DeviceId) -> Result<(), AskError> {
        self.ask(device, Question::Ping).await.map(|_| ())
    }

    /// Lets the device show itself, or stop.
    ///
    /// # Errors
    /// [`AskError`]; the wait is bounded.
    pub async fn signal(&self, device: DeviceId, on: bool) -> Result<(), AskError> {
        self.ask(device, Question::Signal(on)).await.map(|_| ())
    }

    /// Sends a device an update. Comes back when the device has begun to take it.
    ///
    /// # Errors
    /// [`UpdateError`]; the wait is bounded.
    pub async fn update(&self, device: DeviceId, offer: Offer) -> Result<Transfer, UpdateError> {
        let shard = self.roll.shard_of(device).ok_or(UpdateError::Offline)?;
        let shard = self.shards.get(usize::from(shard)).ok_or(UpdateError::Offline)?;
        let (order, begun, transfer) = Order::new(offer, Some((shard.clone(), device)))?;
        if !shard.put(Command::Update(device, Box::new(order))) {
            return Err(UpdateError::Offline);
        }
        begun.await.unwrap_or(Err(UpdateError::Ended))?;
        Ok(transfer)
    }

    /// What is known about a device's connection.
    pub fn presence(&self, device: DeviceId) -> Presence {
        self.roll.presence(device)
    }

    /// Tells the doors that a device's pin was set: a session under another key ends (promise P1).
    pub fn key_changed(&self, device: DeviceId) {
        for shard in self.shards.iter() {
            shard.put(Command::KeyChanged(device));
        }
    }

    /// Tells the doors that the store has another owner for a device.
    pub fn owner_changed(&self, device: DeviceId) {
        for shard in self.shards.iter() {
            shard.put(Command::OwnerChanged(device));
        }
    }

    /// Tells the doors that a durable consumer took a row: the shard that keeps it forgets it.
    pub fn taken(&self, row: u64) {
        for shard in self.shards.iter() {
            shard.put(Command::Taken(row));
        }
    }

    /// Keeps a person's event for those who wait for it, and publishes it; whether it is durable.
    pub async fn keep(&self, event: Event, wanted: Wanted) -> bool {
        let (waiter, durable) = oneshot::channel();
        let keep = Keep { event, wanted, told: Told::Waiter(waiter) };
        // The first shard has a journal: the one of the door on TCP, which has none, comes after the others.
        let first = self.shards.first();
        let put = first.is_some_and(|shard| shard.put(Command::Keep(Box::new(keep))));
        put && matches!(timeout(KEEP_WITHIN, durable).await, Ok(Ok(())))
    }

    /// Asks every shard for a sign of life, all at once.
    ///
    /// # Errors
    /// The number of a shard that did not answer `within` this time.
    pub async fn heartbeat(&self, within: Duration) -> Result<(), usize> {
        let asked: Vec<_> = self.shards.iter().map(sign_of_life).collect();
        let deadline = Instant::now() + within;
        for (number, answer) in asked.into_iter().enumerate() {
            timeout_at(deadline, answer).await.ok().and_then(Result::ok).ok_or(number)?;
        }
        Ok(())
    }

    async fn ask(&self, device: DeviceId, question: Question) -> Result<Answer, AskError> {
        let shard = self.roll.shard_of(device).ok_or(AskError::Offline)?;
        let shard = self.shards.get(usize::from(shard)).ok_or(AskError::Offline)?;
        let (reply, answer) = oneshot::channel();
        if !shard.put(Command::Ask(device, question, reply)) {
            return Err(AskError::Offline);
        }
        // The shard bounds the wait; a dropped question means that the session ended.
        answer.await.unwrap_or(Err(AskError::Offline))
    }
}

/// Asks a shard to answer; the answer never comes where the shard is no more.
fn sign_of_life(shard: &Mailbox) -> oneshot::Receiver<()> {
    let (reply, answer) = oneshot::channel();
    shard.put(Command::Heartbeat(reply));
    answer
}
