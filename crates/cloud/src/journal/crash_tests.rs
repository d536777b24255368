//! The journal through crashes, torn tails, refusals and lies: what was reported durable is there again.
#![cfg(test)]
