//! What a person sees of a fleet: on a terminal one line that changes, elsewhere a line every few seconds, and at the
//! end a table. Progress goes to standard error, so that standard output is the result alone.

use crate::say::say;
use pintle_device::fleet::{Latency, Progress, Report, Stage};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The length of the bar, in characters.
const BAR: usize = 24;

/// Where progress is shown.
pub struct Display {
    terminal: bool,
    shown_at: Option<Instant>,
    part: String,
    before: Option<(Instant, u64, f64)>,
}

impl Display {
    pub fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            shown_at: None,
            part: String::new(),
            before: None,
        }
    }

    /// So many of so many.
    pub fn count(&mut self, what: &str, done: u32, all: u32) {
        let share = f64::from(done) / f64::from(all.max(1));
        self.show(what, done == all, &format!("{} {done} of {all} {what}", bar(share)));
    }

    /// How far the fleet is.
    pub fn progress(&mut self, progress: &Progress) {
        let (part, done, all) = match progress.stage {
            Stage::Connecting => {
                ("connecting", f64::from(progress.connected), f64::from(progress.devices))
            }
            Stage::Running => {
                ("running", progress.elapsed.as_secs_f64(), progress.limit.as_secs_f64())
            }
            Stage::Settling => {
                ("settling", progress.elapsed.as_secs_f64(), progress.limit.as_secs_f64())
            }
        };
        let share = if all > 0.0 { done / all } else { 1.0 };
        let line = format!("{} {}", bar(share), self.words(part, progress));
        self.show(part, false, &line);
    }

    fn words(&mut self, part: &str, progress: &Progress) -> String {
        let Progress { connected, devices, sessions, events, .. } = progress;
        if self.part != part {
            self.before = None;
        }
        let (rate, what) = match progress.stage {
            Stage::Connecting => (self.rate(sessions.done), "handshakes/s"),
            Stage::Running | Stage::Settling => {
                (self.rate(events.acknowledged.max(events.sent)), "events/s")
            }
        };
        format!(
            "{part} {}s · {connected} of {devices} connected · {rate:.0} {what} · event p99 {} · ping p99 {} · {} repeated · {} sessions lost",
            progress.elapsed.as_secs(),
            millis(progress.event_p99_us),
            millis(progress.ping_p99_us),
            progress.retransmissions,
            sessions.lost,
        )
    }

    /// By the second, over the last second or two.
    fn rate(&mut self, count: u64) -> f64 {
        let now = Instant::now();
        let (then, before, rate) = self.before.unwrap_or((now, count, 0.0));
        let seconds = now.duration_since(then).as_secs_f64();
        // Another count begins anew.
        let fresh = count < before || self.before.is_none();
        if fresh || seconds >= 1.0 {
            let rate = if fresh { 0.0 } else { (count - before) as f64 / seconds };
            self.before = Some((now, count, rate));
            return rate;
        }
        rate
    }

    fn show(&mut self, part: &str, last: bool, line: &str) {
        let soon = self.shown_at.is_some_and(|at| at.elapsed() < LINE_EVERY);
        let same = self.part == part;
        let mut out = io::stderr().lock();
        // Nobody looking is no failure.
        if self.terminal {
            let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
        } else if !soon || !same || last {
            let _ = writeln!(out, "{line}");
            self.shown_at = Some(Instant::now());
        }
        part.clone_into(&mut self.part);
    }

    /// The last of it: what follows stands on a line of its own.
    pub fn end(&mut self) {
        if self.terminal {
            let _ = writeln!(io::stderr());
        }
    }
}

fn bar(share: f64) -> String {
    let full = (share.clamp(0.0, 1.0) * BAR as f64) as usize;
    format!("[{}{}]", "#".repeat(full), " ".repeat(BAR - full))
}

fn millis(micros: f64) -> String {
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1000.0) }
}

/// The table at the end.
pub fn report(report: &Report) {
    let Report { sessions, events, traffic, cost, .. } = report;
    say!(
        "devices      {} of {} connected at the end, {} at most",
        report.connected_at_end,
        report.devices,
        report.most_connected
    );
    say!(
        "handshakes   {} done, {} failed; {:.0} a second over {:.1} s",
        sessions.done,
        sessions.failed,
        report.handshakes_per_second,
        report.connecting_seconds
    );
    say!(
        "sessions     {} lost ({} ended by the node), {} forgotten, {} changed port, {} resumed",
        sessions.lost,
        sessions.ended_by_node,
        sessions.forgotten,
        sessions.rebound,
        sessions.resumed
    );
    say!(
        "events       {} sent, {} acknowledged, {} refused, {} given up, {} held back",
        events.sent,
        events.acknowledged,
        events.refused,
        events.given_up,
        events.held_back
    );
    say!(
        "             {:.0} a second over {:.1} s, {:.0} offered",
        report.events_per_second,
        report.running_seconds,
        report.offered_per_second
    );
    say!("repeated     {} messages", report.retransmissions);
    say!(
        "datagrams    {} sent, {} received, {} not taken by the kernel, {} stray, {} not opened",
        traffic.sent,
        traffic.received,
        traffic.not_taken,
        traffic.stray,
        traffic.not_opened
    );
    say!(
        "weather      {} lost, {} doubled, {} late, {} damaged, {} replayed",
        traffic.lost,
        traffic.duplicated,
        traffic.reordered,
        traffic.corrupted,
        traffic.replayed
    );
    let Report { updates, .. } = report;
    if updates.begun > 0 {
        say!(
            "updates      {} begun ({} where an earlier one broke off), {} taken, {} cancelled, {} refused",
            updates.begun,
            updates.resumed,
            updates.taken,
            updates.cancelled,
            updates.refused
        );
        say!(
            "             {} run the new image, {} fell back; {} chunks came, {} of them again; {:.2} MB in {:.1} s",
            updates.installed,
            updates.fell_back,
            updates.chunks,
            updates.again,
            updates.bytes as f64 / 1e6,
            updates.seconds
        );
    }
    for outage in &report.outages {
        say!(
            "outage       {} sessions lost, the node away for {:.1} s, all back {:.2} s after that",
            outage.lost,
            outage.away_seconds,
            outage.back_seconds
        );
    }
    say!("");
    say!(
        "{:12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "latency",
        "count",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max"
    );
    for (name, latency) in [
        ("events", report.event_latency),
        ("pings", report.ping_latency),
        ("coming in", report.join_latency),
    ] {
        row(name, latency);
    }
    say!("");
    say!(
        "fleet's own  {:.2} s of processor time: {:.0} µs a handshake, {:.2} µs a datagram; {:.0} % of a core while running",
        cost.cpu_seconds,
        cost.cpu_us_per_handshake,
        cost.cpu_us_per_datagram,
        cost.running_cpu_share * 100.0
    );
    say!(
        "             {} MiB of memory: {:.0} bytes for each device connected, {} of them its state",
        cost.resident_bytes >> 20,
        cost.resident_bytes_per_device,
        cost.state_bytes_per_device
    );
}

fn row(name: &str, latency: Latency) {
    say!(
        "{name:12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        latency.count,
        millis(latency.p50_us),
        millis(latency.p90_us),
        millis(latency.p99_us),
        millis(latency.p99_9_us),
        millis(latency.max_us)
    );
}
