//! Asking the cloud's key questions: whether bad padding can be told from good, by what comes back, by when a connection
//! ends (Bleichenbacher), or by statistics over that (Marvin).

use super::blocks::{Kind, Maker};
use super::call::{Call, Came, is_near};
use super::session::cloud_key;
use super::welch;
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, at_home, broke, raid, untried};
use pintle_rsa::DeviceKey;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How long is watched whether some are told apart in a quick run.
const WATCH: Duration = Duration::from_millis(1200);
/// How far apart ends may be that are to be at the same moment.
const TOGETHER: Duration = Duration::from_millis(400);
/// How long one listens to one connection before the next.
const GLANCE: Duration = Duration::from_millis(2);
/// Connections of each of the two kinds that are timed: of fewer, nothing can be said.
const EACH: usize = 110;
/// Longer than any target waits.
const PATIENCE: Duration = Duration::from_secs(25);

/// What comes back.
pub(super) const PADDING: Case = Case {
    id: "tcp-padding-oracle",
    group: Group::Tcp,
    tries: "Blocks with every kind of wrong padding, and others whose padding is right and whose text is not, come at the \
            same time; what comes back is compared, and when their connections end.",
    expects: "Nothing comes back, and all end at the same moment.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, padding),
};

/// How long it takes.
pub(super) const TIMING: Case = Case {
    id: "tcp-padding-timing",
    group: Group::Tcp,
    tries: "Hundreds of blocks with bad and with good padding come from addresses of their own; the times until their \
            connections end are compared by Welch's test.",
    expects: "Statistics do not tell them apart.",
    cost: Cost::Full,
    run: |target, course| raid(target, course, timing),
};

/// A block that was sent.
struct Sent<'r> {
    kind: Kind,
    call: Call<'r>,
    at: Instant,
    /// How long after it the connection ended.
    ended: Option<Duration>,
}

impl<'r> Sent<'r> {
    fn new(maker: &Maker<'r>, mut call: Call<'r>, kind: Kind) -> Tried<Self> {
        let nonce = call.nonce()?;
        let block = maker.make(kind, &nonce)?;
        let at = Instant::now();
        call.send(&block)?;
        Ok(Self { kind, call, at, ended: None })
    }

    /// Looks whether it has ended.
    fn look(&mut self, within: Duration) -> Tried<()> {
        if self.ended.is_some() {
            return Ok(());
        }
        match self.call.next(within)? {
            Came::Bytes(_) => {
                broke(format!("a block that is none of a device's ({:?}) was answered", self.kind))
            }
            Came::End => {
                self.ended = Some(self.at.elapsed());
                Ok(())
            }
            Came::Nothing => Ok(()),
        }
    }
}

fn maker<'r>(raid: &'r Raid<'r>) -> Tried<Maker<'r>> {
    let key = DeviceKey::generate().map_err(|error| at_home("no key can be made")(&error))?;
    Maker::new(raid, &cloud_key(raid)?, &raid.random(), key.public().as_spki())
}

fn padding(raid: &Raid<'_>) -> Tried {
    let maker = maker(raid)?;
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.push(Sent::new(&maker, Call::open(raid)?, kind)?);
    }
    let begun = Instant::now();
    let long = if raid.time_left() > PATIENCE { PATIENCE } else { WATCH };
    while begun.elapsed() < long && all.iter().any(|sent| sent.ended.is_none()) {
        all.iter_mut().try_for_each(|sent| sent.look(GLANCE))?;
        let first = all.iter().filter_map(|sent| sent.ended.map(|ended| sent.at + ended)).min();
        let late = |sent: &&Sent<'_>| sent.ended.is_none();
        if first.is_some_and(|first| first.elapsed() > TOGETHER)
            && let Some(late) = all.iter().find(late)
        {
            let early = all.iter().find(|sent| sent.ended.is_some()).map(|sent| sent.kind);
            let (early, late) = (early.unwrap_or(Kind::Noise), late.kind);
            return broke(format!(
                "a block is told from another by when its connection ends: {early:?} before {late:?}"
            ));
        }
    }
    Ok("blocks with good and bad padding of every kind were treated alike".into())
}

fn timing(raid: &Raid<'_>) -> Tried {
    if !is_near(raid) {
        return untried("it needs hundreds of addresses: run it on the target's own machine");
    }
    let maker = maker(raid)?;
    let mut all = Vec::new();
    for count in 0..2 * EACH {
        let kind = if raid.below(2) == 0 { Kind::Nonce } else { bad(raid) };
        let low = u8::try_from(count % 250).unwrap_or(0) + 1;
        let high = u8::try_from(count / 250).unwrap_or(0) + 1;
        let call = Call::open_from(raid, Ipv4Addr::new(127, 77, high, low))?;
        all.push(Sent::new(&maker, call, kind)?);
    }
    // They end in the order in which they came, so each is waited for in turn.
    for sent in &mut all {
        sent.look(PATIENCE)?;
    }
    let times = |good: bool| -> Vec<f64> {
        let of = all.iter().filter(|sent| (sent.kind == Kind::Nonce) == good);
        of.filter_map(|sent| sent.ended.map(|ended| ended.as_secs_f64() * 1e9)).collect()
    };
    let (good, other) = (times(true), times(false));
    match welch::largest(&good, &other) {
        None => untried("too few connections ended in time to say anything of their times"),
        Some(t) if t.abs() > welch::THRESHOLD => {
            broke(format!("bad padding is told from good by time (Welch's t is {t:.1})"))
        }
        Some(_) => Ok("bad padding was not told from good by time".into()),
    }
}

fn bad(raid: &Raid<'_>) -> Kind {
    let kinds = [Kind::Start, Kind::Type, Kind::Filler, Kind::Endless];
    kinds.get(raid.below(kinds.len())).copied().unwrap_or(Kind::Type)
}
