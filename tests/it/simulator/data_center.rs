//! Data Center's traps.

use super::client::{Reply, basic, get};
use crate::support::{PASSWORD, PERSONAL_TOKEN, Site, USER_NAME};

fn ask(site: &Site, path: &str) -> Reply {
    get(&format!("{}{path}", site.base_url()), &[("Authorization", &format!("Bearer {PERSONAL_TOKEN}"))])
}

fn site_of(pages: usize) -> (Site, Vec<u64>) {
    let site = Site::data_center_below("/confluence");
    let ids = site.edit(|m| {
        m.add_space("OPS", "Operations");
        (0..pages).map(|n| m.add_page("OPS", None, &format!("Page {n}"), "<p>x</p>")).collect()
    });
    (site, ids)
}

#[test]
fn it_lives_below_its_context_path_and_calls_itself_by_another_name() {
    let (site, _) = site_of(0);
    let spaces = ask(&site, "/rest/api/space?expand=homepage").json();
    assert!(spaces["_links"]["base"].as_str().unwrap().starts_with("https://wiki.corp.example"));
    assert_eq!(spaces["_links"]["context"], "/confluence");
    assert_eq!(spaces["results"][0]["homepage"]["title"], "Operations Home");
    let without_context = site.base_url().replace("/confluence", "/rest/api/space");
    assert_eq!(get(&without_context, &[("Authorization", &basic(USER_NAME, PASSWORD))]).status, 404);
    assert_eq!(ask(&site, "/api/v2/spaces?limit=1").status, 404);
}

#[test]
fn scan_goes_by_cursor_and_may_be_missing_where_offsets_never_are() {
    let (site, ids) = site_of(4);
    let first = ask(&site, "/rest/api/content/scan?spaceKey=OPS&type=page&expand=version,ancestors&limit=3");
    assert_eq!(first.json()["results"][1]["ancestors"][0]["title"], "Operations Home");
    assert!(first.json()["results"][1]["version"]["when"].as_str().unwrap().ends_with("+02:00"));
    assert!(first.json()["nextCursor"].as_str().unwrap().starts_with("content:false:"));
    let rest = ask(&site, &format!("/rest/api/content/scan?{}", first.next_query().unwrap()));
    assert_eq!(rest.ids(), [ids[2].to_string(), ids[3].to_string()]);
    assert!(rest.next_query().is_none());
    assert_eq!(ask(&site, "/rest/api/content/scan?spaceKey=OPS&cursor=nonsense").status, 400);

    site.habits(|h| h.no_scan = true);
    assert_eq!(ask(&site, "/rest/api/content/scan?spaceKey=OPS").status, 404);
    let first = ask(&site, "/rest/api/content?spaceKey=OPS&type=page&limit=3");
    assert_eq!(first.next_query().unwrap(), "spaceKey=OPS&type=page&limit=3&start=3");
    assert_eq!(ask(&site, &format!("/rest/api/content?{}", first.next_query().unwrap())).ids().len(), 2);
    assert!(ask(&site, "/rest/api/content?spaceKey=OPS&start=9").ids().is_empty());
    site.habits(|h| h.ghost_item = true);
    assert_eq!(ask(&site, "/rest/api/content?spaceKey=OPS&start=9").ids().len(), 1);
}

#[test]
fn limits_are_lowered_and_the_answer_says_so() {
    let (site, _) = site_of(60);
    let reply = ask(&site, "/rest/api/content?spaceKey=OPS&limit=1000&expand=body.storage").json();
    assert_eq!((reply["limit"].as_u64(), reply["size"].as_u64()), (Some(50), Some(50)));
    assert_eq!(ask(&site, "/rest/api/content?spaceKey=OPS&limit=1000").json()["limit"], 200);
}

