//! Runs a checked query: selection sets, aliases, fragments, pages of connections, errors and the nulls that they make.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::cost::Cost;
use super::node::{Args, Failure, Found, Node};
use super::resolve;
use super::schema::{self, value_of};
use crate::support::github::site::World;
use crate::support::github::tokens::Caller;

/// Where an error makes null what holds it.
struct Nothing;

struct Run<'a> {
    world: &'a mut World,
    caller: &'a Caller,
    document: &'a ExecutableDocument,
    variables: &'a Map<String, Value>,
    cost: &'a Cost,
    errors: Vec<Value>,
}

/// The data and the errors.
pub(super) fn run(
    world: &mut World,
    caller: &Caller,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Map<String, Value>,
    cost: &Cost,
) -> (Value, Vec<Value>) {
    let mut run = Run { world, caller, document, variables, cost, errors: Vec::new() };
    let data = run.set(&Node::Query, &[&operation.selection_set], &mut Vec::new()).unwrap_or_default();
    (data, run.errors)
}

/// The fields that are asked of a type, those of fragments that apply to it included; the same key more than once is one field.
fn collect<'d>(document: &'d ExecutableDocument, ty: &str, set: &'d SelectionSet, fields: &mut Vec<(String, Vec<&'d Field>)>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                let key = field.response_key().to_string();
                match fields.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, same)) => same.push(field),
                    None => fields.push((key, vec![field])),
                }
            }
            Selection::InlineFragment(fragment) => {
                if fragment.type_condition.as_ref().is_none_or(|name| applies(name, ty)) {
                    collect(document, ty, &fragment.selection_set, fields);
                }
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.fragment_name];
                if applies(fragment.type_condition(), ty) {
                    collect(document, ty, &fragment.selection_set, fields);
                }
            }
        }
    }
}

fn applies(condition: &str, ty: &str) -> bool {
    condition == ty || schema::get().is_subtype(condition, ty)
}

