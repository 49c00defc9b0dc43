//! That faults look on the wire as they are named.

use std::io::{ErrorKind, Read as _};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use super::client::{Reply, basic, get};
use crate::support::confluence::habits::RateHeaders;
use crate::support::{EMAIL, Fault, RetryAfter, Site, TOKEN};

fn site() -> Site {
    let site = Site::cloud();
    site.edit(|m| m.add_space("ENG", "Engineering"));
    site
}

fn ask(site: &Site) -> Reply {
    get(&format!("{}/api/v2/spaces", site.base_url()), &[("Authorization", &basic(EMAIL, TOKEN))])
}

/// The reply to one request that meets a fault; the one after it must be whole again.
fn once(fault: Fault) -> Reply {
    let site = site();
    site.habits(|h| h.next(1, "/spaces", fault));
    let reply = ask(&site);
    let healthy = ask(&site);
    assert_eq!((healthy.status, healthy.ids().len()), (200, 1));
    reply
}

#[test]
fn waiting_times_come_as_seconds_as_a_date_or_not_at_all() {
    let seconds = once(Fault::too_many(7));
    assert_eq!((seconds.status, seconds.header("retry-after")), (429, Some("7")));
    let date = once(Fault::TooManyRequests(RetryAfter::Date(60), "confluence-quota-tenant-based"));
    assert!(date.header("retry-after").unwrap().ends_with(" GMT"));
    assert_eq!(date.header("ratelimit-reason"), Some("confluence-quota-tenant-based"));
    assert_eq!(once(Fault::TooManyRequests(RetryAfter::Absent, "")).header("retry-after"), None);
    assert_eq!(once(Fault::Unavailable(RetryAfter::Seconds(3))).status, 503);
}

#[test]
fn bodies_lie_in_the_ways_they_are_told_to() {
    let login = once(Fault::LoginPage);
    assert_eq!((login.status, login.header("content-type")), (200, Some("text/html;charset=UTF-8")));
    assert_eq!(once(Fault::BadGateway).status, 502);
    for fault in [Fault::TruncatedJson, Fault::InvalidJson, Fault::LengthTooShort] {
        let reply = once(fault.clone());
        assert_eq!(reply.header("content-length").unwrap(), reply.body.len().to_string());
        assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err(), "{fault:?}");
    }
    let longer = once(Fault::LengthTooLong);
    assert_eq!(longer.header("content-length").unwrap().parse::<usize>().unwrap(), longer.body.len() + 100);
    let mut text = String::new();
    GzDecoder::new(once(Fault::Gzip).body.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.contains("\"ENG\""));
    let bomb = once(Fault::GzipBomb { megabytes: 20 });
    assert!(bomb.body.len() < 100_000);
    assert!(GzDecoder::new(bomb.body.as_slice()).read_to_string(&mut text).unwrap() > 20 << 20);
}

#[test]
fn connections_break_where_they_are_told_to() {
    assert_eq!(once(Fault::Reset).broken, Some(ErrorKind::ConnectionReset));
    let cut = once(Fault::ResetMidBody);
    assert_eq!((cut.status, cut.broken), (200, Some(ErrorKind::ConnectionReset)));
    assert!(!cut.body.is_empty());
    let started = Instant::now();
    let drip = once(Fault::Drip { bytes: 40, every: Duration::from_millis(10) });
    assert!(serde_json::from_slice::<serde_json::Value>(&drip.body).is_err(), "a drip comes chunked, as its length is not known");
    assert!(String::from_utf8_lossy(&drip.body).contains("ENG") && started.elapsed() >= Duration::from_millis(50));
    let site = site();
    site.habits(|h| h.offline = true);
    let reply = ask(&site);
    assert_eq!((reply.status, reply.broken), (0, Some(ErrorKind::ConnectionReset)));
}

#[test]
fn faults_can_wait_for_their_turn_and_tokens_expire() {
    let site = site();
    site.habits(|h| h.after(1, 2, "/spaces", Fault::Status(503)));
    assert_eq!([(); 4].map(|()| ask(&site).status), [200, 503, 503, 200]);
    site.habits(|h| h.token_expires_after(2));
    assert_eq!([(); 3].map(|()| ask(&site).status), [200, 200, 401]);
    site.habits(|h| h.forgive());
    assert_eq!(ask(&site).header("x-ratelimit-remaining"), Some("97"));
    site.habits(|h| h.rate_headers = RateHeaders::NearLimit);
    assert_eq!(ask(&site).header("x-ratelimit-nearlimit"), Some("true"));
    site.habits(|h| h.rate_headers = RateHeaders::Missing);
    assert_eq!(ask(&site).header("x-ratelimit-limit"), None);
}

#[test]
fn one_space_can_be_closed_while_lists_still_name_it() {
    let site = site();
    let id = site.edit(|m| m.space("ENG").id);
    site.habits(|h| h.space_status.insert("ENG".to_owned(), 403));
    assert_eq!(ask(&site).ids(), [id.to_string()]);
    let url = format!("{}/api/v2/spaces/{id}/pages", site.base_url());
    assert_eq!(get(&url, &[("Authorization", &basic(EMAIL, TOKEN))]).status, 403);
}

#[test]
fn a_drip_may_not_hold_up_others_nor_a_stall_the_end() {
    let site = site();
    site.latency(Duration::from_millis(100));
    site.habits(|h| h.next(1, "/spaces", Fault::Stall));
    let url = format!("{}/api/v2/spaces", site.base_url());
    std::thread::scope(|scope| {
        let stalled = scope.spawn(|| get(&url, &[("Authorization", &basic(EMAIL, TOKEN))]));
        while site.requests().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(ask(&site).ids().len(), 1);
        assert_eq!(site.peak_concurrency(), 2);
        drop(site);
        let stalled = stalled.join().unwrap();
        assert!(!stalled.body.is_empty() && serde_json::from_slice::<serde_json::Value>(&stalled.body).is_err());
    });
}

#[test]
fn gzip_is_for_those_who_accept_it() {
    let site = site();
    site.habits(|h| h.gzip = true);
    assert_eq!(ask(&site).header("content-encoding"), None);
    let url = format!("{}/api/v2/spaces", site.base_url());
    let reply = get(&url, &[("Authorization", &basic(EMAIL, TOKEN)), ("Accept-Encoding", "br, gzip")]);
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
}
