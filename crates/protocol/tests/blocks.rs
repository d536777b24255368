//! Bodies in blocks: order, bounds, and that what is cut comes together again.

use pintle_protocol::Error;
use pintle_protocol::block::{Assembler, Fetch, MAX_BODY, Progress, needs_blocks, piece};
use pintle_protocol::coap::{Block, Code, Kind, Message, MessageId, Token, Writer, option};
use proptest::collection::vec;
use proptest::prelude::*;

const fn block(num: u32, more: bool) -> Option<Block> {
    Some(Block { num, more, szx: 6 })
}

#[test]
fn a_body_without_a_block_option_is_whole() {
    let progress = Assembler::new().push(None, b"body");
    assert_eq!(progress, Ok(Progress::Complete(b"body".to_vec())));
}

#[test]
fn a_block_out_of_order_drops_what_was_held() {
    let mut assembler = Assembler::new();
    assert_eq!(assembler.push(block(1, true), &[0; 1024]), Err(Error::BlockSequence));
    assembler.push(block(0, true), &[0; 1024]).unwrap();
    assert_eq!(assembler.push(block(2, true), &[0; 1024]), Err(Error::BlockSequence));
    assert_eq!(assembler.held(), 0);
    assert_eq!(assembler.push(block(1, false), b"end"), Err(Error::BlockSequence));
}

#[test]
fn block_zero_begins_anew() {
    let mut assembler = Assembler::new();
    assembler.push(block(0, true), &[1; 1024]).unwrap();
    assembler.push(block(0, true), &[2; 1024]).unwrap();
    let Ok(Progress::Complete(body)) = assembler.push(block(1, false), b"") else { panic!() };
    assert_eq!(body, [2; 1024]);
}

#[test]
fn a_block_of_another_size_or_with_too_much_in_it_is_refused() {
    let mut assembler = Assembler::new();
    assert_eq!(assembler.push(block(0, true), &[0; 1023]), Err(Error::BlockOption));
    assert_eq!(assembler.push(block(0, false), &[0; 1025]), Err(Error::BlockOption));
    assembler.push(block(0, true), &[0; 1024]).unwrap();
    let smaller = Some(Block { num: 1, more: true, szx: 5 });
    assert_eq!(assembler.push(smaller, &[0; 512]), Err(Error::BlockSequence));
}

#[test]
fn a_body_ends_at_64_kib_and_is_then_forgotten() {
    let mut assembler = Assembler::new();
    for num in 0..64 {
        assembler.push(block(num, true), &[0; 1024]).unwrap();
    }
    assert_eq!(assembler.held(), MAX_BODY);
    assert_eq!(assembler.push(block(64, true), &[0; 1024]), Err(Error::BodyTooLarge));
    assert_eq!(assembler.held(), 0);
}

fn response(tag: &[u8], block: Block, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out, Kind::Confirmable, Code::CONTENT, MessageId(1), Token::EMPTY)
        .option(option::ETAG, tag)
        .unwrap()
        .block(option::BLOCK2, Some(block))
        .unwrap()
        .payload(payload);
    out
}

#[test]
fn a_body_that_changes_while_it_is_fetched_is_not_mixed() {
    let mut fetch = Fetch::new();
    let first = response(b"1", block(0, true).unwrap(), &[1; 1024]);
    let next = Block { num: 1, more: false, szx: 6 };
    assert_eq!(fetch.push(&Message::parse(&first).unwrap()), Ok(Progress::Next(next)));
    let other = response(b"2", block(1, false).unwrap(), &[2; 10]);
    assert_eq!(fetch.push(&Message::parse(&other).unwrap()), Err(Error::BlockSequence));
}

#[test]
fn no_piece_lies_past_the_end() {
    assert!(!needs_blocks(&[0; 1024]) && needs_blocks(&[0; 1025]));
    assert_eq!(piece(&[0; 1024], 1, 6), None);
    assert_eq!(piece(&[], 0, 6), Some((Block { num: 0, more: false, szx: 6 }, &[][..])));
    assert_eq!(piece(&[0; 10], u32::MAX, 6), None);
    assert_eq!(piece(&[0; 10], 0, 7), None);
}

proptest! {
    #[test]
    fn what_is_cut_comes_together_again(body in vec(any::<u8>(), 0..9000), szx in 0u8..7) {
        let mut assembler = Assembler::new();
        let mut complete = None;
        for num in 0.. {
            let Some((block, data)) = piece(&body, num, szx) else { break };
            if let Progress::Complete(whole) = assembler.push(Some(block), data).unwrap() {
                complete = Some(whole);
            }
        }
        prop_assert_eq!(complete, Some(body));
    }

    #[test]
    fn no_sequence_of_blocks_holds_more_than_its_bound(
        blocks in vec((0u32..4, any::<bool>(), 0u8..8, 0usize..1100), 0..40),
    ) {
        let mut assembler = Assembler::new();
        for (num, more, szx, length) in blocks {
            let _ = assembler.push(Some(Block { num, more, szx }), &vec![0; length]);
            prop_assert!(assembler.held() <= MAX_BODY);
        }
    }
}
