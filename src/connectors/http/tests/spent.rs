//! Allowances that are spent: who waits for them, who does not, and what the next worker knows of it.

use super::*;

/// A service that tells allowances, as GitHub does.
fn counted(site: &Url, cache: Option<&std::path::Path>, token: &str) -> Client {
    let habits = Habits { limit_words: &["rate limit"], keeps_refusals: true, limit_pause: Some(Duration::from_millis(1)), ..Habits::default() };
    let authorization = Some(Secret::new(format!("Bearer {token}")));
    Client::new(Setup { habits, authorization, cache: cache.map(Into::into), ..setup_of(site) }).unwrap()
}

/// What stands on an answer of an hour in which so much is left.
fn with_left(left: u64, kind: &str, answered: Answered) -> Answered {
    let mut answered = answered;
    let reset = (chrono::Utc::now().timestamp() + 3600).to_string();
    for (name, value) in [("limit", "5000"), ("remaining", &left.to_string()), ("reset", &reset), ("resource", kind)] {
        let name = hyper::header::HeaderName::try_from(format!("x-ratelimit-{name}")).unwrap();
        answered.headers_mut().insert(name, value.parse().unwrap());
    }
    answered
}

async fn ask(client: &Client, site: &Url, kind: &'static str) -> Result<Value, Failed> {
    client.json(Request::get(site.join(kind).unwrap(), "the thing").of(kind)).await
}

/// Whether a request of this kind comes to stand at a gate; else it passes.
async fn waits(client: &Client, site: &Url, kind: &'static str) -> bool {
    let before = client.0.budget.gates.how_many_wait();
    let stands = async {
        while client.0.budget.gates.how_many_wait() <= before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = stands => true,
        _ = ask(client, site, kind) => false,
    }
}

fn paths(saw: &Seen) -> Vec<String> {
    saw.lock().unwrap().drain(..).map(|(_, path, ..)| path).collect()
}

#[tokio::test]
async fn one_spent_allowance_keeps_no_request_of_another_waiting() {
    let refused = || answer(403, &[("content-type", "application/json")], "{\"message\":\"API rate limit exceeded\"}");
    for last_is_good in [true, false] {
        let (site, saw) = serve(move |path, _| match path {
            "/graphql" if last_is_good => with_left(0, "graphql", ok(&json!({}))),
            "/graphql" => with_left(0, "graphql", refused()),
            _ => with_left(4000, "core", ok(&json!({}))),
        })
        .await;
        let client = counted(&site, None, "token-that-nobody-may-see");
        if last_is_good {
            ask(&client, &site, "graphql").await.unwrap();
        }
        assert!(waits(&client, &site, "graphql").await);
        // It stands there while the others pass, though only one request is allowed at a time.
        let waiting = tokio::spawn({
            let (client, site) = (client.clone(), site.clone());
            async move { ask(&client, &site, "graphql").await }
        });
        while client.0.budget.gates.how_many_wait() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            assert!(!waits(&client, &site, "core").await);
        }
        assert_eq!(paths(&saw), ["/graphql", "/core", "/core", "/core"], "{last_is_good}");
        assert!(!waiting.is_finished() && client.0.budget.gates.how_many_wait() == 1);
        assert_eq!(client.traffic().waiting_until_ms, None, "the run goes on");
        waiting.abort();
    }
}

