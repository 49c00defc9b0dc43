//! What a query costs, by the documented formula: the requests that its connections take, were all pages full, by a hundred; and how many nodes it could bring.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use serde_json::{Map, Value, json};

use super::schema::value_of;

/// The most nodes that a query may ask for.
const MAX_NODES: u64 = 500_000;

/// A query's cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) points: u64,
    pub(super) nodes: u64,
    /// The most nodes at one connection, all fetches of it together.
    pub(super) widest: u64,
    requests: u64,
}

/// The cost, or the error of a page without a size, too large a page, too many nodes.
pub(super) fn of(document: &ExecutableDocument, operation: &Operation, variables: &Map<String, Value>) -> Result<Cost, Value> {
    let mut cost = Cost::default();
    walk(document, &operation.selection_set, variables, 1, &mut Vec::new(), &mut cost)?;
    if cost.nodes > MAX_NODES {
        let message = format!("This query requests up to {} possible nodes which exceeds the maximum limit of {MAX_NODES}.", cost.nodes);
        return Err(json!({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}));
    }
    cost.points = ((cost.requests + 50) / 100).max(1);
    Ok(cost)
}

fn walk(
    document: &ExecutableDocument,
    set: &SelectionSet,
    variables: &Map<String, Value>,
    times: u64,
    path: &mut Vec<String>,
    cost: &mut Cost,
) -> Result<(), Value> {
    for selection in &set.selections {
        match selection {
            Selection::InlineFragment(fragment) => walk(document, &fragment.selection_set, variables, times, path, cost)?,
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.fragment_name).unwrap();
                walk(document, &fragment.selection_set, variables, times, path, cost)?;
            }
            Selection::Field(field) => {
                path.push(field.response_key().to_string());
                let argument = |name: &str| field.specified_argument_by_name(name).map(|value| value_of(value, variables));
                let mut inner = times;
                if field.definition.argument_by_name("first").is_some() {
                    let size = argument("first").filter(|v| !v.is_null()).map(|v| ("first", v));
                    let size = size.or_else(|| argument("last").filter(|v| !v.is_null()).map(|v| ("last", v)));
                    let Some((which, size)) = size else {
                        let message = format!("You must provide a `first` or `last` value to properly paginate the `{}` connection.", field.name);
                        return Err(json!({"type": "MISSING_PAGINATION_BOUNDARIES", "path": path, "message": message}));
                    };
                    let size = size.as_i64().unwrap_or(0);
                    if size > 100 {
                        let message =
                            format!("Requesting {size} records on the `{}` connection exceeds the `{which}` limit of 100 records.", field.name);
                        return Err(json!({"type": "EXCESSIVE_PAGINATION", "path": path, "message": message}));
                    }
                    if size < 1 {
                        let message = format!("`{which}` on the `{}` connection cannot be less than one.", field.name);
                        return Err(json!({"type": "BAD_USER_INPUT", "path": path, "message": message}));
                    }
                    let size = size.unsigned_abs();
                    cost.requests += times;
                    cost.nodes += times * size;
                    cost.widest = cost.widest.max(times * size);
                    inner = times * size;
                }
                if field.name == "nodes" && field.definition.argument_by_name("ids").is_some() {
                    let ids = argument("ids").and_then(|ids| ids.as_array().map(Vec::len)).unwrap_or(1) as u64;
                    if ids > 100 {
                        let message = format!("You may not provide more than 100 node ids; you provided {ids}.");
                        return Err(json!({"type": "ARGUMENT_LIMIT", "path": path, "message": message}));
                    }
                    cost.requests += times;
                    cost.nodes += ids;
                    inner = times * ids;
                }
                walk(document, &field.selection_set, variables, inner, path, cost)?;
                path.pop();
            }
        }
    }
    Ok(())
}
