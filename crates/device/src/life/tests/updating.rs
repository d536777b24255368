//! A transfer on virtual time: nobody is pinged while it goes on, and five silent minutes end it.

use super::*;
use pintle_protocol::coap::Message;
use pintle_protocol::update::{Chunk, Finish, Start};
use std::sync::Mutex;

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Updates for Kept {
    fn room(&self) -> u32 {
        1 << 20
    }

    fn begin(&mut self, _start: &Start<'_>) -> Result<u32, Declined> {
        self.0.lock().unwrap().clear();
        Ok(0)
    }

    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined> {
        let mut kept = self.0.lock().unwrap();
        assert_eq!(offset as usize, kept.len());
        kept.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Declined> {
        Ok(())
    }

    fn cancel(&mut self, _forget: bool) {}
}

fn begin(world: &mut World) {
    let start = Start {
        file_size: 1200,
        sha256: Some([1; 32]),
        chunk_size: 512,
        discard: false,
        function: None,
        statement: &[],
    };
    let ask = world.cloud.ask(|out, id| start.write(out, id, RequestToken(3)).unwrap());
    world.deliver(ask);
}

fn updating() -> (World, Kept) {
    let mut world = World::connected();
    let kept = Kept::default();
    let updates: Option<Box<dyn Updates>> = Some(Box::new(kept.clone()));
    world.life.take_updates(Intake { updates, enabled: true, ..Intake::default() });
    begin(&mut world);
    world.cloud.heard.clear();
    (world, kept)
}

fn chunk(world: &mut World, index: u32, length: usize) {
    let data = vec![index as u8; length];
    let ask = world.cloud.ask(|out, id| Chunk { index, data: &data }.write(out, id).unwrap());
    world.deliver(ask);
}

#[test]
fn nobody_is_pinged_during_a_transfer_and_five_minutes_without_a_chunk_end_it() {
    let (mut world, kept) = updating();
    chunk(&mut world, 2, 512);
    assert!(kept.0.lock().unwrap().is_empty(), "the first is missing");
    chunk(&mut world, 1, 512);
    assert_eq!(kept.0.lock().unwrap().len(), 1024);
    world.run_for(Duration::from_secs(299));
    assert!(!world.heard().contains(&"ping".to_owned()));
    assert_eq!(world.losses(), []);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.losses(), [Loss::UpdateStalled]);
    world.run_for(Duration::from_secs(5));
    assert!(world.life.is_connected(), "in a new session");
}

#[test]
fn a_start_in_the_middle_begins_anew_and_only_an_acknowledged_end_is_applied() {
    let (mut world, kept) = updating();
    chunk(&mut world, 1, 512);
    begin(&mut world);
    assert!(kept.0.lock().unwrap().is_empty());
    for (index, length) in [(1, 512), (3, 176), (2, 512)] {
        chunk(&mut world, index, length);
    }
    assert_eq!(kept.0.lock().unwrap().len(), 1200);
    world.cloud.deaf = true;
    let finish = Finish::default();
    let ask = world.cloud.ask(|out, id| finish.write(out, id, RequestToken(4)).unwrap());
    world.deliver(ask);
    assert!(!world.happened.contains(&Happening::Apply), "the cloud does not know yet");
    world.cloud.deaf = false;
    world.run_for(Duration::from_secs(10));
    assert!(world.happened.contains(&Happening::Apply));
}

#[test]
fn once_all_chunks_came_silence_is_met_as_ever() {
    let (mut world, kept) = updating();
    chunk(&mut world, 1, 512);
    chunk(&mut world, 2, 512);
    chunk(&mut world, 3, 176);
    assert_eq!(kept.0.lock().unwrap().len(), 1200);
    world.heard();
    world.run_for(Duration::from_secs(26));
    assert_eq!(world.heard(), ["ping"]);
}

#[test]
fn a_chunk_that_cannot_be_ends_the_session_and_one_without_a_transfer_is_reset() {
    let (mut world, _kept) = updating();
    chunk(&mut world, 9, 512);
    assert_eq!(world.losses(), [Loss::Anomaly]);
    let mut world = World::connected();
    world.cloud.messages.clear();
    chunk(&mut world, 1, 512);
    let said = world.cloud.messages.pop_back().unwrap();
    assert_eq!(Message::parse(&said).unwrap().kind, pintle_protocol::coap::Kind::Reset);
    assert!(world.life.is_connected());
}
