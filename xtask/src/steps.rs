//! Progress of a chore with several steps: a numbered line before each, its duration after, and a
//! table at the end. A failed step does not stop the next ones: one run tells all there is to tell.

use crate::process::Failure;
use std::time::{Duration, Instant};

type Work<'a> = Box<dyn FnOnce() -> Result<(), Failure> + 'a>;

/// Steps in the order in which they run.
#[derive(Default)]
pub(crate) struct Steps<'a> {
    planned: Vec<(&'static str, Work<'a>)>,
}

struct Done {
    name: &'static str,
    took: Duration,
    failure: Option<Failure>,
}

impl<'a> Steps<'a> {
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), Failure> + 'a,
    ) {
        self.planned.push((name, Box::new(work)));
    }

    /// Keeps those whose names begin with one of `chosen`, unless that is empty.
    pub(crate) fn choose(&mut self, chosen: &[&String]) -> Result<(), Failure> {
        let fits = |name: &str| chosen.iter().any(|start| name.starts_with(start.as_str()));
        let names: Vec<&str> = self.planned.iter().map(|(name, _)| *name).collect();
        let unknown = |start: &&&String| !names.iter().any(|name| name.starts_with(start.as_str()));
        if let Some(unknown) = chosen.iter().find(unknown) {
            let names = names.join("\n  ");
            return Err(Failure::new(format!("no step {unknown:?}; there are:\n  {names}")));
        }
        if !chosen.is_empty() {
            self.planned.retain(|(name, _)| fits(name));
        }
        Ok(())
    }

    /// Runs them all; fails when any failed, naming each.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let count = self.planned.len();
        let mut done = Vec::with_capacity(count);
        for (index, (name, work)) in self.planned.into_iter().enumerate() {
            println!("[{}/{count}] {name}", index + 1);
            let start = Instant::now();
            let failure = work().err();
            let took = start.elapsed();
            match &failure {
                None => println!("[{}/{count}] {name}: ok, {}", index + 1, seconds(took)),
                Some(why) => {
                    println!("[{}/{count}] {name}: FAILED, {}\n{why}", index + 1, seconds(took));
                }
            }
            done.push(Done { name, took, failure });
        }
        summarize(&done)
    }
}

fn summarize(done: &[Done]) -> Result<(), Failure> {
    println!();
    for step in done {
        let verdict = if step.failure.is_none() { "ok" } else { "FAILED" };
        println!("{verdict:>6}  {:>9}  {}", seconds(step.took), step.name);
    }
    println!("        {:>9}  all steps", seconds(done.iter().map(|step| step.took).sum()));
    let failed: Vec<&str> =
        done.iter().filter(|step| step.failure.is_some()).map(|step| step.name).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("failed: {}", failed.join(", "))))
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
