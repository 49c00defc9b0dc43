//! How a connector's settings are read, whatever its type: laid over its defaults, every name known, every number within its limits.
//!
//! Guarantees that a typo is named and a missing setting has the connector's own default, also where a group of settings that connectors share stands among its
//! own (`#[serde(flatten)]`, which would else take any name for fine). It knows no setting of any connector.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::connector::SourceError;
use crate::model::{ConnectorName, Secret};

/// Reads settings over their defaults.
///
/// # Errors
/// What is wrong: a name that `defaults` has not, or a value of another form.
pub fn read<C: Serialize + DeserializeOwned>(given: &Value, defaults: &C) -> Result<C, String> {
    let mut whole = filled(defaults)?;
    let (Some(fields), Some(given)) = (whole.as_object_mut(), given.as_object()) else { return Err("the settings are no table".to_owned()) };
    for (name, value) in given {
        match fields.get_mut(name) {
            Some(field) => *field = value.clone(),
            None => return Err(format!("unknown field `{name}`, expected one of `{}`", names(defaults)?.join("`, `"))),
        }
    }
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

/// All settings, defaults included, as the configuration names them.
///
/// # Errors
/// None for a struct of plain values.
pub fn filled<C: Serialize>(config: &C) -> Result<Value, String> {
    serde_json::to_value(config).map_err(|error| error.to_string())
}

/// The settings but for some, for a connector that only reads kept bodies: it needs no way to its service.
#[must_use]
pub fn without(settings: &Value, names: &[&[&str]]) -> Value {
    let mut settings = settings.clone();
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| !names.iter().any(|some| some.contains(&name.as_str())));
    }
    settings
}

/// Checks that numbers lie within their limits: name, value, least, most.
///
/// # Errors
/// The first that does not.
pub fn within(numbers: &[(&str, u64, u64, u64)]) -> Result<(), String> {
    match numbers.iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
        Some((name, value, least, most)) => Err(format!("`{name}` is {value}; it must lie between {least} and {most}")),
        None => Ok(()),
    }
}

/// A secret without white space around it; an empty one is none.
#[must_use]
pub fn secret<'a>(secrets: &'a BTreeMap<String, Secret>, name: &str) -> Option<&'a str> {
    secrets.get(name).map(Secret::expose).map(str::trim).filter(|text| !text.is_empty())
}

/// What is wrong with a connector's settings or secrets, as the failure that it is.
#[must_use]
pub fn wrong(name: &ConnectorName, detail: &str) -> SourceError {
    SourceError::Misconfigured {
        detail: format!("[connectors.{name}] {detail}"),
        hint: "Correct the configuration; `context-syncd --check-config` checks it.".to_owned(),
    }
}

/// The names of settings in the order in which they are declared, which a [`Value`] forgets.
fn names<C: Serialize>(config: &C) -> Result<Vec<String>, String> {
    let text = serde_json::to_string(config).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map(|Names(names)| names).map_err(|error| error.to_string())
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        given.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Shared {
        zeal: u32,
        author: Option<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wiki {
        url: String,
        #[serde(flatten)]
        shared: Shared,
        blogs: bool,
    }

    fn defaults() -> Wiki {
        Wiki { url: "https://wiki.example".to_owned(), shared: Shared { zeal: 7, author: None }, blogs: true }
    }

    #[test]
    fn what_is_not_given_is_as_the_connector_has_it() {
        assert_eq!(read(&json!({}), &defaults()), Ok(defaults()));
        let given = json!({"zeal": 9, "author": "ann", "blogs": false});
        let wiki = Wiki { shared: Shared { zeal: 9, author: Some("ann".to_owned()) }, blogs: false, ..defaults() };
        assert_eq!(read(&given, &defaults()), Ok(wiki));
    }

    #[test]
    fn what_was_read_is_read_again_from_one_table() {
        let filled = filled(&defaults()).unwrap();
        assert_eq!(filled, json!({"url": "https://wiki.example", "zeal": 7, "author": null, "blogs": true}));
        assert_eq!(read(&filled, &defaults()), Ok(defaults()));
    }

    #[test]
    fn a_typo_is_named_among_the_names_that_there_are_and_so_is_the_name_of_a_group() {
        for typo in ["zael", "blog", "shared", "Url", ""] {
            let error = read(&json!({"url": "https://a", typo: 1}), &defaults()).unwrap_err();
            assert_eq!(error, format!("unknown field `{typo}`, expected one of `url`, `zeal`, `author`, `blogs`"));
        }
    }

    #[test]
    fn a_value_of_another_form_is_refused_in_the_words_of_its_form() {
        for (given, said) in [
            (json!({"zeal": "many"}), "invalid type: string \"many\", expected u32"),
            (json!({"zeal": -1}), "invalid value: integer `-1`, expected u32"),
            (json!({"zeal": null}), "invalid type: null, expected u32"),
            (json!({"zeal": 1.5}), "invalid type: floating point `1.5`, expected u32"),
            (json!({"zeal": 4_294_967_296_u64}), "invalid value: integer `4294967296`, expected u32"),
            (json!({"author": ["ann"]}), "invalid type: sequence, expected a string"),
            (json!({"blogs": "yes"}), "invalid type: string \"yes\", expected a boolean"),
            (json!([]), "the settings are no table"),
        ] {
            assert_eq!(read(&given, &defaults()).unwrap_err(), said);
        }
    }

    #[test]
    fn the_first_number_beyond_its_limits_is_named_with_them() {
        assert_eq!(within(&[("a", 1, 1, 4), ("b", 4, 1, 4)]), Ok(()));
        assert_eq!(within(&[("a", 1, 1, 4), ("b", 5, 1, 4), ("c", 0, 1, 4)]), Err("`b` is 5; it must lie between 1 and 4".to_owned()));
    }

    #[test]
    fn an_empty_secret_is_none() {
        let secrets: BTreeMap<String, Secret> =
            [("token", " hunter2\n"), ("password", " ")].map(|(k, v)| (k.to_owned(), Secret::new(v.to_owned()))).into();
        assert_eq!((secret(&secrets, "token"), secret(&secrets, "password"), secret(&secrets, "key")), (Some("hunter2"), None, None));
    }
}
