//! The checklist's report in a real browser: a headless Chromium lays the page out at two widths, wide and narrow, and says
//! how wide it became; a picture of each is left under `target/report` to look at.
//!
//! The page has no script, so it is measured from a frame around it that has one.

use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::fs;
use std::path::Path;

/// A desk and a telephone, in CSS pixels.
const WIDTHS: [u32; 2] = [1280, 390];

/// So much of the page is on a picture.
const HEIGHT: u32 = 3000;

/// Lays out the report of everything that a report can have.
pub(crate) fn check() -> Result<(), Failure> {
    debian::ensure(&[Packaged { program: "chromium", package: "chromium" }])?;
    let folder = repo::target().join("report");
    let _ = fs::remove_dir_all(&folder);
    let report = folder.join("sample");
    Program::cargo()
        .args(["run", "--quiet", "--locked", "--package", "pintle-checklist"])
        .args(["--example", "sample_report", "--"])
        .arg(&report)
        .run()?;
    let page = read(&report.join("report.html"))?;
    for width in WIDTHS {
        let frame = folder.join(format!("frame-{width}.html"));
        fs::write(&frame, framed(&page, width)).map_err(|error| Failure::at(&frame, &error))?;
        no_wider_than(width, &folder, &frame)?;
        picture(width, &folder, &frame)?;
    }
    print(&folder, &report.join("report.html"))
}

/// Fails where a reader would have to scroll sideways.
fn no_wider_than(width: u32, folder: &Path, frame: &Path) -> Result<(), Failure> {
    let seen = chromium(folder)
        .args(["--dump-dom", "--virtual-time-budget=5000"])
        .arg(address(frame))
        .capture()?;
    let measured = seen.split("pintle-width ").nth(1).and_then(|rest| rest.split('<').next());
    match measured.and_then(|wide| wide.trim().parse::<u32>().ok()) {
        Some(wide) if wide <= width => {
            println!("{width} pixels: the page is {wide} wide");
            Ok(())
        }
        Some(wide) => Err(Failure::new(format!("at {width} pixels the page is {wide} wide"))),
        None => Err(Failure::new(format!("Chromium did not lay the page out at {width} pixels"))),
    }
}

/// The page in a frame of that width: a window is never as narrow as a telephone.
fn framed(page: &str, width: u32) -> String {
    let page = page.replace("&", "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html><body style=margin:0><iframe id=f width={width} height={HEIGHT} style=border:0 srcdoc=\"{page}\"></iframe><p id=m></p>\
         <script>f.onload = () => m.textContent = 'pintle-width ' + f.contentDocument.documentElement.scrollWidth</script>"
    )
}

fn picture(width: u32, folder: &Path, frame: &Path) -> Result<(), Failure> {
    let picture = folder.join(format!("report-{width}.png"));
    let out = format!("--screenshot={}", picture.display());
    chromium(folder)
        .arg(format!("--window-size={},{HEIGHT}", width.max(600)))
        .arg(out)
        .arg(address(frame))
        .capture()?;
    there(&picture)
}

fn print(folder: &Path, page: &Path) -> Result<(), Failure> {
    let paper = folder.join("report.pdf");
    chromium(folder)
        .arg("--no-pdf-header-footer")
        .arg(format!("--print-to-pdf={}", paper.display()))
        .arg(address(page))
        .capture()?;
    there(&paper)
}

fn there(path: &Path) -> Result<(), Failure> {
    match path.is_file() {
        true => {
            println!("{}", path.display());
            Ok(())
        }
        false => Err(Failure::new(format!("Chromium left no {}", path.display()))),
    }
}

fn chromium(folder: &Path) -> Program {
    let profile = folder.join("chromium");
    Program::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--no-first-run", "--disable-extensions", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.display()))
}

fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::at(path, &error))
}
