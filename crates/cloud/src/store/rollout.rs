//! Rollouts: the plan and where it stands, every device in it, and the images that devices fell back from.
//!
//! Every write says what it expects to find, so that a person who halts and the engine that goes on never undo each
//! other. What devices report is not copied here: a page joins it as it is.

use pintle_protocol::DeviceId;

use super::statement::{Expect, Failure, Transaction};
use super::{Ask, Store, StoreError, Stream};
use crate::audit::{Act, Who};
use crate::product::ProductId;
use crate::product::rollout::{Action, Again, Facts, Member, Plan, Rollout};

mod read;
mod write;

/// A rollout to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRollout {
    /// The product.
    pub product: ProductId,
    /// The version.
    pub version: u16,
    /// SHA-256 of the image's file.
    pub sha256: [u8; 32],
    /// SHA-256 of the module in it.
    pub module_sha256: [u8; 32],
    /// What is asked for.
    pub plan: Plan,
    /// Now, in milliseconds since 1970.
    pub at_ms: i64,
}

/// How the beginning of a rollout went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It has this number now; its devices are yet to be drawn.
    Drawing(u64),
    /// Another rollout of the product is running.
    AnotherRuns,
}

/// How a person's word to a rollout went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is as asked now.
    Done,
    /// It is in no phase in which it could be.
    NotSo,
    /// Another rollout of the product is running.
    AnotherRuns,
}

/// The rollouts in the store.
pub struct Rollouts<'a>(pub(super) &'a Store);

impl Store {
    /// The rollouts.
    #[must_use]
    pub fn rollouts(&self) -> Rollouts<'_> {
        Rollouts(self)
    }
}

impl Rollouts<'_> {
    /// Begins a rollout: its devices are to be added, and then it is to be let run. One of the product whose start was
    /// broken off is forgotten.
    pub fn begin(&self, new: &NewRollout) -> Ask<Begun> {
        self.0.attempt(write::begin(new), |result| match result {
            Ok(outcome) => {
                let row = outcome.rows(write::BEGUN).first();
                let number = row.ok_or_else(|| StoreError::corrupt("no number was given"))?;
                Ok(Begun::Drawing(number.number(0)?))
            }
            Err(Failure::Unmet { .. }) => Ok(Begun::AnotherRuns),
            Err(Failure::Store(error)) => Err(error),
        })
    }

    /// Adds devices, the first of them with this rank. A device that is gone since is passed over.
    pub fn add(&self, number: u64, first: u32, devices: &[DeviceId]) -> Ask<()> {
        self.0.write(write::add(number, first, devices), |_| Ok(()))
    }

    /// Lets a rollout run whose devices were added; one of the product that is halted gives way to it.
    pub fn run(&self, number: u64, reach: &[u32], at_ms: i64) -> Ask<Told> {
        self.0.attempt(write::run(number, reach, at_ms), told)
    }

    /// Halts a rollout that is running.
    pub fn halt(&self, number: u64, why: &str) -> Ask<Told> {
        self.0.attempt(write::halt(number, why).expecting(Expect::Some), told)
    }

    /// Lets a halted rollout go on; the failures it has now are forgiven.
    pub fn resume(&self, number: u64, at_ms: i64) -> Ask<Told> {
        self.0.attempt(write::resume(number, at_ms), told)
    }

    /// Writes down what a pass over the devices came to. [`Action::Offer`] is none of its affair.
    pub fn note(&self, rollout: &Rollout, actions: &[Action], at_ms: i64) -> Ask<()> {
        let statements: Transaction =
            actions.iter().flat_map(|one| write::action(rollout, one, at_ms)).collect();
        let halts = actions.iter().any(|action| matches!(action, Action::Halt(_)));
        let halted = Act::new("rollout.halted", Who::Node, at_ms).on("rollout", rollout.number);
        let told = if halts { statements.noting(halted) } else { statements };
        self.0.write(told, |_| Ok(()))
    }

    /// Writes down that a device is offered the image, before it is; false where it may not be offered it now.
    pub fn offer(&self, number: u64, device: DeviceId, at_ms: i64) -> Ask<bool> {
        let statement = write::offer(number, device, at_ms).expecting(Expect::Some);
        self.0.attempt(statement, |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Unmet { .. }) => Ok(false),
            Err(Failure::Store(error)) => Err(error),
        })
    }

    /// Writes down that the device has taken the whole image that it was offered, where whoever sent it has not done so.
    pub fn took(&self, number: u64, device: DeviceId, at_ms: i64) -> Ask<()> {
        self.0.write(write::took(number, device, at_ms), |_| Ok(()))
    }

    /// Writes down why an offer came to nothing, and when it is to be made again.
    pub fn failed(
        &self,
        number: u64,
        device: DeviceId,
        why: &str,
        again: Again,
        at_ms: i64,
    ) -> Ask<()> {
        self.0.write(write::failed(number, device, why, again, at_ms), |_| Ok(()))
    }

    /// The rollout of this number.
    pub fn find(&self, number: u64) -> Ask<Option<Rollout>> {
        self.0.read(read::find(number), |rows| rows.first().map(read::rollout).transpose())
    }

    /// The newest rollout, of this product where one is named.
    pub fn newest(&self, product: Option<ProductId>) -> Ask<Option<Rollout>> {
        self.0.read(read::newest(product), |rows| rows.first().map(read::rollout).transpose())
    }

    /// The rollouts that are running or halted, oldest first.
    pub fn unfinished(&self) -> Ask<Vec<Rollout>> {
        self.0.read(read::unfinished(), |rows| rows.iter().map(read::rollout).collect())
    }

    /// Devices of a rollout by rank, with what is known of them: from this one on, up to but without that one, at most
    /// so many. What only a running node knows is not among it.
    pub fn page(
        &self,
        number: u64,
        from: u32,
        until: u32,
        count: u32,
    ) -> Ask<Vec<(Member, Facts)>> {
        let question = read::page(number, from, until, count);
        self.0.read(question, |rows| rows.iter().map(read::member).collect())
    }

    /// The devices of a product that may be in a rollout of this version, as they are read: not those that are marked
    /// for development or locked to another version.
    pub fn population(&self, product: ProductId, version: u16) -> Stream<DeviceId> {
        self.0.stream(read::population(product, version), |row| {
            Ok(DeviceId::from_bytes(row.array(0)?))
        })
    }
}

fn told(result: Result<super::Outcome, Failure>) -> Result<Told, StoreError> {
    match result {
        Ok(_) => Ok(Told::Done),
        Err(Failure::Unmet { .. }) => Ok(Told::NotSo),
        Err(Failure::Store(StoreError::Conflict(_))) => Ok(Told::AnotherRuns),
        Err(Failure::Store(error)) => Err(error),
    }
}
