//! The fleet's keys in the node: pinned in batches before the run, and forgotten after it.

use super::keys::FleetKeys;
use super::show::Display;
use crate::args::FleetArgs;
use crate::failure::Failure;
use crate::pin::carry_out;
use pintle_cloud::control::{PinLine, Request};
use pintle_device::Stop;
use pintle_device::fleet::Plan;
use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};

/// How many pins go to the node at a time: one commit, and an answer every moment.
const BATCH: u32 = 5000;

/// Pins the key of every device, and counts in `pinned` how many are.
pub fn set(
    args: &FleetArgs,
    plan: &Plan,
    keys: &FleetKeys,
    stop: &Stop,
    display: &mut Display,
    pinned: &mut u32,
) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        // The next keys are made while the node writes the last ones down.
        let (sender, made) = sync_channel(1);
        scope.spawn(move || make(args, plan, keys, &sender));
        for batch in made {
            if stop.is_asked() {
                return Err(Failure::failed("stopped before the run began"));
            }
            let pins: Vec<PinLine> = batch?;
            let count = u32::try_from(pins.len()).unwrap_or(BATCH);
            carry_out(&args.data, Request::PinImport { pins })?;
            *pinned += count;
            display.count("keys pinned", *pinned, plan.devices);
        }
        Ok(())
    })
}

/// Makes the pins, batch by batch, until nobody takes them any more.
fn make(
    args: &FleetArgs,
    plan: &Plan,
    keys: &FleetKeys,
    made: &SyncSender<Result<Vec<PinLine>, Failure>>,
) {
    for batch in batches(plan.devices) {
        if made.send(batch.map(|index| keys.pin(args, index)).collect()).is_err() {
            return;
        }
    }
}

/// Removes so many devices and their pins again.
pub fn forget(
    args: &FleetArgs,
    keys: &FleetKeys,
    display: &mut Display,
    pinned: u32,
) -> Result<(), Failure> {
    for batch in batches(pinned) {
        let done = batch.end;
        let devices = batch.map(|index| keys.id(index).to_string()).collect();
        carry_out(&args.data, Request::PinForget { devices })?;
        display.count("pins removed", done, pinned);
    }
    Ok(())
}

fn batches(devices: u32) -> impl Iterator<Item = Range<u32>> {
    (0..devices).step_by(BATCH as usize).map(move |start| start..devices.min(start + BATCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_every_device_once() {
        for devices in [1, BATCH, BATCH + 1, 3 * BATCH - 1] {
            let all: Vec<u32> = batches(devices).flatten().collect();
            assert_eq!(all, (0..devices).collect::<Vec<_>>());
        }
    }
}
