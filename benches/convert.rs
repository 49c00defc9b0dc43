//! How fast storage format becomes Markdown: `cargo bench --bench convert`.
//!
//! Prints MB/s (of input) for generated pages of three sizes, reading alone and with writing; how that and the peak of memory grow from 1 to 8 MB; and the time and memory of
//! the shapes which hurt converters, at half their size and at all of it: both must grow no faster than the input. Time is this thread's processor time, so that a busy
//! machine does not count; memory is how far the process's resident set rose above what it was.
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
    // A child of this program measures one body's peak of memory, in a process that has used none before.
    if let Ok(which) = std::env::var(PEAK) {
        let body = which.split_once(' ').and_then(|(shape, size)| Some((shape.parse::<usize>().ok()?, size.parse::<usize>().ok()?)));
        println!("{}", body.map_or(0, |(shape, size)| peak(&all_shapes()[shape].1(size))));
        return;
    }
    println!("{:<40}{:>12}{:>14}", "pages", "read MB/s", "convert MB/s");
    for (name, sections) in [("2 KB", 1), ("50 KB", 22), ("5 MB", 2200)] {
        let body = SECTION.repeat(sections);
        let read = per_run(|| drop(black_box(storage::read(black_box(&body), &CONTEXT))));
        let convert = per_run(|| drop(black_box(convert(black_box(&body)))));
        let rate = |time: Duration| body.len() as f64 / 1e6 / time.as_secs_f64();
        println!("{:<40}{:>12.0}{:>14.0}", format!("{name} ({} bytes)", body.len()), rate(read), rate(convert));
    }
    println!("\n{:<40}{:>12}{:>14}{:>16}", "growth", "bytes", "convert MB/s", "peak bytes/byte");
    for megabytes in [1, 2, 4, 8] {
        let body = all_shapes()[0].1(megabytes);
        let (time, peak) = (time(&body), peak_of(0, megabytes));
        let rate = body.len() as f64 / 1e6 / time.as_secs_f64();
        println!("{:<40}{:>12}{:>14.0}{:>16.1}", format!("{megabytes} MB"), body.len(), rate, peak as f64 / body.len() as f64);
    }
    println!("\n{:<40}{:>12}{:>10}{:>10}{:>8}{:>10}{:>10}", "worst shapes", "bytes", "half ms", "all ms", "times", "half MB", "all MB");
    for (at, (name, shape)) in all_shapes().into_iter().enumerate().skip(1) {
        let half = time(&shape(1));
        let body = shape(2);
        let all = time(&body);
        let (half_peak, all_peak) = (peak_of(at, 1), peak_of(at, 2));
        let (half_ms, all_ms) = (half.as_secs_f64() * 1e3, all.as_secs_f64() * 1e3);
        println!(
            "{:<40}{:>12}{:>10.1}{:>10.1}{:>8.1}{:>10.1}{:>10.1}",
            name,
            body.len(),
            half_ms,
            all_ms,
            all_ms / half_ms,
            half_peak as f64 / 1e6,
            all_peak as f64 / 1e6
        );
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

/// Names the shape and size that a child converts.
const PEAK: &str = "BENCH_CONVERT_PEAK";

/// Time of one conversion, the better of two.
fn time(body: &str) -> Duration {
    let run = || {
        let start = now();
        drop(black_box(convert(black_box(body))));
        now() - start
    };
    run().min(run())
}

/// How many bytes the resident set rises while `body` is converted.
fn peak(body: &str) -> u64 {
    let before = resident("VmRSS:");
    drop(black_box(convert(black_box(body))));
    resident("VmHWM:").saturating_sub(before)
}

/// [`peak`] of a shape, in a process of its own.
fn peak_of(shape: usize, size: usize) -> u64 {
    let child = std::env::current_exe().and_then(|program| std::process::Command::new(program).env(PEAK, format!("{shape} {size}")).output());
    child.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok()).unwrap_or_default()
}

fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
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

/// A body of `size` halves.
type Shape = Box<dyn Fn(usize) -> String>;

/// Ordinary pages of whole megabytes, and the worst shapes.
fn all_shapes() -> Vec<(&'static str, Shape)> {
    let pages: Shape = Box::new(|megabytes| SECTION.repeat((megabytes << 20) / SECTION.len()));
    std::iter::once(("pages", pages)).chain(shapes()).collect()
}

