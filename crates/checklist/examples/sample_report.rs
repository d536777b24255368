//! Writes a report with everything in it that a report can have into a new folder, to look at in a browser:
//! `cargo run -p pintle-checklist --example sample_report -- DIR`.

use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/report/sample.rs"]
#[allow(dead_code)]
mod sample;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("name a folder to write to");
        return ExitCode::from(2);
    };
    let run = sample::run();
    let written = match run.bundle(sample::beside(&run)) {
        Ok(bundle) => bundle.write(&folder, None).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
