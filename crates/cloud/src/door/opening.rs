//! How a door opens: a socket, a mailbox and a thread for each shard, and what each is made of.

use super::budget::Budget;
use super::connection_id::ConnectionIds;
use super::counters::Counters;
use super::gathering::Gathering;
use super::pins::Pins;
use super::restoring::Restoring;
use super::runner::Runner;
use super::seals::Seals;
use super::shaking::Shaking;
use super::shard::{Parts, Shard};
use super::socket::{BatchSocket, Bound};
use super::{DoorError, Open, Surroundings, close};
use crate::clock::now_ms;
use crate::device::{Bell, Command, Mailbox, Registry, StoreRecords, World};
use crate::journal::{self, Disk, Origin, RETRY, Report, Scribe, ScribeThread};
use crate::node_key::Label;
use crate::store::clean_stop::CleanStop;
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{CookieJar, ServerConfig};
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Opens every shard, and waits until each has taken its sessions up.
pub(super) fn open(
    address: SocketAddr,
    around: &Surroundings,
    counters: &Arc<Counters>,
) -> Result<(SocketAddr, Vec<Open>), DoorError> {
    around.roll.load(&around.store)?;
    let bind = |source| DoorError::Bind { address, source };
    let sockets = Bound::several(address, around.layout.shards()).map_err(bind)?;
    let bound = sockets.first().map_or(Ok(address), Bound::local_addr)?;
    let ends = sockets.iter().map(|_| Mailbox::new()).collect::<io::Result<Vec<_>>>()?;
    let own = ends.iter().map(|(mailbox, ..)| mailbox.clone());
    let mailboxes: Arc<[Mailbox]> = own.chain(around.neighbours.iter().cloned()).collect();
    // Read and gone in one step: a journal is believed to have ended cleanly once (promise P3).
    let stops: Arc<[CleanStop]> = around.store.clean_stops().take_all().wait()?.into();
    let (tell, opened) = channel();
    let started = Instant::now();
    let mut shards = Vec::new();
    for (number, (socket, (mailbox, commands, bell))) in (0..).zip(sockets.into_iter().zip(ends)) {
        let seed = Seed {
            number,
            socket,
            commands,
            bell,
            started,
            mailboxes: Arc::clone(&mailboxes),
            around: around.clone(),
            stops: Arc::clone(&stops),
            counters: Arc::clone(counters),
        };
        let (mine, tell) = (mailbox.clone(), tell.clone());
        // A shard is built on its own thread: its buffers belong to it alone.
        let thread =
            Builder::new().name(format!("shard-{number}")).spawn(move || seed.grow(mine, &tell));
        match thread {
            Ok(thread) => shards.push(Open { mailbox, thread }),
            Err(error) => {
                close(shards);
                return Err(error.into());
            }
        }
    }
    drop(tell);
    let mut restored = 0;
    for _ in 0..shards.len() {
        let answer = opened.recv().map_err(|_| io::Error::other("a shard ended at once"));
        match answer.map_err(DoorError::from).and_then(|answer| answer) {
            Ok(sessions) => restored += sessions,
            Err(error) => {
                close(shards);
                return Err(error);
            }
        }
    }
    if restored > 0 {
        tracing::info!(sessions = restored, "took the saved sessions up again");
    }
    Ok((bound, shards))
}

/// What a shard grows from, on its own thread.
struct Seed {
    number: u8,
    socket: Bound,
    commands: Receiver<Command>,
    bell: Arc<Bell>,
    started: Instant,
    mailboxes: Arc<[Mailbox]>,
    around: Surroundings,
    stops: Arc<[CleanStop]>,
    counters: Arc<Counters>,
}

