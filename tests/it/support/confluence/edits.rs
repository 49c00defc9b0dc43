//! What people do to the site: every edit moves the clock, and changes exactly what the real one changes (a move no version, a label no date).
//!
//! Naming something that is not there panics: it is the test that is wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

mod beside;
mod pages;

use super::model::{Flavour, Id, Kind, Model, Space, User};

/// Time.
impl Model {
    /// Lets time pass without an edit.
    pub fn advance(&mut self, by: Duration) {
        self.now += u64::try_from(by.as_millis()).unwrap();
    }

    /// Sets the site's clock to the machine's, for tests of clients that compare the two. The clock never goes back.
    pub fn set_clock_to_machine(&mut self) {
        let machine = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        self.now = self.now.max(machine);
    }

    fn tick(&mut self) -> u64 {
        self.now += self.step_ms;
        self.now
    }

    fn new_id(&mut self) -> Id {
        self.next_id += 7;
        self.next_id
    }
}

/// People.
impl Model {
    /// A new account; answers its account id (Cloud) or user key (Data Center).
    pub fn add_user(&mut self, username: &str, name: &str) -> String {
        let number = self.users.len();
        let id = match self.flavour {
            Flavour::Cloud => format!("712020:00000000-0000-4000-8000-{number:012x}"),
            Flavour::DataCenter => format!("ff8080819a{number:022x}"),
        };
        self.users.push(User { id: id.clone(), username: username.to_owned(), name: name.to_owned() });
        id
    }

    /// Renames somebody: pages stay as they are.
    pub fn set_user_name(&mut self, id: &str, name: &str) {
        let at = self.user_at(id);
        self.users[at].name = name.to_owned();
    }

    /// Whose edits the following ones are.
    pub fn write_as(&mut self, id: &str) {
        self.writer = self.user_at(id);
    }

    fn user_at(&self, id: &str) -> usize {
        self.users.iter().position(|user| user.id == id).unwrap_or_else(|| panic!("the simulated site has no user {id}"))
    }
}

/// Spaces.
impl Model {
    /// A new space with its home page.
    pub fn add_space(&mut self, key: &str, name: &str) -> Id {
        assert!(self.space_by_key(key).is_none(), "the simulated site already has a space {key}");
        let (id, created) = (self.new_id(), self.tick());
        let space = Space {
            id,
            key: key.to_owned(),
            alias: key.to_owned(),
            name: name.to_owned(),
            home: 0,
            created,
            archived: false,
            forbidden: false,
            open: false,
        };
        self.spaces.insert(id, space);
        let home = self.insert(Kind::Page, id, None, &format!("{name} Home"), "<p>Welcome.</p>");
        self.spaces.get_mut(&id).unwrap().home = home;
        id
    }

    /// Deletes a space with all that is in it.
    pub fn remove_space(&mut self, key: &str) {
        let id = self.space(key).id;
        let inside: Vec<Id> = self.content.values().filter(|content| content.space == id).map(|content| content.id).collect();
        for content in inside {
            self.purge(content);
        }
        self.spaces.remove(&id);
        self.tick();
    }

    /// Archives a space.
    pub fn archive_space(&mut self, key: &str) {
        self.space_mut(key).archived = true;
        self.tick();
    }

    /// Closes a space to the caller, or opens it again.
    pub fn forbid_space(&mut self, key: &str, forbidden: bool) {
        self.space_mut(key).forbidden = forbidden;
    }

    /// Shows a space to callers without an account.
    pub fn open_space(&mut self, key: &str) {
        self.space_mut(key).open = true;
    }

    /// Gives a space another address; key and ids stay (Cloud).
    pub fn set_space_alias(&mut self, key: &str, alias: &str) {
        self.space_mut(key).alias = alias.to_owned();
        self.tick();
    }

    /// Gives a space another key; ids stay.
    pub fn rename_space_key(&mut self, old: &str, new: &str) {
        let space = self.space_mut(old);
        space.key = new.to_owned();
        space.alias = new.to_owned();
        self.tick();
    }

    /// Gives a space another name.
    pub fn rename_space(&mut self, key: &str, name: &str) {
        self.space_mut(key).name = name.to_owned();
        self.tick();
    }

    fn space_mut(&mut self, key: &str) -> &mut Space {
        let id = self.space(key).id;
        self.spaces.get_mut(&id).unwrap()
    }
}
