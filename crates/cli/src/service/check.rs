//! `pintle service check`: looks at a host where Pintle runs or is to run, and says of each thing what it is and what
//! to do. What could not be looked at is said to be so, and never passes for good.

use crate::args::ServiceCheckArgs;
use crate::failure::Failure;
use crate::say::say;
use finding::{Finding, State};
use host::Host;

mod certificate;
mod clock;
mod disk;
mod finding;
mod folder;
mod host;
mod key;
mod limits;
mod node;
mod people;
mod ports;
mod process;
mod sandbox;
mod unit;

pub fn run(args: &ServiceCheckArgs) -> Result<(), Failure> {
    let host = Host::look_at(args.data.as_deref())?;
    let findings = all(&host);
    match args.json {
        true => say!("{}", as_json(&host, &findings)),
        false => print(&findings),
    }
    match count(&findings, State::Fail) {
        0 => Ok(()),
        1 => Err(Failure::failed("1 check failed")),
        failed => Err(Failure::failed(format!("{failed} checks failed"))),
    }
}

fn all(host: &Host) -> Vec<Finding> {
    let mut findings = unit::look(host.unit.as_ref());
    findings.extend(sandbox::look(host));
    findings.push(process::user(host));
    findings.extend(folder::look(host));
    findings.push(key::look(host));
    findings.extend(disk::look(host));
    findings.extend(clock::look(host));
    findings.extend(limits::look(host));
    findings.extend(ports::look(host));
    findings.push(certificate::look(host));
    findings.extend(node::look(host));
    findings
}

fn print(findings: &[Finding]) {
    findings.iter().for_each(|finding| say!("{finding}"));
    let [ok, warn, fail, not_tried] =
        [State::Ok, State::Warn, State::Fail, State::NotTried].map(|state| count(findings, state));
    say!("{ok} ok, {warn} warned of, {fail} failed, {not_tried} not tried");
}

fn as_json(host: &Host, findings: &[Finding]) -> serde_json::Value {
    let checks: Vec<_> = findings.iter().map(Finding::as_json).collect();
    serde_json::json!({
        "data": host.data,
        "failed": count(findings, State::Fail),
        "checks": checks,
    })
}

fn count(findings: &[Finding], state: State) -> usize {
    findings.iter().filter(|finding| finding.state == state).count()
}
