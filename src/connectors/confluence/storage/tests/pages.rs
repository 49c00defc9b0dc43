//! Whole pages: `fixtures/NAME.xhtml` becomes `fixtures/NAME.md`.

use super::*;

#[test]
fn pages_become_what_is_written_beside_them() {
    for (body, expected) in [
        (include_str!("../../fixtures/runbook.xhtml"), include_str!("../../fixtures/runbook.md")),
        (include_str!("../../fixtures/legacy.xhtml"), include_str!("../../fixtures/legacy.md")),
    ] {
        assert_eq!(markdown(body), expected);
    }
}
