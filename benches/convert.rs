//! How fast storage format becomes Markdown: `cargo bench --bench convert`.
//!
//! Prints MB/s (of input) for generated pages of three sizes, reading alone and with writing, and the time that the shapes which hurt converters take. Time is this
//! thread's processor time, so that a busy machine does not count.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::Duration;

use context_syncd::connectors::confluence::storage::{self, Context};
use context_syncd::markdown::{Unresolved, html, write};

const CONTEXT: Context<'_> = Context { base: "https://acme.example.net/wiki", space: "ENG", page: "7", cloud: true };

/// A stretch of an ordinary page, some 2 KB.
const SECTION: &str = r#"<h2>Rolling back a <strong>release</strong></h2><p>Before you begin, make sure that nobody is deploying; ask in the channel &ldquo;releases&rdquo; and wait for an answer.&nbsp;The <ac:link><ri:page ri:content-title="Release checklist" ri:version-at-save="4" /><ac:link-body>checklist</ac:link-body></ac:link> says who is on call, and <a href="https://status.example.com/board?team=core&amp;view=week">the board</a> shows what is running.</p><ul><li><p>Stop the <code>scheduler</code> on both nodes</p><ul><li><p>first the <em>standby</em>, then the primary</p></li></ul></li><li><p>Tell <ac:link><ri:user ri:account-id="712020:ann" /></ac:link> what you did</p></li></ul><table data-layout="default" ac:local-id="0c0ffee0-1111-2222-3333-444444444444"><tbody><tr><th><p><strong>Step</strong></p></th><th><p>Command</p></th><th><p>State</p></th></tr><tr><td><p>1</p></td><td><p><code>svc stop api</code></p></td><td><p><ac:structured-macro ac:name="status" ac:schema-version="1"><ac:parameter ac:name="title">DONE</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro></p></td></tr><tr><td><p>2</p></td><td><p>Restore the <strong>last</strong> snapshot</p></td><td><p>open</p></td></tr></tbody></table><ac:structured-macro ac:name="info" ac:schema-version="1" ac:macro-id="5d1c"><ac:rich-text-body><p>The snapshot is taken each night at 02:00 UTC; it is kept for 14 days.</p></ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[set -eu
for node in a b; do
  svc restore --node "$node" --snapshot latest && echo "<$node> restored"
done]]></ac:plain-text-body></ac:structured-macro><ac:image ac:alt="Dashboard after the roll back"><ri:attachment ri:filename="dashboard.png" /><ac:caption><p>All green again</p></ac:caption></ac:image>"#;

fn main() {
    println!("{:<40}{:>12}{:>14}", "pages", "read MB/s", "convert MB/s");
    for (name, sections) in [("2 KB", 1), ("50 KB", 22), ("5 MB", 2200)] {
        let body = SECTION.repeat(sections);
        let read = per_run(|| drop(black_box(storage::read(black_box(&body), &CONTEXT))));
        let convert = per_run(|| drop(black_box(convert(black_box(&body)))));
        let rate = |time: Duration| body.len() as f64 / 1e6 / time.as_secs_f64();
        println!("{:<40}{:>12.0}{:>14.0}", format!("{name} ({} bytes)", body.len()), rate(read), rate(convert));
    }
    println!("\n{:<40}{:>12}{:>12}{:>14}", "worst shapes", "bytes", "read ms", "convert ms");
    for (name, body) in shapes() {
        let start = now();
        let tree = black_box(storage::read(&body, &CONTEXT)).tree;
        let read = now() - start;
        black_box(write::body(&tree, &Unresolved));
        let all = now() - start;
        println!("{:<40}{:>12}{:>12.1}{:>14.1}", name, body.len(), read.as_secs_f64() * 1e3, all.as_secs_f64() * 1e3);
    }
    println!("\n{:<40}{:>12}{:>12}", "foreign HTML", "bytes", "ms");
    for (name, body) in foreign() {
        let start = now();
        black_box(html::to_blocks(&body));
        println!("{:<40}{:>12}{:>12.1}", name, body.len(), (now() - start).as_secs_f64() * 1e3);
    }
}

