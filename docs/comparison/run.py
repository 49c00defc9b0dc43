#!/usr/bin/env python3
"""Puts the constructs of `constructs.txt` through context-sync, confluence-markdown-exporter and pandoc, and prints what each makes of them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install confluence-markdown-exporter==5.5.0
    /tmp/venv/bin/python docs/comparison/run.py target/debug/context-syncd > docs/comparison/outputs.txt
    /tmp/venv/bin/python docs/comparison/run.py --count         the numbers at the top of `comparison.md`, counted from its table

A tool that is not installed is left out, with a line that says so. Nothing leaves the machine: context-sync mirrors a small pretended Cloud site on
the loopback, and the exporter's look-ups (a linked page, a person, a Jira issue, child pages) are answered as that site would answer them.

What goes into which tool:
    context-sync, mirror    the storage format, served by the pretended site, with its attachments, people, labels and other pages
    context-sync, convert   the storage format alone
    exporter                the body as Confluence renders it (`view`), its main input, together with `storage`, `editor2` and `export_view`; default
                            options, but without title and breadcrumbs, which belong to the page
    pandoc, rendered page   the rendered body
    pandoc, storage format  the storage format
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(__file__).parent
COLUMNS = ["context-sync, mirror", "context-sync, convert", "exporter", "pandoc, rendered page", "pandoc, storage format"]
VERDICTS = ["kept", "form lost", "text lost", "wrong"]
SPACE, HOME, GUIDE, FIRST = "100", 400, 500, 1001
SITE = "https://acme.atlassian.net/wiki"
PEOPLE = {"712020:ann": "Ann Lee", "712020:bob": "Bob Ray"}
FILES = {
    901: ("plan (2).pdf", "application/pdf"),
    902: ("login form.png", "image/png"),
    903: ("flow", "application/vnd.jgraph.mxfile"),
    904: ("flow.png", "image/png"),
}
# Which of the files belong to the page of which construct.
OWNERS = {"attachment link": [901], "image with caption": [902], "drawio": [903, 904]}
LABELS = {501: [{"id": "1", "name": "service", "prefix": "global"}]}
BILLING = """<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tbody><tr><th><p>Owner</p></th><td><p>Bob Ray</p></td></tr>
<tr><th><p>Tier</p></th><td><p>2</p></td></tr></tbody></table></ac:rich-text-body></ac:structured-macro>"""
GUIDE_BODY = """<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>The guide in a line.</p></ac:rich-text-body></ac:structured-macro>
<h2>Set up</h2><p>So.</p>"""


def constructs():
    """The (name, storage, view) triples of `constructs.txt`."""
    for block in ("\n" + (FOLDER / "constructs.txt").read_text("utf-8")).split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        storage, _, view = rest.partition("\n---\n")
        yield name, storage, view.strip("\n")


CONSTRUCTS = list(constructs())


def pages():
    """Every page of the pretended site: id -> (title, parent, storage body)."""
    found = {
        HOME: ("Home", None, "<p>Home</p>"),
        GUIDE: ("Guide", HOME, GUIDE_BODY),
        501: ("Billing", HOME, BILLING),
        502: ("Notice", HOME, "<p>All rights <strong>reserved</strong>.</p>"),
    }
    for at, (name, storage, _) in enumerate(CONSTRUCTS):
        found[FIRST + at] = (name, HOME, storage)
        if name == "children list":
            found[601] = ("First child", FIRST + at, "<p>One.</p>")
            found[602] = ("Second child", FIRST + at, "<p>Two.</p>")
    return found


PAGES = pages()


class Site(BaseHTTPRequestHandler):
    """As much of Cloud's REST API as a mirror of one small public space needs."""

    def log_message(self, *_):
        """Nothing: the output is the comparison."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "{}")
        known = [{"accountId": i, "displayName": PEOPLE[i]} for i in asked.get("accountIds", []) if i in PEOPLE]
        self.answer({"results": known, "_links": {}})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        parts = url.path.removeprefix("/wiki").strip("/").split("/")
        match parts:
            case ["api", "v2", "spaces"]:
                self.list([self.space()])
            case ["api", "v2", "spaces", _]:
                self.answer(self.space())
            case ["api", "v2", "spaces", _, "pages"]:
                self.list([self.page(i, query) for i in PAGES])
            case ["api", "v2", "pages"]:
                ids = [int(i) for text in query.get("id", []) for i in text.split(",")] or list(PAGES)
                self.list([self.page(i, query) for i in ids if i in PAGES])
            case ["api", "v2", "pages", i] if int(i) in PAGES:
                self.answer(self.page(int(i), query))
            case ["api", "v2", *_]:
                self.list([])
            case ["rest", "api", "content", "search"]:
                self.answer({"results": self.found(query["cql"][0], query["expand"][0]), "_links": {"base": SITE}})
            case ["rest", "api", "user", "current"]:
                self.answer({"type": "anonymous", "displayName": "Anonymous"})
            case ["rest", "api", "content", _, "child", "attachment", f, "download"]:
                self.answer(content(int(f.removeprefix("att"))), "application/octet-stream")
            case _:
                self.send_error(404)

    def list(self, results):
        self.answer({"results": results, "_links": {"base": SITE}})

    def answer(self, what, kind="application/json"):
        data = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def space():
        return {"id": SPACE, "key": "ENG", "name": "Engineering", "type": "global", "status": "current", "homepageId": str(HOME),
                "currentActiveAlias": "ENG", "_links": {"webui": "/spaces/ENG"}}

    @staticmethod
    def version():
        return {"number": 1, "message": "", "minorEdit": False, "authorId": "712020:bob", "createdAt": "2026-10-01T08:00:00.000Z"}

    def page(self, i, query):
        title, parent, body = PAGES[i]
        shown = {"storage": {"representation": "storage", "value": body}} if "body-format" in query else {}
        return {"id": str(i), "status": "current", "title": title, "spaceId": SPACE, "parentId": parent and str(parent),
                "parentType": parent and "page", "position": i, "authorId": "712020:bob", "createdAt": "2026-10-01T08:00:00.000Z",
                "version": self.version(), "body": shown, "_links": {"webui": f"/spaces/ENG/pages/{i}"}}

    def found(self, cql, expand):
        """What a search finds: the labels of pages, or the files of the space; the site has neither comments nor folders."""
        if "metadata.labels" in expand:
            return [{"id": str(i), "type": "page", "metadata": {"labels": {"results": LABELS.get(i, [])}}} for i in PAGES]
        if "type=attachment" in cql:
            return [self.file(f, i) for i, page in PAGES.items() for f in OWNERS.get(page[0], [])]
        return []

    @staticmethod
    def file(f, page):
        name, kind = FILES[f]
        links = {"download": f"/download/attachments/{page}/{urllib.parse.quote(name)}", "webui": f"/pages/viewpageattachments.action?pageId={page}"}
        return {"id": f"att{f}", "type": "attachment", "status": "current", "title": name, "container": {"id": str(page), "type": "page"},
                "space": {"key": "ENG"}, "version": {"number": 1, "when": "2026-10-01T08:00:00.000Z"}, "metadata": {"mediaType": kind},
                "extensions": {"mediaType": kind, "fileSize": len(content(f))}, "_links": links}


def content(f):
    """The bytes of a file."""
    return b"\x89PNG" if FILES[f][1] == "image/png" else b"<mxfile/>"


def mirrored(daemon):
    """What context-sync writes for each construct when it mirrors the pretended site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="side-by-side-") as home:
        config = Path(home, "config.toml")
        config.touch(mode=0o600)
        config.write_text(f'[connectors.confluence]\nurl = "http://127.0.0.1:{server.server_port}/wiki"\ncloud = true\nspaces = ["ENG"]\n')
        env = {"PATH": os.environ["PATH"], "HOME": home}
        done = subprocess.run([daemon, "--config", config, "--once"], env=env, capture_output=True, text=True)
        found = {}
        for path in sorted(Path(home, "context-sync", "confluence").rglob("*.md")):
            stem, _, number = path.stem.rpartition("--")
            if stem and number.isdigit():
                text = path.read_text("utf-8")
                body = text.split("\n---\n", 1)[-1].lstrip("\n")
                # The title is the page's, not the construct's.
                body = body.partition("\n")[2].strip("\n")
                found[int(number)] = body.replace(f"http://127.0.0.1:{server.server_port}", SITE.removesuffix("/wiki"))
        if done.returncode:
            print(f"context-syncd --once: {done.stderr}", file=sys.stderr)
    server.shutdown()
    return [found.get(FIRST + at, "(not mirrored)") for at in range(len(CONSTRUCTS))]


