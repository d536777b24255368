//! What the others are measured in: one open and one seal by the bare cipher, over the lengths that one
//! message in and one out have, key schedules made once.

use crate::MOST;
use aes::Aes128Enc;
use ccm::Ccm;
use ccm::aead::{AeadInOut, Error, KeyInit, Tag};
use ccm::consts::{U8, U12};
use std::hint::black_box;

type Cipher = Ccm<Aes128Enc, U8, U12>;

/// Lengths of text and of additional data, in and out.
const IN: (usize, usize) = (64, 22);
const OUT: (usize, usize) = (50, 13);

type Record = ([u8; IN.0], Tag<Cipher>);

/// Opens so many records, and seals one after each.
pub fn run(count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (read, write) = (Cipher::new(&[1; 16].into()), Cipher::new(&[2; 16].into()));
    let mut records: Vec<Record> = Vec::with_capacity(MOST);
    for number in 0..MOST {
        let mut text = [0x55; IN.0];
        let tag = read
            .encrypt_inout_detached(&nonce(number), &[0; IN.1], text.as_mut_slice().into())
            .map_err(|_| FAILED)?;
        records.push((text, tag));
    }
    for (number, record) in records.iter_mut().enumerate().take(count) {
        turn(&read, &write, number, record).map_err(|_| FAILED)?;
    }
    Ok(())
}

const FAILED: &str = "the bare cipher failed";

#[inline(never)]
fn turn(read: &Cipher, write: &Cipher, number: usize, record: &mut Record) -> Result<(), Error> {
    let (text, tag) = record;
    read.decrypt_inout_detached(&nonce(number), &[0; IN.1], text.as_mut_slice().into(), tag)?;
    let (text, _) = text.split_at_mut(OUT.0);
    black_box(write.encrypt_inout_detached(&nonce(number), &[0; OUT.1], text.into())?);
    Ok(())
}

fn nonce(number: usize) -> ccm::Nonce<U12> {
    let mut nonce = [0; 12];
    let (_, low) = nonce.split_at_mut(4);
    low.copy_from_slice(&(number as u64).to_be_bytes());
    nonce.into()
}
