//! `pintle org` and `pintle team`.

use crate::args::{OrgCommand, TeamAt, TeamCommand, TeamOfArgs};
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::say;
use pintle_cloud::account::Role;
use pintle_cloud::control::{
    ControlError, MemberLine, OrganizationLine, Request, Response, TeamOf, TeamRequest,
};

pub fn run_org(command: OrgCommand) -> Result<(), Failure> {
    match command {
        OrgCommand::Create { name, owner, slug, at } => {
            run(TeamRequest::MakeOrganization { name, slug, owner }, &at)
        }
        OrgCommand::List { at } => run(TeamRequest::Organizations, &at),
    }
}

pub fn run_team(command: TeamCommand) -> Result<(), Failure> {
    match command {
        TeamCommand::List { of, at } => run(TeamRequest::List { of: place(of)? }, &at),
        TeamCommand::Set { account, role, of, at } => {
            role.parse::<Role>().map_err(Failure::usage)?;
            run(TeamRequest::Put { of: place(of)?, account, role }, &at)
        }
        TeamCommand::Remove { account, of, at } => {
            run(TeamRequest::Remove { of: place(of)?, account }, &at)
        }
    }
}

fn place(of: TeamOfArgs) -> Result<TeamOf, Failure> {
    match (of.product, of.org) {
        (Some(product), None) => Ok(TeamOf::Product(product)),
        (None, Some(org)) => Ok(TeamOf::Organization(org)),
        _ => Err(Failure::usage("give --product or --org")),
    }
}

fn run(team: TeamRequest, at: &TeamAt) -> Result<(), Failure> {
    let response = carry_out(&at.data, Request::Team { team })?;
    if at.json {
        say!("{}", serde_json::json!(response));
        return Ok(());
    }
    match &response {
        Response::Organizations { organizations } => organizations.iter().for_each(print_org),
        Response::Team { members } => members.iter().for_each(print_member),
        _ => return Err(Failure::failed(ControlError::Version)),
    }
    Ok(())
}

fn print_org(line: &OrganizationLine) {
    say!("{}  {:24} {}", line.id, line.slug, line.name);
}

fn print_member(line: &MemberLine) {
    let MemberLine { account, role, label, scopes } = line;
    match role {
        Some(role) => say!("{account}  {role}"),
        None => say!(
            "{account}  service {:?}: {}",
            label.as_deref().unwrap_or_default(),
            scopes.as_deref().unwrap_or_default()
        ),
    }
}