impl<'a> Run<'a> {
    fn set(&mut self, node: &Node, sets: &[&'a SelectionSet], path: &mut Vec<Value>) -> Result<Value, Nothing>
    where
        'a: 'a,
    {
        let ty = node.type_name(self.world);
        let mut fields = Vec::new();
        for set in sets {
            collect(self.document, ty, set, &mut fields);
        }
        let mut shown = Map::new();
        for (key, same) in fields {
            path.push(json!(key));
            let value = self.field(node, ty, &same, path);
            path.pop();
            shown.insert(key, value?);
        }
        Ok(Value::Object(shown))
    }

    fn field(&mut self, node: &Node, on: &str, same: &[&'a Field], path: &mut Vec<Value>) -> Result<Value, Nothing> {
        let field = same[0];
        if field.name == "__typename" {
            return Ok(json!(on));
        }
        let args = self.arguments(field);
        let named = format!("{on}.{}", field.name);
        let fault = self.world.habits.field_fault(&named, node.repository());
        let found = match fault {
            Some(fault) => {
                let extensions = if fault.saml { json!({"saml_failure": true}) } else { Value::Null };
                Err(Failure { kind: fault.kind, message: fault.message, extensions })
            }
            None => resolve::field(self.world, self.caller, node, &field.name, &args, self.cost),
        };
        let sets: Vec<&'a SelectionSet> = same.iter().map(|field| &field.selection_set).collect();
        let required = field.definition.ty.is_non_null();
        let value = match found {
            Err(failure) => {
                self.fail(failure, path);
                Value::Null
            }
            Ok(Found::Value(value)) => {
                assert!(!(required && value.is_null()), "the simulator answers null for {named}, which the schema does not allow");
                value
            }
            Ok(Found::Node(None)) => Value::Null,
            Ok(Found::Node(Some(node))) => self.set(&node, &sets, path).unwrap_or_default(),
            Ok(Found::Nodes(nodes)) => self.list(nodes.into_iter().map(Ok), &field.definition.ty, &sets, path).unwrap_or_default(),
            Ok(Found::Tried(nodes)) => self.list(nodes.into_iter(), &field.definition.ty, &sets, path).unwrap_or_default(),
            Ok(Found::Connection(nodes)) => self.connection(nodes, &args, &sets, path).unwrap_or_default(),
        };
        if value.is_null() && required { Err(Nothing) } else { Ok(value) }
    }

    fn fail(&mut self, failure: Failure, path: &[Value]) {
        let mut error = json!({"path": path, "locations": [{"line": 1, "column": 1}], "message": failure.message});
        if let Some(kind) = failure.kind {
            error["type"] = json!(kind);
        }
        if !failure.extensions.is_null() {
            error["extensions"] = failure.extensions;
        }
        self.errors.push(error);
    }

    fn list(
        &mut self,
        nodes: impl Iterator<Item = Result<Option<Node>, Failure>>,
        ty: &Type,
        sets: &[&'a SelectionSet],
        path: &mut Vec<Value>,
    ) -> Result<Value, Nothing> {
        let required = ty.item_type().is_non_null();
        let mut shown = Vec::new();
        for (at, node) in nodes.enumerate() {
            path.push(json!(at));
            let value = match node {
                Ok(Some(node)) => self.set(&node, sets, path).unwrap_or_default(),
                Ok(None) => Value::Null,
                Err(failure) => {
                    self.fail(failure, path);
                    Value::Null
                }
            };
            path.pop();
            if value.is_null() && required {
                return Err(Nothing);
            }
            shown.push(value);
        }
        Ok(Value::Array(shown))
    }

    /// A page: by `first` and `after`, or by `last` and `before`; cursors are opaque.
    fn connection(&mut self, all: Vec<Node>, args: &Args, sets: &[&'a SelectionSet], path: &mut Vec<Value>) -> Result<Value, Nothing> {
        let total = all.len();
        let place = |name: &str| {
            let plain = STANDARD.decode(args.get(name)?.as_str()?).ok()?;
            String::from_utf8(plain).ok()?.strip_prefix("cursor:v2:")?.parse::<usize>().ok()
        };
        for name in ["after", "before"] {
            if let Some(cursor) = args.get(name).and_then(Value::as_str)
                && place(name).is_none()
            {
                self.fail(Failure::of("INVALID_CURSOR_ARGUMENTS", &format!("`{cursor}` does not appear to be a valid cursor.")), path);
                return Err(Nothing);
            }
        }
        let size = |name: &str| args.get(name).and_then(Value::as_u64).map(|size| usize::try_from(size).unwrap());
        let mut start = place("after").unwrap_or(0).min(total);
        let mut end = place("before").map_or(total, |at| at.saturating_sub(1)).clamp(start, total);
        if let Some(first) = size("first") {
            end = end.min(start + first);
        }
        if let Some(last) = size("last") {
            start = start.max(end.saturating_sub(last));
        }
        let later = place("after").is_some();
        let mut more = end < total;
        let mut next = end;
        if later && self.world.habits.endless_cursor {
            (more, next) = (true, start);
        }
        if later && self.world.habits.repeat_across_pages && start > 0 {
            start -= 1;
        }
        let cursor = |at: usize| STANDARD.encode(format!("cursor:v2:{at}"));
        let page: Vec<(usize, Node)> = all.into_iter().enumerate().skip(start).take(end - start).collect();
        let mut fields = Vec::new();
        let ty = sets[0].ty.as_str();
        for set in sets {
            collect(self.document, ty, set, &mut fields);
        }
        let mut shown = Map::new();
        for (key, same) in fields {
            let field = same[0];
            let inner: Vec<&'a SelectionSet> = same.iter().map(|field| &field.selection_set).collect();
            path.push(json!(key));
            let value = match field.name.as_str() {
                "__typename" => Ok(json!(ty)),
                "totalCount" => Ok(json!(total)),
                "viewerHasReacted" => Ok(json!(false)),
                "nodes" => {
                    let nodes: Vec<_> = page.iter().map(|(_, node)| Ok(Some(node.clone()))).collect();
                    Ok(self.list(nodes.into_iter(), &field.definition.ty, &inner, path).unwrap_or_default())
                }
                "edges" => {
                    let edge_type = field.definition.ty.inner_named_type().to_string();
                    let edges: Vec<_> =
                        page.iter().map(|(at, node)| Ok(Some(Node::Edge(edge_type.clone(), cursor(at + 1), Box::new(node.clone()))))).collect();
                    Ok(self.list(edges.into_iter(), &field.definition.ty, &inner, path).unwrap_or_default())
                }
                "pageInfo" => {
                    let info = json!({
                        "hasNextPage": more, "hasPreviousPage": start > 0,
                        "endCursor": if end > start { json!(cursor(next)) } else { Value::Null },
                        "startCursor": if end > start { json!(cursor(start + 1)) } else { Value::Null },
                    });
                    self.set(&Node::Plain("PageInfo", info), &inner, path)
                }
                other => panic!("the simulator does not answer {ty}.{other}"),
            };
            path.pop();
            shown.insert(key, value?);
        }
        Ok(Value::Object(shown))
    }

    fn arguments(&self, field: &Field) -> Args {
        let mut args = Map::new();
        for definition in &field.definition.arguments {
            let given = field.specified_argument_by_name(&definition.name);
            // A variable that was not given leaves the default.
            let value = given.map(|value| value_of(value, self.variables)).filter(|value| !value.is_null());
            let value = value.or_else(|| definition.default_value.as_ref().map(|value| value_of(value, self.variables)));
            if let Some(value) = value {
                args.insert(definition.name.to_string(), value);
            }
        }
        args
    }
}
