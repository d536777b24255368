//! Who goes first when cores are few: the threads that devices wait for.

use crate::cloud::Cloud;
use std::fs;

#[test]
fn shards_and_journals_go_before_the_api_and_the_store() {
    let mut cloud = Cloud::start();
    let threads = threads_of(cloud.node().process());
    let niceness = |name: &str| -> Vec<i32> {
        let named = threads.iter().filter(|(thread, _)| thread.starts_with(name));
        named.map(|(_, niceness)| *niceness).collect()
    };
    let first: Vec<i32> = [niceness("shard-"), niceness("journal")].concat();
    let after: Vec<i32> = [niceness("store-"), niceness("tokio-rt")].concat();
    assert!(first.len() >= 2 && after.len() >= 3, "{threads:?}");
    assert!(first.iter().max() < after.iter().min(), "{threads:?}");
}

/// Name and niceness of each.
fn threads_of(process: u32) -> Vec<(String, i32)> {
    let folder = fs::read_dir(format!("/proc/{process}/task")).expect("the node runs");
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let parse = |stat: String| {
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        // The nineteenth field; the third comes after the name.
        Some((name.to_owned(), rest.split_whitespace().nth(16)?.parse().ok()?))
    };
    folder.flatten().filter_map(stat).filter_map(parse).collect()
}
