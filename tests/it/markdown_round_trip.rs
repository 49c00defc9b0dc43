//! Writes random trees, reads the Markdown back with an independent parser, and finds the same trees, up to the documented normal form.
//!
//! `PROPTEST_CASES=20000 cargo test --test it round_trip` looks longer.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use context_syncd::markdown::{Tree, normal_form, write};
use proptest::test_runner::{Config, TestRunner};

mod expected;
mod parse;
mod trees;

/// The tree that `tree` should be read back as, and the one that it is read back as.
fn both(tree: &Tree) -> (Tree, Tree, String) {
    let written = write::body(tree, &expected::Mirror).text;
    (normal_form(expected::tree(tree)), normal_form(parse::tree(&written)), written)
}

#[test]
fn what_is_written_is_read_back() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(600);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(&trees::tree(), |tree| {
        let (expected, found, written) = both(&tree);
        proptest::prop_assert_eq!(found, expected, "written:\n{}", written);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn the_normal_form_is_normal() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&trees::tree(), |tree| {
        let once = normal_form(tree);
        proptest::prop_assert_eq!(normal_form(once.clone()), once);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn writing_again_gives_the_same_bytes_as_writing_the_normal_form() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&trees::tree(), |tree| {
        let written = write::body(&tree, &expected::Everything);
        let again = write::body(&normal_form(tree), &expected::Everything);
        proptest::prop_assert_eq!(&again.text, &written.text);
        proptest::prop_assert!(written.text.is_empty() || (written.text.ends_with('\n') && !written.text.ends_with("\n\n")));
        let hidden = written.text.contains(['\u{202E}', '\u{E0041}', '\u{7}', '\r']);
        proptest::prop_assert!(!hidden);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