/// Processor time of this thread so far.
fn now() -> Duration {
    nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID.now().map_or(Duration::ZERO, Duration::from)
}

fn convert(body: &str) -> String {
    let tree = storage::read(body, &CONTEXT).tree;
    write::body(&tree, &Unresolved).text
}

/// Time of one run, the best of several rounds of at least 100 ms.
fn per_run(mut run: impl FnMut()) -> Duration {
    let round = |run: &mut dyn FnMut()| {
        let start = now();
        let mut runs = 0;
        while now() - start < Duration::from_millis(100) {
            run();
            runs += 1;
        }
        (now() - start) / runs
    };
    (0..5).map(|_| round(&mut run)).min().unwrap_or_default()
}

fn shapes() -> Vec<(&'static str, String)> {
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
    vec![
        ("5 MB of text", format!("<p>{}</p>", "word and word ".repeat(375_000))),
        ("list of 200,000 items", format!("<ul>{}</ul>", "<li>item</li>".repeat(200_000))),
        ("10,000 nested quotes", format!("{}x{}", "<blockquote>".repeat(10_000), "</blockquote>".repeat(10_000))),
        ("table of 50,000 rows", format!("<table>{}</table>", "<tr><td><p>a</p></td><td>b</td></tr>".repeat(50_000))),
        (
            "one cell over all of 5,000 rows",
            format!(
                "<table><tr><td rowspan=\"1000\" colspan=\"1000\">{}</td></tr>{}</table>",
                "x".repeat(10_000),
                "<tr><td>a</td></tr>".repeat(5_000)
            ),
        ),
        ("20,000 attributes on one element", format!("<td{attributes}>a</td>")),
        ("1,000,000 entities", "&amp;".repeat(1_000_000)),
        ("1,000,000 unclosed <b>", "<b>".repeat(1_000_000)),
        ("1,000,000 stray </b>", "</b>".repeat(1_000_000)),
        ("100,000 deep, then 1,000,000 stray </b>", format!("{}{}", "<div>".repeat(100_000), "</b>".repeat(1_000_000))),
        ("1,000,000 <", "<".repeat(1_000_000)),
        ("1,000,000 <!--", "<!--".repeat(1_000_000)),
        ("1,000,000 <a b=\"", "<a b=\"".repeat(1_000_000)),
        ("500,000 unknown macros", "<ac:structured-macro ac:name=\"x\"/>".repeat(500_000)),
        ("100,000 marks broken by 100,000 blocks", format!("{}{}", "<b><i><s>".repeat(30), "<hr/>x".repeat(100_000))),
        (
            "macro with 100,000 parameters",
            format!("<ac:structured-macro ac:name=\"x\">{}</ac:structured-macro>", "<ac:parameter ac:name=\"k\">v</ac:parameter>".repeat(100_000)),
        ),
    ]
}

fn foreign() -> Vec<(&'static str, String)> {
    vec![
        (
            "ordinary",
            "<h3>Title</h3><p>Some <b>bold</b> text with <a href=\"https://example.com\">a link</a>.</p><ul><li>one</li><li>two</li></ul>"
                .repeat(400),
        ),
        ("nested tables", "<table><tr><td>".repeat(16)),
        ("one item with 8,000 lines", format!("<ul><li>{}</ul>", "<br>x".repeat(8_000))),
        ("a page of 50 nested lists", "<ul><li>x".repeat(25)),
        ("50 nested quotes", format!("{}{}", "<blockquote>".repeat(50), "x<br>".repeat(2_000))),
        ("wide table", format!("<table>{}</table>", "<tr><td>a<td>b<td>c</tr>".repeat(4_000))),
        ("formatting without end", "<b><i><s><code>x<p>".repeat(4_000)),
        ("1 MB of text", "word ".repeat(200_000)),
        ("1 MB of <a \"", "<a \"".repeat(250_000)),
    ]
}
