//! Any describe of a TCP device: reading it never panics, and what was read is read the same once written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::describe::Description;

fuzz_target!(|body: &[u8]| {
    for kind in [DescribeKind::System, DescribeKind::Application, DescribeKind::Metrics] {
        let Ok(read) = Description::parse(kind, body) else { continue };
        // The protobuf of later firmware holds more than JSON can say.
        if body.first() == Some(&b'{') || kind == DescribeKind::Metrics {
            let written = read.to_bytes().unwrap();
            assert_eq!(Description::parse(kind, &written), Ok(read));
        }
    }
});