def converted(command):
    """What a command that reads its standard input makes of a body."""
    def run(body):
        return subprocess.run(command, input=body, capture_output=True, text=True, check=True).stdout.strip("\n")
    return run


def exporter():
    """The exporter's own page converter, with the answers that a site would give to its look-ups."""
    os.environ["CME_CONFIG_PATH"] = str(Path(tempfile.mkdtemp(), "config.json"))
    from confluence_markdown_exporter import confluence as cme

    space = cme.Space(base_url=SITE, key="ENG", name="Engineering", description="", homepage=HOME)
    version = cme.Version.from_json({})

    def ancestor(i):
        return cme.Ancestor(base_url=SITE, id=i, title=PAGES[i][0], space=space, ancestors=[], version=version)

    def known(i, base_url):
        title, parent, _ = PAGES[int(i)]
        above = [] if parent in (None, HOME) else [ancestor(parent)]
        return cme.Descendant(base_url=SITE, id=int(i), title=title, space=space, ancestors=above, version=version)

    cme._link_target = known
    cme._page_id_by_title = lambda space_key, title, base_url: next((i for i, page in PAGES.items() if page[0] == title), None)
    cme._search_pages = lambda cql, base_url: [known(i, base_url) for i, page in PAGES.items() if cql.endswith(f"ancestor={page[1]}")]
    cme.User.from_accountid = classmethod(lambda cls, i, _: cls(account_id=i, username="", display_name=PEOPLE[i], public_name="", email=""))
    cme.JiraIssue.from_key = classmethod(lambda cls, key, url: cls(key=key, summary="Pump leaks", description=None, status="Open"))
    cme.Page.Converter._fetch_page_properties_report_table = lambda self, el: None  # It then takes the table that Confluence rendered.
    cme._page_path_template = lambda i, base_url: cme.settings.export.page_path
    cme.settings.export.page_breadcrumbs = False  # They, the title and the front matter belong to the page, not to the construct.
    cme.settings.export.include_document_title = False

    def files(name, page):
        return [cme.Attachment(base_url=SITE, id=f"att{f}", title=FILES[f][0], space=space, file_size=4, media_type=FILES[f][1],
                               media_type_description="", file_id=f"file-{f}", collection_name="", download_link="", comment="",
                               page_id=str(page), page_title=name, ancestors=[ancestor(HOME)], version=version) for f in OWNERS.get(name, [])]

    def run(at):
        name, storage, view = CONSTRUCTS[at]
        page = cme.Page(base_url=SITE, id=FIRST + at, title=name, space=space, body=view, body_export=view, editor2=storage, body_storage=storage,
                        labels=[], attachments=files(name, FIRST + at), ancestors=[], version=version)
        cme.Page.from_id = classmethod(lambda cls, *_: page)
        try:
            return page.markdown.strip("\n")
        except Exception as error:  # What a user would see as a page that failed.
            return f"(failed: {type(error).__name__}: {error})"
    return run


