//! The three describes: there and back, bounds, what must not be kept, and that arbitrary bytes never panic.

use pintle_protocol::Error;
use pintle_protocol::describe::{
    Application, Asset, Dependency, Metric, MetricId, Metrics, Module, ModuleFunction, Security,
    System,
};
use pintle_protocol::value::VariableType;
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

/// One protobuf field of bytes, short enough for one-byte numbers.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2, bytes.len() as u8];
    out.extend(bytes);
    out
}

#[test]
fn p6_what_names_a_sim_or_a_modem_is_gone_after_reading() {
    let module = field(1, &[8, 4, 0x18, 1]);
    let secrets = [
        field(2, b"359999999999999"),
        field(3, b"8988888888888888888"),
        field(4, b"L0.0.00.00.05.06"),
    ];
    let system = System::parse(&[module.clone(), secrets.concat()].concat()).unwrap();
    assert_eq!(system, System::parse(&module).unwrap());
    let shown = format!("{system:?}");
    assert!(!shown.contains("359999") && !shown.contains("89888") && !shown.contains("L0.0"));
    let written = system.to_protobuf();
    assert!(!written.windows(6).any(|window| window == b"359999" || window == b"898888"));
}

#[test]
fn p6_what_says_where_a_device_is_cannot_be_a_metric() {
    let places = [15u16, 16, 18, 40, 41, 42, 43];
    let mut report = b"\x00\x04\x00\x02\x00\x04\x00".to_vec();
    for id in places.into_iter().chain([2]) {
        report.extend(id.to_le_bytes());
        report.extend(0x0a00_0001u32.to_le_bytes());
    }
    let metrics = Metrics::parse(&report).unwrap();
    let kept: Vec<_> = metrics.as_slice().iter().map(|metric| metric.id.number()).collect();
    assert_eq!(kept, [2]);
    assert!(places.iter().all(|id| MetricId::new(*id).is_none()));
}

#[test]
fn a_failed_measurement_carries_its_code() {
    let report = b"\x00\x04\x00\x02\x00\x04\x00\x19\x80\x9c\xff\xff\xff";
    let metrics = Metrics::parse(report).unwrap();
    let failed = Metric { id: MetricId::new(25).unwrap(), value: Err(-100) };
    assert_eq!(metrics.as_slice(), [failed]);
    assert_eq!(metrics.to_bytes(), report);
    assert_eq!(Metrics::parse(&report[..12]), Err(Error::Metrics));
    assert_eq!(Metrics::parse(b"\x00\x04\x00\x04\x00\x04\x00"), Err(Error::Metrics));
}

#[test]
fn an_application_keeps_the_order_of_the_device() {
    let json = br#"{"f":["z","a"],"v":{"y":9,"b":2}}"#;
    let application = Application::parse(json).unwrap();
    assert_eq!(application.functions, ["z", "a"]);
    assert_eq!(application.variable("b"), Some(VariableType::Int));
    assert_eq!(application.variable("c"), None);
    assert!(application.has_function("a") && !application.has_function("b"));
    assert_eq!(application.to_json().unwrap(), json);
}

#[test]
fn keys_and_types_of_later_versions_are_passed_over() {
    let json = br#"{"x":[{"deep":[1,2]}],"f":["a"],"v":{"new":77,"old":4},"p":12}"#;
    let application = Application::parse(json).unwrap();
    assert_eq!(application.functions, ["a"]);
    assert_eq!(application.variables, [("old".to_owned(), VariableType::String)]);
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(Application::parse(deep.as_bytes()), Ok(Application::default()));
}

