//! A bad hour upstream never becomes a deletion here: a synced mirror meets every fault in turn, by `context-syncd --once` over real TLS. After each no
//! file has changed or left, the message names what failed and the way out, the exit code is the promised one, the requests are bounded, no secret was
//! said, and the next healthy run changes nothing but what was edited meanwhile.

use std::time::Duration;

use super::authority::Face;
use super::ways::{Stage, secrets};
use crate::support::wire::Answer;
use crate::support::{Class, Fault, Habits, RetryAfter, Seen};

/// What is done to the service, and what has to come of it.
struct Trouble {
    name: &'static str,
    fault: Box<dyn Fn(&mut Stage)>,
    /// Somebody edits the guide before, so that bodies are asked for.
    edited: bool,
    code: i32,
    /// What the user reads.
    says: &'static [&'static str],
    /// Requests that reach the site at most.
    at_most: usize,
}

fn trouble(name: &'static str, code: i32, at_most: usize, says: &'static [&'static str], fault: impl Fn(&mut Stage) + 'static) -> Trouble {
    Trouble { name, fault: Box::new(fault), edited: false, code, says, at_most }
}

/// The same while a body is asked for.
fn edited(trouble: Trouble) -> Trouble {
    Trouble { edited: true, ..trouble }
}

/// Something that the simulated site does.
fn habit(change: impl Fn(&mut Habits) + 'static) -> impl Fn(&mut Stage) + 'static {
    move |stage| stage.site.habits(&change)
}

/// A fault of every request whose address holds `part`.
fn always(part: &'static str, fault: Fault) -> impl Fn(&mut Stage) + 'static {
    habit(move |h| h.always(part, fault.clone()))
}

/// A fault of every request for bodies.
fn bodies(fault: Fault) -> impl Fn(&mut Stage) + 'static {
    habit(move |h| h.next_where(usize::MAX, |seen: &Seen| seen.class == Class::Bodies, fault.clone()))
}

/// A fault of ENG's list of pages.
fn pages_of_eng(fault: Fault) -> impl Fn(&mut Stage) + 'static {
    move |stage| {
        let part = format!("/spaces/{}/pages", stage.site.edit(|m| m.space("ENG").id));
        stage.site.habits(|h| h.always(&part, fault.clone()));
    }
}

/// A fault of ENG's list of pages, with less patience for silence than there is usually.
fn impatient(fault: Fault) -> impl Fn(&mut Stage) + 'static {
    move |stage| {
        stage.configure("read_timeout_ms = 400");
        pages_of_eng(fault.clone())(stage);
    }
}

/// 64 MB of blanks, packed beforehand, because packing takes longer than the client waits.
fn bomb() -> Fault {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&vec![b' '; 64 << 20]).unwrap();
    Fault::Other(Answer::bytes(packed.finish().unwrap()).with("content-encoding", "gzip"))
}

fn html(status: u16) -> Fault {
    Fault::Other(Answer::html(status, "<html><title>Grand Hotel</title><body>Welcome! Press here to go on.</body></html>"))
}

const NETWORK: &[&str] = &["127.", "cannot be reached", "Check the network"];
const NO_SAFE_WAY: &[&str] = &["there is no safe way to 127.", "certificate"];
const BAD_ANSWER: &[&str] = &["127.", "gave a wrong answer", "tried again by itself"];
const SPACE: &[&str] = &["could not be listed as a whole", "`ENG`", "Nothing of theirs was removed"];
const DEFERRED: &[&str] = &["could not be brought", "tried first next time"];
const CREDENTIALS: &[&str] = &["127.", "refused the credentials", "make a new token"];
const PORTAL: &[&str] = &["there is no safe way to 127.", "in a browser"];

