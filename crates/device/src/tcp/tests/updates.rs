//! Updates: every generation, both protocols; a connection that is cut; and what is not taken.

use super::*;
use crate::life::{Declined, Intake, LastReset, Loss, Updates};
use pintle_protocol::tcp::update::{Failed, Heard, MOST_TIMES, Say, Sender};
use pintle_protocol::update::{Refusal, Start};
use std::sync::Mutex;

/// What was stored, as its keeper sees it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    coming: Vec<u8>,
    whole: Vec<Vec<u8>>,
    refuses: bool,
}

impl Updates for Kept {
    fn room(&self) -> u32 {
        100_000
    }

    fn begin(&mut self, start: &Start<'_>) -> Result<u32, Declined> {
        assert!(start.sha256.is_some() && start.statement.is_empty());
        self.0.lock().unwrap().coming.clear();
        Ok(0)
    }

    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined> {
        let coming = &mut self.0.lock().unwrap().coming;
        assert_eq!(coming.len(), offset as usize);
        coming.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Declined> {
        let mut inside = self.0.lock().unwrap();
        if inside.refuses {
            return Err(Declined::plain(Refusal::PLATFORM));
        }
        let whole = std::mem::take(&mut inside.coming);
        inside.whole.push(whole);
        Ok(())
    }

    fn cancel(&mut self, _: bool) {}
}

impl World {
    fn updatable(generation: Generation, report: Option<LastReset>) -> (Self, Kept) {
        let mut world = Self::new(generation);
        let kept = Kept::default();
        let updates: Option<Box<dyn Updates>> = Some(Box::new(kept.clone()));
        world.life.take_updates(Intake { updates, enabled: true, report, ..Intake::default() });
        world.settle();
        assert!(world.life.is_connected());
        world.cloud.heard.clear();
        (world, kept)
    }

    /// Sends a file; `lost` says which chunks the device never gets at first. Says so many messages at most.
    fn update(
        &mut self,
        file: &[u8],
        slow: bool,
        lost: &[u16],
        most: usize,
    ) -> Option<Result<(), Failed>> {
        let limits = self.cloud.session.as_ref().unwrap().limits().unwrap();
        let sender = Sender::new(self.now, file.len() as u32, &limits).unwrap();
        self.cloud.sender = Some(if slow { sender.slow() } else { sender });
        self.cloud.updated = None;
        let mut lost = lost.to_vec();
        for _ in 0..most {
            let sender = self.cloud.sender.as_mut().unwrap();
            let Some(say) = sender.poll_say(self.now) else { break };
            if let Say::Chunk { index: Some(index), .. } = say
                && let Some(at) = lost.iter().position(|lost| *lost == index)
            {
                lost.remove(at);
                continue;
            }
            self.cloud.tell(|session, out| session.update(out, &say.message(file).unwrap()));
            self.settle();
        }
        self.cloud.updated.map(|updated| updated.map(|heard| assert_eq!(heard, Heard::Done)))
    }
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 13 + place / 512) as u8).collect()
}

#[test]
fn every_generation_takes_an_update_fast_and_slow_and_asks_for_what_is_missing() {
    for generation in Generation::ALL {
        for (slow, lost) in [(false, vec![0, 5, 20, 38]), (true, vec![]), (false, vec![])] {
            let (mut world, kept) = World::updatable(generation, None);
            let file = file(20_000);
            assert_eq!(world.update(&file, slow, &lost, 1000), Some(Ok(())), "{generation:?}");
            assert_eq!(kept.0.lock().unwrap().whole, [file], "{generation:?}");
            assert_eq!(world.happened.last(), Some(&Happening::Apply));
            let asked = world.cloud.heard.iter().filter(|line| line.starts_with("missed"));
            assert_eq!(asked.count(), usize::from(!lost.is_empty()), "{generation:?}");
            let said = world.cloud.heard.iter().any(|line| line == "update done");
            let is_old = crate::generation::is_old(generation);
            assert_eq!(said, is_old && !lost.is_empty(), "{generation:?}");
        }
    }
}