fn shapes() -> Vec<(&'static str, Shape)> {
    fn repeated(part: &'static str, half: usize) -> Shape {
        Box::new(move |size| part.repeat(half * size))
    }
    fn within(open: &'static str, part: &'static str, half: usize, close: &'static str) -> Shape {
        Box::new(move |size| format!("{open}{}{close}", part.repeat(half * size)))
    }
    fn nested(open: &'static str, close: &'static str, half: usize) -> Shape {
        Box::new(move |size| format!("{}x{}", open.repeat(half * size), close.repeat(half * size)))
    }
    vec![
        ("5 MB of text", within("<p>", "word and word ", 187_500, "</p>")),
        ("list of 200,000 items", within("<ul>", "<li>item</li>", 100_000, "</ul>")),
        ("10,000 nested quotes", nested("<blockquote>", "</blockquote>", 5_000)),
        ("10,000 nested lists", nested("<ul><li>", "</li></ul>", 5_000)),
        ("10,000 nested tables", nested("<table><tr><td>", "</td></tr></table>", 5_000)),
        ("10,000 nested islands", nested("<ac:adf-node type=\"novel\">", "</ac:adf-node>", 5_000)),
        ("90 nested islands, 10,000 times", {
            let island = format!("{}x{}", "<ac:adf-node type=\"x\">".repeat(90), "</ac:adf-node>".repeat(90));
            Box::new(move |size| island.repeat(size * 5_000))
        }),
        ("table of 50,000 rows", within("<table>", "<tr><td><p>a</p></td><td>b</td></tr>", 25_000, "</table>")),
        (
            "table of 50,000 rows, one huge cell",
            Box::new(|size| {
                let rows = "<tr><td>a</td><td>b</td></tr>".repeat(25_000 * size);
                format!("<table><tr><td>{}</td><td>b</td></tr>{rows}</table>", "word ".repeat(100_000 * size))
            }),
        ),
        (
            "huge cell over all of 50,000 rows",
            Box::new(|size| {
                let rows = "<tr><td>a</td></tr>".repeat(25_000 * size);
                format!("<table><tr><td rowspan=\"1000\" colspan=\"1000\">{}</td></tr>{rows}</table>", "x".repeat(5_000 * size))
            }),
        ),
        ("table of 50,000 columns", within("<table><tr>", "<td>a</td>", 25_000, "</tr></table>")),
        (
            "20,000 attributes on one element",
            Box::new(|size| {
                let attributes: String = (0..10_000 * size).map(|n| format!(" a{n}=\"{n}\"")).collect();
                format!("<td{attributes}>a</td>")
            }),
        ),
        ("1,000,000 entities", repeated("&amp;", 500_000)),
        ("1,000,000 unclosed <b>", repeated("<b>", 500_000)),
        ("1,000,000 stray </b>", repeated("</b>", 500_000)),
        ("100,000 deep, then 1,000,000 stray </b>", Box::new(|size| format!("{}{}", "<div>".repeat(50_000 * size), "</b>".repeat(500_000 * size)))),
        ("1,000,000 <", repeated("<", 500_000)),
        ("1,000,000 <!--", repeated("<!--", 500_000)),
        ("1,000,000 <a b=\"", repeated("<a b=\"", 500_000)),
        ("500,000 unknown macros", repeated("<ac:structured-macro ac:name=\"x\"/>", 250_000)),
        ("marks broken by 100,000 blocks", Box::new(|size| format!("{}{}", "<b><i><s>".repeat(30), "<hr/>x".repeat(50_000 * size)))),
        (
            "macro with 100,000 parameters",
            within("<ac:structured-macro ac:name=\"x\">", "<ac:parameter ac:name=\"k\">v</ac:parameter>", 50_000, "</ac:structured-macro>"),
        ),
        ("100,000 headings and links to them", repeated("<h2>Part one</h2><p><a href=\"#Page-Title-Part-one.7\">x</a></p>", 50_000)),
        ("500,000 dollars, stars and brackets", within("<p>", "$a* [b_ `", 250_000, "</p>")),
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
