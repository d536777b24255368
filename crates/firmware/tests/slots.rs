//! The life of an update on flash that keeps its power. What happens when it does not: `tests/powercuts`.

use pintle_firmware::Digest;
use pintle_firmware::flash::{Area, Flash, Geometry};
use pintle_firmware::slots::{
    Fault, Image, Layout, LayoutFault, Refused, Slot, Slots, Standing, Why,
};
use std::convert::Infallible;

const GEOMETRY: Geometry = Geometry { block: 512, unit: 8 };

const LAYOUT: Layout = Layout {
    state: Area { start: 0, length: 2048 },
    a: Area { start: 2048, length: 2048 },
    b: Area { start: 4096, length: 2048 },
    release: 100,
};

/// Flash in memory.
struct Memory(Vec<u8>);

impl Flash for Memory {
    type Error = Infallible;

    fn geometry(&self) -> Geometry {
        GEOMETRY
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0[at as usize..at as usize + out.len()]);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let place = &mut self.0[at as usize..at as usize + bytes.len()];
        place.iter_mut().zip(bytes).for_each(|(place, byte)| *place &= byte);
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), Infallible> {
        self.0[at as usize..at as usize + 512].fill(0xff);
        Ok(())
    }
}

/// An image of `version`, with that for its counter.
fn image(version: u16) -> (Image, Vec<u8>) {
    let bytes = vec![u8::try_from(version).expect("small"); 1000 + usize::from(version)];
    let counter = u32::from(version);
    (Image { digest: Digest::of(&bytes), length: 1000 + counter, counter, version }, bytes)
}

fn device() -> Slots<Memory> {
    let (image, bytes) = image(1);
    let mut flash = Memory(vec![0xff; 6144]);
    flash.0[2048..2048 + bytes.len()].copy_from_slice(&bytes);
    let mut slots = Slots::new(flash, LAYOUT).expect("a good layout");
    slots.install(Slot::A, image, b"first").expect("the image is there");
    assert_eq!(slots.boot().expect("it boots").why, Why::Confirmed);
    slots
}

fn transfer(slots: &mut Slots<Memory>, (image, bytes): &(Image, Vec<u8>)) {
    let begin = slots.begin(image, b"release").expect("wanted");
    let mut at = begin as usize;
    for piece in bytes[at..].chunks(160) {
        slots.store(u32::try_from(at).expect("small"), piece).expect("stored");
        at += piece.len();
    }
}

fn staged(slots: &mut Slots<Memory>, version: u16) -> Image {
    let new = image(version);
    transfer(slots, &new);
    slots.stage().expect("whole");
    new.0
}

#[test]
fn a_good_image_is_tried_confirmed_and_stays() {
    let mut slots = device();
    let new = staged(&mut slots, 2);
    let booted = slots.boot().expect("it boots");
    assert_eq!((booted.slot, booted.image, booted.why), (Slot::B, new, Why::Trial { boot: 1 }));
    slots.confirm(Slot::B).expect("on trial");
    for _ in 0..5 {
        let booted = slots.boot().expect("it boots");
        assert_eq!((booted.slot, booted.why), (Slot::B, Why::Confirmed));
    }
    assert_eq!(slots.state().floor, 2);
    let mut release = [0; 20];
    assert_eq!(slots.release(Slot::B, &mut release), Some(7));
    assert_eq!(&release[..7], b"release");
}

#[test]
fn p8_an_image_that_does_not_confirm_itself_falls_back_and_is_never_tried_again() {
    let mut slots = device();
    let new = staged(&mut slots, 2);
    for boot in 1..=3 {
        assert_eq!(slots.boot().expect("it boots").why, Why::Trial { boot });
    }
    let booted = slots.boot().expect("it boots");
    assert_eq!((booted.slot, booted.why), (Slot::A, Why::FellBack { from: new }));
    assert_eq!(slots.boot().expect("it boots").why, Why::Confirmed);
    assert_eq!(slots.offer(&new), Err(Refused::Rejected));
    let other = staged(&mut slots, 3);
    assert_eq!(slots.boot().expect("it boots").image, other);
    slots.confirm(Slot::B).expect("on trial");
    assert_eq!(slots.offer(&new), Err(Refused::Rejected), "still remembered");
}

#[test]
fn an_image_whose_release_does_not_hold_is_not_booted() {
    let mut slots = device();
    let new = staged(&mut slots, 2);
    let is_first = |slots: &Slots<Memory>, slot, _: &Image| {
        let mut release = [0; 5];
        slots.release(slot, &mut release).is_some() && release == *b"first"
    };
    let booted = slots.boot_if(is_first).expect("it boots");
    assert_eq!((booted.slot, booted.why), (Slot::A, Why::Damaged { what: new }));
}

#[test]
fn an_image_can_reject_itself_at_once() {
    let mut slots = device();
    let new = staged(&mut slots, 2);
    slots.boot().expect("it boots");
    slots.reject(Slot::B).expect("on trial");
    assert_eq!(slots.boot().expect("it boots").slot, Slot::A);
    let entry = *slots.state().entry(Slot::B).expect("it is still known");
    assert_eq!((entry.image, entry.standing), (new, Standing::Rejected));
    assert_eq!(slots.confirm(Slot::B), Err(Fault::NotOnTrial));
}

#[test]
fn p8_an_image_older_than_the_security_counter_is_refused_and_does_not_run() {
    let mut slots = device();
    staged(&mut slots, 5);
    slots.boot().expect("it boots");
    slots.confirm(Slot::B).expect("on trial");
    let (old, _) = image(4);
    assert_eq!(slots.offer(&old), Err(Refused::Older { counter: 4, floor: 5 }));
    // The newer image is damaged: rather nothing than the older one.
    slots.flash_mut().0[4096 + 10] = 0;
    assert_eq!(slots.boot(), Err(Fault::NothingBoots));
}

