"""Hostile files: each ends as a named rejection, in bounded time, and what follows is read."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import index
from index import Article, ArticleError
from index.readers import read_all, sandbox
from index.readers.facts import Found
from index.readers.sandbox import Limits, Sandbox
from tests.conftest import REPOSITORY
from tests.index.making import BILLION_LAUGHS, docx_of, page, pdf, pdf_of, stream, warc, zip_of

# Small, so that tests are quick; but starting a reader takes a moment on a busy machine.
QUICK = Limits(seconds=3, memory=900_000_000, output=20_000_000)
GOOD = b"title,text\nGood,Text.\n"
# trafilatura needs far longer for it than any limit here.
SLOW = ("<html><body>" + "a<br>" * 300_000).encode()


def read(folder: Path, name: str, data: bytes | str, limits: Limits = QUICK) -> list[Found | ArticleError]:
    """What comes of one file; then that a good one is still read after it."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (folder / "good.csv").write_bytes(GOOD)
    with Sandbox(limits) as box:
        found = list(box.read(path, name))
        (after,) = box.read(folder / "good.csv", "good.csv")
    assert isinstance(after, Found)
    assert after.article.title == "Good"
    return found


def reason(folder: Path, name: str, data: bytes | str, limits: Limits = QUICK) -> str:
    (found,) = read(folder, name, data, limits)
    assert isinstance(found, ArticleError)
    assert name in found.name
    return found.reason


def told(found: Found | ArticleError) -> str:
    return found.article.title if isinstance(found, Found) else found.reason


# Time and memory


def test_a_page_that_takes_too_long(tmp_path: Path) -> None:
    assert "took longer than 3 s" in reason(tmp_path, "a.html", SLOW)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_page_nested_without_end(tmp_path: Path, depth: int) -> None:
    assert "no article found" in reason(tmp_path, "a.html", "<html><body>" + "<div>" * depth + "text " * 200)


def test_a_slow_page_among_others_is_rejected_alone(tmp_path: Path) -> None:
    pages = {"1": page("One").encode(), "2": SLOW, "3": page("Three").encode()}
    data = warc(*[(f"https://w.example/{n}", "200 OK", "text/html", body) for n, body in pages.items()])
    one, two, three = read(tmp_path, "a.warc.gz", data)
    assert (told(one), told(three)) == ("One", "Three")
    assert isinstance(two, ArticleError)
    assert two.name.endswith("a.warc.gz (https://w.example/2)")
    assert "took longer" in two.reason


def test_a_member_that_fills_memory_is_rejected_alone(tmp_path: Path) -> None:
    hungry = b"[" + b'{"a":1},' * 6_000_000 + b"1]"
    data = zip_of({"1.csv": GOOD, "2.json": hungry, "3.csv": GOOD})
    # More than an honest archive holds of so few bytes, so it is stored as it is.
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    one, two, three = read(tmp_path, "a.zip", made.getvalue(), replace(QUICK, seconds=20))
    assert (told(one), told(three)) == ("Good", "Good")
    assert isinstance(two, ArticleError)
    assert two.name.endswith("a.zip/2.json")
    assert "needs more than 0.9 GB of memory" in two.reason


