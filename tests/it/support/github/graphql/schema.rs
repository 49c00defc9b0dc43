//! The schema, and whether a query fits it: errors are worded as the service words them.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use apollo_compiler::ast::{self, Definition, Selection, Value as Literal};
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

/// A reduced copy of the service's public schema; how it was made is said beside it.
const TEXT: &str = include_str!("../../../../fixtures/github/schema.graphql");

/// The schema.
pub(super) fn get() -> &'static Valid<Schema> {
    static SCHEMA: OnceLock<Valid<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::parse_and_validate(TEXT, "schema.graphql").unwrap_or_else(|wrong| panic!("{}", wrong.errors)))
}

/// What is wrong with a query.
pub(super) struct Wrong {
    pub(super) errors: Value,
    /// Nothing but fields that this server was told not to know.
    pub(super) lacking: bool,
}

/// A query that fits.
pub(super) fn checked(query: &str, undefined: &BTreeSet<String>) -> Result<Valid<ExecutableDocument>, Wrong> {
    let schema = get();
    let document = ast::Document::parse(query, "query").map_err(|wrong| {
        let messages: Vec<Value> = wrong.errors.iter().map(|error| json!({"message": format!("Parse error: {}", error.error)})).collect();
        Wrong { errors: json!(messages), lacking: false }
    })?;
    let mut walk = Walk { schema, undefined, lacking: Vec::new(), errors: Vec::new(), document: &document };
    walk.all();
    let (lacking, errors) = (walk.lacking, walk.errors);
    if !lacking.is_empty() || !errors.is_empty() {
        return Err(Wrong { lacking: errors.is_empty(), errors: json!(lacking.into_iter().chain(errors).collect::<Vec<_>>()) });
    }
    document.to_executable_validate(schema).map_err(|wrong| {
        let messages: Vec<Value> = wrong
            .errors
            .iter()
            .map(|error| json!({"message": error.error.unstable_compat_message().unwrap_or_else(|| error.error.to_string())}))
            .collect();
        Wrong { errors: json!(messages), lacking: false }
    })
}

struct Walk<'a> {
    schema: &'a Schema,
    undefined: &'a BTreeSet<String>,
    lacking: Vec<Value>,
    errors: Vec<Value>,
    document: &'a ast::Document,
}

impl Walk<'_> {
    fn all(&mut self) {
        for definition in &self.document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => {
                    let named = operation.name.as_ref().map_or_else(|| "query".to_owned(), |name| format!("query {name}"));
                    if operation.operation_type == ast::OperationType::Query {
                        self.set("Query", &operation.selection_set, &mut vec![named]);
                    }
                }
                Definition::FragmentDefinition(fragment) => {
                    let mut path = vec![format!("fragment {}", fragment.name)];
                    self.set(&fragment.type_condition, &fragment.selection_set, &mut path);
                }
                _ => {}
            }
        }
    }

    fn set(&mut self, on: &str, selections: &[Selection], path: &mut Vec<String>) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    path.push(field.response_name().to_string());
                    self.field(on, field, path);
                    path.pop();
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref().map(|name| name.as_str());
                    path.push(condition.map_or_else(|| "...".to_owned(), |name| format!("... on {name}")));
                    if let Some(unknown) = condition.filter(|name| !self.schema.types.contains_key(*name)) {
                        let message = format!("No such type {unknown}, so it can't be a fragment condition");
                        self.errors.push(json!({"path": path, "extensions": {"code": "undefinedType", "typeName": unknown}, "message": message}));
                    } else {
                        self.set(condition.unwrap_or(on), &fragment.selection_set, path);
                    }
                    path.pop();
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, on: &str, field: &ast::Field, path: &mut Vec<String>) {
        let name = field.name.as_str();
        if name == "__typename" {
            return;
        }
        let lacks = self.undefined.contains(&format!("{on}.{name}"));
        let definition = self.schema.type_field(on, name).ok().filter(|_| !lacks);
        let Some(definition) = definition else {
            let extensions = json!({"code": "undefinedField", "typeName": on, "fieldName": name});
            let message = format!("Field '{name}' doesn't exist on type '{on}'");
            let error = json!({"path": path, "extensions": extensions, "locations": [{"line": 1, "column": 1}], "message": message});
            if lacks {
                self.lacking.push(error)
            } else {
                self.errors.push(error)
            }
            return;
        };
        for argument in &field.arguments {
            if definition.argument_by_name(&argument.name).is_none() {
                let message = format!("Field '{name}' doesn't accept argument '{}'", argument.name);
                let extensions = json!({"code": "argumentNotAccepted", "name": name, "typeName": "Field", "argumentName": argument.name.as_str()});
                let mut path = path.clone();
                path.push(argument.name.to_string());
                self.errors.push(json!({"path": path, "extensions": extensions, "message": message}));
            }
        }
        let given = |name: &str| field.arguments.iter().any(|argument| argument.name == name);
        let missing: Vec<&str> = definition
            .arguments
            .iter()
            .filter(|argument| argument.is_required() && !given(&argument.name))
            .map(|argument| argument.name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("Field '{name}' is missing required arguments: {}", missing.join(", "));
            let extensions = json!({"code": "missingRequiredArguments", "className": "Field", "name": name, "arguments": missing.join(", ")});
            self.errors.push(json!({"path": path, "extensions": extensions, "message": message}));
        }
        let ty = definition.ty.inner_named_type().to_string();
        let leaf = self.schema.types.get(ty.as_str()).is_some_and(|ty| ty.is_leaf());
        if leaf && !field.selection_set.is_empty() {
            let message = format!("Selections can't be made on scalars (field '{name}' returns {ty} but has selections)");
            self.errors.push(json!({"path": path, "extensions": {"code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": ty}, "message": message}));
        } else if !leaf && field.selection_set.is_empty() {
            let message = format!("Field must have selections (field '{name}' returns {ty} but has no selections. Did you mean '{name} {{ ... }}'?)");
            self.errors.push(json!({"path": path, "extensions": {"code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": ty}, "message": message}));
        } else {
            self.set(&ty, &field.selection_set, path);
        }
    }
}

/// The variables as the operation declares them: defaults filled in, wrong ones refused.
pub(super) fn coerced(operation: &Operation, given: &Map<String, Value>) -> Result<Map<String, Value>, Value> {
    let text = serde_json::to_string(given).unwrap();
    let given = serde_json::from_str(&text).unwrap();
    match apollo_compiler::request::coerce_variable_values(get(), operation, &given) {
        Ok(values) => Ok(serde_json::from_str(&serde_json::to_string(&*values).unwrap()).unwrap()),
        Err(error) => Err(json!({"message": format!("Variable was provided invalid value: {}", error.message())})),
    }
}

/// A literal, or what its variable holds, as JSON.
pub(super) fn value_of(literal: &Literal, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Enum(name) => json!(name.as_str()),
        Literal::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        Literal::String(text) => json!(text),
        Literal::Int(number) => json!(number.as_str().parse::<i64>().unwrap_or_default()),
        Literal::Float(number) => json!(number.as_str().parse::<f64>().unwrap_or_default()),
        Literal::Boolean(flag) => json!(flag),
        Literal::List(items) => items.iter().map(|item| value_of(item, variables)).collect(),
        Literal::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), value_of(value, variables))).collect::<Map<_, _>>().into(),
    }
}
