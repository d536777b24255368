//! `pintle user`.

use crate::args::UserCommand;
use crate::failure::Failure;
use crate::new_password;
use crate::pin::carry_out;
use crate::say::say;
use pintle_cloud::clock::iso8601;
use pintle_cloud::control::{ControlError, Password, PeopleRequest, PersonLine, Request, Response};
use std::path::PathBuf;

pub fn run(command: UserCommand) -> Result<(), Failure> {
    let (data, json, people) = asked(command)?;
    let response = carry_out(&data, Request::People { people })?;
    if json {
        say!("{}", serde_json::json!(response));
        return Ok(());
    }
    match response {
        Response::Person { handle, done } => say!("{handle} {done}"),
        Response::People { people } => people.iter().for_each(print),
        _ => return Err(Failure::failed(ControlError::Version)),
    }
    Ok(())
}

fn asked(command: UserCommand) -> Result<(PathBuf, bool, PeopleRequest), Failure> {
    let typed = |what: &str, from_stdin| {
        new_password::read(&format!("Password for {what}: "), from_stdin)
            .map(|password| Password::from(password.as_str()))
    };
    Ok(match command {
        UserCommand::Create { name, with } => {
            let password = typed(&name, with.password_stdin)?;
            (with.data, with.json, PeopleRequest::Create { name, password })
        }
        UserCommand::List { data, json } => (data, json, PeopleRequest::List),
        UserCommand::Reset { user, with } => {
            let password = typed(&user, with.password_stdin)?;
            (with.data, with.json, PeopleRequest::Reset { user, password })
        }
        UserCommand::MfaReset { user, data, json } => {
            (data, json, PeopleRequest::ResetSecondFactor { user })
        }
    })
}

fn print(person: &PersonLine) {
    let factor = if person.has_second_factor { "second factor" } else { "password only" };
    say!(
        "{} {:8} {factor:13} {:3} devices, since {}",
        person.handle,
        person.kind,
        person.devices,
        iso8601(person.created_at_ms)
    );
}