def test_a_file_that_ends_its_reader_again_and_again_is_left(tmp_path: Path) -> None:
    pages = [(f"https://w.example/{n}", "200 OK", "text/html", SLOW) for n in range(6)]
    found = read(tmp_path, "a.warc", warc(*pages, gzip=False), replace(QUICK, seconds=1.5, deaths=1))
    assert [told(f) for f in found[:-1]] == ["reading took longer than 1.5 s: convert it, or leave it out"] * 2
    assert "ended 2 times, so the rest is left out" in told(found[-1])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_reader_that_is_killed_loses_one_record(tmp_path: Path, how: signal.Signals) -> None:
    # Long enough that the reader can't be done before the first is taken.
    records = [{"title": f"T{n}", "text": "word " * 40_000} for n in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    with Sandbox(QUICK) as box:
        found = []
        for number, item in enumerate(box.read(tmp_path / "a.jsonl", "a.jsonl")):
            found.append(item)
            if number == 0:
                assert box._child is not None
                box._child._process.send_signal(how)
    # Nothing at all is lost where what it was at had just been passed on.
    assert len(found) == 20
    errors = [f for f in found if isinstance(f, ArticleError)]
    assert len(errors) <= 1
    for error in errors:
        assert f"crashed ({how.name})" in error.reason
        assert told(found.pop(int(error.name.rpartition(":")[2]) - 1)) == error.reason
    assert [int(told(f)[1:]) for f in found] == sorted({int(told(f)[1:]) for f in found})


# Bombs


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zip_of({"a.csv": b"\0" * 200_000_000})),
        ("a.csv.gz", gzip.compress(b"title,text\nT," + b" " * 200_000_000)),
        ("a.warc.gz", gzip.compress(warc(("https://w.example/1", "200 OK", "text/html", b"a" * 10**8), gzip=False))),
        ("a.docx", docx_of("<w>" + " " * 200_000_000 + "</w>")),
    ],
    ids=["zip", "gz", "warc", "docx"],
)  # fmt: skip
def test_what_expands_without_end(tmp_path: Path, name: str, data: bytes) -> None:
    assert len(data) < 1_000_000
    assert "bombs are made so" in told(read(tmp_path, name, data)[-1])


def test_members_that_overlap(tmp_path: Path) -> None:
    # One stretch of data under a thousand names: Fifield's bomb in short.
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = b"a" * 1_000_000
    body = packed.compress(plain) + packed.flush()
    local = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(plain), len(body), len(plain), 5, 0
    ) + b"a.csv" + body  # fmt: skip
    central = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, zlib.crc32(plain), len(body), len(plain),
                    7, 0, 0, 0, 0, 0, 0) + b"%03d.csv" % number
        for number in range(1_000)
    )  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1_000, 1_000, len(central), len(local), 0)
    assert "expand to 1,000,000,000" in reason(tmp_path, "a.zip", local + central + end)


def test_entities_of_entities(tmp_path: Path) -> None:
    item = "<item><title>&lol9;</title><description>&lol9;</description></item>"
    feed = f'{BILLION_LAUGHS}<rss version="2.0"><channel>{item}</channel></rss>'
    assert "declares entities" in reason(tmp_path, "a.rss", feed)
    assert "declares entities" in reason(tmp_path, "b.xml", f"{BILLION_LAUGHS}<urlset>&lol9;</urlset>")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    words = f"<w:document {space}><w:body><w:p><w:r><w:t>&lol9;</w:t></w:r></w:p></w:body></w:document>"
    assert "can't be read" in reason(tmp_path, "a.docx", docx_of(BILLION_LAUGHS + words))


def test_entities_read_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("classified")
    entity = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    words = f"<w:document {space}><w:body><w:p><w:r><w:t>Text &x;</w:t></w:r></w:p></w:body></w:document>"
    for found in read(tmp_path, "a.docx", docx_of(entity + words)):
        assert "classified" not in str(found)


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"


