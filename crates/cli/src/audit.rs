//! `pintle audit`: the log is read where it lies, beside a running node or without one.

use crate::args::{AuditCommand, AuditExportArgs};
use crate::failure::Failure;
use crate::pin;
use pintle_cloud::audit::export;
use pintle_cloud::control::{AuditReading, Request};
use pintle_cloud::store::StoreError;
use pintle_cloud::store::audit::OfflineLog;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

mod show;
mod verify;

pub fn run(command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(&args),
        AuditCommand::Show(args) => show::run(&args),
        AuditCommand::Export(args) => print_all(&args),
    }
}

fn open(path: &Path) -> Result<OfflineLog, Failure> {
    OfflineLog::open(path).map_err(failure)
}

fn failure(error: StoreError) -> Failure {
    match error {
        StoreError::Open { .. } => Failure::usage(error),
        error => Failure::failed(error),
    }
}

/// Has it written down that the log is read, by the node that runs on the folder or by itself.
fn write_down(data: &Path, reading: AuditReading, because: Option<String>) -> Result<(), Failure> {
    // A copy of a database has nobody who writes.
    if !data.is_dir() {
        return Ok(());
    }
    pin::carry_out(data, Request::AuditRead { reading, because }).map(drop)
}

fn print_all(args: &AuditExportArgs) -> Result<(), Failure> {
    // Before it is written down in a folder that has no log.
    drop(open(&args.data)?);
    write_down(&args.data, AuditReading::Export, args.because.clone())?;
    let log = open(&args.data)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for row in log.rows(0) {
        let row = row.map_err(failure)?;
        let why = || {
            format!(
                "entry {} cannot be exported: `pintle audit verify` tells what is wrong",
                row.seq
            )
        };
        let line = export::text(&row).ok_or_else(|| Failure::failed(why()))?;
        match writeln!(out, "{line}") {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(Failure::failed)?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        flushed => flushed.map_err(Failure::failed),
    }
}
