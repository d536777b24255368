//! People and their second factors: with the clients that there are, unmodified, and with `pintle user`.

use crate::api::Api;
use crate::authenticator::Authenticator;
use crate::cloud::{Cloud, PASSWORD, USER};
use crate::particle_cli::{Cli, node_22};
use crate::peers;
use crate::running::Running;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const GRACE: &str = "grace@example.com";
const HER_PASSWORD: &str = "nanoseconds are short wires";

/// `pintle user`, with a line for its standard input; what it printed, or what it refused with.
fn user(cloud: &Cloud, words: &[&str], line: &str) -> Result<Value, String> {
    let mut command = cloud.command(&[&["user"], words].concat());
    let mut running = Running::start(command.arg("--json"));
    running.write(format!("{line}\n").as_bytes());
    let status = running.wait_for_end();
    let said = running.said();
    match status.code() {
        Some(0) => Ok(serde_json::from_str(&said).expect("JSON")),
        code => {
            assert_eq!(code, Some(2), "{words:?}: {said}");
            Err(said)
        }
    }
}

fn create(cloud: &Cloud, name: &str, password: &str) -> Result<Value, String> {
    user(cloud, &["create", name, "--password-stdin"], password)
}

fn second_factor_with(cloud: &Cloud, cli: &Cli) {
    let authenticator = Authenticator::enrol(&cloud.log_in());
    let (success, said) = cli.try_run(&["login", "-u", USER, "-p", PASSWORD, "--otp", "000000"]);
    assert!(!success, "a wrong code was taken:\n{said}");
    cli.run(&["login", "-u", USER, "-p", PASSWORD, "--otp", &authenticator.next_code()]);
    cli.expect(&["whoami"], USER);
    let code = &authenticator.recovery_codes[0];
    cli.run(&["login", "-u", USER, "-p", PASSWORD, "--otp", code]);
}

#[test]
fn p9_particle_cli_3_43_logs_in_with_a_second_factor() {
    let cloud = Cloud::start();
    second_factor_with(&cloud, &Cli::new(&cloud, "particle-cli-3.43", peers::node()));
}

#[test]
fn p9_particle_cli_3_51_logs_in_with_a_second_factor() {
    let cloud = Cloud::start();
    second_factor_with(&cloud, &Cli::new(&cloud, "particle-cli-3.51", node_22()));
}

#[test]
fn particle_api_js_12_registers_changes_protects_and_ends_an_account() {
    let cloud = Cloud::start_with("\n[accounts]\nregistration = true\n");
    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/people.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([GRACE, HER_PASSWORD]);
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    peers::without_proxies(&mut command);
    let mut node = Running::start(&mut command);
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "people.mjs: {status}\n{said}");
}

#[test]
fn an_operator_makes_accounts_and_lets_people_in_again() {
    let mut cloud = Cloud::start();
    let refused = create(&cloud, GRACE, "password1").expect_err("it is guessed at once");
    assert!(refused.contains("guessed too easily"), "{refused}");
    let made = create(&cloud, GRACE, HER_PASSWORD).expect("it is made");
    let handle = made["handle"].as_str().expect("a handle").to_owned();
    create(&cloud, "Grace@Example.com", HER_PASSWORD).expect_err("it is the same name");

    let (url, ca) = (cloud.api_url(), cloud.ca());
    let hers = Api::log_in(&url, &ca, GRACE, HER_PASSWORD);
    Authenticator::enrol(&hers);
    let listed = user(&cloud, &["list"], "").expect("a list");
    let people = listed["people"].as_array().expect("a list");
    let kinds = people.iter().map(|one| (&one["kind"], &one["has_second_factor"]));
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [(&"person".into(), &false.into()), (&"person".into(), &true.into())],
        "{listed}"
    );
    assert!(!listed.to_string().contains("grace"), "{listed}");

    let (status, body) = Api::try_to_log_in(&url, &ca, GRACE, HER_PASSWORD);
    assert_eq!((status, body["error"].as_str()), (403, Some("mfa_required")));
    user(&cloud, &["mfa-reset", &handle], "").expect("it is taken away");
    user(&cloud, &["mfa-reset", &handle], "").expect_err("it is gone");
    user(&cloud, &["reset", &handle, "--password-stdin"], "another that she never had")
        .expect("it is set");
    assert_eq!(hers.get("/v1/user").0, 401, "whoever was logged in is logged out");
    assert_eq!(Api::try_to_log_in(&url, &ca, GRACE, HER_PASSWORD).0, 400);

    cloud.stop();
    user(&cloud, &["reset", GRACE, "--password-stdin"], HER_PASSWORD).expect("at rest, too");
    user(&cloud, &["reset", "nobody", "--password-stdin"], HER_PASSWORD).expect_err("nobody");
    cloud.start_again();
    Api::log_in(&url, &ca, &handle, HER_PASSWORD);
}