@pytest.mark.parametrize(
    "data",
    [
        pdf_of([CATALOGUE, PAGES, PAGE, stream(b"BT (a) Tj ET\n" * 10_000_000), FONT]),
        pdf_of([CATALOGUE, PAGES, PAGE, stream(b"[" * 3_000_000), FONT]),
        pdf_of([b"<< /Type /Catalog /Pages 2 0 R /X " + b"<< /X " * 50_000 + b">>" * 50_001]),
        pdf_of([CATALOGUE, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"]),
        pdf_of([CATALOGUE, b"<< /Type /Pages /Count 99999 /Kids [" + b"3 0 R " * 99_999 + b"] >>", PAGE, FONT]),
    ],
    ids=["expands", "nested", "deep", "circle", "pages"],
)
def test_pdf_bombs(tmp_path: Path, data: bytes) -> None:
    assert len(data) < 1_000_000
    assert reason(tmp_path, "a.pdf", data)


def test_a_table_with_a_field_too_long(tmp_path: Path) -> None:
    found = read(tmp_path, "a.csv", "title,text\nA," + "x" * 50_000_000 + "\nB,Text.\n")
    assert [told(f) for f in found[1:]] == ["B"]
    assert "field larger than field limit" in told(found[0])


def test_a_table_that_says_one_thing_without_end(tmp_path: Path) -> None:
    said = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000), pa.array(["x" * 30_000]))
    pq.write_table(pa.table({"text": said}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    assert len(data) < 100_000
    found = read(tmp_path, "a.parquet", data)
    assert "more text comes of it than its size can hold" in told(found[-1])
    assert len(found) < 1_000


@pytest.mark.parametrize("data", ["[" * 100_000, '{"a":' * 100_000, '[{"text":' + "[" * 100_000 + "]" * 100_000 + "}]"])
def test_json_nested_without_end(tmp_path: Path, data: str) -> None:
    assert "not JSON" in reason(tmp_path, "a.json", data)


# Damage


def samples() -> dict[str, bytes]:
    table = io.BytesIO()
    pq.write_table(pa.table({"title": ["T"] * 50, "text": ["Text."] * 50}), table)
    return {
        ".html": page().encode(),
        ".pdf": pdf([["A headline", "Its text."]] * 3),
        ".docx": docx_of(None, "A headline", "Its text."),
        ".csv": GOOD * 20,
        ".parquet": table.getvalue(),
        ".json": json.dumps([{"title": "T", "text": "Text."}] * 20).encode(),
        ".jsonl": b'{"title": "T", "text": "Text."}\n' * 20,
        ".rss": b"<rss><channel><item><title>T</title><description>Text.</description></item></channel></rss>",
        ".zip": zip_of({"a.csv": GOOD, "b.html": page().encode()}),
        ".warc.gz": warc(*[(f"https://w.example/{n}", "200 OK", "text/html", page().encode()) for n in range(3)]),
    }


def test_cut_anywhere_and_named_wrongly(tmp_path: Path) -> None:
    given = samples()
    for suffix, data in given.items():
        for part in range(1, 8):
            (tmp_path / f"cut{part}{suffix}").write_bytes(data[: len(data) * part // 8])
        for other, wrong in given.items():
            if other != suffix:
                (tmp_path / f"wrong{other.replace('.', '-')}{suffix}").write_bytes(wrong)
    seen = {}
    for reading in read_all([tmp_path]):
        assert (reading.article is None) != (reading.error is None)
        seen[Path(reading.origin).name] = reading
    assert seen.keys() == {path.name for path in tmp_path.iterdir()}
    # A table isn't mistaken for a page, nor an archive for a text.
    assert all(seen[f"wrong-{s[1:].replace('.', '-')}.pdf"].error for s in given if s != ".pdf")


# The process


def children() -> set[str]:
    listed = Path("/proc/self/task")
    if not listed.is_dir():
        pytest.skip("which processes run can't be told here")
    return {pid for task in listed.iterdir() for pid in (task / "children").read_text().split()}


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.csv").write_bytes(GOOD * 50)
    before = children()
    list(read_all([tmp_path]))
    assert children() == before
    abandoned = read_all([tmp_path])
    next(abandoned)
    assert len(children() - before) == 1
    abandoned.close()  # type: ignore[attr-defined]
    assert children() == before


def test_text_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_BOOT", "raise SystemExit(3)")
    (tmp_path / "a.txt").write_text("Headline\n\nText.\n")
    (tmp_path / "b.doc").write_text("x")
    first, second = read_all([tmp_path])
    assert first.article
    assert second.error


def test_a_reader_that_does_not_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_BOOT", "raise ImportError('no lxml here')")
    (tmp_path / "a.csv").write_bytes(GOOD)
    (reading,) = read_all([tmp_path])
    assert reading.error
    assert "ImportError: no lxml here" in reading.error.reason


def test_two_readings_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD)
    with Sandbox() as box:
        first = box.read(tmp_path / "a.csv", "a.csv")
        next(first)
        with pytest.raises(RuntimeError, match="under way"):
            next(box.read(tmp_path / "a.csv", "a.csv"))
        assert list(first) == []


def answers(*frames: bytes) -> str:
    """A program that says it is ready and then writes those bytes."""
    out = b"".join(struct.pack(">I", len(frame)) + frame for frame in (b'["ready"]', *frames))
    return f"import sys, time; sys.stdout.buffer.write({out!r}); sys.stdout.flush(); time.sleep(20)"


@pytest.mark.parametrize(
    "frame",
    [
        b"{",
        b"\xff\xfe",
        b"3",
        b"[]",
        b'["end"]',
        b'["begin", "x", 3]',
        b'["draft", {"text": 3}]',
        b'["draft", {"name":"a","relative":"a","facts":[],"text":"a","alone":true,"strict":true,"notes":[]}]',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_makes_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame: bytes) -> None:
    monkeypatch.setattr(sandbox, "_BOOT", answers(frame))
    (tmp_path / "a.csv").write_bytes(GOOD)
    with Sandbox() as box:
        (found,) = box.read(tmp_path / "a.csv", "a.csv")
        assert isinstance(found, ArticleError)
        assert "makes no sense" in found.reason
        with pytest.raises(ArticleError, match="makes no sense"):
            box.links(tmp_path / "a.csv", "https://x.example/")


def test_an_answer_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sandbox, "_BOOT", answers().replace("time.sleep(20)", "sys.stdout.buffer.write(b'\\xff' * 10**6)")
    )
    (tmp_path / "a.csv").write_bytes(GOOD)
    with Sandbox() as box:
        (found,) = box.read(tmp_path / "a.csv", "a.csv")
    assert "more than 32,000,000 bytes" in told(found)


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('made', 'w').write('x' * 10_000)",
        "bytearray(2_000_000_000)",
    ],
)
def test_what_a_reader_may_not_do(tmp_path: Path, attempt: str) -> None:
    program = f"from index.readers.worker import _confine\n_confine(900_000_000)\n{attempt}\n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])},
        check=False,
    )
    assert done.returncode != 0
    assert re.search(r"PermissionError: a reader tried|MemoryError|File too large", done.stderr)


