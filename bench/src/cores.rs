//! Two cores: what is measured runs alone on the first, what loads it on the second.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::process::{Child, Command};
use std::time::Duration;

/// Keeps this process, and what it starts from now on, on the load's core.
pub fn stay_on_loads_core() {
    pin(1);
}

/// Starts a program that stays on the server's core.
pub fn start_server(command: &mut Command) -> std::io::Result<Child> {
    // A child is where its parent is, from its first instruction on: it counts its cores then.
    pin(0);
    let child = command.spawn();
    pin(1);
    child
}

/// Starts a program on all cores, beside the load.
pub fn start_everywhere(command: &mut Command) -> std::io::Result<Child> {
    spread();
    let child = command.spawn();
    pin(1);
    child
}

/// Takes as many file descriptors as there are; what is started later has them too.
pub fn allow_all_descriptors() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a process knows its limits");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("a process may use what it is allowed");
}

/// Processor time that a process has used, all its threads together.
pub fn spent_by(process: u32) -> Duration {
    let process = Pid::from_raw(process.try_into().expect("process ids are small"));
    let clock = clock_getcpuclockid(process).expect("the process runs");
    clock_gettime(clock).expect("the process runs").into()
}

/// Processor time that this process has used.
pub fn spent() -> Duration {
    let clock = ClockId::CLOCK_PROCESS_CPUTIME_ID;
    clock_gettime(clock).expect("the system counts processes' time").into()
}

/// Those that the machine gives us.
fn all() -> CpuSet {
    let all = sched_getaffinity(Pid::from_raw(1)).or_else(|_| sched_getaffinity(Pid::from_raw(0)));
    all.expect("the system knows where a process may run")
}

fn spread() {
    sched_setaffinity(Pid::from_raw(0), &all()).expect("a process may choose among its cores");
}

/// The `number`-th of the cores; the last where there are fewer.
fn pin(number: usize) {
    let (this, all) = (Pid::from_raw(0), all());
    let mine: Vec<usize> =
        (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false)).collect();
    let core = mine.get(number).or(mine.last()).expect("a process runs somewhere");
    let mut only = CpuSet::new();
    only.set(*core).expect("a core's number is small");
    sched_setaffinity(this, &only).expect("a process may choose among its cores");
}
