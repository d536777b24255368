//! All the cuts of a history.

use crate::history::History;
use crate::promise::Violation;
use crate::world::{Step, World};
use fastrand::Rng;
use pintle_firmware::slots::Flaw;
use std::sync::Arc;

/// How many steps an update may take, a few cuts included.
const MOST_STEPS: u32 = 400;

/// Second cuts come mostly while the first is being mended.
const SOON: u64 = 600;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Histories.
    pub histories: u64,
    /// Cuts inside a flash operation, or before or after it: each at a point of its own.
    pub cuts: u64,
    /// Cuts between two steps: after a message, before the next.
    pub between: u64,
    /// Cuts that came while another was being mended.
    pub second: u64,
    /// Bits turned in the state while the power was off.
    pub turned: u64,
    /// Messages of the device that were lost.
    pub lost: u64,
    /// Starts of the device.
    pub boots: u64,
}

impl Tally {
    /// All cuts.
    #[must_use]
    pub const fn all_cuts(&self) -> u64 {
        self.cuts + self.between + self.second
    }

    /// Adds another's counts.
    pub const fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.cuts += other.cuts;
        self.between += other.between;
        self.second += other.second;
        self.turned += other.turned;
        self.lost += other.lost;
        self.boots += other.boots;
    }
}

/// A promise that was broken, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The history's seed.
    pub seed: u64,
    /// The update in it, the step of that, and what happened to the power.
    pub at: String,
    /// What was broken.
    pub violation: Violation,
}

/// How much is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A planted bug.
    pub flaw: Option<Flaw>,
    /// Cuts only at every so many-th point, from a random one on; zero and one for every point.
    pub stride: u64,
}

/// Explores the history of a seed.
///
/// # Errors
/// The first [`Failure`].
pub fn explore(seed: u64, options: Options) -> Result<Tally, Box<Failure>> {
    let mut explorer = Explorer {
        rng: Rng::with_seed(seed ^ 0x5eed),
        options,
        tally: Tally { histories: 1, ..Tally::default() },
    };
    let explored = explorer.history(&Arc::new(History::new(seed)));
    explored.map_err(|(at, violation)| Box::new(Failure { seed, at, violation }))?;
    Ok(explorer.tally)
}

struct Explorer {
    rng: Rng,
    options: Options,
    tally: Tally,
}

type Explored = Result<(), (String, Violation)>;

impl Explorer {
    fn history(&mut self, history: &Arc<History>) -> Explored {
        let world = World::new(Arc::clone(history), self.options.flaw, self.rng.u64(..));
        let mut world = world.map_err(|violation| ("the start".to_owned(), violation))?;
        self.finish(&mut world).map_err(|violation| ("the first start".to_owned(), violation))?;
        for (index, update) in history.updates.iter().enumerate() {
            world.want(update.to, update.corrupted);
            let within = |(at, violation)| (format!("update {index}, {at}"), violation);
            self.update(&mut world, update.abandoned_after).map_err(within)?;
        }
        Ok(())
    }

    /// Does an update without a cut; and before each step, the rest of it with every cut.
    fn update(&mut self, world: &mut World, abandoned_after: Option<u32>) -> Explored {
        for count in 0.. {
            if abandoned_after == Some(count) {
                return Ok(());
            }
            let Some(step) = world.next_step() else { break };
            let at = |how: &str| format!("step {count} ({step:?}), {how}");
            self.cut_inside(world, step).map_err(|(how, violation)| (at(&how), violation))?;
            self.cut_between(world, step).map_err(|(how, violation)| (at(&how), violation))?;
            self.step(world, step).map_err(|violation| (at("without a cut"), violation))?;
            if count > MOST_STEPS {
                return Err((at("without a cut"), Violation::new(ENDS, "it does not")));
            }
        }
        world.agree().map_err(|violation| ("at its end".to_owned(), violation))
    }

