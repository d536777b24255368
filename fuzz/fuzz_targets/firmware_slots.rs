//! Flash with anything on it: whatever boots is whole, and booting it again boots the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_firmware::Digest;
use pintle_firmware::flash::{Area, Flash, Geometry};
use pintle_firmware::slots::{Image, Layout, Slot, Slots};
use std::convert::Infallible;

const SIZE: usize = 2048 + 2 * 1024;

struct Memory(Vec<u8>);

impl Flash for Memory {
    type Error = Infallible;

    fn geometry(&self) -> Geometry {
        Geometry { block: 256, unit: 4 }
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
        self.0[at as usize..at as usize + 256].fill(0xff);
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let area = |start, length| Area { start, length };
    let layout =
        Layout { state: area(0, 2048), a: area(2048, 1024), b: area(3072, 1024), release: 32 };
    let Some(mut slots) = Slots::new(Memory(vec![0xff; SIZE]), layout).ok() else { return };
    let mut place = |version: u8, at: usize| {
        let content = [version; 300];
        slots.flash_mut().0[at..at + 300].copy_from_slice(&content);
        let (digest, counter) = (Digest::of(&content), u32::from(version));
        Image { digest, length: 300, counter, version: u16::from(version) }
    };
    let (first, second) = (place(1, 2048), place(2, 3072));
    let _ = slots.install(Slot::A, first, b"one");
    let _ = slots.install(Slot::B, second, b"two");
    for change in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % SIZE;
        slots.flash_mut().0[at] = change[2];
    }
    if let Ok(booted) = slots.boot() {
        assert!(slots.holds(booted.slot, &booted.image));
        let again = slots.boot().expect("what booted boots again");
        assert!(slots.holds(again.slot, &again.image));
    }
});