impl Seed {
    fn grow(self, mailbox: Mailbox, tell: &Sender<Result<usize, DoorError>>) {
        match self.shard(mailbox) {
            Ok((shard, scribes, restored)) => {
                // Whoever opens the door waits for this.
                let _ = tell.send(Ok(restored));
                let socket = BatchSocket::from(self.socket);
                Runner {
                    shard,
                    socket,
                    commands: self.commands,
                    bell: self.bell,
                    mailboxes: self.mailboxes,
                    scribes,
                    budget: Budget::default(),
                    started: self.started,
                    gathering: Gathering::default(),
                }
                .run();
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    }

    fn shard(&self, mailbox: Mailbox) -> Result<(Shard, Vec<ScribeThread>, usize), DoorError> {
        let around = &self.around;
        let mut shard = Shard::new(Parts {
            world: world(around, mailbox)?,
            shaking: shaking(around)?,
            ids: ConnectionIds::new(&around.node_key.derive(Label::CONNECTION_ID), false),
            pins: Pins::new(around.roll.clone()),
            seals: Seals {
                sessions: around.node_key.sealer(Label::SESSION)?,
                rows: around.node_key.sealer(Label::OUTBOX)?,
                incarnation: around.incarnation,
            },
            number: self.number,
            layout: around.layout,
            counters: Arc::clone(&self.counters),
        });
        shard.tell_time(self.started.elapsed(), now_ms());
        let (mut scribes, mut restored) = (Vec::new(), 0);
        for (index, partition) in (0..).zip(self.partitions()?) {
            restored += self.take_up(&mut shard, index, partition, &mut scribes)?;
        }
        if restored > 0 {
            shard.learn_subscriptions(&around.store);
        }
        Ok((shard, scribes, restored))
    }

    /// The shard's own partition, and those it takes over from shards that are no more.
    fn partitions(&self) -> Result<impl Iterator<Item = u8>, DoorError> {
        let (number, shards) = (self.number, self.around.layout.shards());
        let found = journal::partitions(&self.disk()?.list().map_err(|error| self.folder(error))?);
        let last = found.into_iter().rfind(|partition| partition % shards == number);
        // In between there may be some without a journal; they get one.
        Ok((number..=last.unwrap_or(number)).step_by(shards.into()))
    }

    /// Reads a partition's journal, and writes that the node has started: only then may it be used.
    fn take_up(
        &self,
        shard: &mut Shard,
        index: usize,
        partition: u8,
        scribes: &mut Vec<ScribeThread>,
    ) -> Result<usize, DoorError> {
        let mut disk = self.disk()?;
        let origin = Origin { partition, incarnation: self.around.incarnation };
        let mut start = [0; 4];
        AwsLc.fill_random(&mut start)?;
        shard.add_partition(index);
        let mut restoring = Restoring::new(shard, start);
        let recovered = journal::replay(&mut disk, &origin, &mut restoring)?;
        let mark = CleanStop { partition, frame: recovered.last_frame };
        let clean = recovered.clean && self.stops.contains(&mark);
        let restored = restoring.finish(index, &recovered, clean);
        let mut scribe = Scribe::resume(disk, origin, &recovered);
        while let Some(frame) = shard.take_frame(index) {
            scribe.write(&frame)?;
            shard.reported(index, Report::Durable(frame));
        }
        let bell = Arc::clone(&self.bell);
        let thread = ScribeThread::start(scribe, RETRY, move || bell.ring())?;
        scribes.push(thread);
        Ok(restored)
    }

    fn disk(&self) -> Result<Box<dyn Disk>, DoorError> {
        self.around.journal.open().map_err(|error| self.folder(error))
    }

    fn folder(&self, source: io::Error) -> DoorError {
        DoorError::JournalFolder { path: self.around.journal.path().to_owned(), source }
    }
}

fn shaking(around: &Surroundings) -> Result<Shaking, DoorError> {
    let crypto = AwsLc;
    let key = crypto.signing_key_from_der(&around.cloud_key)?;
    let mut secret = Zeroizing::new([0; 32]);
    crypto.fill_random(secret.as_mut())?;
    Ok(Shaking::new(Arc::new(ServerConfig::new(crypto, key)), CookieJar::new(*secret)))
}

pub(super) fn world(around: &Surroundings, mailbox: Mailbox) -> Result<World, DoorError> {
    let mut seed = [0; 8];
    AwsLc.fill_random(&mut seed)?;
    let records = StoreRecords { store: around.store.clone(), mailbox };
    Ok(World {
        now: Duration::ZERO,
        wall_ms: 0,
        answer_within: around.answer_within,
        records: Box::new(records),
        bus: around.bus.publisher(),
        intake: around.intake.clone(),
        registry: Registry::new(around.roll.clone()),
        roll: around.roll.clone(),
        lot: RefCell::new(fastrand::Rng::with_seed(u64::from_be_bytes(seed))),
    })
}
