//! Folders that may not be written: read-only file systems, and rights that were lost. As an ordinary user, because root is asked for none.

use std::os::unix::fs::PermissionsExt;

use super::*;

const USER: u32 = 1000;

/// A home of an ordinary user.
struct Theirs {
    home: Home,
    _program: tempfile::TempDir,
}

impl Theirs {
    /// None where we cannot become somebody else.
    fn new(small: &Small) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            not_run("only root can run the program as somebody else");
            return None;
        }
        let program = tempfile::tempdir().unwrap();
        let daemon = program.path().join("context-syncd");
        std::fs::copy(DAEMON, &daemon).unwrap();
        for path in [program.path(), &daemon] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let home = Home::for_site(&daemon, &small.site, "");
        let owned = Command::new("chown").args(["-R", &format!("{USER}:{USER}")]).arg(home.path()).status().unwrap();
        assert!(owned.success());
        Some(Self { home, _program: program })
    }

    fn once(&self) -> Said {
        let theirs = self.home.daemon_command(&["--once"]);
        let user = USER.to_string();
        let mut command = self.home.command("setpriv");
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups", "--"]).arg(theirs.get_program()).arg("--once");
        said(command)
    }

    fn assert_heals(&self, small: &Small, story: &str) {
        let said = self.once();
        assert_eq!(said.code, Some(0), "{story}: {said:#?}");
        assert!(self.home.living() == small.fresh(), "{story}");
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_system_that_turns_read_only_is_named_and_loses_nothing() {
    with_mounts("disk::rights::a_file_system_that_turns_read_only_is_named_and_loses_nothing", || {
        let small = Small::new();
        let home = small.home();
        mount(&home.output(), "size=8m");
        let remount = |how: &str| assert!(Command::new("mount").args(["-o", how]).arg(home.output()).status().unwrap().success());
        for first in [true, false] {
            small.edit();
            let before = if first { BTreeMap::new() } else { home.living() };
            remount("remount,ro");
            small.site.clear_requests();
            let said = home.once();
            assert_refused(&said, &["mounted read-only: mount it writable, or move `output_dir`"], "read-only");
            assert!(small.site.requests().len() < 20);
            assert_eq!(home.living(), before);
            remount("remount,rw");
            small.assert_heals(&home, "writable again");
        }
    });
}

#[test]
fn rights_that_were_lost_are_named_and_nothing_is_deleted() {
    let small = Small::new();
    let Some(theirs) = Theirs::new(&small) else { return };
    theirs.assert_heals(&small, "at first");
    let mirror = theirs.home.mirror();
    for path in [
        theirs.home.output(),
        mirror.clone(),
        mirror.join("ENG"),
        mirror.join(".sync_state"),
        mirror.join(".sync_state/raw"),
        mirror.join(".sync_state/db/db"),
    ] {
        for rights in [0o000, 0o500] {
            let story = format!("{} is {rights:o}", path.display());
            small.edit();
            let before = theirs.home.tree();
            let old = std::fs::metadata(&path).unwrap().permissions();
            mode(&path, rights);
            let said = theirs.once();
            std::fs::set_permissions(&path, old).unwrap();
            if said.code != Some(0) {
                assert_refused(&said, &[&theirs.home.output().display().to_string(), "ermission denied"], &story);
                assert!(said.stdout.contains("chown") || said.stdout.contains("Check who owns"), "{story}: {said:#?}");
            }
            assert_whole(&theirs.home, &before, &small.fresh(), &story);
            theirs.assert_heals(&small, &story);
        }
    }
}

#[test]
fn a_folder_of_another_user_is_refused_with_the_way_out() {
    let small = Small::new();
    let Some(theirs) = Theirs::new(&small) else { return };
    theirs.assert_heals(&small, "at first");
    let before = theirs.home.living();
    let own = |who: &str| assert!(Command::new("chown").arg(who).arg(theirs.home.mirror()).status().unwrap().success());
    own("0:0");
    mode(&theirs.home.mirror(), 0o777);
    let said = theirs.once();
    assert_refused(&said, &["it belongs to another user. `chown` it"], "another's");
    assert_eq!(theirs.home.living(), before);
    own(&format!("{USER}:{USER}"));
    mode(&theirs.home.mirror(), 0o700);
    theirs.assert_heals(&small, "ours again");
}
