//! AES-128-CCM with an 8-byte tag and nothing around it: what any record layer pays.

use super::PREPARED;
use super::ours::Sizes;
use crate::clock::Stopwatch;
use aes::Aes128Enc;
use ccm::aead::{AeadInOut, KeyInit, Tag};
use ccm::consts::{U8, U12};
use ccm::{Ccm, Nonce};
use std::hint::black_box;

type Cipher = Ccm<Aes128Enc, U8, U12>;

/// Two keys, as a session has, with their schedules.
pub struct Bench {
    read: Cipher,
    write: Cipher,
    sizes: Sizes,
    next: u32,
}

impl Bench {
    /// For records of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        let (read, write) = (Cipher::new(&[1; 16].into()), Cipher::new(&[2; 16].into()));
        Self { read, write, sizes, next: 0 }
    }

    /// One lot of records, prepared off the clock.
    pub fn lot(&mut self, watch: &mut Stopwatch) {
        let mut records = self.records();
        watch.time(|| records.iter_mut().for_each(|record| self.turn(record)));
    }

    fn records(&mut self) -> Vec<Record> {
        let additional = vec![0; self.sizes.additional_in];
        let seal = |_| {
            self.next = self.next.wrapping_add(1);
            let (nonce, mut text) = (nonce(self.next), vec![0x55; self.sizes.text_in]);
            let tag =
                self.read.encrypt_inout_detached(&nonce, &additional, text.as_mut_slice().into());
            Record { number: self.next, text, tag: tag.expect("a short record") }
        };
        (0..PREPARED).map(seal).collect()
    }

    fn turn(&self, record: &mut Record) {
        let nonce = nonce(record.number);
        let additional = [0; 32];
        let (covered, _) = additional.split_at(self.sizes.additional_in);
        let text = record.text.as_mut_slice();
        self.read
            .decrypt_inout_detached(&nonce, covered, text.into(), &record.tag)
            .expect("a good record");
        let (covered, _) = additional.split_at(self.sizes.additional_out);
        let (text, _) = record.text.split_at_mut(self.sizes.text_out);
        black_box(self.write.encrypt_inout_detached(&nonce, covered, text.into()))
            .expect("a short record");
    }
}

struct Record {
    number: u32,
    text: Vec<u8>,
    tag: Tag<Cipher>,
}

fn nonce(number: u32) -> Nonce<U12> {
    let mut nonce = [0; 12];
    let (_, low) = nonce.split_at_mut(8);
    low.copy_from_slice(&number.to_be_bytes());
    nonce.into()
}
