//! Cloud's traps.

use super::client::{Reply, basic, get, post};
use crate::support::{Class, EMAIL, SCOPED_TOKEN, Site, TOKEN};

fn ask(site: &Site, path: &str) -> Reply {
    get(&format!("{}{path}", site.base_url()), &[("Authorization", &basic(EMAIL, TOKEN))])
}

/// A site with a space of so many pages below its home page.
fn site_of(pages: usize) -> (Site, u64, Vec<u64>) {
    let site = Site::cloud();
    let (space, ids) = site.edit(|m| {
        let space = m.add_space("ENG", "Engineering");
        (space, (0..pages).map(|n| m.add_page("ENG", None, &format!("Page {n}"), &format!("<p>\"{n}\"</p>"))).collect())
    });
    (site, space, ids)
}

/// Follows a listing by the query of `next`, as a careful client does.
fn walk(site: &Site, path: &str, first_query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut query) = (Vec::new(), first_query.to_owned());
    loop {
        let reply = ask(site, &format!("{path}?{query}"));
        assert_eq!(reply.status, 200, "{}", site.transcript());
        pages.push(reply.ids());
        match reply.next_query() {
            Some(next) if pages.len() < 20 => query = next,
            _ => return pages,
        }
    }
}

#[test]
fn next_cannot_be_appended_to_the_base_and_its_cursor_is_bound_to_the_other_parameters() {
    let (site, space, ids) = site_of(5);
    let first = ask(&site, &format!("/api/v2/spaces/{space}/pages?limit=2&depth=all"));
    let json = first.json();
    let (base, next) = (json["_links"]["base"].as_str().unwrap(), json["_links"]["next"].as_str().unwrap());
    assert!(base.ends_with("/wiki") && next.starts_with("/wiki/api/v2/"), "{base} {next}");
    assert!(next.contains("%3D&limit=2"), "the cursor stands in the middle, its `=` encoded: {next}");
    assert!(first.header("link").unwrap().contains("rel=\"next\""));
    assert_eq!(get(&format!("{base}{next}"), &[("Authorization", &basic(EMAIL, TOKEN))]).status, 404);

    let all: Vec<String> = walk(&site, &format!("/api/v2/spaces/{space}/pages"), "limit=2&depth=all").concat();
    assert_eq!(all.len(), 6);
    assert!(ids.iter().all(|id| all.contains(&id.to_string())));

    let changed = first.next_query().unwrap().replace("limit=2", "limit=3");
    assert_eq!(ask(&site, &format!("/api/v2/spaces/{space}/pages?{changed}")).status, 400);
    let unescaped = first.next_query().unwrap().replace("%3D", "");
    assert_eq!(ask(&site, &format!("/api/v2/spaces/{space}/pages?{unescaped}")).status, 400);
}

#[test]
fn archived_pages_are_listed_unless_the_status_is_named_and_trashed_ones_never() {
    let (site, space, ids) = site_of(3);
    site.edit(|m| {
        m.archive(ids[0]);
        m.delete(ids[1]);
    });
    let path = format!("/api/v2/spaces/{space}/pages");
    assert!(ask(&site, &path).ids().contains(&ids[0].to_string()));
    let current = ask(&site, &format!("{path}?status=current")).ids();
    assert!(!current.contains(&ids[0].to_string()) && current.contains(&ids[2].to_string()));
    let asked = ask(&site, &format!("/api/v2/pages?id={},{}&status=archived,trashed", ids[0], ids[1]));
    assert_eq!(asked.json()["results"][1]["status"], "trashed");
    assert_eq!(ask(&site, &format!("/api/v2/pages/{}", ids[1])).status, 404);
}

#[test]
fn bodies_come_in_batches_and_a_move_changes_no_version() {
    let (site, _, ids) = site_of(2);
    let path = format!("/api/v2/pages?id={}&id={}&body-format=storage&limit=250", ids[0], ids[1]);
    let before = ask(&site, &path).json();
    assert_eq!(before["results"][1]["body"]["storage"]["value"], "<p>\"1\"</p>");
    site.edit(|m| m.move_page(ids[1], ids[0]));
    let after = ask(&site, &path).json();
    assert_eq!(after["results"][1]["parentId"], ids[0].to_string());
    assert_eq!(after["results"][1]["version"], before["results"][1]["version"]);
    site.edit(|m| m.edit_page(ids[1], "<p>new</p>"));
    assert_eq!(ask(&site, &path).json()["results"][1]["version"]["number"], 2);
    assert_eq!(site.count(Class::Bodies), 3, "{}", site.transcript());
}

#[test]
fn what_the_caller_may_not_see_makes_pages_short_and_even_empty() {
    let (site, space, ids) = site_of(5);
    site.edit(|m| ids[1..3].iter().for_each(|id| m.restrict(*id)));
    let sizes: Vec<usize> = walk(&site, &format!("/api/v2/spaces/{space}/pages"), "limit=2").iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 0, 2]);
    assert_eq!(ask(&site, &format!("/api/v2/pages/{}", ids[1])).status, 404);
}