def test_it_works_installed_and_from_any_folder(tmp_path: Path) -> None:
    shutil.copytree(Path(index.__file__).parent, tmp_path / "site" / "index")
    (tmp_path / "here" / "index").mkdir(parents=True)
    # A folder of that name where the user stands is not the package.
    (tmp_path / "here" / "index" / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    (tmp_path / "here" / "a.csv").write_bytes(GOOD)
    program = (
        "import sys; sys.path.pop(0)\n"
        "from index.readers import read_all\n"
        "print([(r.article.id[:5], r.article.title) for r in read_all(['a.csv'])])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path / "here",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])},
        check=False,
    )
    assert done.stdout == "[('a.csv', 'Good')]\n", done.stderr


def test_the_parent_stays_small(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", compresslevel=1) as file:
        for number in range(400):
            file.write(json.dumps({"title": str(number), "text": os.urandom(100_000).hex()}) + "\n")
    program = (
        "import resource\nfrom index.readers import read_all\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before, count = peak(), 0\n"
        "for r in read_all(['a.jsonl.gz']): count += r.article is not None\n"
        "print(count, (peak() - before) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])},
        check=True,
    )
    count, grown = map(int, done.stdout.split())
    # The file holds 80 MB of text.
    assert count == 400
    assert grown < 40


def titles(found: Iterator[Found | ArticleError]) -> list[str]:
    return [told(item) for item in found]


def test_one_process_reads_many_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_bytes(GOOD)
    with Sandbox() as box:
        pids = set()
        for path in sorted(tmp_path.iterdir()):
            assert titles(box.read(path, path.name)) == ["Good"]
            assert box._child is not None
            pids.add(box._child._process.pid)
    assert len(pids) == 1


def test_an_article_crosses_whole(tmp_path: Path) -> None:
    text = "Ünïcode 橋 \U0001f309 and a tab\tand \ud800"
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"title": "T", "text": text, "published": "2024-01-02T03:04:05+02:00"})
    )
    (reading,) = read_all([tmp_path])
    assert isinstance(reading.article, Article)
    assert reading.article.text == text.replace("\ud800", "\N{REPLACEMENT CHARACTER}")
