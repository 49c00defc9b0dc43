//! Storage format by the yard: pages that look like what people write, the same for the same seed.
//!
//! Always well-formed; each kind of block that is common in real spaces occurs, and some that are not. It knows no model: who and what it may mention is
//! handed in.

mod words;

use std::fmt::Write as _;

pub use words::WORDS;

/// What a page may point to. Empty lists leave out what needs them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// Titles of other pages, with the key of their space where that is another one.
    pub pages: &'a [(String, Option<String>)],
    /// Names of the page's own attached images.
    pub images: &'a [String],
    /// `ri:` attributes that name people, such as `ri:account-id="712020:..."`.
    pub people: &'a [String],
}

/// A body of about this size, without links, images or mentions.
pub fn body(seed: u64, size_bytes: usize) -> String {
    body_among(seed, size_bytes, Surroundings::default())
}

/// A body of about this size (never less, and more by one block at most) that mentions all its images and some of the rest.
pub fn body_among(seed: u64, size_bytes: usize, around: Surroundings<'_>) -> String {
    let mut prose = Prose { dice: Dice::new(seed), out: String::with_capacity(size_bytes + 4096), around };
    prose.paragraph();
    for image in around.images {
        prose.image(image);
    }
    prose.borrowed(seed);
    while prose.out.len() < size_bytes {
        prose.block();
    }
    prose.out
}

/// A small, fast, well-spread generator (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The same throws for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`, which is not zero.
    pub fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll() % sides as u64).unwrap()
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

struct Prose<'a> {
    dice: Dice,
    out: String,
    around: Surroundings<'a>,
}