#[test]
fn listings_have_the_habits_that_they_are_given() {
    let (site, space, ids) = site_of(5);
    let path = format!("/api/v2/spaces/{space}/pages");
    site.habits(|h| h.empty_pages = 1);
    let pages = walk(&site, &path, "limit=3");
    assert!(pages[0].is_empty());
    assert_eq!(pages.concat().len(), 6);

    site.habits(|h| h.repeat_across_pages = true);
    let pages = walk(&site, &path, "limit=3");
    assert_eq!(pages[0].last(), pages[1].first());
    site.habits(|h| {
        h.forgive();
        h.hide(ids[0], 1);
    });
    assert_eq!(walk(&site, &path, "limit=3").concat().len(), 5);
    assert_eq!(walk(&site, &path, "limit=3").concat().len(), 6);

    site.habits(|h| h.endless_cursor = true);
    assert_eq!(walk(&site, &path, "limit=3").len(), 20);
    let second = ask(&site, &format!("{path}?{}", ask(&site, &format!("{path}?limit=3")).next_query().unwrap()));
    let third = ask(&site, &format!("{path}?{}", second.next_query().unwrap()));
    assert_eq!(second.next_query(), third.next_query());
}

#[test]
fn a_page_can_vanish_between_list_and_fetch() {
    let (site, space, ids) = site_of(1);
    let id = ids[0];
    site.habits(|h| h.after_next("/pages", move |m| m.purge(id)));
    assert!(ask(&site, &format!("/api/v2/spaces/{space}/pages")).ids().contains(&id.to_string()));
    assert!(ask(&site, &format!("/api/v2/pages?id={id}&body-format=storage")).ids().is_empty());
}

#[test]
fn search_has_its_own_form_of_next_caps_and_lags_behind() {
    let (site, _, ids) = site_of(60);
    site.edit(|m| m.set_labels(ids[0], &["runbook"]));
    let cql = "type%20in%20(page%2Cblogpost)%20and%20space%3D%22ENG%22";
    let reply = ask(&site, &format!("/rest/api/content/search?cql={cql}&limit=1000&expand=metadata.labels,body.storage"));
    let json = reply.json();
    assert_eq!((json["limit"].as_u64(), json["size"].as_u64()), (Some(50), Some(50)));
    let next = json["_links"]["next"].as_str().unwrap();
    assert!(next.starts_with("/rest/api/content/search?") && next.matches("&expand=").count() == 2, "{next}");
    assert_eq!(json["results"][1]["metadata"]["labels"]["results"][0]["name"], "runbook");
    let rest = ask(&site, &format!("/rest/api/content/search?{}", reply.next_query().unwrap()));
    assert_eq!(rest.json()["size"], 11);

    let fresh = site.edit(|m| {
        m.advance(std::time::Duration::from_secs(3600));
        m.freeze_index();
        let fresh = m.add_page("ENG", None, "Fresh", "<p/>");
        m.edit_page(ids[3], "<p>2</p>");
        fresh
    });
    let recent = format!("/rest/api/content/search?cql={cql}%20and%20lastmodified%20%3E%3D%20now(%22-5m%22)%20order%20by%20lastmodified%20desc");
    assert!(ask(&site, &recent).ids().is_empty());
    site.edit(|m| m.thaw_index());
    assert_eq!(ask(&site, &recent).ids(), [ids[3].to_string(), fresh.to_string()]);
    let months = recent.replace("-5m", "-5M");
    assert_eq!(ask(&site, &months).json()["size"], 25);
    assert_eq!(ask(&site, "/rest/api/content/search?cql=type%20!%3D%20page").status, 400);
}

#[test]
fn a_download_leads_to_another_host_that_refuses_credentials() {
    let (site, _, ids) = site_of(1);
    let att = site.edit(|m| m.add_attachment(ids[0], "a b.png", &b"\x89PNG"[..], "image/png"));
    let listed = ask(&site, &format!("/api/v2/pages/{}/attachments", ids[0])).json();
    assert_eq!((listed["results"][0]["id"].as_str().unwrap(), &listed["results"][0]["fileSize"]), (format!("att{att}").as_str(), &4.into()));
    let download = listed["results"][0]["downloadLink"].as_str().unwrap();
    assert_eq!(ask(&site, download).status, 401);

    let reply = ask(&site, &format!("/rest/api/content/{}/child/attachment/att{att}/download", ids[0]));
    let location = reply.header("location").unwrap();
    assert_eq!(reply.status, 302);
    assert!(location.starts_with(&site.media_origin()) && site.media_origin() != site.base_url().replace("/wiki", ""));
    assert_eq!(get(location, &[]).body, b"\x89PNG");
    assert_eq!(get(location, &[("Range", "bytes=1-")]).body, b"PNG");
    assert!(site.violations().is_empty());
    assert_eq!(get(location, &[("Authorization", &basic(EMAIL, TOKEN))]).status, 400);
    assert_eq!(site.take_violations().len(), 1);
}

