//! The faults.

use super::world::{LOCK, MANIFEST, NPM_LOCK, STATUS, VEX, World, advisory, entry};
use crate::Plant;
use pintle_checklist::Scene;

fn sound() -> Scene {
    World::sound().scene()
}

fn vulnerable(more: &str) -> Scene {
    World::sound().with("advisories/crates/lib/R-2.md", &advisory("R-2", "lib", more)).scene()
}

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

pub const PLANTS: &[Plant] = &[
    plant("dependency-readable", || World::sound().with("app/Cargo.lock", "[[package").scene()),
    plant("dependency-locked", || World::sound().without("web/package-lock.json").scene()),
    plant("dependency-lock-in-step", || {
        let manifest = MANIFEST.replace("old = \"1\"", "old = \"1\"\nnewer = \"1\"");
        World::sound().with("app/Cargo.toml", &manifest).scene()
    }),
    plant("dependency-checksums", || {
        let lock = NPM_LOCK.replace("\"integrity\":\"sha512-/w==\",", "");
        World::sound().with("web/package-lock.json", &lock).scene()
    }),
    plant("dependency-sources", || {
        let lock = LOCK.replacen(
            "registry+https://github.com/rust-lang/crates.io-index",
            "git+https://example.org/lib#1",
            1,
        );
        World::sound().with("app/Cargo.lock", &lock).scene()
    }),
    plant("dependency-install-scripts", || {
        let lock = NPM_LOCK.replace("\"license\"", "\"hasInstallScript\":true,\"license\"");
        World::sound().with("web/package-lock.json", &lock).scene()
    }),
    plant("dependency-vulnerable-critical", || {
        vulnerable("cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"")
    }),
    plant("dependency-vulnerable", || {
        World::sound()
            .with("advisories/debian/O-2.json", &entry("O-2", "Debian:12", "openssl"))
            .scene()
    }),
    plant("dependency-vulnerable-unreached", || {
        World::sound()
            .with("advisories/npm/O-3.json", &entry("O-3", "npm", "pad"))
            .with("web/index.js", "// nobody pads here")
            .scene()
    }),
    plant("dependency-unsound", || vulnerable("informational = \"unsound\"")),
    plant("dependency-unmaintained", || vulnerable("informational = \"unmaintained\"")),
    plant("dependency-yanked", || {
        let world = World::sound();
        world.index("lib", "1.2.0", true);
        world.scene()
    }),
    plant("dependency-advisories-recent", || {
        World::sound().declaring(|policy| policy.advisories_days = 2).scene()
    }),
    plant("dependency-licences-allowed", || {
        World::sound().declaring(|policy| policy.licences = vec!["ISC".into()]).scene()
    }),
    plant("dependency-licences-known", || {
        let lock = NPM_LOCK.replace("MIT", "as you like").replace(
            "\"node_modules/pad\"",
            "\"node_modules/told\":{\"version\":\"1.0.0\",\"license\":\"MIT\"},\"node_modules/pad\"",
        );
        World::sound().with("web/package-lock.json", &lock).scene()
    }),
    plant("dependency-system-supported", || {
        let release = "ID=debian\nVERSION_ID=\"10\"\nVERSION_CODENAME=buster\n";
        World::sound().with("root/etc/os-release", release).scene()
    }),
    plant("dependency-security-updates", || {
        World::sound().with("root/etc/apt/sources.list", "deb http://x bookworm main\n").scene()
    }),
    plant("dependency-packages-signed", || {
        World::sound()
            .with("root/etc/apt/sources.list.d/x.list", "deb [trusted=yes] http://x y main\n")
            .scene()
    }),
    plant("dependency-packages-whole", || {
        let status = STATUS.replace("ok installed", "ok half-configured");
        World::sound().with("root/var/lib/dpkg/status", &status).scene()
    }),
    plant("dependency-modules-met", || {
        let world = World::sound();
        world.needs_system(2);
        world.scene()
    }),
    plant("dependency-sbom-complete", || {
        let world = World::sound();
        let text =
            world.sbom(|_| true).replace("\"purl\": \"pkg:cargo/lib@1.2.0\"", "\"purl\": \"\"");
        world.with("app.cdx.json", &text).scene()
    }),
    plant("dependency-sbom-current", || {
        let world = World::sound();
        let text = world.sbom(|component| component.name != "lib");
        world.with("app.cdx.json", &text).scene()
    }),
    plant("dependency-vex-reasons", || {
        let said = VEX.replace(",\"justification\":\"vulnerable_code_not_in_execute_path\"", "");
        World::sound().with("vex.json", &said).scene()
    }),
    plant("dependency-vex-decided", || {
        let said =
            VEX.replace("not_affected", "under_investigation").replace("2026-11-20", "2026-10-01");
        World::sound().with("vex.json", &said).scene()
    }),
    plant("dependency-vex-applies", || {
        World::sound().with("vex.json", &VEX.replace("old@1.0.0", "old@2.0.0")).scene()
    }),
];
