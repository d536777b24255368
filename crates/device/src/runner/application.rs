//! What a device does with its firmware: starts what the slots say, tries what is new, and falls back (P8).
//!
//! ```text
//!   boot ──▶ start the program ──▶ (new: is it well?) ──▶ the cloud is greeted ──▶ (new: confirmed)
//!    ▲                                   │ no                    │ not in time, or the program ended
//!    └──────────── rejected, and why ◀───┴───────────────────────┘
//! ```
//!
//! Whether a new image is well is asked before the cloud hears of it: that it reports in then means that it works.

mod health;

use crate::config::Application as Settings;
use crate::error::Error;
use crate::firmware::{Boot, Firmware, Health, Program, Shared};
use crate::life::{Intake, LastReset};
use crate::notice::Notice;
use crate::stop::Stop;
use health::Verdict;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A program that ends is started again after so long, and after twice as long each time that it did not last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(64);

/// What is run, and how it shows that it is well.
pub(super) enum Kind {
    /// Programs in a folder.
    Program { settings: Settings, dir: PathBuf },
    /// Nothing but a closure.
    Virtual(Health),
}

/// The firmware that a device runs.
pub(super) struct Application {
    firmware: Shared,
    kind: Kind,
    enabled: bool,
    stop: Stop,
    boot: Option<Boot>,
    program: Option<Program>,
    /// When the image on trial has to be confirmed.
    trial_ends: Option<Instant>,
    /// When the program is to be started again.
    restart: Option<Instant>,
    wait: Duration,
    /// When the program was started.
    since: Instant,
}

/// Why a device starts what is in its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It begins to run.
    Begins,
    /// An update was taken.
    Applies,
    /// What ran was rejected.
    FallsBack,
}

/// What is to be done about the firmware.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Nothing,
    /// Another image is to be run.
    Reboot,
}

impl Application {
    pub(super) fn new(firmware: Shared, kind: Kind, enabled: bool, stop: Stop) -> Self {
        Self {
            firmware,
            kind,
            enabled,
            stop,
            boot: None,
            program: None,
            trial_ends: None,
            restart: None,
            wait: FIRST_WAIT,
            since: Instant::now(),
        }
    }

    /// Decides what runs, without running it yet: for what shows at the start.
    pub(super) fn decide(&mut self) -> Result<(), Error> {
        self.boot = Some(self.firmware.lock().boot()?);
        Ok(())
    }