#[test]
fn an_application_over_its_limits_is_refused() {
    let names = |count: usize| (0..count).map(|n| format!("\"n{n}\"")).collect::<Vec<_>>();
    let functions = |count| format!("{{\"f\":[{}]}}", names(count).join(","));
    assert!(Application::parse(functions(100).as_bytes()).is_ok());
    let variables = |count| {
        let entries: Vec<_> = names(count).iter().map(|name| format!("{name}:2")).collect();
        format!("{{\"v\":{{{}}}}}", entries.join(","))
    };
    assert!(Application::parse(variables(100).as_bytes()).is_ok());
    let wrong = [
        functions(101),
        variables(101),
        format!("{{\"f\":[\"{}\"]}}", "n".repeat(65)),
        r#"{"f":[""]}"#.into(),
        r#"{"f":["a","a"]}"#.into(),
        r#"{"v":{"a":2,"a":4}}"#.into(),
        r#"{"v":{"a":"int"}}"#.into(),
        r#"{"f":"a"}"#.into(),
        r#"{"f":["a"]} trailing"#.into(),
        "[]".into(),
        String::new(),
    ];
    for json in wrong {
        let shown: String = json.chars().take(40).collect();
        assert_eq!(Application::parse(json.as_bytes()), Err(Error::ApplicationDescribe), "{shown}");
    }
    let many = Application { functions: vec!["f".into(); 101], variables: vec![] };
    assert_eq!(many.to_json(), Err(Error::ApplicationDescribe));
}

#[test]
fn a_system_over_its_limits_or_broken_is_refused() {
    let module = field(1, &[8, 4]);
    assert!(System::parse(&module.repeat(64)).is_ok());
    let wrong = [
        module.repeat(65),
        vec![0x0a, 5, 1],
        vec![0x0a],
        vec![0x0b],
        vec![0x08, 0x80],
        vec![0; 2],
        [&[0x08][..], &[0xff; 10]].concat(),
        field(1, &[0x10, 0xff, 0xff, 3]),
        field(1, &field(8, &[1; 31])),
        vec![0x08, 1],
    ];
    for message in wrong {
        assert_eq!(System::parse(&message), Err(Error::SystemDescribe), "{message:02x?}");
    }
}

prop_compose! {
    fn any_asset()(
        hash: Option<[u8; 32]>, name in "[a-z.]{0,20}", size: u32, storage_size: u32,
    ) -> Asset {
        Asset { hash, name, size, storage_size }
    }
}

prop_compose! {
    fn any_dependency()(function: u8, index: u8, version: u16) -> Dependency {
        Dependency { function: ModuleFunction(function), index, version }
    }
}

prop_compose! {
    fn any_module()(
        bytes in any::<(u8, u8, u16, u8)>(), words in any::<(u32, u32, u32, u32)>(),
        hash: Option<[u8; 32]>, dependencies in vec(any_dependency(), 0..4),
        assets in vec(any_asset(), 0..3),
        security in of((any::<u32>(), vec(any::<u8>(), 0..=64))),
    ) -> Module {
        Module {
            function: ModuleFunction(bytes.0), index: bytes.1, version: bytes.2, store: bytes.3,
            max_size: words.0, checked: words.1, passed: words.2, hash, dependencies, assets,
            size: words.3,
            security: security.map(|(mode, fingerprint)| Security { mode, fingerprint }),
        }
    }
}

proptest! {
    #[test]
    fn a_system_is_the_same_on_the_other_side(
        modules in vec(any_module(), 0..6), assets in vec(any_asset(), 0..4),
    ) {
        let system = System { modules, assets };
        prop_assert_eq!(System::parse(&system.to_protobuf()), Ok(system));
    }

    #[test]
    fn an_application_is_the_same_on_the_other_side(
        functions in btree_set("[a-zA-Z0-9_\"\\\\é]{1,30}", 0..20),
        names in btree_set("[a-z]{1,30}", 0..20),
    ) {
        let variables = names.into_iter().map(|name| (name, VariableType::Double)).collect();
        let application = Application { functions: functions.into_iter().collect(), variables };
        prop_assert_eq!(Application::parse(&application.to_json().unwrap()), Ok(application));
    }

    #[test]
    fn metrics_are_the_same_on_the_other_side(
        entries in vec((0u16..0x8000, any::<i32>(), any::<bool>()), 0..40),
    ) {
        let metrics = entries.into_iter().filter_map(|(id, number, failed)| {
            let value = if failed { Err(number | i32::MIN) } else { Ok(number) };
            Some(Metric { id: MetricId::new(id)?, value })
        });
        let metrics = Metrics::new(metrics.collect());
        prop_assert_eq!(Metrics::parse(&metrics.to_bytes()), Ok(metrics));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = System::parse(&bytes);
        let _ = Application::parse(&bytes);
        let _ = Metrics::parse(&bytes);
    }
}
