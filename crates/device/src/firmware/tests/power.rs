//! Cuts and full disks: what was good stays, and a transfer goes on where the flash says.

use super::*;

#[test]
fn p8_a_cut_during_the_transfer_resumes_where_the_flash_says() {
    let flash = MemoryFlash::new(256 * 1024);
    let file = module(&(0..50_000_u32).map(|n| n as u8).collect::<Vec<_>>(), 2);
    let begin = start(&file, &[]);
    let mut store = store_with(&flash, None);
    assert_eq!(store.begin(&begin), Ok(0));
    for (number, piece) in file.chunks(512).take(70).enumerate() {
        Updates::store(&mut store, number as u32 * 512, piece).unwrap();
    }
    drop(store);
    let mut store = store_with(&flash, None);
    let stored = store.begin(&begin).unwrap();
    assert_eq!(stored, 70 * 512 / 4096 * 4096, "whole blocks");
    send(&mut store, &file, &begin).unwrap();
    assert_eq!(store.boot().unwrap().firmware.sha256, Digest::of(&file).0);

    let other = module(&vec![3; 50_000], 3);
    let boot = store.boot().unwrap();
    store.confirm(&boot).unwrap();
    store.begin(&start(&other, &[])).unwrap();
    Updates::store(&mut store, 0, &other[..8192]).unwrap();
    store.cancel(false);
    assert_eq!(store.begin(&start(&other, &[])), Ok(8192), "cancelled, and kept");
    store.cancel(true);
    assert_eq!(store.begin(&start(&other, &[])), Ok(0), "cancelled, and forgotten");
    Updates::store(&mut store, 0, &other[..8192]).unwrap();
    let anew = Start { discard: true, ..start(&other, &[]) };
    assert_eq!(store.begin(&anew), Ok(0));
}

#[test]
fn p8_a_full_disk_at_any_write_is_one_clear_refusal_with_nothing_lost() {
    let file = module(&vec![9; 20_000], 2);
    let mut filled = 0;
    for writes in 0.. {
        let flash = MemoryFlash::new(64 * 1024);
        let mut store = store_with(&flash, None);
        flash.fill_up_after(Some(writes));
        let result = take(&mut store, &file, &[]);
        flash.fill_up_after(None);
        let boot = store_with(&flash, None).boot().unwrap();
        match result {
            Err(declined) => {
                filled += 1;
                assert_eq!(declined.why, Refusal::FAILED);
                assert_eq!(
                    declined.message,
                    "the device cannot store the update: its disk is full"
                );
                assert!(!boot.firmware.sha256.eq(&Digest::of(&file).0) || boot.on_trial);
            }
            Ok(()) => {
                assert!(boot.on_trial);
                break;
            }
        }
    }
    assert!(filled > 40, "{filled}");
}