fn connections() -> Vec<Trouble> {
    vec![
        trouble("connection refused", 5, 0, NETWORK, |stage| stage.front.close()),
        trouble("a name that nobody knows", 5, 0, &["nowhere.invalid", "cannot be reached", "Check the network"], |stage| {
            let text = std::fs::read_to_string(stage.home.config()).unwrap();
            stage.home.configure(&text.replacen(&stage.front.origin(), "https://nowhere.invalid", 1));
        }),
        trouble("reset before any answer", 5, 4, NETWORK, always("", Fault::Reset)),
        trouble("reset when connected", 5, 4, NETWORK, habit(|h| h.offline = true)),
        trouble("reset in mid-body", 5, 12, NETWORK, pages_of_eng(Fault::ResetMidBody)),
        trouble("silence", 5, 20, NETWORK, impatient(Fault::Silence)),
        trouble("stalled in mid-body", 5, 20, NETWORK, impatient(Fault::Stall)),
        trouble("slow drip that ends", 0, 20, &["done"], pages_of_eng(Fault::Drip { bytes: 1000, every: Duration::from_millis(5) })),
        trouble("longer than announced", 5, 12, NETWORK, pages_of_eng(Fault::LengthTooLong)),
        trouble("expired certificate", 5, 0, NO_SAFE_WAY, |stage| stage.front.show(&stage.authority, Face::Expired)),
        trouble("certificate of the future", 5, 0, NO_SAFE_WAY, |stage| stage.front.show(&stage.authority, Face::NotYet)),
        trouble("certificate for another host", 5, 0, &["is for another name", "`url`"], |stage| stage.front.show(&stage.authority, Face::OtherName)),
        trouble("self-signed certificate", 5, 0, &["certificate", "`ca_file`"], |stage| stage.front.show(&stage.authority, Face::SelfSigned)),
        trouble("unknown authority", 5, 0, &["certificate", "`ca_file`"], |stage| stage.front.show(&stage.authority, Face::UnknownAuthority)),
    ]
}

fn answers() -> Vec<Trouble> {
    vec![
        trouble("shorter than announced", 8, 20, SPACE, pages_of_eng(Fault::LengthTooShort)),
        trouble("JSON that ends early", 8, 20, SPACE, pages_of_eng(Fault::TruncatedJson)),
        trouble("no JSON", 8, 16, SPACE, pages_of_eng(Fault::InvalidJson)),
        trouble("no JSON for spaces", 5, 2, BAD_ANSWER, always("/spaces", Fault::InvalidJson)),
        trouble("login page with 200", 3, 8, CREDENTIALS, always("", Fault::LoginPage)),
        trouble("redirect loop", 8, 20, SPACE, |stage| {
            let id = stage.site.edit(|m| m.space("ENG").id);
            let again = Fault::RedirectTo(format!("/wiki/api/v2/spaces/{id}/pages"));
            pages_of_eng(again)(stage);
        }),
        trouble("redirect to plain http", 8, 16, SPACE, pages_of_eng(Fault::RedirectTo("http://127.0.0.1:9/wiki".to_owned()))),
        trouble("gzip bomb", 8, 16, SPACE, pages_of_eng(bomb())),
        trouble(
            "endless cursors",
            5,
            12,
            BAD_ANSWER,
            habit(|h| {
                h.page_cap = Some(1);
                h.endless_cursor = true;
            }),
        ),
        trouble(
            "items twice, empty pages, short pages",
            0,
            60,
            &["done"],
            habit(|h| {
                h.repeat_across_pages = true;
                h.empty_pages = 2;
                h.page_cap = Some(3);
            }),
        ),
        trouble("items that the list leaves out", 0, 20, &["done"], |stage| {
            let guide = stage.guide;
            stage.site.habits(|h| h.hide(guide, 1));
        }),
        trouble(
            "nothing in any list",
            8,
            16,
            &["could not be listed as a whole"],
            always("/api/v2/spaces", Fault::Other(Answer::bytes(b"{\"results\":[]}".to_vec()))),
        ),
        edited(trouble("listed, and not there when fetched", 8, 16, DEFERRED, bodies(Fault::Other(Answer::bytes(b"{\"results\":[]}".to_vec()))))),
        // Changed settings make a run look at everything, as one run a day does.
        trouble("nothing in any search", 0, 16, &["done"], |stage| {
            stage.configure("burst = 99");
            stage.site.habits(|h| h.always("/content/search", Fault::Other(Answer::bytes(b"{\"results\":[]}".to_vec()))));
        }),
        edited(trouble("nothing where documents are asked for by id", 8, 16, DEFERRED, |stage| {
            let nothing = Fault::Other(Answer::bytes(b"{\"results\":[]}".to_vec()));
            stage.site.habits(|h| h.always("/api/v2/pages?", nothing.clone()));
        })),
        edited(trouble("no JSON for a body", 8, 16, DEFERRED, bodies(Fault::InvalidJson))),
        edited(trouble("5xx for a body", 8, 20, DEFERRED, bodies(Fault::BadGateway))),
        edited(trouble("reset in mid-body of a body", 5, 20, NETWORK, bodies(Fault::ResetMidBody))),
    ]
}

