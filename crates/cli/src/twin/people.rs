//! The people of a twin: an operator who made it, an owner, two strangers, and some with second factors. All of it is made
//! in the folder before anybody serves it.

use crate::failure::Failure;
use pintle_attack::target::Person;
use pintle_attack::totp;
use pintle_cloud::account::Accounts;
use pintle_cloud::clock::now_ms;
use pintle_cloud::config::FILE_NAME;
use pintle_cloud::folder::Folder;
use pintle_cloud::init::{CloudKeys, InitOptions, TcpKey, create_with};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

/// So many people with second factors: a code is good once, so each attack that needs one has a person of its own.
const GUARDED: usize = 5;
/// Their second factors were set up so long ago: the codes of now and of the half minutes beside it are still unused.
const AGO_MS: i64 = 120_000;

pub struct People {
    pub operator: Person,
    pub owner: Person,
    strangers: [Person; 2],
    guarded: Vec<Person>,
}

impl People {
    /// Makes the data folder and its people.
    pub fn make(data: &Path, config: &str, with_tcp: bool) -> Result<Self, Failure> {
        let operator = person("operator@twin.invalid")?;
        let options = InitOptions {
            user: operator.name.clone(),
            password: Zeroizing::new(operator.password.clone()),
            names: Vec::new(),
            contact: None,
            node_key: None,
            now_ms: now_ms(),
        };
        let tcp = with_tcp.then(TcpKey::generate).transpose().map_err(Failure::failed)?;
        create_with(data, &options, CloudKeys { udp: None, tcp }).map_err(Failure::failed)?;
        write_config(data, config)?;
        let folder = Folder::open(data).map_err(Failure::failed)?;
        let accounts = folder.accounts();
        let owner = add(&accounts, "owner@twin.invalid")?;
        let strangers =
            [add(&accounts, "outsider@twin.invalid")?, add(&accounts, "bystander@twin.invalid")?];
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(Failure::failed)?;
        let guarded = (1..=GUARDED).map(|place| {
            let mut person = add(&accounts, &format!("guarded-{place}@twin.invalid"))?;
            runtime.block_on(guard(&accounts, &mut person))?;
            Ok(person)
        });
        let guarded = guarded.collect::<Result<_, Failure>>()?;
        Ok(Self { operator, owner, strangers, guarded })
    }

    /// All that an attacker has; the operator is none of them.
    pub fn all(self) -> Vec<Person> {
        let Self { owner, strangers, guarded, .. } = self;
        std::iter::once(owner).chain(strangers).chain(guarded).collect()
    }
}

fn write_config(data: &Path, config: &str) -> Result<(), Failure> {
    let path = data.join(FILE_NAME);
    let file = OpenOptions::new().write(true).truncate(true).open(&path);
    file.and_then(|mut file| file.write_all(config.as_bytes()))
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn person(name: &str) -> Result<Person, Failure> {
    let mut bytes = Zeroizing::new([0; 16]);
    pintle_cloud::node_key::random(bytes.as_mut_slice()).map_err(Failure::failed)?;
    let password = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Person { name: name.to_owned(), password, seed: None })
}

fn add(accounts: &Accounts, name: &str) -> Result<Person, Failure> {
    let person = person(name)?;
    accounts.create_blocking(name, &person.password, now_ms()).map_err(Failure::failed)?;
    Ok(person)
}

async fn guard(accounts: &Accounts, person: &mut Person) -> Result<(), Failure> {
    let then_ms = now_ms().saturating_sub(AGO_MS);
    let account = accounts.find(&person.name).await.map_err(Failure::failed)?;
    let account = account.ok_or_else(|| Failure::failed("a person of the twin is missing"))?;
    let offer = accounts.offer_second_factor(account, &person.name, then_ms);
    let offer = offer.map_err(Failure::failed)?;
    let step = u64::try_from(then_ms / 30_000).unwrap_or_default();
    let code =
        totp::code(&offer.secret, step).ok_or_else(|| Failure::failed("a seed is damaged"))?;
    let enrolled = accounts.enrol(account, &offer.token, &code, then_ms).await;
    enrolled.map_err(Failure::failed)?;
    person.seed = Some(offer.secret.to_string());
    Ok(())
}