#[test]
fn a_damaged_last_known_good_image_is_followed_by_the_one_before() {
    let mut slots = device();
    let (mut same_counter, bytes) = image(2);
    same_counter.counter = 1;
    transfer(&mut slots, &(same_counter, bytes));
    slots.stage().expect("whole");
    slots.boot().expect("it boots");
    slots.confirm(Slot::B).expect("on trial");
    slots.flash_mut().0[4096 + 10] = 0;
    let booted = slots.boot().expect("it boots");
    assert_eq!((booted.slot, booted.why), (Slot::A, Why::LastResort));
}

#[test]
fn a_transfer_goes_on_where_the_flash_says() {
    let mut slots = device();
    let (new, bytes) = image(2);
    assert_eq!(slots.begin(&new, b"release"), Ok(0));
    slots.store(0, &bytes[..600]).expect("stored");
    slots.boot().expect("it boots");
    assert_eq!(slots.store(600, &bytes[600..]), Err(Fault::NoTransfer));
    assert_eq!(slots.begin(&new, b"release"), Ok(512), "one whole block");
    assert_eq!(slots.begin(&new, b"another"), Ok(0), "another release begins anew");
    slots.store(0, &bytes[..600]).expect("stored");
    let (other, _) = image(3);
    assert_eq!(slots.begin(&other, b"release"), Ok(0), "another image too");
    assert_eq!(slots.stage(), Err(Fault::Length { stored: 0, announced: 1003 }));
    slots.cancel().expect("the flash works");
    assert_eq!(slots.stage(), Err(Fault::NoTransfer));
}

#[test]
fn what_does_not_read_back_as_announced_is_not_staged() {
    let mut slots = device();
    let (new, mut bytes) = image(2);
    bytes[700] ^= 1;
    transfer(&mut slots, &(new, bytes));
    assert_eq!(slots.stage(), Err(Fault::Damaged));
    assert_eq!(slots.begin(&new, b"release"), Ok(0), "from the start");
    assert_eq!(slots.boot().expect("it boots").why, Why::Confirmed);
}

#[test]
fn pieces_that_do_not_fit_are_refused() {
    let mut slots = device();
    let (new, bytes) = image(2);
    slots.begin(&new, b"").expect("wanted");
    assert_eq!(slots.store(8, &bytes[8..16]), Err(Fault::OutOfOrder { expected: 0, given: 8 }));
    assert_eq!(slots.store(0, &bytes[..12]), Err(Fault::Unaligned { length: 12 }));
    let long = [bytes.as_slice(), &[0; 8]].concat();
    assert_eq!(slots.store(0, &long), Err(Fault::Length { stored: 0, announced: 1002 }));
    let room = LAYOUT.room(GEOMETRY);
    let large = Image { length: room + 1, ..new };
    assert_eq!(slots.offer(&large), Err(Refused::TooLarge { length: room + 1, room }));
    let release = Refused::ReleaseTooLarge { length: 101, room: 100 };
    assert_eq!(slots.begin(&image(3).0, &[0; 101]), Err(Fault::Refused(release)));
}

#[test]
fn what_is_there_already_is_not_fetched_again() {
    let mut slots = device();
    assert_eq!(slots.offer(&image(1).0), Err(Refused::AlreadyThere));
    let new = staged(&mut slots, 2);
    assert_eq!(slots.offer(&new), Err(Refused::AlreadyThere));
    assert_eq!(slots.offer(&image(3).0), Ok(Slot::B), "a newer one takes its place");
    slots.boot().expect("it boots");
    assert_eq!(slots.offer(&image(3).0), Err(Refused::NotConfirmed));
}

#[test]
fn a_device_whose_state_is_lost_boots_what_its_slots_say_is_good() {
    let mut slots = device();
    staged(&mut slots, 2);
    slots.flash_mut().0[..2048].fill(0xa5);
    let booted = slots.boot().expect("it boots");
    assert_eq!((booted.slot, booted.why), (Slot::A, Why::Confirmed), "not the untried one");

    let mut slots = device();
    staged(&mut slots, 2);
    slots.boot().expect("it boots");
    slots.confirm(Slot::B).expect("on trial");
    slots.flash_mut().0[..2048].fill(0xff);
    assert_eq!(slots.boot().expect("it boots").slot, Slot::B);
    assert_eq!(slots.state().floor, 2, "the counter is the image's");

    let mut slots = device();
    staged(&mut slots, 2);
    slots.boot().expect("it boots");
    slots.reject(Slot::B).expect("on trial");
    slots.flash_mut().0[..2048].fill(0);
    slots.flash_mut().0[2048..2060].fill(0);
    assert_eq!(slots.boot(), Err(Fault::NothingBoots), "not even then the rejected one");
}

#[test]
fn a_layout_that_does_not_fit_the_flash_is_refused() {
    let of = |layout| Slots::new(Memory(vec![]), layout).map(|_| ()).expect_err("a bad layout");
    let area = |start, length| Area { start, length };
    assert_eq!(of(Layout { a: area(2048, 2000), ..LAYOUT }), LayoutFault::NotWhole);
    assert_eq!(of(Layout { a: area(1536, 2048), ..LAYOUT }), LayoutFault::Overlap);
    assert_eq!(of(Layout { state: area(0, 1024), ..LAYOUT }), LayoutFault::StateTooSmall);
    assert_eq!(of(Layout { a: area(2048, 512), ..LAYOUT }), LayoutFault::SlotTooSmall);
}
