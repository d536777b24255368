//! What the figures were measured on.

use std::fs;

/// One line: processor, cores, kernel, compiler.
pub fn describe() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, Linux {}, {}",
        processor().unwrap_or_else(|| std::env::consts::ARCH.into()),
        kernel.trim().split('-').next().unwrap_or_default(),
        env!("BENCH_RUSTC"),
    )
}

fn processor() -> Option<String> {
    let facts = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = facts.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}