impl Prose<'_> {
    fn block(&mut self) {
        match self.dice.below(40) {
            0..=15 => self.paragraph(),
            16..=19 => self.heading(),
            20..=23 => self.list(0),
            24..=26 => self.table(),
            27..=29 => self.code(),
            30..=32 => self.panel(),
            33 => self.tasks(),
            34 => self.expand(),
            35 => self.out.push_str("<hr />"),
            36 => self.quote(),
            37 => self.jira(),
            38 => self.layout(),
            _ => self.unknown(),
        }
    }

    /// Some pages have an excerpt, or show something of others; thrown with dice of their own.
    fn borrowed(&mut self, seed: u64) {
        let dice = std::mem::replace(&mut self.dice, Dice::new(!seed));
        if self.dice.below(8) == 0 {
            self.macro_around("excerpt", &[], Self::paragraph);
        }
        match self.dice.below(40) {
            0 => self.macro_of("children", &[], ""),
            1 => self.macro_of("contentbylabel", &[("labels", "decision")], ""),
            2 => self.include("include"),
            3..=5 => self.include("excerpt-include"),
            _ => {}
        }
        self.dice = dice;
    }

    fn include(&mut self, name: &str) {
        if self.around.pages.is_empty() {
            return;
        }
        let (title, space) = self.dice.pick(self.around.pages).clone();
        let space = space.map(|key| format!(" ri:space-key=\"{key}\"")).unwrap_or_default();
        let page = format!("<ac:parameter ac:name=\"\"><ac:link><ri:page ri:content-title=\"{}\"{space} /></ac:link></ac:parameter>", escape(&title));
        self.macro_of(name, &[], &page);
    }

    fn words(&mut self, from: usize, to: usize) {
        for at in 0..self.dice.between(from, to) {
            if at > 0 {
                self.out.push(' ');
            }
            self.out.push_str(self.dice.pick::<&str>(WORDS));
        }
    }

    fn within(&mut self, element: &str, inside: impl FnOnce(&mut Self)) {
        let _ = write!(self.out, "<{element}>");
        inside(self);
        let _ = write!(self.out, "</{}>", element.split(' ').next().unwrap_or_default());
    }

    fn paragraph(&mut self) {
        self.within("p", |prose| {
            for _ in 0..prose.dice.between(1, 5) {
                prose.words(4, 18);
                prose.out.push(' ');
                prose.inline();
                prose.out.push_str(". ");
            }
        });
    }

    fn inline(&mut self) {
        match self.dice.below(12) {
            0 => self.within("strong", |prose| prose.words(1, 3)),
            1 => self.within("em", |prose| prose.words(1, 4)),
            2 => self.within("code", |prose| prose.words(1, 2)),
            3 => self.link(),
            4 => self.mention(),
            5 => self.status(),
            6 => self
                .out
                .push_str("<ac:emoticon ac:name=\"blue-star\" ac:emoji-shortname=\":rocket:\" ac:emoji-id=\"1f680\" ac:emoji-fallback=\"🚀\" />"),
            7 => {
                let number = self.dice.below(1000);
                let _ = write!(self.out, "<a href=\"https://example.com/issues/{number}?a=1&amp;b=2\">issue {number}</a>");
            }
            8 => self.out.push_str("<time datetime=\"2026-10-01\" />"),
            9 => self.within("span style=\"color: rgb(255,86,48);\"", |prose| prose.words(1, 3)),
            _ => self.words(1, 4),
        }
    }

    fn link(&mut self) {
        if self.around.pages.is_empty() {
            return self.words(1, 2);
        }
        let (title, space) = self.dice.pick(self.around.pages).clone();
        let space = space.map(|key| format!("ri:space-key=\"{key}\" ")).unwrap_or_default();
        let _ = write!(self.out, "<ac:link><ri:page ri:content-title=\"{}\" {space}/>", escape(&title));
        if self.dice.below(2) == 0 {
            self.within("ac:link-body", |prose| prose.words(1, 4));
        }
        self.out.push_str("</ac:link>");
    }

    fn mention(&mut self) {
        if self.around.people.is_empty() {
            return self.words(1, 2);
        }
        let person = self.dice.pick(self.around.people);
        let _ = write!(self.out, "<ac:link><ri:user {person} /></ac:link>");
    }

    fn status(&mut self) {
        let (title, colour) = *self.dice.pick(&[("DONE", "Green"), ("IN PROGRESS", "Blue"), ("BLOCKED", "Red"), ("AT RISK", "Yellow")]);
        self.macro_of("status", &[("title", title), ("colour", colour)], "");
    }

    fn heading(&mut self) {
        let level = self.dice.between(1, 4);
        self.within(&format!("h{level}"), |prose| prose.words(2, 6));
    }

    fn list(&mut self, depth: usize) {
        let kind = *self.dice.pick(&["ul", "ol"]);
        self.within(kind, |prose| {
            for _ in 0..prose.dice.between(2, 5) {
                prose.within("li", |prose| {
                    prose.within("p", |prose| prose.words(3, 12));
                    if depth < 3 && prose.dice.below(5) == 0 {
                        prose.list(depth + 1);
                    }
                });
            }
        });
    }

    fn table(&mut self) {
        let (columns, rows) = (self.dice.between(2, 5), self.dice.between(2, 8));
        self.within("table data-layout=\"default\"", |prose| {
            prose.within("tbody", |prose| {
                for row in 0..rows {
                    prose.within("tr", |prose| {
                        for _ in 0..columns {
                            let cell = if row == 0 { "th" } else { "td" };
                            prose.within(cell, |prose| prose.within("p", |prose| prose.cell(row == 0)));
                        }
                    });
                }
            });
        });
    }

    fn cell(&mut self, is_head: bool) {
        match self.dice.below(6) {
            0 if !is_head => self.inline(),
            1 if !is_head => self.status(),
            _ => self.words(1, 6),
        }
    }

    fn code(&mut self) {
        let language = *self.dice.pick(&["bash", "yaml", "python", "sql", "none"]);
        let mut text = String::new();
        for line in 0..self.dice.between(2, 14) {
            let (name, other) = (*self.dice.pick(&["host", "retries", "if x < 3 && y > 1", "echo `date`"]), self.dice.below(1000));
            let _ = writeln!(text, "{:indent$}{name} = {other} # ${{VAR}}", "", indent = line % 3 * 2);
        }
        if self.dice.below(10) == 0 {
            text.push_str("```\nlet last = rows[index[0]]]]><![CDATA[>\n```\n");
        }
        self.macro_of("code", &[("language", language)], &format!("<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>"));
    }

    fn panel(&mut self) {
        let name = *self.dice.pick(&["info", "note", "tip", "warning", "panel"]);
        let title: &[_] = if self.dice.below(2) == 0 { &[("title", "Mind the gap")] } else { &[] };
        self.macro_around(name, title, |prose| {
            prose.paragraph();
            if prose.dice.below(3) == 0 {
                prose.list(2);
            }
        });
    }

    fn expand(&mut self) {
        self.macro_around("expand", &[("title", "Details")], |prose| {
            prose.paragraph();
            prose.code();
        });
    }

    fn quote(&mut self) {
        self.within("blockquote", Self::paragraph);
    }

    fn tasks(&mut self) {
        self.within("ac:task-list", |prose| {
            for number in 0..prose.dice.between(1, 5) {
                let status = *prose.dice.pick(&["complete", "incomplete"]);
                let _ = write!(prose.out, "<ac:task><ac:task-id>{number}</ac:task-id><ac:task-status>{status}</ac:task-status>");
                prose.within("ac:task-body", |prose| {
                    prose.mention();
                    prose.out.push(' ');
                    prose.words(2, 8);
                });
                prose.out.push_str("</ac:task>");
            }
        });
    }

    fn jira(&mut self) {
        let key = format!("OPS-{}", self.dice.below(5000));
        self.within("p", |prose| prose.macro_of("jira", &[("server", "System JIRA"), ("key", &key)], ""));
    }

    fn layout(&mut self) {
        self.within("ac:layout", |prose| {
            prose.within("ac:layout-section ac:type=\"two_equal\"", |prose| {
                prose.within("ac:layout-cell", Self::paragraph);
                prose.within("ac:layout-cell", |prose| prose.list(2));
            });
        });
    }

    fn unknown(&mut self) {
        self.macro_of("roadmap-planner-ultra", &[("lanes", "3"), ("style", "wide")], "");
    }

    fn image(&mut self, name: &str) {
        let _ = write!(self.out, "<ac:image ac:width=\"450\" ac:alt=\"{0}\"><ri:attachment ri:filename=\"{0}\" /></ac:image>", escape(name));
    }

    fn macro_start(&mut self, name: &str, parameters: &[(&str, &str)]) {
        let id = self.dice.roll();
        let _ = write!(self.out, "<ac:structured-macro ac:name=\"{name}\" ac:schema-version=\"1\" ac:macro-id=\"{id:016x}\">");
        for (key, value) in parameters {
            let _ = write!(self.out, "<ac:parameter ac:name=\"{key}\">{}</ac:parameter>", escape(value));
        }
    }

    fn macro_of(&mut self, name: &str, parameters: &[(&str, &str)], body: &str) {
        self.macro_start(name, parameters);
        self.out.push_str(body);
        self.out.push_str("</ac:structured-macro>");
    }

    fn macro_around(&mut self, name: &str, parameters: &[(&str, &str)], body: impl FnOnce(&mut Self)) {
        self.macro_start(name, parameters);
        self.within("ac:rich-text-body", body);
        self.out.push_str("</ac:structured-macro>");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
