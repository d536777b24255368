//! The log of the node, all of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What was logged since the last look.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static ONCE: Once = Once::new();
static LOG: Mutex<Option<Log>> = Mutex::new(None);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Begins to log everything that the node's own code says, at every level.
pub fn start() {
    ONCE.call_once(|| {
        let log = Log::default();
        *LOG.lock().unwrap() = Some(log.clone());
        let filter = EnvFilter::new("pintle_cloud=trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log).init();
    });
    take();
}

/// What was logged since then.
pub fn take() -> Vec<u8> {
    let log = LOG.lock().unwrap();
    let log = log.as_ref().unwrap();
    std::mem::take(&mut log.0.lock().unwrap_or_else(PoisonError::into_inner))
}
