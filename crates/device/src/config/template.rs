//! The `device.toml` that a new device gets: what it needs, and the rest as comments.

use crate::generation::{Generation, KEEPALIVE_SECONDS as TCP_KEEPALIVE_SECONDS, platform_of};
use pintle_protocol::DeviceId;

/// Linux gateways and virtual devices.
pub(super) const PLATFORM: u16 = 3;
/// What Device OS does, too.
pub(super) const KEEPALIVE_SECONDS: u64 = 25;

/// The text for this device. `cloud` was checked to be `HOST:PORT`.
pub(crate) fn template(id: DeviceId, cloud: &str, tcp: Option<Generation>) -> String {
    let platform = tcp.map_or(PLATFORM, platform_of);
    let keepalive = if tcp.is_some() { TCP_KEEPALIVE_SECONDS } else { KEEPALIVE_SECONDS };
    let service = tcp.map(service).unwrap_or_default();
    format!(
        r#"# A device of Pintle. Its keys lie beside this file: device_key.der (secret), device_pub.der,
# and server_key.der, the cloud key that it is pinned to. Network credentials do not belong here.

id = "{id}"
# Where the cloud is: HOST:PORT.
cloud = "{cloud}"
{service}
# What the device says it is. Platform 3 is a gateway or virtual device, 0 a Core, 6 a Photon.
platform_id = {platform}
# product_id = {platform}
# product_version = 1

# Seconds of silence after which the cloud is pinged (5 to 3600).
keepalive_seconds = {keepalive}

# Functions run a program: never a shell, and the argument of the call becomes the last argument of the
# program. The result is the first line of its output if that is a number, else its exit code; -1 if it
# could not be run or took longer than 15 seconds. Programs run in this folder.
[functions]
# led = ["/usr/local/bin/led", "--set"]

# Variables are read when somebody asks: type is "int", "double", "string" or "bool".
# [variables.temperature]
# type = "double"
# command = ["/usr/local/bin/temperature"]
#
# [variables.uptime]
# type = "string"
# file = "/proc/uptime"

[events]
# Publish lines of standard input: `NAME DATA`, or {{"name": "...", "data": "..."}}.
stdin = false
# Publish the lines that programs write to this Unix socket, in the same form.
# socket = "events.sock"
# Print the events whose names begin with one of these (at most 4).
subscribe = []

# A device of the UDP service may run a program that its cloud updates: firmware, in two slots. A new one runs on trial
# until its health command ends with 0 (75: ask again) and the cloud has greeted it; else the last good one is back.
# `pintle device firmware install` puts the first one there; docs/firmware.md tells the rest.
# [application]
# health = ["/usr/local/bin/check-application"]
# health_within_seconds = 60
# greeted_within_seconds = 600
#
# [updates]
# enabled = true
"#
    )
}

/// What a device of the TCP service has besides.
fn service(generation: Generation) -> String {
    let (name, names) = (generation.name(), Generation::ALL.map(Generation::name).join(", "));
    format!(
        r#"
# It speaks the older TCP service, as this generation of firmware does: {names}.
protocol = "tcp"
generation = "{name}"
"#
    )
}