fn refusals() -> Vec<Trouble> {
    vec![
        trouble("401 in mid-run", 3, 12, CREDENTIALS, habit(|h| h.token_expires_after(2))),
        edited(trouble("401 for a body", 3, 12, CREDENTIALS, bodies(Fault::Status(401)))),
        edited(trouble("403 for a body", 8, 16, DEFERRED, bodies(Fault::Status(403)))),
        edited(trouble("404 for a body, from a proxy", 8, 16, DEFERRED, bodies(html(404)))),
        trouble("401 for everything", 3, 8, CREDENTIALS, always("", Fault::Status(401))),
        trouble("403 for everything", 5, 2, BAD_ANSWER, always("", Fault::Status(403))),
        trouble("403 for a space", 8, 16, SPACE, pages_of_eng(Fault::Status(403))),
        trouble("404 for a space", 8, 16, SPACE, pages_of_eng(Fault::Status(404))),
        trouble("404 for everything, from a proxy", 5, 2, BAD_ANSWER, always("", html(404))),
        trouble("410 for a space", 8, 16, SPACE, pages_of_eng(Fault::Status(410))),
        trouble(
            "a space that is gone from the list",
            8,
            16,
            SPACE,
            habit(|h| {
                h.space_status.insert("ENG".to_owned(), 404);
            }),
        ),
        trouble("429 with seconds", 0, 20, &["done"], habit(|h| h.next(1, "/spaces", Fault::too_many(1)))),
        trouble(
            "429 with a date",
            0,
            20,
            &["done"],
            habit(|h| {
                h.next(1, "/spaces", Fault::TooManyRequests(RetryAfter::Date(1), "confluence-quota-based"));
            }),
        ),
        trouble(
            "429 without a word",
            6,
            4,
            &["127.", "limits our rate", "next run goes on"],
            always("", Fault::TooManyRequests(RetryAfter::Absent, "x")),
        ),
        trouble("502 for everything", 5, 4, BAD_ANSWER, always("", Fault::BadGateway)),
        trouble("503 for everything", 5, 4, BAD_ANSWER, always("", Fault::Unavailable(RetryAfter::Absent))),
        trouble("500 for everything", 5, 2, BAD_ANSWER, always("", Fault::Status(500))),
        trouble("captive portal: another host's page", 5, 2, PORTAL, |stage| {
            let portal = format!("{}/portal", stage.media.origin());
            stage.site.habits(|h| {
                h.always("/portal", Fault::LoginPage);
                h.always("/wiki", Fault::RedirectTo(portal.clone()));
            });
        }),
        trouble("captive portal: another host's refusal", 5, 2, PORTAL, |stage| {
            let portal = format!("{}/portal", stage.media.origin());
            stage.site.habits(|h| {
                h.always("/portal", Fault::Status(404));
                h.always("/wiki", Fault::RedirectTo(portal.clone()));
            });
        }),
        trouble("captive portal: a page for everything", 5, 2, BAD_ANSWER, always("", html(200))),
        trouble("captive portal: 511", 5, 2, PORTAL, always("", html(511))),
    ]
}

