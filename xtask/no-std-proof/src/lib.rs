//! Shows that `pintle-dtls` (with its RustCrypto backend), `pintle-firmware` and `pintle-protocol` build without the
//! standard library: a panic handler and an allocator are defined here, and the compiler refuses a
//! second of either. It is built and never run.

#![no_std]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;
use pintle_dtls as _;
use pintle_firmware as _;
use pintle_protocol as _;

/// An allocator with nothing to give: enough to link against.
struct Empty;

// SAFETY: a null pointer is how an allocator says that it has no memory, and nothing that was never
// handed out is ever given back.
unsafe impl GlobalAlloc for Empty {
    unsafe fn alloc(&self, _layout: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _memory: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Empty = Empty;

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
