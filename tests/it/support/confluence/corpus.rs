//! Sites of any size for benchmarks and long tests: the same spaces, trees, titles, bodies and files each time.
//!
//! Sizes follow what real spaces have: half of the pages below the median, a long tail, and a few giants.

use super::model::{Flavour, Id, Model};
use super::prose::{Dice, Surroundings, WORDS, body_among};

/// What a populated site is like.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Half of the bodies are smaller.
    pub median_bytes: usize,
    /// So many pages have a body of 1 MB.
    pub giants: usize,
    /// People who write, and are mentioned.
    pub authors: usize,
    /// Of a hundred pages so many are blog posts.
    pub posts_percent: usize,
    /// Of a hundred pages so many have labels.
    pub labels_percent: usize,
    /// The deepest page below a home page.
    pub depth: usize,
    /// Of a hundred pages so many stand in a folder (Cloud only).
    pub folders_percent: usize,
    /// Whether a third of the pages has one or two images, of a few kilobytes.
    pub attachments: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            median_bytes: 5 * 1024,
            giants: 2,
            authors: 40,
            posts_percent: 5,
            labels_percent: 20,
            depth: 6,
            folders_percent: 5,
            attachments: false,
        }
    }
}

/// The key of the nth space: `SPA`, `SPB`, ...
pub fn space_key(number: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap());
    let more = if number >= 26 { letter(number / 26 - 1).to_string() } else { String::new() };
    format!("SP{more}{}", letter(number))
}

/// The title of the nth page: some are long, some hold signs that are awkward in names and in Markdown.
pub fn title(number: usize) -> String {
    let mut dice = Dice::new(number as u64 ^ 0x7171_e5e5);
    let mut name = |length: usize| (0..length).map(|_| WORDS[dice.below(42)]).collect::<Vec<_>>().join(" ");
    match number % 37 {
        5 => format!("Übersicht: {} {number}", name(2)),
        11 => format!("{} / {} [{number}]", name(1), name(2)),
        17 => format!("{} (v{number}.0) & more?", name(2)),
        23 => format!("{} {number}", name(22)),
        29 => format!("手順書 {number} {}", name(1)),
        _ => format!("{} {number}", name(3)),
    }
}

/// Fills a site with pages (posts among them) in spaces, home pages not counted. Answers their ids, in the order of their making.
pub fn populate(model: &mut Model, pages: usize, spaces: usize, options: &Options) -> Vec<Id> {
    let mut dice = Dice::new(options.seed);
    let first_author = model.users.len();
    for number in 0..options.authors.max(1) {
        model.add_user(&format!("author{number}"), &format!("Author Nº {number}"));
    }
    let authors: Vec<String> = model.users[first_author..].iter().map(|user| user.id.clone()).collect();
    let attribute = if model.flavour == Flavour::Cloud { "ri:account-id" } else { "ri:userkey" };
    let people: Vec<String> = authors.iter().map(|id| format!("{attribute}=\"{id}\"")).collect();
    let (writer, step) = (model.users[1].id.clone(), model.step_ms);
    // Pages are minutes apart, so that a window of the change feed holds a part of the site only; but never more than 90 days in all.
    model.step_ms = (17 * 60_000).min(90 * 86_400_000 / (pages as u64 + 1));
    for number in 0..spaces {
        model.add_space(&space_key(number), &format!("Space {number}"));
    }
    let mut made = Vec::with_capacity(pages);
    let mut trees: Vec<Vec<(Id, usize)>> = (0..spaces).map(|number| vec![(model.home(&space_key(number)), 0)]).collect();
    for number in 0..pages {
        let space = number % spaces;
        model.write_as(dice.pick::<String>(&authors));
        let files = if options.attachments && number % 3 == 0 { dice.between(1, 2) } else { 0 };
        let images: Vec<String> = (0..files).map(|file| format!("diagram {number}-{file}.png")).collect();
        let links = neighbours(&mut dice, number, pages, spaces);
        let stride = pages / (options.giants + 1);
        let is_giant = stride > 0 && number > 0 && number % stride == 0 && number / stride <= options.giants;
        let size = if is_giant { 1 << 20 } else { size(&mut dice, options.median_bytes) };
        let body = body_among(dice.roll(), size, Surroundings { pages: &links, images: &images, people: &people });
        let id = place(model, &mut dice, options, space, &mut trees[space], number, &body);
        if dice.below(100) < options.labels_percent {
            model.set_labels(id, &[*dice.pick(&["runbook", "howto", "decision"]), "team-a"]);
        }
        for image in images {
            model.add_attachment(id, &image, picture(&mut dice), "image/png");
        }
        made.push(id);
    }
    model.step_ms = step;
    model.write_as(&writer);
    made
}

/// Puts a page somewhere in its space's tree, or a post beside it.
fn place(model: &mut Model, dice: &mut Dice, options: &Options, space: usize, tree: &mut Vec<(Id, usize)>, number: usize, body: &str) -> Id {
    let key = space_key(space);
    if is_post(options, number) {
        return model.add_post(&key, &title(number), body);
    }
    let recent = tree.len().saturating_sub(30);
    let (mut parent, mut depth) = tree[dice.between(recent, tree.len() - 1)];
    if depth >= options.depth {
        (parent, depth) = tree[0];
    }
    if model.flavour == Flavour::Cloud && dice.below(100) < options.folders_percent {
        parent = model.add_folder(&key, Some(parent), &format!("Folder {number}"));
    }
    let id = model.add_page(&key, Some(parent), &title(number), body);
    tree.push((id, depth + 1));
    id
}

fn is_post(options: &Options, number: usize) -> bool {
    // 61 has no factor in common with 100, so posts spread over all spaces.
    number * 61 % 100 < options.posts_percent
}

/// Titles that a page links to: mostly of its own space, some of another, and now and then one that is not there.
fn neighbours(dice: &mut Dice, number: usize, pages: usize, spaces: usize) -> Vec<(String, Option<String>)> {
    let mut links = Vec::new();
    for _ in 0..6 {
        let other = dice.below(pages);
        let key = (other % spaces != number % spaces).then(|| space_key(other % spaces));
        links.push((title(other), key));
    }
    if number.is_multiple_of(50) {
        links.push((format!("No such page {number}"), None));
    }
    links
}

/// About log-normal: the sum of twelve throws stands in for the normal distribution.
fn size(dice: &mut Dice, median: usize) -> usize {
    let sum: f64 = (0..12).map(|_| dice.below(1 << 20) as f64 / f64::from(1 << 20)).sum();
    let factor = ((sum - 6.0) * 0.9).exp();
    (median as f64 * factor).clamp(60.0, 200_000.0) as usize
}

/// Bytes that begin as a PNG does.
fn picture(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for _ in 0..dice.between(50, 1000) {
        bytes.extend_from_slice(&dice.roll().to_le_bytes());
    }
    bytes
}
