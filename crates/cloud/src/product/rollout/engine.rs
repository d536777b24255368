//! What makes rollouts go on: reads the facts, has the next step written down, then takes it.
//!
//! It remembers nothing of its own. What it did is in the store before it is done, so whichever node opens the folder
//! next goes on from there; only the transfers that were under way begin again, where the devices have kept them.

use super::desk::Desk;
use super::fact::{Facts, Member};
use super::send::{Sends, Setback};
use super::step::{Action, Pass, Phase, Rollout};
use crate::clock::now_ms;
use crate::product::Shelf;
use crate::store::{Store, StoreError};
use pintle_protocol::DeviceId;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often devices are looked at while a rollout is under way.
const TICK: Duration = Duration::from_millis(500);
/// How often it is looked whether there is one, if nobody says so.
const IDLE: Duration = Duration::from_secs(60);
/// How long it rests after a look, in looks: so at most a fifth of its time is spent reading.
const REST: u32 = 4;
/// The shortest rest.
const LEAST_REST: Duration = Duration::from_millis(20);
/// Devices that are read at once.
const PAGE: u32 = 512;

/// The task of a node that drives its rollouts.
pub struct Engine<S> {
    desk: Desk,
    store: Store,
    shelf: Shelf,
    sends: S,
}

impl<S: Sends> Engine<S> {
    /// An engine behind this desk.
    pub fn new(desk: Desk, store: Store, shelf: Shelf, sends: S) -> Self {
        Self { desk, store, shelf, sends }
    }

    /// Goes on until the node stops. Transfers that are under way then end with their sessions.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        loop {
            let began = Instant::now();
            let pause = match self.look().await {
                Ok(true) => TICK,
                Ok(false) => IDLE,
                Err(error) => {
                    tracing::error!(%error, "rollouts stand still until the store answers");
                    TICK
                }
            };
            let rest = (began.elapsed() * REST).max(LEAST_REST);
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(rest) => {}
            }
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(pause) => {}
                () = self.desk.poked() => {}
            }
        }
    }

    /// Takes a step in each rollout; whether there is any.
    async fn look(&self) -> Result<bool, StoreError> {
        let rollouts = self.store.rollouts().unfinished().await?;
        for rollout in &rollouts {
            self.step(rollout).await?;
        }
        Ok(!rollouts.is_empty())
    }

    async fn step(&self, rollout: &Rollout) -> Result<(), StoreError> {
        if rollout.phase != Phase::Running {
            self.desk.transfers().cancel(rollout.number);
        }
        let mut pass = Pass::new(rollout, now_ms());
        let mut from = 0;
        while from < rollout.open() {
            let page = self.page(rollout, from).await?;
            page.iter().for_each(|(member, facts)| drop(pass.look(member, facts)));
            self.note(rollout, &pass.take_changes()).await?;
            let full = page.len() == PAGE as usize;
            from = page.last().filter(|_| full).map_or(rollout.open(), |(last, _)| last.rank + 1);
        }
        let actions = pass.end();
        self.note(rollout, &actions).await?;
        let offers = actions.iter().filter_map(|action| match action {
            Action::Offer(device) => Some(*device),
            _ => None,
        });
        self.offer(rollout, offers.collect()).await?;
        if actions.iter().any(|action| matches!(action, Action::Open(_) | Action::Halt(_))) {
            self.desk.poke();
        }
        Ok(())
    }

    async fn page(&self, rollout: &Rollout, from: u32) -> Result<Vec<(Member, Facts)>, StoreError> {
        let live = self.desk.transfers().of(rollout.number);
        let page = self.store.rollouts().page(rollout.number, from, rollout.open(), PAGE);
        let mut page = page.await?;
        for (member, facts) in &mut page {
            facts.online = self.sends.is_online(member.device);
            facts.sending = live.get(&member.device).copied();
        }
        Ok(page)
    }

    async fn note(&self, rollout: &Rollout, actions: &[Action]) -> Result<(), StoreError> {
        for action in actions {
            say(rollout, action);
        }
        if actions.iter().all(|action| matches!(action, Action::Offer(_))) {
            return Ok(());
        }
        self.store.rollouts().note(rollout, actions, now_ms()).await
    }

    async fn offer(&self, rollout: &Rollout, devices: Vec<DeviceId>) -> Result<(), StoreError> {
        if devices.is_empty() {
            return Ok(());
        }
        // Checked anew each time: what was fit to be sent a minute ago may have been withdrawn since.
        let image = self.shelf.released_image(rollout.product, rollout.version, &rollout.sha256);
        let image = match image.await {
            Ok(image) => image,
            Err(refusal) => {
                let why = format!("the image may not be sent: {refusal}");
                return self.note(rollout, &[Action::Halt(why)]).await;
            }
        };
        let number = rollout.number;
        let written = devices.into_iter().map(|device| {
            let live = self.desk.transfers().begin(number, device);
            (device, live, self.store.rollouts().offer(number, device, now_ms()))
        });
        // All are queued before the first is waited for.
        let written: Vec<_> = written.collect();
        for (device, live, written) in written {
            if !written.await.unwrap_or(false) {
                self.desk.transfers().end(number, device);
                continue;
            }
            let (sends, image) = (self.sends.clone(), image.clone());
            let sent = async move { sends.send(device, image, live).await };
            let (store, desk) = (self.store.clone(), self.desk.clone());
            tokio::spawn(async move {
                let outcome = sent.await;
                if let Err(error) = write_down(&store, number, device, outcome).await {
                    tracing::error!(%device, %error, "how a transfer ended could not be written down");
                }
                desk.transfers().end(number, device);
                desk.poke();
            });
        }
        Ok(())
    }
}

async fn write_down(
    store: &Store,
    number: u64,
    device: DeviceId,
    outcome: Result<(), Setback>,
) -> Result<(), StoreError> {
    match outcome {
        Ok(()) => store.rollouts().took(number, device, now_ms()).await,
        Err(Setback { why, again }) => {
            tracing::info!(rollout = number, %device, %why, "an offer came to nothing");
            store.rollouts().failed(number, device, &why, again, now_ms()).await
        }
    }
}

fn say(rollout: &Rollout, action: &Action) {
    let number = rollout.number;
    match action {
        Action::FellBack(device, why) => {
            tracing::warn!(rollout = number, %device, %why, "a device fell back");
        }
        Action::Halt(why) => tracing::warn!(rollout = number, %why, "the rollout is halted"),
        Action::Open(stage) => tracing::info!(rollout = number, stage = stage + 1, "stage open"),
        Action::Finish => tracing::info!(rollout = number, "the rollout is done"),
        Action::Note(..) | Action::Met | Action::Unmet | Action::Offer(_) => {}
    }
}
