//! How far a run is, shown on standard error while a command waits: a few lines that are drawn anew on a terminal, a line now and then elsewhere.
//!
//! Each frame is one write that ends at the start of a line and switches line wrapping back on, so that an interrupt at any moment leaves the terminal
//! as it was: that is why nothing has to be handled on Ctrl-C, and the exit status is the signal's own (130 in a shell).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use context_sync_protocol::event::{Event, Level, Progress};
use context_sync_protocol::reply::Follow;

use crate::output::Output;
use crate::text::{age, clean, clock, count, duration, number};

/// Where nobody watches, a line this often is enough to see that it lives.
const RARELY: Duration = Duration::from_secs(30);

/// The rate is measured over the last so many seconds: long enough to be calm, short enough to follow a change.
const WINDOW: Duration = Duration::from_secs(15);

/// What a command shows while it waits.
#[derive(Debug)]
pub(crate) struct Board<'a> {
    output: &'a Output,
    rows: BTreeMap<String, Row>,
    drawn: usize,
}

#[derive(Debug, Default)]
struct Row {
    progress: Progress,
    /// Moments and documents done then, of this phase.
    samples: VecDeque<(Instant, u64)>,
    ended: bool,
    told: Option<Instant>,
}

impl<'a> Board<'a> {
    /// `names` are known to have been asked; others appear when they are heard of.
    pub(crate) fn new(output: &'a Output, names: &[String]) -> Self {
        Self { output, rows: names.iter().map(|name| (name.clone(), Row::default())).collect(), drawn: 0 }
    }

    /// Something happened.
    pub(crate) fn follow(&mut self, follow: Follow, now: Instant, now_ms: u64) {
        let name = follow.connector;
        match follow.event {
            Event::Log { level, message, .. } => {
                if self.output.verbose {
                    let word = match level {
                        Level::Error => "error: ",
                        Level::Warn => "warning: ",
                        Level::Info | Level::Debug => "",
                    };
                    self.above(&format!("{}: {word}{}\n", clean(&name), clean(&message)), now_ms);
                }
            }
            Event::Progress(progress) => {
                self.rows.entry(name.clone()).or_default().advance(progress, now);
                self.tell(&name, now, now_ms);
            }
            Event::Finished(_) => {
                self.rows.entry(name).or_default().ended = true;
                self.draw(now_ms);
            }
        }
    }

    /// A second has passed: ages and waits are drawn anew.
    pub(crate) fn tick(&mut self, now_ms: u64) {
        self.draw(now_ms);
    }

    /// Takes the drawing away, before results are printed.
    pub(crate) fn clear(&mut self) {
        if self.drawn > 0 {
            self.output.say(&erase(self.drawn));
            self.drawn = 0;
        }
    }

    fn tell(&mut self, name: &str, now: Instant, now_ms: u64) {
        if self.output.live {
            self.draw(now_ms);
        } else if !self.output.quiet
            && let Some(row) = self.rows.get_mut(name)
            && row.told.is_none_or(|told| now.duration_since(told) >= RARELY)
        {
            row.told = Some(now);
            let line = format!("{}: {}\n", clean(name), row.words(now_ms));
            self.output.say(&line);
        }
    }

    /// Prints lines that stay, above the drawing.
    fn above(&mut self, lines: &str, now_ms: u64) {
        self.clear();
        self.output.say(lines);
        self.draw(now_ms);
    }

    fn draw(&mut self, now_ms: u64) {
        if !self.output.live || self.output.quiet {
            return;
        }
        let frame = self.frame(now_ms);
        self.output.say(&(erase(self.drawn) + &frame));
        self.drawn = frame.matches('\n').count();
    }

    /// The lines of what still runs. Wrapping is off while they are written, so that each takes exactly one row of any terminal.
    fn frame(&self, now_ms: u64) -> String {
        let width = self.rows.keys().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut frame = String::from("\u{1b}[?7l");
        for (name, row) in self.rows.iter().filter(|(_, row)| !row.ended) {
            frame.push_str(&format!("{:width$}  {}\n", clean(name), row.words(now_ms)));
        }
        if self.rows.is_empty() {
            frame.push_str("waiting for the daemon to begin\n");
        }
        frame.push_str("\u{1b}[?7h");
        frame
    }
}

