//! The same cipher by OpenSSL, key schedules made once: how fast it can be on this machine.

use super::PREPARED;
use super::ours::Sizes;
use crate::clock::Stopwatch;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::{CipherCtx, CipherCtxRef};
use openssl::error::ErrorStack;
use std::hint::black_box;

const TAG: usize = 8;
const NONCE: usize = 12;

/// A context for each direction, as a session would have.
pub struct Bench {
    read: CipherCtx,
    /// The device's end, off the clock.
    device: CipherCtx,
    write: CipherCtx,
    sizes: Sizes,
    next: u32,
}

struct Record {
    nonce: [u8; NONCE],
    tag: [u8; TAG],
    text: Vec<u8>,
}

impl Bench {
    /// For records of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        let sealing = |key: u8| context(CipherCtxRef::encrypt_init, key).expect("OpenSSL's CCM");
        let opening = |key: u8| context(CipherCtxRef::decrypt_init, key).expect("OpenSSL's CCM");
        Self { read: opening(1), device: sealing(1), write: sealing(2), sizes, next: 0 }
    }

    /// One lot of records, prepared off the clock.
    pub fn lot(&mut self, watch: &mut Stopwatch) {
        let mut records: Vec<_> = (0..PREPARED).map(|_| self.record()).collect();
        watch.time(|| records.iter_mut().for_each(|record| self.turn(record)));
    }

    fn record(&mut self) -> Record {
        self.next = self.next.wrapping_add(1);
        let mut nonce = [0; NONCE];
        let (_, low) = nonce.split_at_mut(NONCE - 4);
        low.copy_from_slice(&self.next.to_be_bytes());
        let mut record = Record { nonce, tag: [0; TAG], text: vec![0x55; self.sizes.text_in] };
        seal(&mut self.device, &mut record, self.sizes.additional_in).expect("a short record");
        record
    }

    fn turn(&mut self, record: &mut Record) {
        open(&mut self.read, record, self.sizes.additional_in).expect("a good record");
        record.text.truncate(self.sizes.text_out);
        seal(&mut self.write, record, self.sizes.additional_out).expect("a short record");
        black_box(&record);
    }
}

type Init = fn(
    &mut CipherCtxRef,
    Option<&CipherRef>,
    Option<&[u8]>,
    Option<&[u8]>,
) -> Result<(), ErrorStack>;

fn context(init: Init, key: u8) -> Result<CipherCtx, ErrorStack> {
    let mut context = CipherCtx::new()?;
    init(&mut context, Some(Cipher::aes_128_ccm()), None, None)?;
    context.set_iv_length(NONCE)?;
    context.set_tag_length(TAG)?;
    init(&mut context, None, Some(&[key; 16]), None)?;
    Ok(context)
}

fn seal(context: &mut CipherCtx, record: &mut Record, additional: usize) -> Result<(), ErrorStack> {
    context.encrypt_init(None, None, Some(&record.nonce))?;
    over(context, record, additional)?;
    context.tag(&mut record.tag)
}

fn open(context: &mut CipherCtx, record: &mut Record, additional: usize) -> Result<(), ErrorStack> {
    context.set_tag(&record.tag)?;
    context.decrypt_init(None, None, Some(&record.nonce))?;
    over(context, record, additional)
}

fn over(context: &mut CipherCtx, record: &mut Record, additional: usize) -> Result<(), ErrorStack> {
    let (additional, _) = [0; 32].split_at(additional);
    context.set_data_len(record.text.len())?;
    context.cipher_update(additional, None)?;
    let length = record.text.len();
    context.cipher_update_inplace(&mut record.text, length)?;
    Ok(())
}
