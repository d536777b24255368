//! What is somebody else's: taken over by its number in a body, reached under a disguise of its name, shown in a list.

use super::ground::{Ground, Step, Visitor, attack, expect, judged, untried};
use super::routes::Parts;
use crate::case::{Case, Cost, Group, Outcome};
use crate::https::Ask;
use serde_json::{Value, json};

/// By its number in a body.
pub const TAKEN_OVER: Case = Case {
    id: "api-object-taken-over",
    group: Group::Authorization,
    tries: "Claims somebody else's device, pins another key to it, adds it to webhooks and listens to its events, by its number.",
    expects: "Each is refused, and the device stays its owner's.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 5, taken_over),
};

/// Under another spelling.
pub const DISGUISED: Case = Case {
    id: "api-object-disguised",
    group: Group::Authorization,
    tries: "Asks for somebody else's device under other spellings: capitals, encodings, slashes, dots, zero bytes.",
    expects: "None of them leads to it.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 6, disguised),
};

/// In a list.
pub const LISTED: Case = Case {
    id: "api-object-listed",
    group: Group::Authorization,
    tries: "Asks for every list there is, and looks for what is somebody else's in it.",
    expects: "Lists hold one's own alone.",
    cost: Cost::Quick,
    run: |target, course| attack(target, course, 7, listed),
};

/// Things of the owner's.
pub struct Property {
    device: String,
    product: Option<u16>,
    webhook: String,
    client: String,
}

impl Property {
    /// Makes a webhook that never fires and a client.
    pub fn make(ground: &Ground<'_>, owner: &mut Visitor<'_, '_>) -> Step<Self> {
        let device = ground.device()?.id.clone();
        let webhook = json!({
            "event": "attack-property", "url": "https://receiver.invalid/", "disabled": true,
        });
        let webhook = expect(owner.post_json("/v1/integrations", &webhook)?, "a webhook")?;
        let client = json!({
            "name": "attack property", "type": "installed", "redirect_uri": "http://127.0.0.1/back",
        });
        let client = expect(owner.post_json("/v1/clients", &client)?, "an OAuth client")?.json();
        let client = client.pointer("/client/id").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            device,
            product: ground.target.product,
            webhook: webhook.text("id").ok_or_else(|| untried("a new webhook has no id"))?,
            client: client.to_owned(),
        })
    }

    /// As parts of paths.
    pub fn parts(&self) -> Parts {
        let known =
            [("device", &self.device), ("integration", &self.webhook), ("client", &self.client)];
        let known = known.map(|(part, value)| (part, value.clone()));
        let product = self.product.map(|product| ("product", product.to_string()));
        known.into_iter().chain(product).collect()
    }

    /// What of it the owner has lost.
    pub fn lost(&self, owner: &mut Visitor<'_, '_>) -> Step<Option<String>> {
        let product = self.product.map(|product| format!("/v1/products/{product}"));
        let all = [
            Some(format!("/v1/devices/{}", self.device)),
            Some(format!("/v1/integrations/{}", self.webhook)),
            product,
        ];
        for path in all.into_iter().flatten() {
            if !owner.get(&path)?.is_success() {
                return Ok(Some(
                    "the owner cannot reach afterwards what was the owner's".to_owned(),
                ));
            }
        }
        let clients = owner.get("/v1/clients")?;
        let there = String::from_utf8_lossy(&clients.body).contains(&self.client);
        Ok((!there).then(|| "the owner's client is gone afterwards".to_owned()))
    }

    /// Takes away what was made.
    pub fn remove(&self, owner: &mut Visitor<'_, '_>) -> Step<()> {
        owner.ask(&Ask::new("DELETE", format!("/v1/integrations/{}", self.webhook)))?;
        owner.ask(&Ask::new("DELETE", format!("/v1/clients/{}", self.client)))?;
        Ok(())
    }
}