    /// Every cut inside the step's flash operations.
    fn cut_inside(&mut self, world: &World, step: Step) -> Explored {
        let mut whole = world.clone();
        let before = world.slots().flash().points();
        whole.run(step, true).map_err(|violation| ("without a cut".to_owned(), violation))?;
        let points = whole.slots().flash().points() - before;
        let stride = self.options.stride.max(1);
        let mut point = if stride > 1 { self.rng.u64(..stride) } else { 0 };
        while point < points {
            let seed = self.rng.u64(..);
            self.tally.cuts += 1;
            self.cut_once(world, step, point, seed, Then::Nothing)?;
            match self.rng.u8(..4) {
                0 => self.cut_once(world, step, point, seed, Then::Cut)?,
                1 => self.cut_once(world, step, point, seed, Then::Turn)?,
                2 => self.cut_once(world, step, point, seed, Then::TurnLater)?,
                _ => {}
            }
            point += stride;
        }
        Ok(())
    }

    fn cut_once(
        &mut self,
        world: &World,
        step: Step,
        point: u64,
        seed: u64,
        then: Then,
    ) -> Explored {
        let how = |violation| {
            (format!("cut at point {point} (torn by {seed}), then {then:?}"), violation)
        };
        let mut world = world.clone();
        world.flash().cut_after(point, seed);
        world.run(step, true).map_err(how)?;
        self.mend(&mut world, then).map_err(how)
    }

    /// The power fails after the step, and messages are lost.
    fn cut_between(&mut self, world: &World, step: Step) -> Explored {
        for heard in [true, false] {
            for then in [Then::Nothing, Then::Turn, Then::TurnLater, Then::Cut] {
                let how =
                    |violation| (format!("cut after it, heard: {heard}, then {then:?}"), violation);
                let mut world = world.clone();
                world.run(step, heard).map_err(how)?;
                self.tally.between += 1;
                self.mend(&mut world, then).map_err(how)?;
            }
        }
        let how = |violation| ("its message lost".to_owned(), violation);
        let mut world = world.clone();
        world.run(step, false).map_err(how)?;
        self.tally.lost += 1;
        self.finish(&mut world).map_err(how)
    }

    /// The power was lost: it comes back, and the update goes on to its end.
    fn mend(&mut self, world: &mut World, then: Then) -> Result<(), Violation> {
        world.lose_power();
        match then {
            Then::Nothing => {}
            Then::Turn => self.turn(world),
            Then::TurnLater => {
                self.step(world, Step::Boot)?;
                world.lose_power();
                self.turn(world);
            }
            Then::Cut => {
                let (soon, seed) = (self.rng.u64(..SOON), self.rng.u64(..));
                let after = if self.rng.bool() { soon } else { soon * 16 };
                world.flash().cut_after(after, seed);
            }
        }
        self.finish(world)?;
        Ok(())
    }

    fn turn(&mut self, world: &mut World) {
        self.tally.turned += 1;
        let area = world.history().layout.state;
        world.flash().turn_a_bit(area);
    }

    /// Goes on until cloud and device are done, whatever still happens to the power.
    fn finish(&mut self, world: &mut World) -> Result<(), Violation> {
        for _ in 0..MOST_STEPS {
            let Some(step) = world.next_step() else { return world.agree() };
            self.step(world, step)?;
            if !world.slots().flash().is_powered() {
                self.tally.second += 1;
                world.lose_power();
            }
        }
        Err(Violation::new(ENDS, "it does not"))
    }

    fn step(&mut self, world: &mut World, step: Step) -> Result<(), Violation> {
        self.tally.boots += u64::from(step == Step::Boot);
        world.run(step, true)
    }
}

const ENDS: &str = "an update comes to its end";

/// What happens when the power is back.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    /// It fails again.
    Cut,
    /// A bit of the state has turned.
    Turn,
    /// The device starts; then it is off again, and a bit turns.
    TurnLater,
}
