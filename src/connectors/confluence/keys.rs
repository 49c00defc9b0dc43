//! The keys under which Confluence's documents, files and people are known to the engine. Equal things get equal keys; nothing is looked up.

use crate::model::Key;
use unicode_normalization::UnicodeNormalization;

/// A page or post by its id.
#[must_use]
pub fn doc(id: &str) -> Key {
    Key::new(format!("doc:{id}"))
}

/// A page by space and title.
#[must_use]
pub fn title(space: &str, title: &str) -> Key {
    Key::new(format!("title:{space}:{}", normal(title)))
}

/// A blog post by space, day (`yyyy/mm/dd`) and title.
#[must_use]
pub fn blog(space: &str, day: &str, title: &str) -> Key {
    Key::new(format!("blog:{space}:{day}:{}", normal(title)))
}

/// A space, by its key: its home page.
#[must_use]
pub fn space(space: &str) -> Key {
    Key::new(format!("space:{space}"))
}

/// An attachment by the id of its page and its name.
#[must_use]
pub fn file(page: &str, name: &str) -> Key {
    Key::new(format!("file:{page}:{}", name.nfc().collect::<String>()))
}

/// An attachment of a page that is known by its title only.
#[must_use]
pub fn file_of_title(space: &str, title: &str, name: &str) -> Key {
    Key::new(format!("file:title:{space}:{}:{}", normal(title), name.nfc().collect::<String>()))
}

/// A person by account id (Cloud) or user key (Data Center).
#[must_use]
pub fn user(id: &str) -> Key {
    Key::new(format!("user:{id}"))
}

/// A person by the name to log in with (Data Center).
#[must_use]
pub fn username(name: &str) -> Key {
    Key::new(format!("username:{name}"))
}

/// Titles are unique in a space but for case and white space.
fn normal(title: &str) -> String {
    let mut normal = String::with_capacity(title.len());
    for word in title.nfc().collect::<String>().split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(&word.to_lowercase());
    }
    normal
}
