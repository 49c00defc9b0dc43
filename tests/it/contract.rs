//! What every connector owes its user, whichever service it reads: one test for each promise, run for each service.
//!
//! A new connector says in `contract/` how its service is simulated; it adds no promise and leaves none out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::home::{Home, Said};
use crate::soak::{Victim, Way, kill, usual_ms};

mod confluence;
mod github;

/// A simulated service with some dozen documents, one of which has a picture, and what the promises need to do with it.
pub(crate) trait Service {
    /// Starts it.
    fn start() -> Self;
    /// A home whose one connector mirrors it.
    fn home(&self) -> Home;
    /// What nobody may find anywhere.
    fn secret(&self) -> String;
    /// Changes some documents, adds one and takes one away; another time other ones.
    fn edit(&mut self, round: usize);
    /// The next request for bodies is told to come back in a second.
    fn limit(&self);
    /// Nobody's credentials are good from the next request but `after` on.
    fn refuse(&self, after: usize);
    /// One document cannot be had, whoever asks. Returns the end of its path.
    fn spoil(&self) -> String;
    /// Everything that was told to it by `limit`, `refuse`, `spoil` is forgotten.
    fn forgive(&self);
    /// Each request takes so long.
    fn slow(&self, each: Duration);
    /// Requests that brought bodies or files since the last call.
    fn brought(&self) -> usize;
    /// What was asked, for people.
    fn transcript(&self) -> String;
}

fn begun<S: Service>() -> (S, Home) {
    let service = S::start();
    let home = service.home();
    home.synced();
    assert!(home.living().len() >= 12, "{:#?}", home.living().keys());
    assert!(service.brought() > 0, "{}", service.transcript());
    (service, home)
}

/// What a home would have that never had anything else.
fn fresh<S: Service>(service: &S) -> BTreeMap<String, Vec<u8>> {
    let home = service.home();
    home.synced();
    home.living()
}

fn says_nothing_of(secret: &str, said: &Said) {
    assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{said:#?}");
}

pub(crate) fn the_second_run_brings_nothing_and_writes_nothing<S: Service>() {
    let (service, home) = begun::<S>();
    let before = home.looks();
    for _ in 0..2 {
        home.synced();
        assert_eq!(home.looks(), before);
        assert_eq!(service.brought(), 0, "{}", service.transcript());
    }
}

pub(crate) fn a_state_that_is_lost_costs_requests_and_no_writes<S: Service>() {
    let (_service, home) = begun::<S>();
    let before = home.looks();
    std::fs::remove_dir_all(home.mirror().join(".sync_state")).unwrap();
    home.synced();
    assert_eq!(home.looks(), before);
}

pub(crate) fn history_ends_in_the_tree_of_a_fresh_sync<S: Service>() {
    let (mut service, home) = begun::<S>();
    for round in 0..3 {
        service.edit(round);
        home.synced();
        assert_eq!(home.living(), fresh(&service), "round {round}");
    }
}

pub(crate) fn a_limit_is_waited_out<S: Service>() {
    let service = S::start();
    let home = service.home();
    service.limit();
    home.synced();
    assert!(service.transcript().contains("429"), "nothing was limited: {}", service.transcript());
    service.forgive();
    assert_eq!(home.living(), fresh(&service));
}

pub(crate) fn refused_credentials_end_the_run_and_remove_nothing<S: Service>() {
    let (mut service, home) = begun::<S>();
    let before = home.living();
    for after in [0, 1, 2] {
        service.refuse(after);
        let said = home.once();
        if after == 0 {
            assert_eq!(said.code, Some(3), "{said:#?}\n{}", service.transcript());
            assert!(said.stderr.contains("token"), "nothing says what to do: {said:#?}");
        }
        says_nothing_of(&service.secret(), &said);
        assert_eq!(home.living(), before, "refused after {after}");
    }
    service.forgive();
    service.edit(0);
    home.synced();
    assert_eq!(home.living(), fresh(&service));
}

pub(crate) fn one_bad_document_stops_no_other<S: Service>() {
    let service = S::start();
    let home = service.home();
    let end = service.spoil();
    let said = home.once();
    assert_eq!(said.code, Some(8), "{said:#?}\n{}", service.transcript());
    let spoilt = home.living();
    assert!(!spoilt.keys().any(|path| path.ends_with(&end)), "{:#?}", spoilt.keys());
    service.forgive();
    home.synced();
    let whole = home.living();
    assert!(whole.keys().any(|path| path.ends_with(&end)), "{end} in {:#?}", whole.keys());
    assert!(spoilt.len() >= whole.len() - 3, "one document took others with it: {:#?}", spoilt.keys());
    assert_eq!(whole, fresh(&service));
}

pub(crate) fn no_secret_is_in_anything_that_is_written_or_said<S: Service>() {
    let service = S::start();
    let home = service.home();
    let said = home.once();
    says_nothing_of(&service.secret(), &said);
    service.refuse(1);
    says_nothing_of(&service.secret(), &home.once());
    let mut open = vec![home.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path == home.config() {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let secret = service.secret();
                assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "the token is in {}", path.display());
            }
        }
    }
}

pub(crate) fn killed_at_any_moment_the_next_run_heals_it<S: Service>() {
    let mut service = S::start();
    let home = service.home();
    let usual = usual_ms(&home);
    let mut struck = 0;
    for round in 0..8_usize {
        service.edit(round);
        service.slow(Duration::from_millis(5));
        let delay = Duration::from_millis(usual * (round as u64 % 4 + 1) / 4);
        struck += usize::from(kill(&home, Way::Once, if round % 2 == 0 { Victim::Worker } else { Victim::Both }, delay));
        service.slow(Duration::ZERO);
        home.synced();
        assert_eq!(home.living(), fresh(&service), "round {round}");
    }
    assert!(struck > 0, "nothing was killed");
    assert!(!home.tree().keys().any(|path| path.contains(".tmp") || path.contains(".partial")), "{:#?}", home.tree().keys());
}

/// All promises, for one service.
macro_rules! keeps_the_contract {
    ($service:ty) => {
        $crate::contract::keeps_the_contract!(@each $service:
            the_second_run_brings_nothing_and_writes_nothing
            a_state_that_is_lost_costs_requests_and_no_writes
            history_ends_in_the_tree_of_a_fresh_sync
            a_limit_is_waited_out
            refused_credentials_end_the_run_and_remove_nothing
            one_bad_document_stops_no_other
            no_secret_is_in_anything_that_is_written_or_said
            killed_at_any_moment_the_next_run_heals_it);
    };
    (@each $service:ty: $($promise:ident)*) => {
        $(
            #[test]
            fn $promise() {
                $crate::contract::$promise::<$service>();
            }
        )*
    };
}
pub(crate) use keeps_the_contract;
