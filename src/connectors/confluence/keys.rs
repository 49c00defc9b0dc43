//! The keys under which Confluence documents point to each other: one spelling for the listing, which mints them, and the reader, which follows them.

use unicode_normalization::UnicodeNormalization as _;

use crate::model::Key;

/// A page or post by id.
pub fn doc(id: &str) -> Key {
    Key::new(format!("doc:{id}"))
}

/// A page by space and title.
pub fn title(space: &str, title: &str) -> Key {
    Key::new(format!("title:{space}:{}", normalised(title)))
}

/// A blog post by space, day (`2025/01/31`) and title.
pub fn blog(space: &str, day: &str, title: &str) -> Key {
    Key::new(format!("blog:{space}:{day}:{}", normalised(title)))
}

/// A space: its home page.
pub fn space(space: &str) -> Key {
    Key::new(format!("space:{space}"))
}

/// An attachment by the id of its page and its name, in whichever normal form the name was written.
pub fn file(page: &str, name: &str) -> Key {
    Key::new(format!("file:{page}:{}", name.nfc().collect::<String>()))
}

/// An attachment of a page that is known by space and title only.
pub fn file_of_title(space: &str, title: &str, name: &str) -> Key {
    Key::new(format!("file:title:{space}:{}:{}", normalised(title), name.nfc().collect::<String>()))
}

/// A person by account id (Cloud) or user key (Data Center).
pub fn user(id: &str) -> Key {
    Key::new(format!("user:{id}"))
}

/// A person by Data Center's user name.
pub fn username(name: &str) -> Key {
    Key::new(format!("username:{name}"))
}

/// Titles are unique per space whatever their case: NFC, trimmed, white space runs to one blank, lower case.
fn normalised(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_meet_whatever_their_case_blanks_and_normal_form() {
        assert_eq!(title("ENG", "  Release\u{a0} Checklist\n"), title("ENG", "release checklist"));
        assert_eq!(title("ENG", "Cafe\u{301}"), title("ENG", "CAF\u{c9}"));
        assert_eq!(file("1", "a\u{308}.png"), file("1", "\u{e4}.png"));
        assert_eq!(blog("ENG", "2025/01/31", "News").as_str(), "blog:ENG:2025/01/31:news");
    }
}
