//! What `device.toml` may say, and that errors name the line.

use super::*;
use std::time::Duration;

const HEAD: &str = "id = \"0123456789abcdef01234567\"\ncloud = \"127.0.0.1:5684\"\n";

fn parse(rest: &str) -> Result<Config, Error> {
    Config::parse(&format!("{HEAD}{rest}"), Path::new("device.toml"))
}

fn error(rest: &str) -> String {
    parse(rest).unwrap_err().to_string()
}

#[test]
fn the_generated_file_is_valid() {
    let id: DeviceId = "0123456789abcdef01234567".parse().unwrap();
    let config =
        Config::parse(&template(id, "[::1]:5684", None), Path::new("device.toml")).unwrap();
    assert_eq!((config.id, config.platform_id, config.product_id), (id, 3, 3));
    assert_eq!(config.keepalive_seconds, 25);
    assert_eq!(config.events, Events::default());
}

#[test]
fn functions_variables_and_events_are_read() {
    let config = parse(
        "product_id = 12\n[functions]\nled = [\"/bin/led\", \"-s\"]\n[variables.t]\ntype = \"double\"\n\
         file = \"/t\"\n[variables.u]\ntype = \"string\"\ncommand = [\"u\"]\n[events]\nstdin = true\n\
         socket = \"e.sock\"\nsubscribe = [\"cmd/\"]\n",
    )
    .unwrap();
    assert_eq!(config.product_id, 12);
    assert_eq!(config.functions["led"], ["/bin/led", "-s"]);
    assert_eq!(
        config.variables["t"],
        Variable { kind: VariableType::Double, source: Source::File("/t".into()) }
    );
    assert!(config.events.stdin);
    assert_eq!(config.events.subscribe, ["cmd/"]);
}

#[test]
fn an_application_is_off_until_it_is_named() {
    let config = parse("").unwrap();
    assert_eq!((config.application, config.updates_enabled), (None, true));
    let config = parse(
        "[application]\nhealth = [\"check\"]\nhealth_within_seconds = 5\n[updates]\nenabled = false\n",
    )
    .unwrap();
    let application = config.application.unwrap();
    assert_eq!(application.health, Some(vec!["check".to_owned()]));
    assert_eq!(application.health_within, Duration::from_secs(5));
    assert_eq!(application.greeted_within, Duration::from_secs(600));
    assert!(!config.updates_enabled);
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    let error = error("wifi_password = \"x\"\n");
    assert!(error.starts_with("device.toml:3: "), "{error}");
    assert!(error.contains("wifi_password"), "{error}");
}

#[test]
fn every_wrong_value_is_named_with_its_line() {
    for (rest, line, word) in [
        ("keepalive_seconds = 1\n", 3, "5 to 3600"),
        ("platform_id = 70000\n", 3, "70000"),
        ("product_version = 65535\n", 3, "65534"),
        ("[functions]\nled = []\n", 4, "program"),
        ("[functions]\nled = \"rm -rf /\"\n", 4, "sequence"),
        ("[functions]\n\"a/b\" = [\"x\"]\n", 4, "slash"),
        ("\n[variables.t]\ntype = \"float\"\nfile = \"x\"\n", 5, "float"),
        ("\n[variables.t]\ntype = \"int\"\n", 4, "either command"),
        ("[events]\nsubscribe = [\"a\", \"b\", \"c\", \"d\", \"e\"]\n", 3, "at most 4"),
        ("[events]\nstdout = true\n", 4, "stdout"),
        ("[application]\nhealth = []\n", 4, "program"),
        ("[application]\nhealth_within_seconds = 0\n", 4, "1 to 86400"),
        ("[application]\nshell = true\n", 4, "shell"),
        ("[updates]\nenabled = 1\n", 4, "boolean"),
        ("protocol = \"tcp\"\n[application]\n", 4, "udp"),
        ("x = \n", 3, ""),
    ] {
        let error = error(rest);
        assert!(error.starts_with(&format!("device.toml:{line}: ")), "{rest:?}: {error}");
        assert!(error.contains(word), "{rest:?}: {error}");
    }
}

#[test]
fn a_bad_id_or_cloud_is_refused() {
    let text = "id = \"xyz\"\ncloud = \"a:1\"\n";
    let error = Config::parse(text, Path::new("d")).unwrap_err().to_string();
    assert_eq!(error, "d:1: an id is 24 hexadecimal digits");
    for cloud in ["host", "host:", "host:0", ":5684", "::1:5684", "[::1:5684", "a b:1", "h:70000"] {
        assert!(split_host_port(cloud).is_none(), "{cloud}");
    }
    assert_eq!(split_host_port("[::1]:5684"), Some(("::1", 5684)));
}

#[test]
#[cfg(feature = "tcp")]
fn a_device_of_the_tcp_service_has_the_bounds_of_its_generation() {
    let id: DeviceId = "0123456789abcdef01234567".parse().unwrap();
    for generation in Generation::ALL {
        let text = template(id, "127.0.0.1:5683", Some(generation));
        let config = Config::parse(&text, Path::new("device.toml")).unwrap();
        assert_eq!((config.tcp, config.keepalive_seconds), (Some(generation), 15));
        assert_eq!(config.platform_id, platform_of(generation));
    }
    let core = "protocol = \"tcp\"\ngeneration = \"core\"\n";
    let name = "thirteen_char = [\"true\"]\n";
    let said = error(&format!("{core}[functions]\n{name}"));
    assert!(said.contains("device.toml:6: a name has 1 to 12 bytes"), "{said}");
    parse(&format!("protocol = \"tcp\"\ngeneration = \"photon-2\"\n[functions]\n{name}")).unwrap();
    let said = error(&format!("{core}keepalive_seconds = 25\n"));
    assert!(said.contains("15 seconds"), "{said}");
    let said = error("protocol = \"tcp\"\ngeneration = \"boron\"\n");
    assert!(said.contains("device.toml:4: `boron` is no generation"), "{said}");
    assert!(error("generation = \"core\"\n").contains("protocol = \"tcp\""));
    assert!(error("protocol = \"quic\"\n").contains("\"udp\" or \"tcp\""));
}
