//! What variables set: `CONTEXT_SYNC__SECTION__KEY` any key, and each connector's own namespace (`CONFLUENCE_URL`) its settings. Pure.

use std::collections::BTreeMap;

use crate::connectors::Kind;

/// Variables that begin so set any key.
const OVERRIDE: &str = "CONTEXT_SYNC__";

/// One variable's effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// Dotted key (`connectors.wiki.url`).
    pub(super) key: String,
    /// The variable.
    pub(super) variable: String,
    /// Its value; never empty.
    pub(super) value: String,
}

/// What the variables set, of `instances` and their types. Overrides come last, so that they win over a namespace.
pub(super) fn settings(variables: &BTreeMap<String, String>, instances: &BTreeMap<String, &'static Kind>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (name, kind) in instances {
        for (variable, setting) in listened(name, kind) {
            settings.extend(set(variables, &variable, format!("connectors.{name}.{setting}")));
        }
    }
    settings.extend(variables.keys().filter_map(|variable| set(variables, variable, overridden(variable)?)));
    settings
}

/// The instances that overrides alone bring in.
pub(super) fn instances(variables: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    variables.keys().filter_map(|variable| Some(overridden(variable)?.strip_prefix("connectors.")?.split_once('.')?.0.to_owned()))
}

/// Whether the variables alone are enough to switch on an instance of this type, named as the type.
pub(super) fn switches_on(variables: &BTreeMap<String, String>, kind: &Kind) -> bool {
    let given = |required: &&str| kind.env.iter().any(|(variable, setting)| setting == required && is_set(variables, variable));
    !kind.required.is_empty() && kind.required.iter().all(|required| given(&required))
}

/// Variables that an instance listens to, and the settings that they set. An instance that is not named as its type has its own name in them.
pub(super) fn listened(name: &str, kind: &Kind) -> Vec<(String, &'static str)> {
    let namespace = upper(name);
    let of_type = upper(kind.name);
    let own = |variable: &str| variable.strip_prefix(&of_type).map_or_else(|| variable.to_owned(), |rest| format!("{namespace}{rest}"));
    let mut listened = vec![(format!("{namespace}_OUTPUT_DIR"), "output_dir")];
    listened.extend(kind.env.iter().map(|&(variable, setting)| (own(variable), setting)));
    listened
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// The dotted key of an override. Names of connectors have `-` where variables can only have `_`.
fn overridden(variable: &str) -> Option<String> {
    let mut parts: Vec<String> = variable.strip_prefix(OVERRIDE)?.split("__").map(str::to_lowercase).collect();
    if let [first, name, ..] = parts.as_mut_slice()
        && first == "connectors"
    {
        *name = name.replace('_', "-");
    }
    Some(parts.join("."))
}

/// An empty variable is one that is not set: templates of `.env` files are full of them.
fn is_set(variables: &BTreeMap<String, String>, variable: &str) -> bool {
    variables.get(variable).is_some_and(|value| !value.trim().is_empty())
}

fn set(variables: &BTreeMap<String, String>, variable: &str, key: String) -> Option<Setting> {
    let value = variables.get(variable).filter(|_| is_set(variables, variable))?;
    Some(Setting { key, variable: variable.to_owned(), value: value.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    static KIND: Kind = Kind {
        name: "confluence",
        secrets: &["api_token"],
        env: &[("CONFLUENCE_URL", "url"), ("CONFLUENCE_EMAIL", "username"), ("CONFLUENCE_API_TOKEN", "api_token")],
        required: &["url"],
        lists: &[],
        check: |value| Ok(value.clone()),
    };

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    fn keys(pairs: &[(&str, &str)], instances: &[&str]) -> Vec<String> {
        let instances = instances.iter().map(|&name| (name.to_owned(), &KIND)).collect();
        settings(&variables(pairs), &instances).into_iter().map(|s| format!("{}={}", s.key, s.value)).collect()
    }

    #[test]
    fn each_instance_has_its_own_namespace() {
        let given = [("CONFLUENCE_URL", "https://a"), ("WIKI_EU_URL", "https://b"), ("WIKI_EU_OUTPUT_DIR", "/b"), ("OTHER_URL", "https://c")];
        let all = ["connectors.confluence.url=https://a", "connectors.wiki-eu.output_dir=/b", "connectors.wiki-eu.url=https://b"];
        assert_eq!(keys(&given, &["confluence", "wiki-eu"]), all);
    }

    #[test]
    fn overrides_reach_any_key_and_come_last() {
        let given = [("CONTEXT_SYNC__MAX_PARALLEL", "3"), ("CONTEXT_SYNC__CONNECTORS__WIKI_EU__URL", "https://o"), ("WIKI_EU_URL", "https://b")];
        let all = ["connectors.wiki-eu.url=https://b", "connectors.wiki-eu.url=https://o", "max_parallel=3"];
        assert_eq!(keys(&given, &["wiki-eu"]), all);
        assert_eq!(instances(&variables(&given)).collect::<Vec<_>>(), ["wiki-eu"]);
    }

    #[test]
    fn what_is_required_switches_on_and_an_empty_variable_is_none() {
        assert!(switches_on(&variables(&[("CONFLUENCE_URL", "https://a")]), &KIND));
        assert!(!switches_on(&variables(&[("CONFLUENCE_URL", " "), ("CONFLUENCE_API_TOKEN", "x")]), &KIND));
        assert!(keys(&[("CONFLUENCE_URL", "")], &["confluence"]).is_empty());
    }
}
