//! Requests and answers as plain data, with the small encodings that both flavours need: queries, base64, dates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;

/// Which door a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The site itself.
    Site,
    /// Cloud's gateway for scoped tokens (`api.atlassian.com`).
    Gateway,
    /// Cloud's media host, which must never see a credential.
    Media,
    /// GitHub's pages and git; on Enterprise Server its API too.
    Web,
    /// GitHub's API.
    Api,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub listener: Listener,
    pub method: String,
    /// Percent-encoded, as sent.
    pub path: String,
    /// Percent-encoded, without `?`; empty if there is none.
    pub query: String,
    /// The query, decoded, in order.
    pub params: Vec<(String, String)>,
    pub host: String,
    pub authorization: Option<String>,
    pub cookie: Option<String>,
    pub range: Option<String>,
    pub accepts_gzip: bool,
    pub user_agent: Option<String>,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    /// The one value of a parameter.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter: repeated, or separated by commas.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.params.iter().filter(|(key, _)| key == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|value| !value.is_empty()).collect()
    }

    /// A number, or what stands for its absence.
    pub fn number(&self, name: &str, absent: usize) -> usize {
        self.one(name).and_then(|value| value.parse().ok()).unwrap_or(absent)
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Path and query.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The path, decoded and cut at its slashes.
    pub fn segments<'a>(&self, path: &'a str) -> Vec<std::borrow::Cow<'a, str>> {
        path.split('/').filter(|part| !part.is_empty()).map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy()).collect()
    }
}

/// An answer before any fault is played on it.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Answer {
    /// JSON that has been written already.
    pub fn bytes(body: Vec<u8>) -> Self {
        Self { status: 200, headers: vec![("content-type", "application/json".to_owned())], body: Bytes::from(body) }
    }

    /// Something to write as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        Self::bytes(serde_json::to_vec(value).unwrap())
    }

    /// A page for people.
    pub fn html(status: u16, text: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/html;charset=UTF-8".to_owned())], body: Bytes::from(text.to_owned()) }
    }

    /// Adds a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Percent-encodes a value of a query; `=` too, as Confluence does.
pub fn encode(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A title as it stands in an address: blanks become `+`.
pub fn title_in_path(title: &str) -> String {
    encode(title).replace("%20", "+").replace("%2D", "-").replace("%2E", ".").replace("%5F", "_")
}

/// Whether a title appears in addresses at all; Confluence leaves others out.
pub fn fits_in_path(title: &str) -> bool {
    title.chars().all(|c| c.is_ascii_alphanumeric() || " -_.,()".contains(c))
}

/// An opaque text that always ends in `=`, so that a client that forgets to encode it is caught.
pub fn opaque(plain: &str) -> String {
    let mut plain = plain.to_owned();
    while plain.len() % 3 != 2 {
        plain.push(' ');
    }
    STANDARD.encode(plain)
}

/// The reverse of [`opaque`] and of any other base64.
pub fn reveal(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(String::from_utf8(bytes).ok()?.trim_end().to_owned())
}

/// The short address of a page: its id, little endian, in base64 without its tail of `A`.
pub fn tiny(id: u64) -> String {
    let text = STANDARD.encode(id.to_le_bytes());
    text.trim_end_matches('=').trim_end_matches('A').replace('/', "-").replace('+', "_")
}

/// A small, stable hash (FNV-1a) that binds a cursor to the other parameters.
pub fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Milliseconds since 1970 as `2026-01-05T09:00:00.000Z`.
pub fn iso(ms: u64) -> String {
    format!("{}Z", local_iso(ms))
}

/// The same with the offset of a zone, as Data Center writes it: `2026-01-05T11:00:00.000+02:00`.
pub fn iso_at(ms: u64, offset_minutes: i64) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset_minutes.abs() / 60, offset_minutes.abs() % 60);
    let local = ms.checked_add_signed(offset_minutes * 60_000).unwrap_or_default();
    format!("{}{sign}{hours:02}:{minutes:02}", local_iso(local))
}

fn local_iso(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    let rest = ms % 86_400_000;
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}", rest % 1000)
}

/// `2026/01/05`.
pub fn day(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    format!("{year:04}/{month:02}/{day:02}")
}

/// The proleptic Gregorian date of a number of days since 1970-01-01 (Howard Hinnant's `civil_from_days`, for days that are not negative).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Days since 1970-01-01 of a date (the reverse of [`civil`]).
pub fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + (153 * shifted_month + 2) / 5 + day - 1;
    year / 400 * 146_097 + of_era - 719_468
}

/// A date as HTTP headers carry it: `Mon, 05 Jan 2026 09:00:00 GMT`.
pub fn http_date(ms: u64) -> String {
    let (year, month, date) = civil(ms / 86_400_000);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(ms / 86_400_000 % 7) as usize];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (month, time) = (months[month as usize - 1], &local_iso(ms)[11..19]);
    format!("{weekday}, {date:02} {month} {year:04} {time} GMT")
}

/// The machine's clock in milliseconds since 1970: what HTTP headers go by, whatever the site's own clock says.
pub fn machine_now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
