//! Holds the package against what it promises, around a small stand-in for the program: contents, modes, owner,
//! conffile, scripts that a shell understands, and the same bytes twice.

use crate::process::{Failure, Program};
use crate::repo;
use std::fs;
use std::path::Path;

/// Lines that `dpkg-deb --contents` must have: mode and owner at the start, path at the end.
const CONTENTS: &[(&str, &str)] = &[
    ("-rwxr-xr-x root/root", "./usr/bin/pintle"),
    ("-rw-r--r-- root/root", "./usr/lib/systemd/system/pintle.service"),
    ("-rw-r--r-- root/root", "./usr/lib/sysusers.d/pintle.conf"),
    ("-rw-r--r-- root/root", "./usr/lib/tmpfiles.d/pintle.conf"),
    ("-rw-r--r-- root/root", "./etc/default/pintle"),
    ("-rw-r--r-- root/root", "./usr/share/doc/pintle/copyright"),
    ("-rw-r--r-- root/root", "./usr/share/doc/pintle/LICENSE-MIT"),
    ("-rw-r--r-- root/root", "./usr/share/doc/pintle/LICENSE-APACHE"),
    ("-rw-r--r-- root/root", "./usr/share/doc/pintle/service.md"),
    ("drwxr-xr-x root/root", "./usr/bin/"),
];

/// Packs the stand-in, twice, and looks inside.
pub(crate) fn check() -> Result<(), Failure> {
    let folder = repo::target().join("package/check");
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let stand_in = folder.join("stand-in");
    fs::write(&stand_in, "#!/bin/sh\nexit 0\n").map_err(|error| Failure::at(&stand_in, &error))?;
    let [one, two] = ["one", "two"].map(|name| super::pack(&stand_in, &folder.join(name)));
    let (one, two) = (one?, two?);
    contents(&one)?;
    control(&one, &folder)?;
    same(&one, &two)?;
    lint(&one)?;
    fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))
}

fn contents(package: &Path) -> Result<(), Failure> {
    let listed = Program::new("dpkg-deb").arg("--contents").arg(package).capture()?;
    let is_there = |(start, end): &(&str, &str)| {
        listed.lines().any(|line| line.starts_with(start) && line.ends_with(&format!(" {end}")))
    };
    match CONTENTS.iter().find(|wanted| !is_there(wanted)) {
        None => Ok(()),
        Some(wanted) => Err(Failure::new(format!("the package has no {wanted:?}:\n{listed}"))),
    }
}

fn control(package: &Path, folder: &Path) -> Result<(), Failure> {
    let info = Program::new("dpkg-deb").args(["--info"]).arg(package).capture()?;
    for wanted in
        ["Package: pintle", "Version: ", "Description: ", "conffiles", "postinst", "postrm"]
    {
        if !info.contains(wanted) {
            return Err(Failure::new(format!("the package's control has no {wanted:?}:\n{info}")));
        }
    }
    let unpacked = folder.join("control");
    Program::new("dpkg-deb").arg("--control").arg(package).arg(&unpacked).capture()?;
    for script in ["postinst", "prerm", "postrm"] {
        Program::new("sh").arg("-n").arg(unpacked.join(script)).capture()?;
    }
    let conffiles = unpacked.join("conffiles");
    match fs::read_to_string(&conffiles).map_err(|error| Failure::at(&conffiles, &error))?.as_str()
    {
        "/etc/default/pintle\n" => Ok(()),
        other => Err(Failure::new(format!("the conffiles are {other:?}"))),
    }
}

fn same(one: &Path, two: &Path) -> Result<(), Failure> {
    let read = |path: &Path| fs::read(path).map_err(|error| Failure::at(path, &error));
    match read(one)? == read(two)? {
        true => Ok(()),
        false => Err(Failure::new("the same program gave two different packages")),
    }
}

/// Debian's own checker, where it is installed. A stand-in is no program, so what it says of binaries does not count.
fn lint(package: &Path) -> Result<(), Failure> {
    if !Program::new("lintian").arg("--version").works() {
        println!("lintian is not installed: what it would say was not looked at");
        return Ok(());
    }
    Program::new("lintian")
        .args(["--fail-on", "error", "--allow-root", "--no-user-dirs", "--suppress-tags"])
        .arg("bogus-mail-host,wrong-path-for-interpreter")
        .arg(package)
        .capture()
        .map(drop)
}
