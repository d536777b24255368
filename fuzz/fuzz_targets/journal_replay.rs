//! A journal as a node reads it back: any bytes as the content of two segments, and, since few bytes
//! have the right checksum, any bytes as the content of their frames.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::journal::simulated::{SimulatedDisk, segment_of};
use pintle_cloud::journal::{Entry, Journal, Origin, Recovered, Scribe, replay};

const ORIGIN: Origin = Origin { partition: 0, incarnation: [7; 32] };
const NAMES: [&str; 2] = ["0-0000000001.log", "0-0000000002.log"];

fuzz_target!(|input: (u8, &[u8], &[u8], u64, u64)| {
    let (choice, first, second, number, begins) = input;
    let disk = SimulatedDisk::new();
    let whole = |at: u64, number: u64, payload: &[u8]| {
        segment_of(&ORIGIN, at, &[(number, begins, payload), (number.wrapping_add(1), 1, payload)])
    };
    let headed = |at: u64, bytes: &[u8]| [&segment_of(&ORIGIN, at, &[]), bytes].concat();
    disk.put(
        NAMES[0],
        match choice % 3 {
            0 => first.to_vec(),
            1 => headed(1, first),
            _ => [&whole(1, 1, first), second].concat(),
        },
    );
    disk.put(
        NAMES[1],
        match choice / 3 % 3 {
            0 => second.to_vec(),
            1 => headed(2, second),
            _ => whole(2, number, second),
        },
    );
    let Some((recovered, told)) = read(&disk) else { return };
    assert!(!(recovered.clean && recovered.lost));
    go_on(&disk, &recovered, told);
});

/// What is there, and how many entries it tells.
fn read(disk: &SimulatedDisk) -> Option<(Recovered, usize)> {
    let mut told = 0;
    let mut count = |_, _: Entry<'_>| told += 1;
    let recovered = replay(&mut disk.clone(), &ORIGIN, &mut count).ok()?;
    Some((recovered, told))
}

/// A node goes on after whatever it found, and finds its own words again.
fn go_on(disk: &SimulatedDisk, recovered: &Recovered, told: usize) {
    let mut journal = Journal::resume(recovered);
    let mut scribe = Scribe::resume(disk.clone(), ORIGIN, recovered);
    journal.append(&Entry::Started).expect("short");
    let frame = journal.take_frame(0).expect("one waits");
    scribe.write(&frame).expect("the disk behaves");
    let (again, told_again) = read(disk).expect("it was readable");
    assert_eq!(told_again, told + 1);
    assert_eq!(again.last_frame, recovered.last_frame + 1);
    assert_eq!(again.lost, recovered.lost);
}
