//! The task that delivers: takes what arrives, asks the schedule what goes, and tells what came of it.
//!
//! A row of the journal is taken when every webhook that wanted its event took it or gave up. A node that ends sooner
//! finds the row again when it starts, and the receiver may get the event twice, under the same name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::Answer;
use super::desk::Hooks;
use super::occasion::{self, Occasion};
use super::schedule::{Ended, Going, Next, Schedule, Way};
use super::trouble::{Trouble, judge, status_error};
use super::{Hook, Logged, telling};
use crate::event::interest::Arrival;
use crate::event::{Bus, Event, Published};

/// How often it is looked for what waits too long, and for what found no room.
const ROUND: Duration = Duration::from_secs(60);

/// Tells the door that nobody waits for a row any more.
pub type Taken = Arc<dyn Fn(u64) + Send + Sync>;

/// What time it is, in milliseconds since 1970.
pub type WallClock = fn() -> i64;

/// An event for one webhook.
#[derive(Clone)]
struct Parcel {
    id: String,
    arrival: Arrival,
}

/// A try that ended.
struct Came {
    going: Going<Parcel>,
    hook: Arc<Hook>,
    result: Result<Answer, Trouble>,
}

/// The task.
pub struct Courier {
    hooks: Hooks,
    bus: Bus,
    arriving: mpsc::UnboundedReceiver<Arrival>,
    taken: Taken,
    clock: WallClock,
    start: Instant,
    schedule: Schedule<Parcel>,
    /// How many webhooks have yet to take a row.
    rows: HashMap<u64, usize>,
    trying: JoinSet<Came>,
}

impl Courier {
    /// A courier of these webhooks, who publishes on `bus` what comes of it.
    #[must_use]
    pub fn new(
        hooks: Hooks,
        bus: Bus,
        arriving: mpsc::UnboundedReceiver<Arrival>,
        taken: Taken,
        clock: WallClock,
    ) -> Self {
        Self {
            hooks,
            bus,
            arriving,
            taken,
            clock,
            start: Instant::now(),
            schedule: Schedule::default(),
            rows: HashMap::new(),
            trying: JoinSet::new(),
        }
    }

