//! Reading back what is torn, damaged, missing, copied or said twice.

use super::simulated::{SimulatedDisk, segment_of};
use super::{
    Disk, Entry, Frame, Journal, JournalError, Origin, Recovered, Scribe, replay, segment,
};

const ORIGIN: Origin = Origin { partition: 0, incarnation: [1; 32] };

/// A journal that writes one frame a row.
struct Node {
    journal: Journal,
    scribe: Scribe<SimulatedDisk>,
}

impl Node {
    /// Starts on what is there; also the rows that were read back.
    fn start(disk: &SimulatedDisk) -> (Self, Recovered, Vec<u64>) {
        let (recovered, rows) = read(disk, &ORIGIN).unwrap();
        let scribe = Scribe::resume(disk.clone(), ORIGIN, &recovered);
        (Self { journal: Journal::resume(&recovered), scribe }, recovered, rows)
    }

    fn frame(&mut self, entry: &Entry<'_>) -> Frame {
        self.journal.append(entry).unwrap();
        self.journal.take_frame(5).unwrap()
    }

    fn write(&mut self, entry: &Entry<'_>) {
        let frame = self.frame(entry);
        self.scribe.write(&frame).unwrap();
        self.scribe.tidy();
        self.journal.durable(frame);
    }

    fn keep(&mut self, rows: impl IntoIterator<Item = u64>) {
        rows.into_iter().for_each(|row| self.write(&Entry::Kept { row, sealed: &[7; 50] }));
    }
}

fn read(disk: &SimulatedDisk, origin: &Origin) -> Result<(Recovered, Vec<u64>), JournalError> {
    let mut rows = Vec::new();
    let mut rebuild = |_: i64, entry: Entry<'_>| {
        if let Entry::Kept { row, .. } = entry {
            rows.push(row);
        }
    };
    let recovered = replay(&mut disk.clone(), origin, &mut rebuild)?;
    Ok((recovered, rows))
}

fn name(number: u64) -> String {
    segment::name(0, number)
}

/// Five rows in one segment.
fn five_rows() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    Node::start(&disk).0.keep(1..=5);
    disk
}

/// Six rows in three segments.
fn three_segments() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    for rows in [1..=2, 3..=4, 5..=6] {
        Node::start(&disk).0.keep(rows);
    }
    disk
}

#[test]
fn a_tail_torn_at_any_byte_leaves_the_frames_before_it() {
    let whole = five_rows().content(&name(1)).unwrap();
    for cut in 0..whole.len() {
        let disk = SimulatedDisk::new();
        disk.put(&name(1), whole[..cut].to_vec());
        let (mut node, recovered, rows) = Node::start(&disk);
        assert!((1..=rows.len() as u64).eq(rows.iter().copied()), "{rows:?}");
        assert!(rows.len() < 5 && !recovered.lost && !recovered.clean, "cut at {cut}");
        node.keep([100]);
        let (again, more) = read(&disk, &ORIGIN).unwrap();
        assert_eq!(more, [rows, vec![100]].concat());
        assert!(!again.lost);
    }
}

#[test]
fn damage_before_the_last_frame_is_a_lie_and_in_it_a_torn_tail() {
    let whole = five_rows().content(&name(1)).unwrap();
    let frame = (whole.len() - segment::HEADER) / 5;
    for at in segment::HEADER..whole.len() {
        let disk = SimulatedDisk::new();
        disk.put(&name(1), whole.clone());
        disk.change(&name(1), |bytes| bytes[at] ^= 0x40);
        let damaged = ((at - segment::HEADER) / frame) as u64 + 1;
        let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
        assert!((1..=5).filter(|row| *row != damaged).eq(rows), "byte {at}");
        assert_eq!(recovered.lost, damaged != 5, "byte {at}");
    }
}

#[test]
fn a_damaged_header_hides_its_frames_and_is_a_lie() {
    let disk = five_rows();
    disk.change(&name(1), |bytes| bytes[20] ^= 1);
    let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
    assert!(rows.is_empty() && recovered.lost);
}

#[test]
fn a_missing_segment_is_noticed_save_the_last() {
    // The last frame of each stands in the next one, too.
    for (missing, lost, left) in [(1, true, 5), (2, true, 5), (3, false, 4)] {
        let disk = three_segments();
        disk.clone().remove(&name(missing)).unwrap();
        let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
        assert_eq!((recovered.lost, rows.len()), (lost, left), "segment {missing}");
    }
}

#[test]
fn a_log_with_a_hole_is_whole_again_when_it_was_said_again() {
    let disk = three_segments();
    disk.clone().remove(&name(2)).unwrap();
    let (mut node, ..) = Node::start(&disk);
    assert!(node.journal.wants_rewrite());
    node.journal.begin_rewrite();
    node.keep([1, 2]);
    node.journal.rewritten();
    node.keep([5, 6]);
    let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
    // The last frame before the start comes first.
    assert_eq!((recovered.lost, rows), (false, vec![6, 1, 2, 5, 6]));
    assert_eq!(recovered.begins, 7);
}

#[test]
fn a_frame_with_two_contents_is_a_lie() {
    let disk = five_rows();
    let mut payload = Vec::new();
    Entry::Kept { row: 50, sealed: &[] }.write(&mut payload);
    disk.put(&name(2), segment_of(&ORIGIN, 2, &[(5, 1, &payload)]));
    let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
    assert_eq!((recovered.lost, rows), (true, vec![1, 2, 3, 4, 5]));
}

