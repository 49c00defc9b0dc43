//! Hands back memory that holds program code which nobody runs any more.
//!
//! A process that mostly sleeps needs a twentieth of its code, but the kernel maps the surroundings of each function that ever ran, and takes nothing back
//! while memory is plenty. Guarantees that nothing is lost: code is never written to, so what is needed again is found in the file's cache, or in the file.
//! Knows nothing of why or when.

use std::io;

/// Hands back the pages of the code of this program and of its libraries; how many bytes of code there are. The few that are in use come back by themselves.
///
/// # Errors
/// When the kernel does not tell what is mapped, or refuses.
pub fn let_go_of_code() -> io::Result<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let mut bytes = 0;
    for (start, end) in maps.lines().filter_map(code) {
        // SAFETY: this range is a private mapping of a file that this process can not write to, so its pages hold what the file holds. Where one is
        // touched again, the kernel maps it again; a range that is gone by now is an error. No memory that Rust knows of changes.
        let done = unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(start), end - start, libc::MADV_DONTNEED) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        bytes += end - start;
    }
    Ok(bytes)
}

/// The range of a line of `/proc/self/maps`, if that is code out of a file.
fn code(line: &str) -> Option<(usize, usize)> {
    // address perms offset dev inode path
    let mut words = line.split_ascii_whitespace();
    let (range, permissions, inode) = (words.next()?, words.next()?, words.nth(2)?);
    let (start, end) = range.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    (permissions == "r-xp" && inode != "0" && start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_that_cannot_have_been_written_to_is_let_go() {
        assert_eq!(code("5577-55aa r-xp 00001000 fe:00 1234 /usr/bin/x y"), Some((0x5577, 0x55aa)));
        for line in [
            "5577-55aa r--p 00001000 fe:00 1234 /usr/bin/x",
            "5577-55aa rw-p 00001000 fe:00 1234 /usr/bin/x",
            "5577-55aa rwxp 00001000 fe:00 1234 /usr/bin/x",
            "5577-55aa r-xp 00000000 00:00 0 [vdso]",
            "5577-55aa r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(code(line), None, "{line}");
        }
    }

    #[test]
    fn memory_comes_back_and_the_program_goes_on() {
        // Bytes of code that are in memory, as far as the kernel counts them for this process.
        fn resident(smaps: &str) -> usize {
            let mut of_code = false;
            let mut kilobytes = 0;
            for line in smaps.lines() {
                if line.split(' ').next().unwrap().contains('-') {
                    of_code = code(line).is_some();
                } else if let Some(rss) = line.strip_prefix("Rss:").filter(|_| of_code) {
                    kilobytes += rss.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
                }
            }
            kilobytes << 10
        }
        let look = || std::fs::read_to_string("/proc/self/smaps").unwrap();
        // Some code that is not needed for the looks in between.
        assert!(resident(&look()) > 0);
        let before = look();
        let bytes = let_go_of_code().unwrap();
        let after = look();
        let (before, after) = (resident(&before), resident(&after));
        assert!(bytes >= before, "{bytes} bytes of code, {before} resident");
        assert!(after < before, "nothing came back of {before} bytes");
    }
}
