//! The API against its own description: Schemathesis makes thousands of requests of `/v1/openapi.json` and holds every
//! answer against it. `cargo xtask peers` installs it.

use crate::api::Api;
use crate::cloud::Cloud;
use crate::device::{Device, FUNCTION};
use crate::peers::without_proxies;
use crate::totp;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A device that `schemathesis.toml` knows of.
const DEVICE: &str = "0a0a0a0a0a0a0a0a0a0a0a0a";
/// So many requests at least, or it says nothing.
const REQUESTS: u64 = 5_000;
/// Otherwise most of the answers would be 429, which the description has.
const NO_QUOTAS: &str = "
[limits]
requests = 1000000
account_requests = 1000000
logins = 1000000
tokens = 1000000
";
/// What never ends by itself, or ends the token that all else is asked with.
const LEFT_OUT: &str = "_events(_|$)|^delete_v1_access_tokens|^delete_v1_user$";

#[test]
fn every_answer_to_thousands_of_requests_is_one_that_the_description_has() {
    let mut cloud = Cloud::start_with(NO_QUOTAS);
    let device = Device::new(&cloud, DEVICE, cloud.udp());
    cloud.pin(DEVICE, &device.public_key());
    let _running = device.run();
    let api = cloud.log_in();
    totp::enrol(&api);
    cloud.wait_for_device(&api, DEVICE, FUNCTION);
    let (status, made) = api.post("/v1/products", &[("name", "lamp"), ("platform_id", "13")]);
    assert_eq!(status, 200, "{made}");
    let (status, made) = api.post("/v1/orgs", &[("name", "acme"), ("slug", "acme")]);
    assert_eq!(status, 201, "{made}");

    // Two at once, since it is Schemathesis that takes the time; what takes things away comes last.
    let run = |name: &str, which: &[&str]| Run::new(&cloud, &api, name, which);
    let got = run("got", &["--include-method", "GET"]);
    let sent = run("sent", &["--exclude-method", "GET", "--exclude-method", "DELETE"]);
    let got = std::thread::spawn(|| got.finish());
    let first = sent.finish() + got.join().expect("what is got");
    let asked = first + run("deleted", &["--include-method", "DELETE"]).finish();
    println!("{asked} requests, {first} before anything was taken away");
    assert!(asked >= REQUESTS, "only {asked} requests");
}

/// Schemathesis, about to ask for some of the operations.
struct Run {
    command: Command,
    report: PathBuf,
}

impl Run {
    fn new(cloud: &Cloud, api: &Api, name: &str, which: &[&str]) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = cloud.scratch(name);
        let report = folder.join("report.json");
        let mut command = Command::new(program(&here));
        command.arg("--config-file").arg(here.join("tests/interop/contract/schemathesis.toml"));
        command.args(["run", &format!("{}/v1/openapi.json", cloud.api_url())]);
        command.arg("--tls-verify").arg(cloud.ca());
        command.args(["--header", &format!("Authorization: Bearer {}", api.token())]);
        command.args(["--exclude-operation-id-regex", LEFT_OUT]).args(which);
        command.args(["--report", "json", "--report-json-path"]).arg(&report);
        command.current_dir(&folder).env("NO_PROXY", "*").env("NO_COLOR", "1");
        without_proxies(&mut command);
        Self { command, report }
    }

    /// How many requests were made; panics with what Schemathesis said where an answer was not right.
    fn finish(mut self) -> u64 {
        let output = self.command.output().expect("Schemathesis starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stderr));
        let report = fs::read_to_string(&self.report).expect("a report");
        let report: Value = serde_json::from_str(&report).expect("a report is JSON");
        assert_eq!(report["complete"], true, "{said}");
        report["test_cases"]["generated"].as_u64().expect("a number of test cases")
    }
}

fn program(here: &Path) -> PathBuf {
    let program = here.join("target/tools/schemathesis/bin/st");
    assert!(program.exists(), "Schemathesis is not installed: run `cargo xtask peers`");
    program
}
