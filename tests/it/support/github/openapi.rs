//! Whether a REST request is one that the service documents: its path, its parameters, their types and enums, read off a reduced copy of the official file.

use std::sync::OnceLock;

use serde_json::Value;

use crate::support::wire::Request;

const TEXT: &str = include_str!("../../../fixtures/github/openapi.json");

/// What the official file does not hold, though the service answers it.
///
/// - `/repositories/{id}...`: where a renamed repository's redirect and every `Link` of a repository's list lead; looked up as `/repos/{owner}/{repo}...`.
/// - `after`, `before`: the cursors that `Link` carries on lists of a repository.
/// - `/users/{}/installation`: in the official file, but not in the extract of it that is kept here.
/// - `page` on those lists, which such links carry beside the cursor even where the file does not name it.
const GAPS: &str = "/repositories/{id}";
const CURSORS: [&str; 3] = ["after", "before", "page"];

fn paths() -> &'static serde_json::Map<String, Value> {
    static PATHS: OnceLock<Value> = OnceLock::new();
    PATHS.get_or_init(|| serde_json::from_str(TEXT).unwrap())["paths"].as_object().unwrap()
}

/// What is wrong with a request, if it is not a documented one. The path is given without what stands before it.
pub(super) fn check(request: &Request, path: &str) -> Result<(), String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let by_id = matches!(parts.as_slice(), ["repositories", id, ..] if id.parse::<u64>().is_ok());
    let looked_up: Vec<&str> = if by_id { ["repos", "-", "-"].into_iter().chain(parts[2..].iter().copied()).collect() } else { parts };
    let whole = format!("{} {}", request.method, request.target());
    if matches!(looked_up.as_slice(), ["users", _, "installation"]) && request.method == "GET" && request.params.is_empty() {
        return Ok(());
    }
    let method = request.method.to_lowercase();
    let mut fitting: Vec<(&String, &Value)> = paths().iter().filter(|(shape, item)| fits(shape, &looked_up) && item.get(&method).is_some()).collect();
    // What is spelled out wins over what stands for anything.
    fitting.sort_by_key(|(shape, _)| shape.matches('{').count());
    let Some((shape, item)) = fitting.first() else { return Err(format!("{whole}: no such path in GitHub's description")) };
    let known = item[&method]["parameters"].as_array().unwrap();
    for (name, value) in &request.params {
        let parameter = known.iter().find(|parameter| parameter["in"] == "query" && parameter["name"] == name.as_str());
        let Some(parameter) = parameter else {
            if by_id && CURSORS.contains(&name.as_str()) {
                continue;
            }
            return Err(format!("{whole}: `{name}` is no parameter of {shape} ({GAPS} apart)"));
        };
        let schema = &parameter["schema"];
        if schema["type"] == "integer" && value.parse::<i64>().is_err() {
            return Err(format!("{whole}: `{name}` of {shape} is a number"));
        }
        if schema["type"] == "boolean" && value != "true" && value != "false" {
            return Err(format!("{whole}: `{name}` of {shape} is true or false"));
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.iter().any(|known| known == value.as_str())
        {
            return Err(format!("{whole}: `{name}` of {shape} is one of {values:?}"));
        }
    }
    for parameter in known.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true) {
        if request.one(parameter["name"].as_str().unwrap()).is_none() {
            return Err(format!("{whole}: {shape} needs {}", parameter["name"]));
        }
    }
    Ok(())
}

/// Whether a path fits a shape. The last part of these may hold slashes.
fn fits(shape: &str, parts: &[&str]) -> bool {
    let shape: Vec<&str> = shape.split('/').filter(|part| !part.is_empty()).collect();
    let open = matches!(shape.last(), Some(&("{path}" | "{ref}" | "{basehead}" | "{branch}" | "{dir}" | "{tag}" | "{tree_sha}")));
    let counts = parts.len() == shape.len() || open && parts.len() > shape.len();
    counts && shape.iter().zip(parts).all(|(shape, part)| shape.starts_with('{') || shape == part)
}