#[test]
fn trashed_content_is_shown_only_to_who_asks_for_any_status() {
    let (site, ids) = site_of(1);
    site.edit(|m| m.delete(ids[0]));
    assert_eq!(ask(&site, &format!("/rest/api/content/{}", ids[0])).status, 404);
    assert_eq!(ask(&site, &format!("/rest/api/content/{}?status=any", ids[0])).json()["status"], "trashed");
    let listed = ask(&site, &format!("/rest/api/content?ids={}&status=any", ids[0]));
    assert_eq!(listed.ids(), [ids[0].to_string()]);
}

#[test]
fn credentials_are_checked_even_for_what_everybody_may_see() {
    let (site, ids) = site_of(1);
    site.edit(|m| {
        m.open_space("OPS");
        m.add_attachment(ids[0], "notes (1).txt", &b"notes"[..], "text/plain");
        m.add_space("SEC", "Secret");
    });
    let url = format!("{}/rest/api/space", site.base_url());
    assert_eq!(get(&url, &[]).json()["results"].as_array().unwrap().len(), 1);
    assert_eq!(get(&url, &[("Authorization", "Bearer wrong")]).status, 401);
    assert_eq!(get(&url, &[("Authorization", &basic(USER_NAME, PASSWORD))]).json()["size"], 2);

    let listed = ask(&site, &format!("/rest/api/content/{}/child/attachment?expand=version", ids[0])).json();
    let download = listed["results"][0]["_links"]["download"].as_str().unwrap();
    assert_eq!(ask(&site, download).body, b"notes");
    site.edit(|m| m.restrict(ids[0]));
    let turned_away = get(&format!("{}{download}", site.base_url()), &[]);
    assert_eq!(turned_away.status, 302);
    let login = get(turned_away.header("location").unwrap(), &[]);
    assert_eq!((login.status, login.header("content-type")), (200, Some("text/html;charset=UTF-8")));
}

#[test]
fn people_have_keys_and_attachments_can_be_searched() {
    let (site, ids) = site_of(1);
    let (ann, att) = site.edit(|m| (m.users[1].id.clone(), m.add_attachment(ids[0], "a.png", &b"png"[..], "image/png")));
    assert_eq!(ask(&site, &format!("/rest/api/user?key={ann}")).json()["displayName"], "Ann Author");
    assert_eq!(ask(&site, "/rest/api/user?username=nobody").status, 404);
    let found = ask(&site, "/rest/api/content/search?cql=type%3Dattachment%20and%20space%3DOPS&expand=container,version");
    assert_eq!(found.ids(), [format!("att{att}")]);
    assert_eq!(found.json()["results"][0]["container"]["id"], ids[0].to_string());
}

#[test]
fn dates_in_cql_are_read_in_the_zone_of_the_instance_and_by_the_minute() {
    let (site, _) = site_of(0);
    // The site's clock starts at 09:00 UTC, which is 11:00 there.
    let late = site.edit(|m| {
        m.advance(std::time::Duration::from_secs(3600));
        m.add_page("OPS", None, "Late", "<p/>")
    });
    let found = |clause: &str| {
        let clause = url::form_urlencoded::byte_serialize(clause.as_bytes()).collect::<String>();
        ask(&site, &format!("/rest/api/content/search?cql={clause}"))
    };
    assert_eq!(found("type = page and lastmodified >= \"2026-01-05 11:59\"").ids(), [late.to_string()]);
    assert_eq!(found("type = page and lastmodified >= \"2026/01/05 10:59\" order by lastmodified desc").ids()[0], late.to_string());
    assert_eq!(found("type = page and lastmodified >= \"2026/01/05 10:59\" order by lastmodified desc").ids().len(), 2);
    assert_eq!(found(&format!("space = OPS and id not in ({late})")).ids().len(), 1);
    assert_eq!(found("title ~ \"lat\"").ids(), [late.to_string()]);
    assert_eq!(found("space = OPS and (title ~ \"late\" or id in (1, 2))").ids(), [late.to_string()]);
    for wrong in
        ["", "type in (page", "page", "lastmodified > \"soon\"", "lastmodified > now(\"-5q\")", "colour = red", "(type = page or type = blogpost"]
    {
        assert_eq!(found(wrong).status, 400, "{wrong}");
    }
}
