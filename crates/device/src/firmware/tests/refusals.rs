//! Each thing that can be wrong with an update has its own number, and nothing of it is ever started.

use super::*;
use pintle_firmware::module::{Dependency, Reason};
use pintle_firmware::module::{Flags, combine, compress};

#[test]
fn p8_a_module_for_another_board_or_product_or_purpose_is_refused() {
    let mut store = store(None);
    let mut other = builder(b"x", 2);
    other.prefix.platform = Platform(12);
    assert_eq!(refused(&mut store, &other.build(), &[]), Refusal::PLATFORM);
    let mut other = builder(b"x", 2);
    other.product = Some(Product { id: PRODUCT + 1, version: 2 });
    assert_eq!(refused(&mut store, &other.build(), &[]), Refusal::VALIDATION);
    let mut other = builder(b"x", 2);
    other.prefix.function = Function::SYSTEM_PART;
    assert_eq!(refused(&mut store, &other.build(), &[]), Refusal::MODULE_NOT_FOUND);
    let file = module(b"x", 2);
    let bootloader = Start { function: Some(2), ..start(&file, &[]) };
    let why = send(&mut store, &file, &bootloader).unwrap_err().why;
    assert_eq!(why, Refusal::MODULE_NOT_FOUND);
    let mut needy = builder(b"x", 2);
    needy.prefix.dependencies[0] =
        Dependency { function: Function::SYSTEM_PART, index: 1, version: 9000 };
    assert_eq!(refused(&mut store, &needy.build(), &[]), Refusal::DEPENDENCY);
}

#[test]
fn p8_a_module_with_a_turned_bit_is_refused_whether_the_cloud_or_the_way_turned_it() {
    let mut store = store(None);
    let good = module(&[7; 3000], 2);
    for at in [100, good.len() - 1, good.len() - 20] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        // The cloud has a damaged file.
        assert_eq!(refused(&mut store, &bad, &[]), Refusal::INTEGRITY, "{at}");
        // Or it is not the file that was announced.
        let why = send(&mut store, &bad, &start(&good, &[])).unwrap_err().why;
        assert_eq!(why, Refusal::INTEGRITY);
    }
    take(&mut store, &good, &[]).unwrap();
    assert!(store.boot().unwrap().on_trial);
}

#[test]
fn p8_what_does_not_fit_or_would_not_is_refused_before_it_costs_anything() {
    let mut store = store(None);
    let large = module(&vec![1; 300 * 1024], 2);
    assert_eq!(store.begin(&start(&large, &[])).unwrap_err().why, Refusal::SIZE);
    // Deflate's most: a thousand bytes of nothing from each.
    let bomb = vec![0; 17 << 20];
    let bomb = compress(&module(&bomb, 2)).unwrap();
    assert!(bomb.len() < 256 * 1024, "{}", bomb.len());
    assert_eq!(refused(&mut store, &bomb, &[]), Refusal::SIZE);
    let unsized_start = Start { sha256: None, ..start(&large[..9000], &[]) };
    assert_eq!(store.begin(&unsized_start).unwrap_err().why, Refusal::PROTOCOL);
}

#[test]
fn p8_a_file_that_is_no_module_or_two_is_refused_and_a_compressed_one_is_taken() {
    let mut store = store(None);
    assert_eq!(refused(&mut store, &[0; 2000], &[]), Refusal::FORMAT);
    let combined = combine(&module(b"one", 2), &module(b"two", 2)).unwrap();
    assert_eq!(refused(&mut store, &combined, &[]), Refusal::UNSUPPORTED);
    let plain = module(&[5; 9000], 2);
    let compressed = compress(&plain).unwrap();
    let read = Module::read(&compressed).unwrap();
    assert!(read.prefix().flags.contains(Flags::COMPRESSED));
    assert_eq!(content::program_of(&read).unwrap(), Module::read(&plain).unwrap().content());
    take(&mut store, &compressed, &[]).unwrap();
    assert_eq!(store.boot().unwrap().firmware.sha256, Digest::of(&compressed).0);
}

#[test]
fn p8_an_image_that_was_rejected_is_refused_until_a_different_one_comes() {
    let mut store = store(None);
    let bad = module(b"bad", 2);
    take(&mut store, &bad, &[]).unwrap();
    let boot = store.boot().unwrap();
    assert!(boot.on_trial);
    assert_eq!(boot.report, Some(LastReset::Updated));
    store.reject(&boot, &LastReset::Failed("no sensor".into())).unwrap();
    let boot = store.boot().unwrap();
    assert_eq!(boot.firmware.sha256, Digest::of(&module(b"first", 1)).0);
    assert_eq!(boot.report, Some(LastReset::Failed("no sensor".into())));
    store.reported();
    assert_eq!(store.boot().unwrap().report, None);
    assert_eq!(refused(&mut store, &bad, &[]), Refusal::VALIDATION);
    take(&mut store, &module(b"better", 2), &[]).unwrap();
    let boot = store.boot().unwrap();
    store.confirm(&boot).unwrap();
    assert!(!store.boot().unwrap().on_trial);
    assert_eq!(refused(&mut store, &bad, &[]), Refusal::VALIDATION, "it is still remembered");
}

#[test]
fn p8_an_image_on_trial_is_not_written_over_and_one_that_never_reports_in_is_given_up() {
    let mut store = store(None);
    take(&mut store, &module(b"hangs", 2), &[]).unwrap();
    for _ in 0..3 {
        assert!(store.boot().unwrap().on_trial);
        let why = take(&mut store, &module(b"next", 3), &[]).unwrap_err().why;
        assert_eq!(why, Refusal::BUSY);
    }
    let boot = store.boot().unwrap();
    assert!(!boot.on_trial);
    assert!(matches!(boot.report, Some(LastReset::Failed(_))));
    take(&mut store, &module(b"next", 3), &[]).unwrap();
}

#[test]
fn the_image_that_runs_is_taken_again_without_a_byte() {
    let mut store = store(None);
    let first = module(b"first", 1);
    assert_eq!(store.begin(&start(&first, &[])), Ok(first.len() as u32));
    assert_eq!(store.finish(), Ok(()));
    assert!(!store.boot().unwrap().on_trial);
    assert_eq!(store.finish().unwrap_err().why, Refusal::NOT_RUNNING);
}

#[test]
fn every_reason_has_a_number_that_says_more_than_that_it_failed() {
    let reasons = [Reason::Sha256, Reason::CombinedMissing, Reason::AssetName];
    for reason in reasons {
        let declined = Declined::from(reason);
        assert_ne!(declined.why, Refusal::FAILED);
        assert_eq!(declined.message, reason.to_string());
    }
}