#[test]
fn each_kind_of_token_has_its_own_door() {
    let (site, _, _) = site_of(0);
    let door = |base: String, secret: &str| get(&format!("{base}/api/v2/spaces"), &[("Authorization", &basic(EMAIL, secret))]);
    assert_eq!(door(site.base_url(), TOKEN).status, 200);
    assert_eq!(door(site.base_url(), SCOPED_TOKEN).status, 401);
    assert_eq!(door(site.gateway_url(), TOKEN).status, 401);
    let through = door(site.gateway_url(), SCOPED_TOKEN);
    assert_eq!(through.json()["_links"]["base"], site.base_url());
    let tenant = get(&site.base_url().replace("/wiki", "/_edge/tenant_info"), &[]);
    assert!(site.gateway_url().contains(tenant.json()["cloudId"].as_str().unwrap()));

    assert_eq!(door(site.base_url(), "wrong").status, 401);
    site.habits(|h| h.bad_token_is_anonymous = true);
    assert!(door(site.base_url(), "wrong").ids().is_empty());
    let me = get(&format!("{}/rest/api/user/current", site.base_url()), &[("Authorization", &basic(EMAIL, "wrong"))]);
    assert_eq!(me.json()["type"], "anonymous");
    assert_eq!(get(&format!("{}/api/v2/spaces", site.base_url()), &[]).status, 401);
    site.edit(|m| m.open_space("ENG"));
    assert_eq!(get(&format!("{}/api/v2/spaces", site.base_url()), &[]).ids().len(), 1);
}

#[test]
fn folders_people_and_posts_are_there() {
    let (site, space, _) = site_of(0);
    let (folder, post) = site.edit(|m| (m.add_folder("ENG", None, "Runbooks"), m.add_post("ENG", "News", "<p>n</p>")));
    let folder_path = format!("/api/v2/folders/{folder}");
    assert!(ask(&site, &folder_path).json()["createdAt"].is_string());
    site.habits(|h| h.folder_dates_are_numbers = true);
    assert!(ask(&site, &folder_path).json()["createdAt"].is_u64());
    assert_eq!(ask(&site, &format!("/api/v2/spaces/{space}/blogposts")).ids(), [post.to_string()]);
    assert_eq!(ask(&site, "/rest/api/content/search?cql=type%3Dfolder").ids(), [folder.to_string()]);

    let ann = site.edit(|m| m.users[1].id.clone());
    let url = format!("{}/api/v2/users-bulk", site.base_url());
    let names = post_json(&url, &format!("{{\"accountIds\":[\"{ann}\",\"nobody\"]}}"));
    assert_eq!(names.json()["results"].as_array().unwrap().len(), 1);
    assert_eq!(names.json()["results"][0]["displayName"], "Ann Author");
}

#[test]
fn a_rename_rewrites_the_links_of_others_without_a_new_version() {
    let (site, _, ids) = site_of(2);
    let link = "<ac:link><ri:page ri:content-title=\"Page 0\" /></ac:link>";
    let there = "<ac:link><ri:page ri:content-title=\"Page 0\" ri:space-key=\"ENG\" /></ac:link>";
    let other = site.edit(|m| {
        m.add_space("OPS", "Operations");
        m.edit_page(ids[1], link);
        m.add_page("OPS", None, "Elsewhere", &format!("{link}{there}"))
    });
    site.edit(|m| m.rename_page(ids[0], "New & \"better\""));
    site.edit(|m| {
        assert_eq!(m.body(ids[1]), link.replace("Page 0", "New &amp; &quot;better&quot;"));
        assert_eq!(m.body(other), format!("{link}{}", there.replace("Page 0", "New &amp; &quot;better&quot;")));
        assert_eq!((m.get(ids[0]).version, m.get(ids[1]).version, m.get(other).version), (2, 2, 1));
    });
    site.edit(|m| m.set_space_alias("ENG", "engineering"));
    let space = &ask(&site, "/api/v2/spaces?keys=ENG").json()["results"][0];
    assert_eq!((&space["key"], &space["currentActiveAlias"]), (&"ENG".into(), &"engineering".into()));
}

#[test]
fn what_leaves_the_tree_lifts_its_children_and_writing_is_a_violation() {
    let (site, _, ids) = site_of(3);
    site.edit(|m| {
        m.move_page(ids[1], ids[0]);
        m.add_space("OPS", "Operations");
        m.move_to_space(ids[0], "OPS");
        assert_eq!((m.get(ids[1]).space, m.get(ids[1]).version), (m.space("OPS").id, 1));
        m.delete(ids[0]);
        assert_eq!(m.get(ids[1]).parent, Some(m.home("OPS")));
        m.remove_space("OPS");
        assert!(!m.content.contains_key(&ids[1]));
    });
    let reply = post_json(&format!("{}/api/v2/pages", site.base_url()), "{}");
    assert_eq!(reply.status, 405);
    assert_eq!(site.take_violations(), ["POST /wiki/api/v2/pages is no reading"]);
}

fn post_json(url: &str, body: &str) -> Reply {
    post(url, &[("Authorization", &basic(EMAIL, TOKEN)), ("Content-Type", "application/json")], body)
}
