//! Any answer to a read or call, and any goodbye and Hello: reading never panics and survives writing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::goodbye::Goodbye;
use pintle_protocol::hello::Hello;
use pintle_protocol::value::{self, VariableType};

fuzz_target!(|bytes: &[u8]| {
    for kind in [VariableType::Bool, VariableType::Int, VariableType::String, VariableType::Double]
    {
        let Ok(value) = value::decode(kind, bytes) else { continue };
        assert_eq!(value.kind(), kind);
        let encoded = value.encode();
        let again = value::decode(kind, &encoded).unwrap();
        assert_eq!(again.encode(), encoded);
        let _ = value.text();
    }
    let _ = value::decode_result(bytes);
    if let Ok(hello) = Hello::parse(bytes) {
        assert_eq!(Hello::parse(&hello.to_bytes()), Ok(hello));
    }
    if let Ok(goodbye) = Goodbye::parse(bytes) {
        let mut out = Vec::new();
        goodbye.write(&mut out);
        assert_eq!(Goodbye::parse(&out), Ok(goodbye));
    }
});
