//! What can be typed after `pintle fleet`.

use super::Protocol;
use clap::Args as ClapArgs;
use pintle_device::fleet::Product;
use pintle_device::{Generation, generation_named};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(ClapArgs)]
pub struct FleetArgs {
    /// The node's data folder: the fleet pins its keys there, and takes the cloud's key from there
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The service that the devices use: DTLS over UDP, or the older TCP service, where each takes a connection
    #[arg(long, value_name = "NAME", default_value = "udp")]
    pub protocol: Protocol,
    /// With --protocol tcp, the firmware of the devices: core, photon-0.7, photon-2 (the default) or photon-3
    #[arg(long, value_name = "NAME", value_parser = generation_named)]
    pub generation: Option<Generation>,
    /// How many devices; over TCP no more than this process may have files open
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub devices: u32,
    /// Events a second, of all devices together [default: one for each publisher every 10 s]
    #[arg(long, value_name = "EVENTS")]
    pub rate: Option<f64>,
    /// How many of the devices publish events [default: all]
    #[arg(long, value_name = "K")]
    pub publishers: Option<u32>,
    /// How many bytes of data an event has at least
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub payload: usize,
    /// Events that are not acknowledged
    #[arg(long)]
    pub unconfirmed: bool,
    /// Events that are acknowledged, and repeated until they are; this is the default
    #[arg(long, conflicts_with = "unconfirmed")]
    pub confirmable: bool,
    /// How long to go on once all are connected: 90, 90s, 10m, 2h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    pub duration: Duration,
    /// How long to wait at most until all are connected [default: a minute, and a second for each 500 devices]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub connect_within: Option<Duration>,
    /// How long to wait at most, at the end, for what is on its way: repetitions, devices that come back
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = time)]
    pub settle: Duration,
    /// Handshakes begun in a second at most; 0 is as many as --at-once allows
    #[arg(long, value_name = "HANDSHAKES", default_value_t = 0)]
    pub ramp: u32,
    /// How many devices may be on their way in at the same time
    #[arg(long, value_name = "N", default_value_t = 1024)]
    pub at_once: u32,
    /// How often every device pings; 0 for never
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = time)]
    pub ping: Duration,
    /// Of a hundred datagrams in either direction, how many are lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub loss: f64,
    /// How many of a hundred come twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub duplicate: f64,
    /// How many of a hundred come up to 40 ms late, behind others
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub reorder: f64,
    /// How many of a hundred come with one bit changed
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub corrupt: f64,
    /// How many of a hundred sent are followed by an older one, sent once more
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub replay: f64,
    /// Of a hundred devices, how many forget their session in a minute and shake hands again
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub churn: f64,
    /// The product that devices say they are of, and its version: 17 or 17:3 [default: none]
    #[arg(long, value_name = "ID[:VERSION]", value_parser = product)]
    pub product: Option<Product>,
    /// Of a hundred devices, how many fall back from every update: always the same ones
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub unhealthy: f64,
    /// How often every device changes its source port; 0 for never
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = time)]
    pub nat_rebind: Duration,
    /// Keys, ids and weather are made from it; two fleets on one node need two seeds
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Where the node takes devices, instead of what its config.toml says; only ever on loopback
    #[arg(long, value_name = "ADDR")]
    pub udp: Option<SocketAddr>,
    /// The same of the TCP service
    #[arg(long, value_name = "ADDR")]
    pub tcp: Option<SocketAddr>,
    /// The account that gets the devices; without one, their events are shown to nobody
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// The keys are pinned already, by a run with --keep or --pin-only
    #[arg(long)]
    pub pinned: bool,
    /// Pin the keys, and end there
    #[arg(long, conflicts_with = "pinned")]
    pub pin_only: bool,
    /// Leave the pins at the end
    #[arg(long)]
    pub keep: bool,
    /// Save on the fleet's own part of the handshakes: one ephemeral key for many of them, and the cloud's
    /// signature checked in one of 16
    #[arg(long)]
    pub lean: bool,
    /// Keep this process on one processor core, counted from 0
    #[arg(long, value_name = "N")]
    pub core: Option<usize>,
    /// Write the result as JSON to a file, or with - to standard output
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write every acknowledged event to a file: the device's number, a space, and the event's count
    #[arg(long, value_name = "FILE")]
    pub acknowledged: Option<PathBuf>,
}

/// A time: a number, and s, m, h or ms; a bare number is in seconds.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("" | "s") => 1.0,
        Some("ms") => 0.001,
        Some("m") => 60.0,
        Some("h") => 3600.0,
        _ => return Err("a time is a number of seconds, or like 500ms, 90s, 10m, 2h".into()),
    };
    let number: Result<f64, _> = digits.parse();
    let seconds = number.map_err(|_| format!("`{digits}` is not a number"))? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| "a time is not negative, nor endless".into())
}

/// A product, and its version if it has another than 1.
fn product(text: &str) -> Result<Product, String> {
    let (id, version) = text.split_once(':').unwrap_or((text, "1"));
    let number =
        |text: &str| text.parse().map_err(|_| format!("`{text}` is no number up to 65535"));
    Ok(Product { id: number(id)?, version: number(version)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_unit() {
        for (text, millis) in
            [("90", 90_000), ("1.5s", 1500), ("250ms", 250), ("10m", 600_000), ("2h", 7_200_000)]
        {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "ten", "3d", "-1s", "1e400", "NaN"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
