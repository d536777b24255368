//! A small fleet against a cloud of the test's own, on sockets.
