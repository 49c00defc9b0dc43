//! What the fuzz targets share: arguments, the loop that tries until its time is up, repeatable chance, and the file that holds a finding.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each target takes a part")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for those who work on the program"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// `[SECONDS] [SEED]` of the command line, for a program that does nothing but search: panics are told as findings alone.
pub fn arguments() -> (u64, u64) {
    std::panic::set_hook(Box::new(|_| {}));
    let mut arguments = std::env::args().skip(1);
    let mut next = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    (next(60), next(1))
}

/// Makes inputs and checks them for so many seconds. The first that panics or draws a complaint is written to a file, whose name is printed, and the exit status is
/// that of a failure.
pub fn run<I>(
    name: &str,
    (seconds, seed): (u64, u64),
    make: impl Fn(&mut Random) -> I,
    bytes: impl Fn(&I) -> Vec<u8>,
    mut check: impl FnMut(&I) -> Result<(), String>,
) -> ExitCode {
    println!("{name}: {seconds} s, seed {seed}");
    let mut random = Random(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut count, mut total, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while Instant::now() < end {
        let input = make(&mut random);
        let start = now();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&input)));
        slowest = slowest.max(now() - start);
        count += 1;
        total += bytes(&input).len() as u64;
        let complaint = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(complaint)) => complaint,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                format!("a panic: {}", text.unwrap_or_default())
            }
        };
        let file = std::env::temp_dir().join(format!("fuzz-{name}-{seed}-{count}"));
        std::fs::write(&file, bytes(&input)).expect("the temporary folder takes a file");
        println!("{name}, after {count} inputs: {complaint}\n{}", file.display());
        return ExitCode::FAILURE;
    }
    println!("{name}: {count} inputs, {} MB, slowest {} ms: nothing found", total >> 20, slowest.as_millis());
    ExitCode::SUCCESS
}

/// Processor time of this thread, so that a busy machine does not count.
pub fn now() -> Duration {
    nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID.now().map_or(Duration::ZERO, Duration::from)
}

/// Marsaglia's xorshift: the same numbers for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        let mut x = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = x;
        usize::try_from(x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or_default() % end.max(1)
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn of<'t, T: ?Sized>(&mut self, choice: &[&'t T]) -> &'t T {
        choice[self.below(choice.len())]
    }
}

/// A place between two characters of `text`.
pub fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Cuts, repeats or moves a part of `text`, or puts one of `tokens` into it.
pub fn damage(text: &mut String, tokens: &[&str], random: &mut Random) {
    let (from, to) = (place(text, random), place(text, random));
    let (from, to) = (from.min(to), from.max(to));
    match random.below(5) {
        0 => text.replace_range(from..to, ""),
        1 if text.len() < 1 << 16 => {
            let piece = text[from..to].to_owned();
            text.insert_str(from, &piece);
        }
        2 => {
            let times = if random.one_in(20) { random.below(300) } else { 1 };
            let token = random.of(tokens).repeat(times);
            text.insert_str(from, &token);
        }
        3 => text.replace_range(from..to, random.of(tokens)),
        _ => text.insert_str(to, random.of(tokens)),
    }
}