#[tokio::test]
async fn other_limits_keep_all_requests_waiting() {
    let secondary = "{\"message\":\"You have exceeded a secondary rate limit.\"}";
    type Limit = fn(&'static str) -> Answered;
    let forms: [(&str, Limit); 4] = [
        ("Retry-After, and nothing left", |text| with_left(0, "graphql", answer(429, &[("retry-after", "3600")], text))),
        ("Retry-After of 503", |text| answer(503, &[("retry-after", "3600")], text)),
        ("of another kind than the one that was asked for", |text| with_left(0, "search", answer(403, &[], text))),
        ("secondary", |text| with_left(4000, "graphql", answer(403, &[("retry-after", "3600")], text))),
    ];
    for (form, limit) in forms {
        let (site, saw) = serve(move |path, _| if path == "/graphql" { limit(secondary) } else { ok(&json!({})) }).await;
        let client = counted(&site, None, "token-that-nobody-may-see");
        assert!(waits(&client, &site, "graphql").await, "{form}");
        assert!(waits(&client, &site, "core").await, "{form}");
        assert_eq!(paths(&saw), ["/graphql"], "{form}");
        assert!(client.traffic().waiting_until_ms.is_some(), "{form}");
    }
}

#[tokio::test]
async fn the_next_worker_does_not_ask_to_hear_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let (site, saw) = serve(|path, _| with_left(if path == "/graphql" { 0 } else { 4000 }, &path[1..], ok(&json!({})))).await;
    let first = counted(&site, Some(dir.path()), "token-that-a-machine-made");
    ask(&first, &site, "core").await.unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "who is not limited writes nothing");
    ask(&first, &site, "graphql").await.unwrap();
    drop(first);
    assert_eq!(paths(&saw).len(), 2);
    // It asks what it may, waits with the rest, and says so.
    let next = counted(&site, Some(dir.path()), "token-that-a-machine-made");
    assert!(waits(&next, &site, "graphql").await);
    let waiting = tokio::spawn({
        let (next, site) = (next.clone(), site.clone());
        async move { ask(&next, &site, "graphql").await }
    });
    while next.traffic().waiting_until_ms.is_none() {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(!waits(&next, &site, "core").await);
    assert_eq!(paths(&saw), ["/core"]);
    let known: Vec<_> = next.traffic().allowances.into_iter().map(|one| (one.name, one.left, one.of)).collect();
    assert_eq!(known, [("core".to_owned(), 4000, 5000), ("graphql".to_owned(), 0, 5000)]);
    // Another token need not wait for what the first one spent.
    let other = counted(&site, Some(dir.path()), "another-that-a-machine-made");
    assert!(!waits(&other, &site, "graphql").await);
    assert_eq!(paths(&saw), ["/graphql"]);
}

#[tokio::test]
async fn the_next_worker_knows_of_the_reserve_and_of_a_service_that_wants_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (site, saw) = serve(|_, n| match n {
        0 => with_left(400, "core", ok(&json!({}))),
        1 => answer(503, &[("retry-after", "1800")], ""),
        _ => panic!("asked again"),
    })
    .await;
    let token = "token-that-a-machine-made";
    let first = counted(&site, Some(dir.path()), token);
    first.reserve(10);
    ask(&first, &site, "core").await.unwrap();
    let next = counted(&site, Some(dir.path()), token);
    next.reserve(10);
    let failed = tokio::time::timeout(Duration::from_secs(30), ask(&next, &site, "core")).await.unwrap().unwrap_err();
    assert!(matches!(failed.error, SourceError::RateLimited { retry_after, .. } if retry_after.as_secs() > 3000), "{failed:?}");
    assert_eq!(paths(&saw).len(), 1);
    // Whoever may take all takes it; and now it is the service that is in trouble.
    let eager = counted(&site, Some(dir.path()), token);
    assert!(waits(&eager, &site, "core").await);
    let last = counted(&site, Some(dir.path()), token);
    assert!(last.traffic().waiting_until_ms.is_some(), "it is told before anything is asked for");
    assert!(waits(&last, &site, "core").await && waits(&last, &site, "graphql").await);
    assert_eq!(paths(&saw).len(), 1);
}

#[tokio::test]
async fn what_is_told_to_other_credentials_says_nothing_of_ours() {
    let (site, saw) = serve(|path, _| with_left(if path == "/core" { 4000 } else { 0 }, "core", ok(&json!({})))).await;
    let client = counted(&site, None, "token-that-nobody-may-see");
    let request = |path: &str| Request::get(site.join(path).unwrap(), "the thing");
    client.json::<Value>(request("app").authorized(Secret::new("Bearer of-an-app".to_owned()))).await.unwrap();
    client.json::<Value>(request("anybody").anonymous()).await.unwrap();
    assert_eq!(client.traffic().allowances, []);
    assert!(!waits(&client, &site, "core").await);
    assert_eq!(paths(&saw), ["/app", "/anybody", "/core"]);
}