fn taken_over(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut outsider = ground.logged_in(1, ground.outsider()?)?;
    let id = ground.device()?.id.as_str();
    let key = ground.target.udp_key.as_deref().and_then(|path| std::fs::read_to_string(path).ok());
    let key = key.unwrap_or_else(|| "not a key".to_owned());
    let hook = json!({ "event": "x", "url": "https://receiver.invalid/", "deviceID": id });
    let tries = [
        ("claiming it", Ask::new("POST", "/v1/devices").form(&[("id", id)])),
        (
            "claiming it as a transfer",
            Ask::new("POST", "/v1/devices").form(&[("id", id), ("request_transfer", "true")]),
        ),
        (
            "pinning a key at provisioning",
            Ask::new("POST", format!("/v1/provisioning/{id}")).form(&[("publicKey", &key)]),
        ),
        ("pinning a key", Ask::new("PUT", format!("/v1/keys/{id}")).form(&[("publicKey", &key)])),
        ("a webhook on it", Ask::new("POST", "/v1/integrations").json(&hook)),
        ("listening to it", Ask::new("GET", format!("/v1/devices/{id}/events"))),
        ("calling it", Ask::new("POST", format!("/v1/devices/{id}/led")).form(&[("args", "on")])),
        ("releasing it", Ask::new("DELETE", format!("/v1/devices/{id}"))),
        ("renaming it", Ask::new("PUT", format!("/v1/devices/{id}")).form(&[("name", "mine")])),
    ];
    let mut through = Vec::new();
    for (what, ask) in tries {
        let answer = outsider.ask(&ask)?;
        if answer.is_success() {
            through.push(format!("{what} was answered {}", answer.status));
        }
    }
    if !owner.get(&format!("/v1/devices/{id}"))?.is_success() {
        through.push("the device is its owner's no more".to_owned());
    }
    Ok(judged(&through, "nothing was taken over by its number, and the device is its owner's"))
}

fn disguised(ground: &Ground<'_>) -> Step<Outcome> {
    let mut outsider = ground.logged_in(0, ground.outsider()?)?;
    let id = ground.device()?.id.as_str();
    let (first, rest) = id.split_at_checked(1).unwrap_or((id, ""));
    let byte = first.bytes().next().unwrap_or_default();
    let own = "/v1/devices";
    let spellings = [
        format!("{own}/{}", id.to_ascii_uppercase()),
        format!("{own}/%{byte:02x}{rest}"),
        format!("{own}/{id}%20"),
        format!("{own}/%20{id}"),
        format!("{own}/{id}%00"),
        format!("{own}/{id}%0a"),
        format!("{own}/{id}/"),
        format!("{own}/{id}/."),
        format!("{own}/./{id}"),
        format!("{own}/x/../{id}"),
        format!("{own}/x/..%2f{id}"),
        format!("{own}//{id}"),
        format!("//v1/devices/{id}"),
        format!("{own}/{id};x=1"),
        format!("{own}/{id}%3f"),
        format!("{own}/{id}?device=1"),
        format!("{own}/1?device={id}"),
        format!("{own}/1?id={id}"),
        format!("{own}/{id}.json"),
    ];
    let mut through = Vec::new();
    for spelling in spellings {
        let answer = outsider.get(&spelling)?;
        if answer.is_success() {
            through.push(format!("{} led to it", spelling.replace(id, "ID")));
        }
    }
    Ok(judged(&through, "no spelling of its number led to somebody else's device"))
}

fn listed(ground: &Ground<'_>) -> Step<Outcome> {
    let mut owner = ground.logged_in(0, ground.owner()?)?;
    let mut outsider = ground.logged_in(1, ground.outsider()?)?;
    let property = Property::make(ground, &mut owner)?;
    let who = owner.get("/v1/user")?.text("id").unwrap_or_default();
    let secrets: Vec<&str> = [property.device.as_str(), &property.webhook, &property.client, &who]
        .into_iter()
        .filter(|secret| secret.len() > 4)
        .collect();
    let all = super::routes::all(&mut outsider)?.into_iter();
    let lists = all.filter(|one| one.method == "GET" && one.needs_token && one.parts.is_empty());
    let mut through = Vec::new();
    for list in lists {
        let answer = outsider.get(&list.path)?;
        let text = String::from_utf8_lossy(&answer.body);
        if secrets.iter().any(|secret| text.contains(secret)) {
            through.push(format!("{} shows what is somebody else's", list.path));
        }
    }
    property.remove(&mut owner)?;
    Ok(judged(&through, "no list shows a device, webhook, client or handle of somebody else"))
}
