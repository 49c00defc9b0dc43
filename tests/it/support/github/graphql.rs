//! GraphQL: a query is checked against the schema, costed, and executed against the model.

mod cost;
mod execute;
pub(super) mod ids;
mod node;
mod objects;
mod resolve;
mod schema;
mod talk;

use serde_json::{Map, Value, json};

use super::access::{self, Refused};
use super::budget::{exceeded, key};
use super::rest::error;
use super::site::World;
use crate::support::wire::{Answer, Request, http_date, machine_now};

/// Answers `POST /graphql`; `number` is the request's in the log.
pub(super) fn answer(world: &mut World, request: &Request, number: usize) -> Answer {
    if request.header("user-agent").is_none_or(str::is_empty) {
        return Answer {
            status: 403,
            ..Answer::html(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
        };
    }
    let caller = match access::caller_of(world, access::secret(request).as_deref()) {
        Ok(caller) if caller.token.is_some() => caller,
        Ok(_) => return error(401, "This endpoint requires you to be authenticated."),
        Err(Refused) => return error(401, "Bad credentials"),
    };
    if request.method != "POST" {
        return error(404, "Not Found");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { return error(400, "Problems parsing JSON") };
    let Some(query) = body["query"].as_str() else {
        return Answer::json(&json!({"errors": [{"message": "A query attribute must be specified and must be a string."}]}));
    };
    let variables = body["variables"].as_object().cloned().unwrap_or_default();
    let (answer, cost) = execute(world, &caller, query, body["operationName"].as_str(), &variables);
    if let Some(note) = world.log.note(number) {
        note.points = cost;
    }
    let answer = answer
        .with("date", http_date(machine_now()))
        .with("x-github-request-id", "0000:1111:2222:3333")
        .with("x-github-media-type", "github.v4; format=json");
    let ends = caller.token.as_ref().and_then(|(_, token)| token.expires.clone());
    let answer = ends.into_iter().fold(answer, |answer, ends| answer.with("github-authentication-token-expiration", ends));
    if world.habits.no_rate_headers { answer } else { world.budgets.tell(&caller, "graphql", answer) }
}

fn execute(world: &mut World, caller: &super::tokens::Caller, query: &str, operation: Option<&str>, variables: &Map<String, Value>) -> (Answer, u64) {
    if !world.budgets.off && world.budgets.window(key(caller), "graphql").left() == 0 {
        let error = json!({"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": exceeded(caller)});
        return (Answer::json(&json!({"errors": [error]})), 0);
    }
    let document = match schema::checked(query, &world.habits.undefined) {
        Ok(document) => document,
        Err(wrong) => {
            if !wrong.lacking {
                world.log.violations.push(format!("a query that GitHub refuses: {}\n{query}", wrong.errors));
            }
            return (Answer::json(&json!({"errors": wrong.errors})), 1);
        }
    };
    let Ok(operation) = document.operations.get(operation) else {
        return (Answer::json(&json!({"errors": [{"message": "An operation name is required"}]})), 1);
    };
    if !operation.is_query() {
        world.log.violations.push(format!("a query that writes: {query}"));
        return (Answer::json(&json!({"errors": [{"message": "Simulated: only queries"}]})), 1);
    }
    let variables = match schema::coerced(operation, variables) {
        Ok(variables) => variables,
        Err(error) => {
            world.log.violations.push(format!("variables that GitHub refuses: {error}\n{query}"));
            return (Answer::json(&json!({"errors": [error]})), 1);
        }
    };
    let cost = match cost::of(&document, operation, &variables) {
        Ok(cost) => cost,
        Err(error) => {
            world.log.violations.push(format!("a query that GitHub refuses: {error}\n{query}"));
            return (Answer::json(&json!({"errors": [error]})), 1);
        }
    };
    let window = world.budgets.window(key(caller), "graphql");
    window.used = (window.used + cost.points).min(window.limit);
    if world.habits.too_large.is_some_and(|limit| cost.widest > limit) {
        return (super::faults::went_wrong(502), cost.points);
    }
    let (data, errors) = execute::run(world, caller, &document, operation, &variables, &cost);
    let mut body = json!({"data": data});
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    (Answer::json(&body), cost.points)
}
