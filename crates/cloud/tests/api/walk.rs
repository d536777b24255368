//! Everyone walks through every route (promise P9). The routes come from the table that the router is made from, and what
//! each of them asks for says how the walk must end, so a route that is not walked is not there.

mod page;
mod people;

use axum::body::Body;
use axum::http::{Method, Request, header};
use pintle_cloud::account::{Role, Scope, Scopes};
use pintle_cloud::api::route::{Entry, Needs};
use pintle_cloud::api::{entries, rehearsal};
use tower::ServiceExt as _;

use super::harness::{Cloud, Script};
use people::{Actor, World};

/// What a handler that was reached says in a rehearsal.
const REACHED: u16 = 418;

fn table() -> Vec<Entry> {
    entries::<Script>()
}

/// How the walk of one through a route must end.
fn expected(actor: &Actor, entry: &Entry) -> u16 {
    let Some(scopes) = actor.scopes else {
        return if entry.needs == Needs::Nothing { REACHED } else { 401 };
    };
    if entry.needs.scope().is_some_and(|scope| !scopes.contains(scope)) {
        return 403;
    }
    let through = match entry.needs {
        Needs::Nothing | Needs::Token => REACHED,
        Needs::Own(_) if actor.is_person => REACHED,
        Needs::Own(_) => 403,
        Needs::Device(_) if actor.has_device => REACHED,
        Needs::Device(_) => 404,
        Needs::Product(scope) => shared(actor, standing(actor.in_product, scope), scope),
        Needs::Org(scope) => shared(actor, standing(actor.in_organization, scope), scope),
    };
    let stale = entry.is_fresh && !actor.is_fresh;
    if through == REACHED && stale { 403 } else { through }
}

fn standing(scopes: Option<Scopes>, scope: Scope) -> u16 {
    match scopes {
        None => 404,
        Some(scopes) if scopes.contains(scope) => REACHED,
        Some(_) => 403,
    }
}

/// Who may do more than a developer in what is shared must have a second factor.
fn shared(actor: &Actor, through: u16, scope: Scope) -> u16 {
    let administers = !Role::Developer.scopes().contains(scope);
    if through == REACHED && administers && actor.lacks_second_factor { 403 } else { through }
}

/// A path of the route, with what is there in this world.
fn path(entry: &Entry, world: &World, actor: &Actor) -> String {
    let fill = |part: &str| match part {
        "{product}" => actor.product.to_string(),
        "{device}" => actor.device.to_owned(),
        "{org}" => world.organization.clone(),
        part if part.starts_with('{') => "1".to_owned(),
        part => part.to_owned(),
    };
    entry.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn ask(router: &axum::Router, method: Method, path: &str, token: Option<&str>) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn p9_everyone_gets_through_every_route_as_the_table_says_and_not_otherwise() {
    let world = World::new().await;
    let router = rehearsal(world.cloud.state.clone());
    let mut wrong = Vec::new();
    for actor in world.everyone().await {
        for entry in table() {
            let path = path(&entry, &world, &actor);
            let expected = expected(&actor, &entry);
            let methods = match entry.method {
                Method::GET => vec![Method::GET, Method::HEAD],
                ref method => vec![method.clone()],
            };
            for method in methods {
                let found = ask(&router, method.clone(), &path, actor.token.as_deref()).await;
                if found != expected {
                    wrong.push(format!("{} {method} {path}: {found}, not {expected}", actor.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn p9_a_token_is_good_for_a_route_with_its_scope_alone_and_not_with_all_others() {
    let world = World::new().await;
    let router = rehearsal(world.cloud.state.clone());
    for entry in table() {
        let Some(scope) = entry.needs.scope() else { continue };
        let actor = world.who_may(entry.needs).await;
        let path = path(&entry, &world, &actor);
        for (scopes, expected) in
            [(Scopes::of(&[scope]), REACHED), (Scopes::all().without(Scopes::of(&[scope])), 403)]
        {
            let token = world.token_for(actor.account, scopes).await;
            let found = ask(&router, entry.method.clone(), &path, Some(&token)).await;
            assert_eq!(found, expected, "{} {path} with {scopes}", entry.method);
        }
    }
}

/// A handler that asks for more than its route needs would find nothing there, and answer 500.
#[tokio::test]
async fn no_handler_asks_for_what_its_route_does_not_need() {
    let world = World::new().await;
    let mut entries = table();
    // What ends something comes last.
    entries.sort_by_key(|entry| entry.method == Method::DELETE);
    for entry in entries {
        let actor = world.who_may(entry.needs).await;
        let path = path(&entry, &world, &actor);
        let token = world.token_for(actor.account, Scopes::all()).await;
        let status = ask(&world.cloud.router, entry.method.clone(), &path, Some(&token)).await;
        let known = status == entry.success || entry.failures().contains(&status);
        assert!(status != 500 && known, "{} {path}: {status} is not in its words", entry.method);
    }
}

#[test]
fn a_route_is_there_once_says_what_it_does_and_needs_what_its_path_names() {
    let table = table();
    let mut seen = std::collections::HashSet::new();
    for entry in &table {
        let route = format!("{} {}", entry.method, entry.path);
        assert!(seen.insert(route.clone()), "{route} is there twice");
        assert!(entry.summary.ends_with('.'), "{route} has no sentence about it");
        let parts: Vec<_> = entry.parts().collect();
        let named = |part: &str| parts.contains(&part);
        let fits = match entry.needs {
            Needs::Product(_) => named("product") && !named("org"),
            Needs::Org(_) => named("org") && !named("product") && !named("device"),
            Needs::Device(_) => named("device") && !named("product") && !named("org"),
            // A product's own client proves itself by its secret, and there is no token to look at.
            Needs::Nothing if route == "POST /v1/products/{product}/customers" => true,
            _ => !named("device") && !named("product") && !named("org"),
        };
        assert!(fits, "{route} names what it does not need, or needs what it does not name");
        assert!(!entry.is_fresh || entry.needs != Needs::Nothing, "{route} is fresh for nobody");
    }
    assert!(table.len() > 40, "{} routes", table.len());
}

#[tokio::test]
async fn what_no_route_takes_is_not_found_and_a_wrong_method_is_told() {
    let cloud = Cloud::new().await;
    let router = rehearsal(cloud.state.clone());
    assert_eq!(ask(&router, Method::GET, "/v1/nothing", None).await, 404);
    assert_eq!(ask(&router, Method::PATCH, "/v1/devices", None).await, 405);
}
