//! Asks the linker for packed relocations, where the machine that builds can also load them.
//!
//! The program holds some 60,000 pointers that are put right when it is loaded. Listed one by one they are 1.7 MB that are read, and so stay in memory, at each
//! start; packed they are 25 KB. Does nothing that a program needs in order to work.

use std::env;
use std::process::Command;

/// The first version of glibc that loads them.
const SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // Other linkers than those for x86-64 do not all know how; and only a program that is built where it runs is known to be loaded by this glibc or a later one.
    let native = env::var("HOST").ok() == env::var("TARGET").ok();
    if native && is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_ENV", "gnu") && glibc().is_some_and(|version| version >= SINCE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
