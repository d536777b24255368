//! Blocks by operation: nothing held past its bound, and what is cut comes together again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::block::{Assembler, Fetch, MAX_BODY, Progress, piece};
use pintle_protocol::coap::{Block, Message};

fuzz_target!(|bytes: &[u8]| {
    let Some((&szx, rest)) = bytes.split_first() else { return };
    let mut assembler = Assembler::new();
    let mut whole = None;
    for num in 0.. {
        let Some((block, data)) = piece(rest, num, szx & 7) else { break };
        if let Ok(Progress::Complete(body)) = assembler.push(Some(block), data) {
            whole = Some(body);
        }
    }
    if szx & 7 < 7 && rest.len() <= MAX_BODY {
        assert_eq!(whole.as_deref(), Some(rest));
    }

    let mut assembler = Assembler::new();
    for operation in rest.chunks_exact(3) {
        let block = Block {
            num: u32::from(operation[0] >> 2),
            more: operation[0] & 1 == 1,
            szx: operation[1] & 7,
        };
        let data = vec![
            operation[2];
            if operation[0] & 2 == 0 { block.size() } else { operation[1].into() }
        ];
        if let Ok(Progress::Complete(body)) = assembler.push(Some(block), &data) {
            assert!(body.len() <= MAX_BODY);
        }
        assert!(assembler.held() <= MAX_BODY);
    }

    let mut fetch = Fetch::new();
    for datagram in rest.split(|byte| *byte == 0xfe) {
        if let Ok(message) = Message::parse(datagram) {
            let _ = fetch.push(&message);
        }
    }
});