#[test]
fn a_frame_written_again_after_an_error_is_told_once() {
    let disk = five_rows();
    let (mut node, ..) = Node::start(&disk);
    node.keep([6]);
    let frame = node.frame(&Entry::Kept { row: 7, sealed: &[] });
    disk.fail_syncs(3);
    (0..3).for_each(|_| assert!(node.scribe.write(&frame).is_err()));
    node.scribe.write(&frame).unwrap();
    let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
    assert_eq!((recovered.lost, rows), (false, (1..=7).collect()));
}

#[test]
fn an_entry_that_cannot_be_read_is_a_loss() {
    let disk = SimulatedDisk::new();
    disk.put(&name(1), segment_of(&ORIGIN, 1, &[(1, 1, &[0xEE, 1, 2])]));
    assert!(read(&disk, &ORIGIN).unwrap().0.lost);
}

#[test]
fn p3_the_journal_of_a_copied_folder_is_not_used_and_deleted() {
    let disk = three_segments();
    let copy = disk.copied();
    let other = Origin { incarnation: [2; 32], ..ORIGIN };
    let (recovered, rows) = read(&copy, &other).unwrap();
    let expected = Recovered { discarded: 3, last_segment: 3, ..Recovered::default() };
    assert_eq!((recovered, rows), (expected, vec![]));
    assert!(copy.names().is_empty());
    assert_eq!(read(&disk, &ORIGIN).unwrap().1.len(), 6);
}

#[test]
fn a_copied_journal_that_cannot_be_deleted_stays_unused() {
    let disk = three_segments();
    disk.set_read_only(true);
    let other = Origin { incarnation: [2; 32], ..ORIGIN };
    for _ in 0..2 {
        let (recovered, rows) = read(&disk, &other).unwrap();
        assert_eq!((recovered.discarded, recovered.lost, rows), (3, false, vec![]));
    }
}

#[test]
fn the_journal_of_another_partition_is_left_alone() {
    let disk = three_segments();
    let other = Origin { partition: 1, ..ORIGIN };
    assert_eq!(read(&disk, &other).unwrap().0, Recovered::default());
    assert_eq!(disk.names().len(), 3);
}

#[test]
fn a_segment_under_another_name_is_not_used() {
    let disk = five_rows();
    disk.put(&name(2), disk.content(&name(1)).unwrap());
    let (recovered, rows) = read(&disk, &ORIGIN).unwrap();
    assert_eq!((recovered.lost, rows.len()), (true, 5));
}

#[test]
fn another_releases_journal_is_refused_and_kept() {
    let disk = five_rows();
    disk.change(&name(1), |bytes| bytes[8] = 9);
    let error = read(&disk, &ORIGIN).unwrap_err();
    assert!(matches!(error, JournalError::OtherFormat { found: 9, known: 1, .. }));
    assert_eq!(disk.names().len(), 1);
}

#[test]
fn only_an_end_with_nothing_after_it_is_clean() {
    let disk = SimulatedDisk::new();
    let (mut node, recovered, _) = Node::start(&disk);
    assert!(!recovered.clean);
    node.write(&Entry::Started);
    assert!(!read(&disk, &ORIGIN).unwrap().0.clean);
    node.write(&Entry::Stopped);
    let (recovered, _) = read(&disk, &ORIGIN).unwrap();
    assert!(recovered.clean);
    assert_eq!((recovered.last_frame, recovered.last_wall_ms, recovered.segments), (2, 5, 1));
    let stopped = disk.copied();
    stopped.change(&name(1), |bytes| bytes.push(0));
    assert!(!read(&stopped, &ORIGIN).unwrap().0.clean);
    stopped.put(&name(1), disk.content(&name(1)).unwrap());
    stopped.put(&name(2), Vec::new());
    assert!(!read(&stopped, &ORIGIN).unwrap().0.clean);
    Node::start(&disk).0.write(&Entry::Started);
    assert!(!read(&disk, &ORIGIN).unwrap().0.clean);
}

#[test]
fn an_end_that_was_written_twice_is_clean() {
    let disk = SimulatedDisk::new();
    let (mut node, ..) = Node::start(&disk);
    node.write(&Entry::Started);
    let frame = node.frame(&Entry::Stopped);
    disk.fail_syncs(1);
    assert!(node.scribe.write(&frame).is_err());
    node.scribe.write(&frame).unwrap();
    assert!(read(&disk, &ORIGIN).unwrap().0.clean);
}

#[test]
fn a_frame_with_a_number_that_no_node_reaches_is_damage_and_is_not_gone_on_from() {
    let disk = SimulatedDisk::new();
    let number = super::frame::HIGHEST - 1;
    let name = segment::name(0, 1);
    disk.put(&name, segment_of(&ORIGIN, 1, &[(number, 1, &[6])]));
    let (mut node, recovered, _) = Node::start(&disk);
    assert!(recovered.lost && recovered.last_frame == 0);
    node.keep([1]);
    let (_, again, rows) = Node::start(&disk);
    assert_eq!((again.last_frame, rows), (1, vec![1]));
}

#[test]
fn what_follows_the_highest_number_that_a_journal_may_begin_with_is_read_back() {
    let disk = SimulatedDisk::new();
    let number = super::frame::HIGHEST / 2 - 1;
    let name = segment::name(0, 1);
    disk.put(&name, segment_of(&ORIGIN, 1, &[(number, 1, &[6])]));
    let (mut node, recovered, _) = Node::start(&disk);
    assert_eq!(recovered.last_frame, number);
    node.keep([1]);
    let (_, again, rows) = Node::start(&disk);
    assert_eq!((again.last_frame, rows), (number + 1, vec![1]));
}