#[test]
fn a_connection_that_is_cut_leaves_nothing_behind_and_the_next_update_begins_anew() {
    for generation in Generation::ALL {
        let (mut world, kept) = World::updatable(generation, None);
        let file = file(20_000);
        for most in [1, 2, 30] {
            assert_eq!(world.update(&file, false, &[], most), None);
            world.life.closed(world.now);
            world.run_for(Duration::from_secs(60));
            assert!(world.happened.contains(&Happening::Disconnected(Loss::Closed)));
            assert!(world.life.is_connected(), "{generation:?}");
        }
        let untouched = |kept: &Kept| {
            let inside = kept.0.lock().unwrap();
            inside.whole.is_empty() && inside.coming.is_empty()
        };
        assert!(untouched(&kept), "{generation:?}");
        assert!(!world.happened.contains(&Happening::Apply));
        assert_eq!(world.update(&file, false, &[], 1000), Some(Ok(())));
        assert_eq!(kept.0.lock().unwrap().whole, [file]);
    }
}

#[test]
fn a_device_that_is_updated_pings_nobody_holds_its_events_and_does_not_wait_for_ever() {
    let (mut world, _kept) = World::updatable(Generation::Photon, None);
    assert_eq!(world.update(&file(20_000), false, &[], 10), None);
    world.life.publish(world.now, "held", b"1").unwrap();
    world.cloud.heard.clear();
    world.run_for(Duration::from_secs(299));
    assert!(world.heard().is_empty(), "neither a ping nor an event");
    world.run_for(Duration::from_secs(30));
    assert!(world.happened.contains(&Happening::Disconnected(Loss::UpdateStalled)));
    assert!(world.heard().iter().any(|line| line == "event held 1"));
}

#[test]
fn what_is_too_large_disabled_or_not_wanted_is_refused() {
    for generation in Generation::ALL {
        let (mut world, kept) = World::updatable(generation, None);
        let refused = world.update(&file(100_001), false, &[], 10);
        assert!(matches!(refused, Some(Err(Failed::Refused(_)))), "{generation:?}");
        kept.0.lock().unwrap().refuses = true;
        let taken = world.update(&file(1000), false, &[], 10);
        // The older program looks only when it has said that it has all.
        match crate::generation::is_old(generation) {
            true => assert_eq!(taken, Some(Ok(()))),
            false => assert!(matches!(taken, Some(Err(Failed::Refused(_))))),
        }
        assert!(matches!(world.happened.last(), Some(Happening::UpdateDeclined(_))));
        // A cloud that was told so at the end ends the session.
        let (mut world, _) = World::updatable(generation, None);
        world.life.take_updates(Intake::default());
        let refused = world.update(&file(1000), false, &[], 10);
        assert!(matches!(refused, Some(Err(Failed::Refused(_)))), "{generation:?}");
        assert!(world.life.is_connected() && !world.happened.contains(&Happening::Apply));
    }
}

#[test]
fn a_file_that_is_damaged_on_the_way_every_time_is_given_up() {
    let (mut world, kept) = World::updatable(Generation::Photon3, None);
    let lost = vec![7; usize::from(MOST_TIMES)];
    assert_eq!(world.update(&file(20_000), false, &lost, 1000), Some(Err(Failed::Damaged)));
    assert!(kept.0.lock().unwrap().whole.is_empty());
}

#[test]
fn the_last_update_is_told_once() {
    let report = Some(LastReset::Failed("it was not well".to_owned()));
    let mut world = World::new(Generation::Photon);
    world.life.take_updates(Intake { report, ..Intake::default() });
    world.settle();
    let told = |world: &mut World| {
        world
            .heard()
            .iter()
            .any(|line| line == "event spark/device/last_reset update_error, it was not well")
    };
    assert!(told(&mut world) && world.happened.contains(&Happening::Reported));
    world.life.closed(world.now);
    world.run_for(Duration::from_secs(60));
    assert!(world.life.is_connected() && !told(&mut world));
}
