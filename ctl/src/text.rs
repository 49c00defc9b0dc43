//! Words for people: clean strings, ages, sizes, numbers. Pure.

use std::borrow::Cow;

/// One line of text without anything that a terminal would obey: escape sequences, control characters, and the marks that reorder text are removed,
/// line ends and tabs become blanks. Everything that comes from the daemon passes here before it is printed as text, because titles and messages come
/// from strangers.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unwelcome) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(' '),
            '\u{1b}' => match rest.next_if(|next| matches!(next, '[' | ']' | 'P' | 'X' | '^' | '_')) {
                Some('[') => skip_control_sequence(&mut rest),
                Some(_) => skip_control_string(&mut rest),
                None => {
                    rest.next();
                }
            },
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_control_string(&mut rest),
            c if is_unwelcome(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Up to and with the final byte of `ESC [ …`.
fn skip_control_sequence(rest: &mut Chars<'_>) {
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

/// Up to and with the end of `ESC ] …`: BEL, ST, or the end of the line.
fn skip_control_string(rest: &mut Chars<'_>) {
    while let Some(c) = rest.next_if(|&c| c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Whether a terminal obeys `c`, or it turns or hides text.
pub(crate) fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// `1 document`, `1,234 documents`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// `1,234,567`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `512 B`, `3.4 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// `0.4 s`, `12 s`, `3 min 40 s`, `2 h 5 min`, `3 days 4 h`.
pub(crate) fn duration(ms: u64) -> String {
    let secs = ms / 1000;
    match secs {
        0..10 => format!("{}.{} s", secs, ms % 1000 / 100),
        10..60 => format!("{secs} s"),
        60..3600 => format!("{} min {} s", secs / 60, secs % 60),
        3600..86_400 => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
        _ => format!("{} {} h", count(secs / 86_400, "day"), secs % 86_400 / 3600),
    }
}

/// One unit only, for ages and for what is left: `12 s`, `3 min`, `2 h`, `3 days`.
fn roughly(ms: u64) -> String {
    let secs = ms / 1000;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs / 60),
        3600..172_800 => format!("{} h", secs / 3600),
        _ => count(secs / 86_400, "day"),
    }
}

/// `12 min ago`, `in 48 min`, `now`.
pub(crate) fn age(at_ms: u64, now_ms: u64) -> String {
    match (now_ms.saturating_sub(at_ms), at_ms.saturating_sub(now_ms)) {
        (ago, 0) if ago >= 1000 => format!("{} ago", roughly(ago)),
        (_, ahead) if ahead >= 1000 => format!("in {}", roughly(ahead)),
        _ => "now".to_owned(),
    }
}

/// `2025-08-22 08:13:34 UTC`.
pub(crate) fn moment(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    format!("{year:04}-{month:02}-{day:02} {} UTC", clock(ms))
}

/// `08:13:34`, in UTC.
pub(crate) fn clock(ms: u64) -> String {
    let secs = ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", secs / 3600, secs % 3600 / 60, secs % 60)
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`, https://howardhinnant.github.io/date_algorithms.html).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Columns side by side, each as wide as its widest cell; the last is left as it is. `widths` are counted in characters.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(clean("Ümlaut, 漢字 and 👍"), "Ümlaut, 漢字 and 👍");
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(clean("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b"), "ab");
        assert_eq!(clean("\u{9b}2Ja\u{9d}52;c;x\u{9c}b"), "ab");
        assert_eq!(clean("a\u{1b}cb\u{1b}"), "ab");
        assert_eq!(clean("one\ntwo\tthree\r\0"), "one two three");
        assert_eq!(clean("abc\u{202e}def\u{2066}"), "abcdef");
        assert_eq!(clean("\u{1b}]unterminated\nnext"), " next");
        assert_eq!(clean("\u{1b}[12"), "");
    }

    #[test]
    fn numbers_are_grouped_and_sizes_have_units() {
        assert_eq!([number(0), number(999), number(1000), number(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([size(0), size(1023), size(1024), size(3_565_158)], ["0 B", "1023 B", "1.0 KiB", "3.4 MiB"]);
        assert_eq!([count(1, "file"), count(2, "file")], ["1 file", "2 files"]);
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(duration(430), "0.4 s");
        assert_eq!(duration(220_000), "3 min 40 s");
        assert_eq!(duration(90_000_000), "1 day 1 h");
        assert_eq!(age(0, 720_000), "12 min ago");
        assert_eq!(age(2_880_000, 0), "in 48 min");
        assert_eq!(age(5_000, 5_900), "now");
        assert_eq!(moment(1_755_850_414_255), "2025-08-22 08:13:34 UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "bb".to_owned()], vec!["cécé".to_owned(), "d".to_owned()]];
        assert_eq!(table(&rows), "a     bb\ncécé  d\n");
    }
}
