//! OAuth clients and customers through `particle-api-js`, and the command line that logs in with a browser.

use crate::cloud::{Cloud, PASSWORD, USER, output_of, pintle};
use crate::device::Device;
use crate::peers;
use crate::running::Running;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const PRODUCT: &str = "12345";
const ID: &str = "0b1e00000000000000000c11";

#[test]
fn particle_api_js_12_registers_clients_and_makes_customers() {
    let cloud = Cloud::start();
    let mut create = cloud.command(&["product", "create", "Green House", "--platform", "gcc"]);
    output_of(create.args(["--owner", USER, "--id", PRODUCT, "--slug", "green-house"]));
    let device = Device::new(&cloud, ID, cloud.udp());
    let key = device.public_key();
    output_of(cloud.pin_command("set").args(["--device", ID, "--key"]).arg(key));
    let added = cloud.log_in().post(&format!("/v1/products/{PRODUCT}/devices"), &[("id", ID)]);
    assert_eq!(added.0, 200, "{}", added.1);

    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/oauth.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([USER, PASSWORD, PRODUCT, ID]);
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    peers::without_proxies(&mut command);
    let mut node = Running::start(&mut command);
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "oauth.mjs: {status}\n{said}");
}

#[test]
fn p9_the_command_line_logs_in_with_a_browser_and_never_sees_the_password() {
    let cloud = Cloud::start();
    let config = cloud.scratch("config");
    let run = |words: &[&str]| {
        let mut command = pintle();
        command.args(words).env("XDG_CONFIG_HOME", &config).stdin(Stdio::null());
        command
    };
    let mut login = run(&["login", &cloud.api_url(), "--ca"]);
    let mut login = login.arg(cloud.ca()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(login.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), format!("Open {}/oauth/device", cloud.api_url()));
    let code = lines.next().unwrap().rsplit_once(' ').unwrap().1.to_owned();

    let browser = cloud.log_in();
    let typed = [("username", USER), ("password", PASSWORD), ("decision", "allow")];
    let mut form = vec![("user_code", code.as_str())];
    form.extend(typed);
    assert_eq!(browser.post("/oauth/device", &form).0, 200);
    assert_eq!(lines.next().unwrap(), format!("Logged in at {} as {USER}", cloud.api_url()));
    assert!(login.wait().unwrap().success());

    let listed = output_of(&mut run(&["secret", "list", "--json"]));
    assert!(listed.trim_start().starts_with(['[', '{']), "{listed}");
    assert!(output_of(&mut run(&["logout"])).contains("Logged out at"));
    let after = run(&["secret", "list"]).output().unwrap();
    assert_eq!(after.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&after.stderr).contains("pintle login"), "{after:?}");
}
