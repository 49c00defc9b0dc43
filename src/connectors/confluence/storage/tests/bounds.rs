//! Bodies built to hurt: each is read to its end with all of its text. That they take linear time is shown by the benchmark; what is quadratic would not end here.

use super::*;
use crate::markdown::Block;

/// How often `word` stands in what is read, without the time that writing takes.
fn words(body: &str) -> usize {
    format!("{:?}", tree(body)).matches("word").count()
}

/// How deep a tree's blocks lie.
fn depth(blocks: &[Block]) -> usize {
    let within = |block: &Block| match block {
        Block::Quote(body) | Block::Alert { body, .. } => depth(body),
        Block::List(list) => list.items.iter().map(|item| depth(&item.body)).max().unwrap_or_default(),
        Block::Table(table) => table.rows.iter().flatten().map(|cell| depth(&cell.body)).max().unwrap_or_default(),
        _ => 0,
    };
    blocks.iter().map(within).max().map_or(0, |deepest| deepest + 1)
}

#[test]
fn deep_nesting_is_flattened_and_says_so() {
    for (open, close) in [
        ("<blockquote>word", "</blockquote>"),
        ("<ul><li>word", "</li></ul>"),
        ("<table><tr><td>word", "</td></tr></table>"),
        ("<div>word", "</div>"),
        ("<strong>word ", "</strong>"),
        ("<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>word", "</ac:rich-text-body></ac:structured-macro>"),
        ("<ac:task-list><ac:task><ac:task-body>word", "</ac:task-body></ac:task></ac:task-list>"),
        ("<ac:adf-node type=\"panel\"><ac:adf-content>word", "</ac:adf-content></ac:adf-node>"),
        ("<novel>word ", "</novel>"),
        // Never closed.
        ("<span>word ", ""),
        ("<novel>word ", ""),
    ] {
        let body = format!("{}<p>bottom</p>{}<p>after</p>", open.repeat(10_000), close.repeat(10_000));
        let Reading { tree, diagnostics, .. } = read(&body, &CLOUD);
        assert!(depth(&tree.blocks) <= 102, "{open}");
        assert!(diagnostics.iter().any(|found| found.what == "depth" && found.treatment == Treatment::Kept), "{open}");
        let text = write::body(&tree, &Mirror).text;
        assert_eq!(text.matches("word").count(), 10_000, "{open}");
        assert!(text.contains("bottom") && text.contains("after") && text.contains("nested more than 100 deep"), "{open}");
    }
}

#[test]
fn a_hundred_levels_are_not_too_deep() {
    let diagnostics = read(&format!("{}x{}", "<blockquote>".repeat(100), "</blockquote>".repeat(100)), &CLOUD).diagnostics;
    assert_eq!(diagnostics, []);
    let after = tree(&format!("{}{}<h1>a</h1>", "<div>".repeat(150), "</div>".repeat(150)));
    assert!(matches!(after.blocks.last(), Some(Block::Heading { .. })), "what follows is whole again");
}

#[test]
fn long_bodies_are_read_whole() {
    assert_eq!(words(&format!("<ul>{}</ul>", "<li>word</li>".repeat(200_000))), 200_000);
    assert_eq!(words(&format!("<ul>{}", "<li>word".repeat(100_000))), 100_000);
    let row = "<tr><td>word</td><td rowspan=\"9\" colspan=\"9\">word</td></tr>";
    assert_eq!(words(&format!("<table>{}</table>", row.repeat(50_000))), 100_000);
    assert_eq!(words(&format!("<p>{}</p>", "word ".repeat(500_000))), 500_000);
    assert_eq!(words(&format!("<p>{}</p>", "<em>word</em> ".repeat(100_000))), 100_000);
    assert_eq!(words(&format!("<p>{}</p>", "word&nbsp;&amp;&nosuch; ".repeat(100_000))), 100_000);
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
    assert_eq!(words(&format!("<p{attributes}><a{attributes} href=\"https://example.com\">word</a></p>")), 1);
    let parameters = "<ac:parameter ac:name=\"k\">word</ac:parameter>".repeat(50_000);
    assert!(words(&format!("<ac:structured-macro ac:name=\"novel\">{parameters}</ac:structured-macro>")) > 0);
}

#[test]
fn markup_without_end_costs_no_more_than_its_length() {
    for part in [
        "<",
        "<a",
        "<a ",
        "<a \"",
        "<a b='",
        "<!--",
        "<![CDATA[",
        "<?",
        "</",
        "&",
        "&#",
        "&a",
        "<a b=\"<",
        "]]>",
        "<a>",
        "</a>",
        "<p>",
        "<a/>",
        "<x></y>",
    ] {
        let body = format!("start {} end", part.repeat(50_000));
        let text = write::body(&tree(&body), &Mirror).text;
        assert!(text.contains("start") && text.contains("end"), "{part}");
    }
}

#[test]
fn diagnostics_are_counted_bounded_and_keep_what_was_lost() {
    let same = read(&"<ac:x/>".repeat(20_000), &CLOUD).diagnostics;
    assert_eq!(same.iter().map(|found| found.count).collect::<Vec<_>>(), [20_000]);
    let call = |n: usize, body: &str| format!("<ac:structured-macro ac:name=\"m{n}\">{body}</ac:structured-macro>");
    let many: String = (0..5000).map(|n| call(n, "<ac:rich-text-body>x</ac:rich-text-body>")).collect();
    let found = read(&(many + &call(9999, "")), &CLOUD).diagnostics;
    assert_eq!(found.len(), 1001);
    assert_eq!(found.last().map(|found| found.treatment), Some(Treatment::Lost));
}
