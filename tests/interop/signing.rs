//! What a team signs where no server is, and what a node makes of it: the files of the command line go to the API as they
//! are, and the node releases nothing that the reviewers have not signed.

use crate::api::Api;
use crate::cloud::{Cloud, output_of, pintle};
use crate::device::{Device, FUNCTION};
use crate::running::Running;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_firmware::module::{Builder, Function, Platform, Product};
use std::fs;
use std::path::PathBuf;

const PRODUCT: u16 = 10_042;
const VERSION: u16 = 7;
const ID: &str = "0b1e0000000000000000ca19";

/// A folder where the team's commands are typed.
struct Desk(PathBuf);

impl Desk {
    fn of(cloud: &Cloud) -> Self {
        let desk = Self(cloud.scratch("signing"));
        for name in ["root", "ci", "ann", "bob", "root2", "ci2"] {
            desk.done(&format!("keyring key --out {name}.key --public {name}.pub"));
        }
        desk.done(&format!(
            "keyring make --product {PRODUCT} --root root.pub --release ci.pub --review ann.pub bob.pub \
             --review-threshold 2 --expires 30 --sign root.key --out ring"
        ));
        let product = Some(Product { id: PRODUCT, version: VERSION });
        let module = Builder::new(Platform(3), Function::USER_PART, 0, b"#!/bin/sh\n");
        fs::write(desk.0.join("app.bin"), Builder { product, ..module }.build()).expect("a file");
        desk.done("release sign app.bin --key ci.key --counter 1 --number 1 --expires 30 --out r");
        desk
    }

    fn done(&self, line: &str) {
        output_of(pintle().args(line.split_whitespace()).current_dir(&self.0));
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).expect("a file")
    }

    fn base64(&self, name: &str) -> String {
        STANDARD.encode(self.file(name))
    }
}

fn path(rest: &str) -> String {
    format!("/v1/products/{PRODUCT}{rest}")
}

/// Asks for the release; whether it was done, and what was said.
fn release(api: &Api) -> (u16, String) {
    let version = VERSION.to_string();
    let (status, body) = api.put(&path("/firmware/release"), &[("version", &version)]);
    (status, body.to_string())
}

/// A device of the product that runs the version already, as one that it was developed on.
fn developed(cloud: &mut Cloud, api: &Api) -> Running {
    let device = Device::new(cloud, ID, cloud.udp());
    device.is_of_product(PRODUCT, VERSION);
    cloud.pin(ID, &device.public_key());
    let (status, body) = api.post(&path("/devices"), &[("id", ID)]);
    assert_eq!(status, 200, "{body}");
    let running = device.run();
    cloud.wait_for_device(api, ID, FUNCTION);
    running
}

#[test]
fn p8_a_node_releases_only_what_the_reviewers_have_signed_at_their_desks() {
    let mut cloud = Cloud::start();
    let (api, desk) = (cloud.log_in(), Desk::of(&cloud));
    crate::totp::enrol(&api);
    let id = PRODUCT.to_string();
    let product = [("id", id.as_str()), ("name", "Gateway"), ("platform_id", "3")];
    let (status, body) = api.post("/v1/products", &product);
    assert_eq!(status, 200, "{body}");
    let (status, body) = api.put(&path("/keyring"), &[("keyring", &desk.base64("ring"))]);
    assert_eq!((status, body["number"].as_u64()), (200, Some(1)), "{body}");

    let _device = developed(&mut cloud, &api);

    let files = [("file", &desk.file("app.bin")[..]), ("statement", &desk.file("r"))];
    let (status, body) = api.post_files(&path("/firmware"), &files);
    assert_eq!(status, 201, "{body}");
    for (reviewer, found) in [("ann", 0), ("bob", 1)] {
        let (status, said) = release(&api);
        assert!(status >= 400 && said.contains(&format!("{found} of 2 review")), "{status} {said}");
        desk.done(&format!("release review r --module app.bin --key {reviewer}.key"));
        let statement = [("statement", &*desk.base64("r"))];
        let (status, body) = api.put(&path(&format!("/firmware/{VERSION}")), &statement);
        assert_eq!(status, 200, "{body}");
    }
    let (status, said) = release(&api);
    assert_eq!(status, 200, "{said}");

    // Rotation: not without the old root.
    let next = "keyring next --from ring --root root2.pub --release ci2.pub --expires 30";
    desk.done(&format!("{next} --sign root2.key --out ring2"));
    let put = || api.put(&path("/keyring"), &[("keyring", &desk.base64("ring2"))]);
    assert!(put().0 >= 400);
    desk.done("keyring sign ring2 --from ring --key root.key");
    let (status, body) = put();
    assert_eq!((status, body["number"].as_u64()), (200, Some(2)), "{body}");
}
