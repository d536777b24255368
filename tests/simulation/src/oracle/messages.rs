//! Events and calls, each with a number of its own: published once, acted on at most once, and not lost when
//! they were acknowledged.

use super::{Promise, Violation};
use crate::device::is_kept;
use std::collections::{BTreeMap, BTreeSet};

/// What became of one event of a device.
#[derive(Clone, Copy, Default)]
struct Event {
    bus: u32,
    /// The row that the consumer took.
    row: Option<u64>,
    acknowledged: bool,
    /// Which start of the cloud it was published under.
    start: u64,
    /// What the cloud knew of it may be gone with the disk that held it.
    rolled_back: bool,
}

/// Every message that carries a number.
#[derive(Default)]
pub struct Messages {
    /// By device and number.
    events: BTreeMap<(usize, u64), Event>,
    /// Calls and events to devices: by number, whose it is and how often it was taken.
    downward: BTreeMap<u64, (usize, u32)>,
    acknowledged: u64,
}

impl Messages {
    /// A device publishes an event.
    pub fn publish(&mut self, device: usize, number: u64, start: u64) {
        self.events.insert((device, number), Event { start, ..Event::default() });
    }

    /// The cloud calls a device, or sends it an event.
    pub fn downward(&mut self, device: usize, number: u64) {
        self.downward.insert(number, (device, 0));
    }

    /// The bus hears an event.
    ///
    /// # Errors
    /// It was never published, or heard before.
    pub fn on_bus(&mut self, device: usize, number: u64) -> Result<(), Violation> {
        let Some(event) = self.events.get_mut(&(device, number)) else {
            return Err(forged(format!("the bus heard device {device}'s event {number}")));
        };
        event.bus += u32::from(!event.rolled_back || event.bus == 0);
        once(event.bus, || format!("the bus heard device {device}'s event {number}"))
    }

    /// The durable consumer takes an event. It may be handed the same row again after a crash.
    ///
    /// # Errors
    /// It was never published, or is in another row as well.
    pub fn taken(&mut self, device: usize, number: u64, row: u64) -> Result<(), Violation> {
        let Some(event) = self.events.get_mut(&(device, number)) else {
            return Err(forged(format!("the outbox held device {device}'s event {number}")));
        };
        let before = event.row.replace(row).filter(|_| !event.rolled_back);
        let again = before.is_some_and(|before| before != row);
        once(1 + u32::from(again), || format!("device {device}'s event {number} was kept"))
    }

    /// A device hears that its event was taken, while the cloud runs for the `start`-th time.
    ///
    /// # Errors
    /// The bus never heard it. Where the cloud was killed meanwhile, the bus it was for may be gone.
    pub fn acknowledged(
        &mut self,
        device: usize,
        number: u64,
        start: u64,
    ) -> Result<(), Violation> {
        let event = self.events.entry((device, number)).or_default();
        event.acknowledged = true;
        self.acknowledged += 1;
        if event.bus == 0 && event.start == start {
            let seen =
                format!("device {device}'s event {number} was acknowledged, and no bus heard it");
            return Err(Violation::of(Promise::Acknowledged, seen));
        }
        Ok(())
    }

    /// The cloud has started, and these events wait in its outbox.
    ///
    /// # Errors
    /// One that was acknowledged, and not taken, is not there.
    pub fn all_are_kept(&self, waiting: &BTreeSet<(usize, u64)>) -> Result<(), Violation> {
        let lost = self.events.iter().find(|((device, number), event)| {
            let due = is_kept(*number) && event.acknowledged && !event.rolled_back;
            due && event.row.is_none() && !waiting.contains(&(*device, *number))
        });
        lost.map_or(Ok(()), |((device, number), _)| {
            let seen = format!(
                "device {device}'s event {number} was acknowledged to be kept, and is not in the outbox"
            );
            Err(Violation::of(Promise::Acknowledged, seen))
        })
    }

    /// A device acts on a call or an event.
    ///
    /// # Errors
    /// It is not for this device, or was acted on before.
    pub fn at_device(&mut self, device: usize, number: u64) -> Result<(), Violation> {
        match self.downward.get_mut(&number) {
            Some((of, times)) if *of == device => {
                *times += 1;
                once(*times, || format!("device {device} acted on message {number}"))
            }
            _ => Err(forged(format!("device {device} acted on message {number}"))),
        }
    }

    /// An older copy of the disk is put back. No node can keep what it promised on a disk that is gone: of the events
    /// so far, those it acknowledged may be lost, and those it did not may be heard again. A record that
    /// was accepted must still not be: the oracle finds that by the events whose devices were answered.
    pub fn roll_back(&mut self) {
        for event in self.events.values_mut() {
            event.rolled_back |= !event.acknowledged || event.row.is_none();
        }
    }

    /// Whether a device heard that its event was taken.
    #[must_use]
    pub fn is_acknowledged(&self, device: usize, number: u64) -> bool {
        self.events.get(&(device, number)).is_some_and(|event| event.acknowledged)
    }

    /// How many events were acknowledged.
    #[must_use]
    pub const fn acknowledgements(&self) -> u64 {
        self.acknowledged
    }
}

fn forged(seen: String) -> Violation {
    Violation::of(Promise::AnomalyEndsNothing, seen + ", which nobody sent")
}

fn once(times: u32, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if times <= 1 {
        return Ok(());
    }
    Err(Violation::of(Promise::NoReplay, what() + " a second time"))
}