/// Up so many lines, and everything below is blank.
fn erase(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\u{1b}[{lines}A\u{1b}[J") }
}

impl Row {
    fn advance(&mut self, progress: Progress, now: Instant) {
        if progress.phase != self.progress.phase || progress.done < self.progress.done {
            self.samples.clear();
        }
        while self.samples.len() > 1 && self.samples.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, progress.done));
        self.progress = progress;
        self.ended = false;
    }

    /// Documents per second, once a second's worth has been seen.
    fn rate(&self) -> Option<f64> {
        let ((first, from), (last, to)) = (self.samples.front()?, self.samples.back()?);
        let secs = last.duration_since(*first).as_secs_f64();
        (secs >= 1.0 && to > from).then(|| (to - from) as f64 / secs)
    }

    fn words(&self, now_ms: u64) -> String {
        if self.samples.is_empty() {
            return "waiting for its turn".to_owned();
        }
        let Progress { phase, done, total, requests, waiting_until_ms, .. } = &self.progress;
        let mut words = clean(phase).into_owned();
        if *total > 0 {
            words.push_str(&format!("  {} of {} ({} %)", number(*done), number(*total), done.saturating_mul(100) / total));
        } else if *done > 0 {
            words.push_str(&format!("  {}", number(*done)));
        }
        if let Some(until) = waiting_until_ms.filter(|until| *until > now_ms) {
            words.push_str(&format!("  the service asks us to wait until {} UTC, {}", clock(until), age(until, now_ms)));
        } else if let Some(rate) = self.rate() {
            words.push_str(&format!("  {rate:.0}/s"));
            if total > done {
                let left_ms = (total - done) as f64 / rate * 1000.0;
                words.push_str(&format!("  {} left", duration(left_ms.min(1e12) as u64)));
            }
        }
        words.push_str(&format!("  {}", count(*requests, "request")));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(done: u64, waiting_until_ms: Option<u64>) -> Progress {
        Progress { phase: "fetching".to_owned(), done, total: 2_000, requests: 12, waiting_until_ms, ..Progress::default() }
    }

    #[test]
    fn rate_and_time_left_follow_from_the_last_seconds() {
        let start = Instant::now();
        let mut row = Row::default();
        assert_eq!(row.words(0), "waiting for its turn");
        for second in 0..=20 {
            row.advance(progress(if second < 10 { second } else { 100 * (second - 9) }, None), start + Duration::from_secs(second));
        }
        // 5 documents at second 5, 1,100 at second 20.
        assert_eq!(row.words(0), "fetching  1,100 of 2,000 (55 %)  73/s  12 s left  12 requests");
    }

    #[test]
    fn a_wait_for_the_service_says_until_when() {
        let mut row = Row::default();
        row.advance(progress(5, Some(61_000)), Instant::now());
        assert_eq!(row.words(1_000), "fetching  5 of 2,000 (0 %)  the service asks us to wait until 00:01:01 UTC, in 1 min  12 requests");
        assert_eq!(row.words(61_000), "fetching  5 of 2,000 (0 %)  12 requests");
    }

    #[test]
    fn a_new_phase_starts_a_new_measurement() {
        let start = Instant::now();
        let mut row = Row::default();
        row.advance(progress(1_000, None), start);
        row.advance(Progress { phase: "attachments".to_owned(), done: 3, total: 0, requests: 13, ..Progress::default() }, start + WINDOW);
        assert_eq!(row.words(0), "attachments  3  13 requests");
    }

    #[test]
    fn a_stranger_s_name_or_phase_draws_nothing_of_its_own() {
        let output = Output::explicit_json();
        let poison = "\u{1b}[2J\u{9b}H\n\u{1b}[9A\u{202e}";
        let mut board = Board::new(&output, &[format!("wiki{poison}")]);
        let row = board.rows.get_mut(&format!("wiki{poison}")).unwrap();
        row.advance(Progress { phase: format!("fetching{poison}"), ..progress(1, None) }, Instant::now());
        let frame = board.frame(0);
        let ours = frame.strip_prefix("\u{1b}[?7l").and_then(|rest| rest.strip_suffix("\u{1b}[?7h")).unwrap();
        assert_eq!(ours.matches('\n').count(), 1, "{frame:?}");
        assert!(!ours.chars().any(|c| c != '\n' && crate::text::is_unwelcome(c)), "{frame:?}");
    }

    #[test]
    fn a_frame_is_erased_by_the_number_of_its_lines() {
        let output = Output::explicit_json();
        let mut board = Board::new(&output, &["a".to_owned(), "wiki".to_owned()]);
        assert_eq!(board.frame(0), "\u{1b}[?7la     waiting for its turn\nwiki  waiting for its turn\n\u{1b}[?7h");
        board.rows.get_mut("a").unwrap().ended = true;
        assert_eq!(board.frame(0), "\u{1b}[?7lwiki  waiting for its turn\n\u{1b}[?7h");
        assert_eq!(Board::new(&output, &[]).frame(0), "\u{1b}[?7lwaiting for the daemon to begin\n\u{1b}[?7h");
        assert_eq!((erase(0), erase(2)), (String::new(), "\u{1b}[2A\u{1b}[J".to_owned()));
    }
}