    /// Runs what the slots say; what is new only once it is well. Whether the cloud is to hear of it in a session of its own.
    pub(super) fn start(
        &mut self,
        occasion: Occasion,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<bool, Error> {
        let mut anew = occasion != Occasion::Begins;
        let mut decided = self.boot.take().filter(|_| !anew);
        let mut applied = occasion == Occasion::Applies;
        loop {
            (self.program, self.restart, self.trial_ends) = (None, None, None);
            let mut boot = match decided.take() {
                Some(boot) => boot,
                None => self.firmware.lock().boot()?,
            };
            // An update to what ran already is one, too.
            let same = std::mem::take(&mut applied) && boot.report.is_none();
            boot.report = boot.report.or_else(|| same.then_some(LastReset::Updated));
            tell(Notice::Starting { firmware: boot.firmware.clone(), on_trial: boot.on_trial });
            anew |= boot.on_trial;
            match self.try_out(&boot) {
                Verdict::Ill(why) if boot.on_trial => self.fall_back(&boot, why, tell),
                _ => {
                    self.boot = Some(boot);
                    return Ok(anew);
                }
            }
        }
    }

    fn try_out(&mut self, boot: &Boot) -> Verdict {
        let (settings, dir) = match &self.kind {
            Kind::Virtual(health) if boot.on_trial => {
                return health(&boot.firmware)
                    .map_or_else(|why| Verdict::Ill(LastReset::Failed(why)), |()| Verdict::Well);
            }
            Kind::Virtual(_) => return Verdict::Well,
            Kind::Program { settings, dir } => (settings.clone(), dir.clone()),
        };
        let started = match &boot.program {
            None => return Verdict::Well,
            Some(Err(why)) => Err(why.message.clone()),
            Some(Ok(path)) => Program::start(path, &dir, self.stop.waker().clone())
                .map_err(|error| format!("it could not be started: {error}")),
        };
        let program = match started {
            Ok(program) => program,
            Err(why) => {
                tracing::warn!(why, "the application does not run");
                self.restart_later();
                return Verdict::Ill(LastReset::Failed(why));
            }
        };
        let verdict = match boot.on_trial {
            true => health::ask(&settings, &dir, &program, &self.stop),
            false => Verdict::Well,
        };
        self.program = Some(program);
        self.since = Instant::now();
        self.trial_ends = boot.on_trial.then(|| Instant::now() + settings.greeted_within);
        verdict
    }

    fn fall_back(&mut self, boot: &Boot, why: LastReset, tell: &mut dyn FnMut(Notice)) {
        self.program = None;
        if let Err(declined) = self.firmware.lock().reject(boot, &why) {
            tracing::error!(why = declined.message, "the rejection is not written down");
        }
        tell(Notice::FellBack(why));
    }

    /// The cloud acknowledged the Hello of what runs.
    pub(super) fn greeted(&mut self, tell: &mut dyn FnMut(Notice)) {
        let Some(boot) = self.boot.as_mut().filter(|boot| boot.on_trial) else { return };
        match self.firmware.lock().confirm(boot) {
            Ok(()) => {
                boot.on_trial = false;
                self.trial_ends = None;
                tell(Notice::Confirmed);
            }
            Err(declined) => {
                tracing::error!(why = declined.message, "the image stays on trial");
            }
        }
    }

    /// The cloud heard how the last update went.
    pub(super) fn reported(&mut self) {
        self.firmware.lock().reported();
        if let Some(boot) = &mut self.boot {
            boot.report = None;
        }
    }

    /// Looks whether the program still runs, and the trial's time.
    pub(super) fn look_after(&mut self, tell: &mut dyn FnMut(Notice)) -> Todo {
        let ended = self.program.as_ref().and_then(Program::ended);
        let now = Instant::now();
        let on_trial = self.boot.as_ref().is_some_and(|boot| boot.on_trial);
        let ill = match ended {
            Some(code) => Some(LastReset::Failed(format!("the program ended with {code}"))),
            None if self.trial_ends.is_some_and(|ends| ends <= now) => Some(LastReset::TimedOut(
                "the cloud did not acknowledge its Hello in time".to_owned(),
            )),
            None => None,
        };
        match ill {
            Some(why) if on_trial => {
                if let Some(boot) = self.boot.take() {
                    self.fall_back(&boot, why, tell);
                }
                return Todo::Reboot;
            }
            Some(LastReset::Failed(why)) => {
                tell(Notice::Ended(why));
                self.program = None;
                self.restart_later();
            }
            _ => {}
        }
        if self.restart.is_some_and(|due| due <= now) {
            self.restart = None;
            if let Some(boot) = self.boot.take() {
                let _ = self.try_out(&boot);
                self.boot = Some(boot);
            }
        }
        Todo::Nothing
    }

    fn restart_later(&mut self) {
        if self.since.elapsed() > LONGEST_WAIT {
            self.wait = FIRST_WAIT;
        }
        self.restart = Some(Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    /// When to look after it next, if not before.
    pub(super) fn due(&self) -> Option<Duration> {
        let due = [self.trial_ends, self.restart].into_iter().flatten().min()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// What runs.
    pub(super) fn firmware(&self) -> Option<&Firmware> {
        self.boot.as_ref().map(|boot| &boot.firmware)
    }

    /// What the cloud is to be told of its start.
    pub(super) fn report(&self) -> Option<LastReset> {
        self.boot.as_ref().and_then(|boot| boot.report.clone())
    }

    /// Where a life puts updates.
    pub(super) fn intake(&self) -> Intake {
        Intake {
            updates: Some(Box::new(self.firmware.clone())),
            enabled: self.enabled,
            report: self.report(),
            ..Intake::default()
        }
    }
}
