//! The thread around a scribe: the shard never waits for the disk.
//!
//! The shard hands a frame over, and is rung when there is a report. A frame that the disk refuses is
//! tried again and again; only the first refusal is reported, then that it is durable.

use super::disk::Disk;
use super::error::JournalError;
use super::frame::Frame;
use super::scribe::Scribe;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a node waits before it writes a refused frame again.
pub const RETRY: Duration = Duration::from_secs(1);

/// What the scribe says to the shard.
#[derive(Debug)]
pub enum Report {
    /// A frame is durable; for [`super::Journal::durable`].
    Durable(Frame),
    /// The disk refused the frame on its way, for this reason; for [`super::Journal::failed`]. It is logged.
    Refused(JournalError),
}

/// A scribe on a thread of its own. Dropping it writes what was handed over, once more where the disk
/// refused it, and ends the thread.
pub struct ScribeThread {
    frames: Option<Sender<Frame>>,
    reports: Receiver<Report>,
    thread: Option<JoinHandle<()>>,
}

impl ScribeThread {
    /// Starts the thread. `retry`: how long to wait after a refusal, [`RETRY`] for a node. `bell` is rung after
    /// each report, on that thread.
    ///
    /// # Errors
    /// What the system says when there can be no further thread.
    pub fn start<D: Disk + 'static>(
        scribe: Scribe<D>,
        retry: Duration,
        bell: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (frames, waiting) = channel();
        let (to_shard, reports) = channel();
        let desk = Desk { scribe, retry, waiting, queue: VecDeque::new(), to_shard, bell };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(|| desk.work())?;
        Ok(Self { frames: Some(frames), reports, thread: Some(thread) })
    }

    /// Hands a frame over. False where the thread is no more.
    pub fn write(&self, frame: Frame) -> bool {
        self.frames.as_ref().is_some_and(|frames| frames.send(frame).is_ok())
    }

    /// The next report, where there is one.
    pub fn report(&self) -> Option<Report> {
        self.reports.try_recv().ok()
    }

    /// Waits for the next report; none after `patience`, or where the thread is no more.
    pub fn wait(&self, patience: Duration) -> Option<Report> {
        self.reports.recv_timeout(patience).ok()
    }
}

impl Drop for ScribeThread {
    fn drop(&mut self) {
        drop(self.frames.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Desk<D, B> {
    scribe: Scribe<D>,
    retry: Duration,
    waiting: Receiver<Frame>,
    /// Frames that came while one was tried again.
    queue: VecDeque<Frame>,
    to_shard: Sender<Report>,
    bell: B,
}

impl<D: Disk, B: Fn()> Desk<D, B> {
    fn work(mut self) {
        while let Some(frame) = self.queue.pop_front().or_else(|| self.waiting.recv().ok()) {
            if !self.write_until_durable(&frame) {
                tracing::error!(
                    frame = frame.number(),
                    "the journal ends with a frame that the disk refused; devices will shake hands or be asked again"
                );
                return;
            }
            self.tell(Report::Durable(frame));
            self.scribe.tidy();
        }
    }

    /// False where the shard is gone and the disk still refuses.
    fn write_until_durable(&mut self, frame: &Frame) -> bool {
        let Err(refusal) = self.scribe.write(frame) else { return true };
        self.tell(Report::Refused(refusal));
        while self.pause() {
            if self.scribe.write(frame).is_ok() {
                return true;
            }
        }
        self.scribe.write(frame).is_ok()
    }

    /// False where the shard is gone.
    fn pause(&mut self) -> bool {
        match self.waiting.recv_timeout(self.retry) {
            Ok(frame) => self.queue.push_back(frame),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn tell(&self, report: Report) {
        // A shard that is gone need not know.
        drop(self.to_shard.send(report));
        (self.bell)();
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::super::{Entry, FolderDisk, Journal, Origin, Recovered, replay};
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const LONG: Duration = Duration::from_secs(60);

    fn start(disk: &SimulatedDisk) -> (Journal, ScribeThread, Arc<AtomicUsize>) {
        let origin = Origin { partition: 0, incarnation: [1; 32] };
        let recovered = Recovered::default();
        let scribe = Scribe::resume(disk.clone(), origin, &recovered);
        let rung = Arc::new(AtomicUsize::new(0));
        let bell = Arc::clone(&rung);
        let ring = move || {
            bell.fetch_add(1, Ordering::SeqCst);
        };
        let thread = ScribeThread::start(scribe, Duration::ZERO, ring).unwrap();
        (Journal::resume(&recovered), thread, rung)
    }

    fn hand_over(journal: &mut Journal, thread: &ScribeThread) {
        journal.append(&Entry::Started).unwrap();
        assert!(thread.write(journal.take_frame(0).unwrap()));
    }

    #[test]
    fn a_frame_is_written_and_the_bell_is_rung() {
        let disk = SimulatedDisk::new();
        let (mut journal, thread, rung) = start(&disk);
        hand_over(&mut journal, &thread);
        let Some(Report::Durable(frame)) = thread.wait(LONG) else { panic!("no report") };
        journal.durable(frame);
        assert!(journal.is_settled());
        drop(thread);
        assert_eq!(rung.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_refused_frame_is_told_once_and_written_when_there_is_space() {
        let disk = SimulatedDisk::new();
        let (mut journal, thread, _) = start(&disk);
        disk.limit(10);
        hand_over(&mut journal, &thread);
        assert!(matches!(thread.wait(LONG), Some(Report::Refused(_))));
        journal.failed();
        disk.unlimit();
        let Some(Report::Durable(frame)) = thread.wait(LONG) else { panic!("no report") };
        journal.durable(frame);
        assert!(!journal.is_stalled() && journal.is_settled());
    }

    #[test]
    fn a_slow_disk_reports_when_it_is_through() {
        let disk = SimulatedDisk::new();
        let (mut journal, thread, _) = start(&disk);
        disk.stall();
        hand_over(&mut journal, &thread);
        assert!(thread.report().is_none());
        disk.release();
        assert!(matches!(thread.wait(LONG), Some(Report::Durable(_))));
    }

    #[test]
    fn an_end_is_not_held_up_by_a_disk_that_refuses() {
        let disk = SimulatedDisk::new();
        let (mut journal, thread, _) = start(&disk);
        disk.set_read_only(true);
        hand_over(&mut journal, &thread);
        drop(thread);
    }

    #[test]
    fn what_was_handed_over_is_written_before_the_end() {
        let disk = SimulatedDisk::new();
        let (mut journal, thread, _) = start(&disk);
        hand_over(&mut journal, &thread);
        drop(thread);
        assert!(disk.bytes() > 0);
    }

    #[test]
    fn a_real_folder_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let origin = Origin { partition: 3, incarnation: [1; 32] };
        for start in 0..3 {
            let mut disk = FolderDisk::open(&folder.path().join("journal")).unwrap();
            let mut entries = 0;
            let mut count = |_, _: Entry<'_>| entries += 1;
            let recovered = replay(&mut disk, &origin, &mut count).unwrap();
            assert_eq!(
                (entries, recovered.segments, recovered.clean),
                (start * 2, start, start > 0)
            );
            let mut journal = Journal::resume(&recovered);
            let scribe = Scribe::resume(disk, origin, &recovered);
            let thread = ScribeThread::start(scribe, RETRY, || ()).unwrap();
            for entry in [Entry::Started, Entry::Stopped] {
                journal.append(&entry).unwrap();
                assert!(thread.write(journal.take_frame(0).unwrap()));
                let Some(Report::Durable(frame)) = thread.wait(LONG) else { panic!("no report") };
                journal.durable(frame);
            }
        }
    }
}