def count():
    """Counts the verdicts of the table in `comparison.md`."""
    lines = (FOLDER.parent / "comparison.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert [row[1] for row in rows] == [name for name, _, _ in CONSTRUCTS], "the table and constructs.txt name other constructs"
    for column, name in enumerate(COLUMNS, 2):
        verdicts = [row[column] for row in rows]
        assert set(verdicts) <= set(VERDICTS), f"{name}: {set(verdicts) - set(VERDICTS)}"
        print(f"| {name} | {' | '.join(str(verdicts.count(verdict)) for verdict in VERDICTS)} |")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--count":
        return count()
    daemon = Path(sys.argv[1]).resolve()
    convert = converted([daemon, "convert", "--from", "confluence-storage"])
    outputs = {COLUMNS[0]: mirrored(daemon), COLUMNS[1]: [convert(storage) for _, storage, _ in CONSTRUCTS]}
    try:
        run = exporter()
        outputs[COLUMNS[2]] = [run(at) for at in range(len(CONSTRUCTS))]
    except ImportError as error:
        print(f"confluence-markdown-exporter is left out: {error}", file=sys.stderr)
    try:
        pandoc = converted(["pandoc", "--from=html", "--to=gfm", "--wrap=none"])
        outputs[COLUMNS[3]] = [pandoc(view) for _, _, view in CONSTRUCTS]
        outputs[COLUMNS[4]] = [pandoc(storage) for _, storage, _ in CONSTRUCTS]
    except FileNotFoundError:
        print("pandoc is left out: it is not installed", file=sys.stderr)
    for at, (name, _, _) in enumerate(CONSTRUCTS):
        print(f"{'=' * 100}\n{at + 1}. {name}")
        for column, bodies in outputs.items():
            print(f"--- {column}\n{bodies[at]}")


if __name__ == "__main__":
    main()