    /// Goes on until the node stops. What is under way then is broken off, and tried again at the next start.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut round = Instant::now() + ROUND;
        loop {
            self.send_what_may_go();
            let now = self.now();
            let wakes = self.schedule.wakes_at(now).map(|at| self.start + at);
            let wakes = wakes.unwrap_or(round).min(round);
            let over = async { drop(stopped.wait_for(|stopped| *stopped).await) };
            tokio::select! {
                () = over => return,
                Some(came) = self.trying.join_next() => match came {
                    Ok(came) => self.came(came),
                    Err(error) => tracing::error!(%error, "a delivery ended by itself"),
                },
                Some(arrival) = self.arriving.recv() => self.arrived(arrival),
                () = sleep_until(wakes) => if Instant::now() >= round {
                    round = Instant::now() + ROUND;
                    self.go_round();
                    if let Err(error) = self.hooks.places_changed().await {
                        tracing::warn!(%error, "which devices are in a product is looked up again later");
                    }
                },
            }
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn arrived(&mut self, arrival: Arrival) {
        let wanting = self.hooks.wanting(&arrival.event);
        let mut count = 0;
        for hook in wanting {
            let Some(way) = way(&hook).filter(|_| hook.room.is_free()) else { continue };
            hook.room.fill(&arrival.event);
            let id = occasion::name(hook.id, arrival.row);
            let parcel = Parcel { id, arrival: arrival.clone() };
            self.schedule.add(self.now(), hook.id, way, parcel);
            count += 1;
        }
        // One more, so that the row is let go where nobody wants it any more.
        if let Some(row) = arrival.row {
            *self.rows.entry(row).or_default() += count + 1;
        }
        self.let_go(&arrival);
        self.hooks.interests().settled(&arrival.event);
    }

    fn send_what_may_go(&mut self) {
        while let Some(going) = self.schedule.next(self.now()) {
            let Some(hook) = self.hooks.get(going.hook) else {
                self.drop_all_of(going);
                continue;
            };
            let (hooks, now_ms) = (self.hooks.clone(), (self.clock)());
            self.trying.spawn(async move {
                let result = {
                    let occasion = occasion_of(&hook, &going.what);
                    hooks.send(&hook, &occasion, now_ms).await
                };
                Came { going, hook, result }
            });
        }
    }

    /// The webhook was removed: nothing is delivered any more.
    fn drop_all_of(&mut self, going: Going<Parcel>) {
        let id = going.hook;
        let (_, parcel) = self.schedule.ended(self.now(), going, Ended::Refused);
        let waiting = self.schedule.remove(id);
        for parcel in parcel.into_iter().chain(waiting) {
            self.let_go(&parcel.arrival);
        }
    }

    fn came(&mut self, came: Came) {
        let Came { going, hook, result } = came;
        let parcel = going.what.clone();
        let how = judge(&result);
        let (next, done) = self.schedule.ended(self.now(), going, how);
        self.note(&hook, &parcel, &result, next);
        match (next, &result) {
            (Next::Done, Ok(answer)) if how == Ended::Well => {
                let occasion = occasion_of(&hook, &parcel);
                for event in telling::taken(&hook, &occasion, &answer.body, (self.clock)()) {
                    self.bus.publish(event);
                }
            }
            (Next::Again, _) => {}
            (Next::Done | Next::GivenUp, result) => {
                self.tell_failure(&hook, &parcel, &why(&hook, result));
            }
        }
        if let Some(parcel) = done {
            self.settled(&hook, &parcel);
        }
    }

    /// What waits too long is given up, and who missed events is told.
    fn go_round(&mut self) {
        for (id, parcel) in self.schedule.give_up(self.now()) {
            match self.hooks.get(id) {
                Some(hook) => {
                    let why =
                        "gave up: the hook sleeps, because too many deliveries to its host failed";
                    self.tell_failure(&hook, &parcel, why);
                    self.settled(&hook, &parcel);
                }
                None => self.let_go(&parcel.arrival),
            }
        }
        for hook in self.hooks.all() {
            let missed = hook.room.take_missed();
            if missed > 0 {
                self.tell_missed(&hook, missed);
            }
        }
    }

    fn settled(&mut self, hook: &Hook, parcel: &Parcel) {
        hook.room.empty(&parcel.arrival.event);
        self.let_go(&parcel.arrival);
    }

    /// One webhook less has to take the row of an event.
    fn let_go(&mut self, arrival: &Arrival) {
        let Some(row) = arrival.row else { return };
        let Some(left) = self.rows.get_mut(&row) else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.rows.remove(&row);
            if arrival.event.let_go() {
                (self.taken)(row);
            }
        }
    }

    fn note(&self, hook: &Hook, parcel: &Parcel, result: &Result<Answer, Trouble>, next: Next) {
        let status = result.as_ref().ok().map(|answer| answer.status);
        let is_well = status.is_some_and(|status| (200..300).contains(&status));
        let logged = Logged {
            id: parcel.id.clone(),
            at_ms: (self.clock)(),
            status,
            error: (!is_well).then(|| why(hook, result)),
            again: next == Next::Again,
        };
        self.hooks.log().add(hook.id, logged);
    }

    fn tell_failure(&self, hook: &Hook, parcel: &Parcel, why: &str) {
        let occasion = occasion_of(hook, parcel);
        self.bus.publish(telling::failed(hook, &occasion, why, (self.clock)()));
    }

    fn tell_missed(&self, hook: &Hook, missed: u64) {
        let at_ms = (self.clock)();
        let event: Arc<Published> =
            Published::new(Event { published_at_ms: at_ms, ..telling::about(hook) });
        let parcel = Parcel { id: String::new(), arrival: Arrival { row: None, event } };
        let why = format!("{missed} events were not sent: too much waited for this hook");
        self.tell_failure(hook, &parcel, &why);
    }
}

fn way(hook: &Hook) -> Option<Way> {
    let (target, _) = hook.settings.target().ok()?;
    Some(Way { account: hook.owner, target })
}

fn occasion_of<'a>(hook: &Hook, parcel: &'a Parcel) -> Occasion<'a> {
    let product = hook.product.map(|product| product.0);
    Occasion { event: &parcel.arrival.event, id: &parcel.id, product }
}

fn why(hook: &Hook, result: &Result<Answer, Trouble>) -> String {
    match result {
        Ok(answer) => status_error(hook, answer.status),
        Err(trouble) => trouble.to_string(),
    }
}