fn endure(troubles: Vec<Trouble>) {
    let mut stage = Stage::new();
    let said = stage.once();
    assert_eq!(said.code, Some(0), "{said:#?}\n{}", stage.site.transcript());
    let config = std::fs::read_to_string(stage.home.config()).unwrap();
    let mut edits = 0;
    for Trouble { name, fault, edited, code, says, at_most } in troubles {
        if edited {
            edits += 1;
            let guide = stage.guide;
            stage.site.edit(|m| m.edit_page(guide, &format!("<p>Edit {edits}</p><ac:image><ri:attachment ri:filename=\"a.png\" /></ac:image>")));
        }
        let before = stage.home.looks();
        stage.site.clear_requests();
        fault(&mut stage);
        let said = stage.once();
        let (requests, story) = (stage.site.requests().len(), stage.site.transcript());
        assert_eq!(said.code, Some(code), "{name}: {said:#?}\n{story}");
        assert_eq!(stage.home.looks(), before, "{name}: a file changed or left");
        for words in says {
            assert!(said.stdout.contains(words), "{name}: `{words}` is not in {}\n{story}", said.stdout);
        }
        // The same word stands in `status` and `history`.
        assert!(said.stderr.contains(&format!("outcome={}", outcome(code))), "{name}: {said:#?}");
        assert!(requests <= at_most, "{name}: {requests} requests\n{story}");
        stage.site.habits(Habits::forgive);
        stage.front.open();
        stage.front.show(&stage.authority, Face::Good);
        stage.home.configure(&config);
        let healthy = stage.once();
        assert_eq!(healthy.code, Some(0), "after {name}: {healthy:#?}\n{}", stage.site.transcript());
        let mut after = stage.home.looks();
        let changed: Vec<&String> = before.iter().filter(|(path, look)| after.get(*path) != Some(look)).map(|(path, _)| path).collect();
        let page = format!("--{}.md", stage.guide);
        assert!(changed.len() == usize::from(edited) && changed.iter().all(|path| path.ends_with(&page)), "after {name}: {changed:?}");
        after.retain(|path, _| !before.contains_key(path));
        assert!(after.is_empty(), "after {name}: {after:?} came");
    }
    assert!(stage.site.violations().is_empty(), "{:?}", stage.site.violations());
    nothing_secret_below(stage.home.path(), &stage.home.config());
}

/// What the state says of a run with this exit code.
fn outcome(code: i32) -> &'static str {
    match code {
        0 => "done",
        3 => "unauthorized",
        5 => "unreachable",
        6 => "rate_limited",
        8 => "partial",
        other => panic!("no fault ends with {other}"),
    }
}

/// Nothing on disk but the configuration holds a secret: no log, no history, no state.
fn nothing_secret_below(folder: &std::path::Path, config: &std::path::Path) {
    let mut stack = vec![folder.to_owned()];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path != config && path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for secret in secrets() {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "a secret is in {}", path.display());
            }
        }
    }
}

/// A service that breaks down while a large site is fetched is not asked for every document of it, four times each.
#[test]
fn a_service_that_breaks_down_in_the_middle_of_a_large_site_is_left_alone() {
    let stage = Stage::new();
    stage.site.edit(|m| {
        for n in 0..600 {
            m.add_page("ENG", None, &format!("Page {n}"), "<p>Text</p>");
        }
    });
    for (fault, at_most) in [(Fault::Status(500), 200), (Fault::InvalidJson, 200), (Fault::Unavailable(RetryAfter::Absent), 300)] {
        stage.site.habits(|h| h.next_where(usize::MAX, |seen: &Seen| seen.class == Class::Bodies, fault.clone()));
        stage.site.clear_requests();
        let said = stage.once();
        assert_eq!(said.code, Some(5), "{fault:?}: {said:#?}");
        assert!(said.stdout.contains("requests in a row failed"), "{fault:?}: {said:#?}");
        let requests = stage.site.requests().len();
        assert!(requests <= at_most, "{fault:?}: {requests} requests");
        stage.site.habits(Habits::forgive);
    }
    assert_eq!(stage.once().code, Some(0));
    assert!(stage.home.living().len() > 600);
}

#[test]
fn no_broken_connection_takes_anything_from_the_mirror() {
    endure(connections());
}

#[test]
fn no_broken_answer_takes_anything_from_the_mirror() {
    endure(answers());
}

#[test]
fn no_refusal_takes_anything_from_the_mirror() {
    endure(refusals());
}
