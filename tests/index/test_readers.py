from __future__ import annotations

import gzip
import json
import os
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import Article
from index.readers import SUFFIXES, Reading, read_all
from tests.conftest import SHARED


def one(path: Path) -> Reading:
    (reading,) = read_all([path])
    return reading


def article(path: Path) -> Article:
    reading = one(path)
    assert reading.article is not None, reading.error
    return reading.article


def reason(path: Path) -> str:
    reading = one(path)
    assert reading.error is not None
    assert path.name in reading.error.name
    return reading.error.reason


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="")
    return path


def test_dated_form(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.txt", " date 2022-02-27 Two agree: a deal\nFirst.\nSecond one. And more.\n"))
    assert (found.title, found.published) == ("Two agree: a deal", date(2022, 2, 27))
    assert found.text == "First.\nSecond one. And more."
    assert (found.id, found.url, found.source, found.authors) == ("a.txt", None, None, ())


def test_the_users_own_article() -> None:
    folder = SHARED / "data" / "seed"
    if not folder.is_dir():
        pytest.skip("../shared is not beside the repository")
    (reading,) = read_all([folder])
    assert reading.article is not None
    assert reading.article.published == date(2022, 2, 27)
    assert reading.article.title.startswith("Ukraine conflict")
    assert len(reading.article.text.split("\n")) == 16


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
def test_line_ends_of_every_kind(tmp_path: Path, end: str) -> None:
    found = article(written(tmp_path, "a.txt", f" date 2022-02-27 Headline{end}One.{end}Two.{end}"))
    assert found.text == "One.\nTwo."


def test_front_matter(tmp_path: Path) -> None:
    found = article(
        written(
            tmp_path,
            "a.md",
            '---\ntitle: "Harbour: open again"\ndate: 2024-05-01T09:30:00+02:00\nurl: https://x.example/a\n'
            "source: The Paper\nauthors: [Ann Hale, Bo Ode]\n---\n\n"
            "The *harbour* is\n[open](https://y.example).\n\n## Later\n\n- One item\n",
        )
    )
    assert (found.title, found.id, found.source) == ("Harbour: open again", "https://x.example/a", "The Paper")
    assert isinstance(found.published, datetime)
    assert found.published.isoformat() == "2024-05-01T09:30:00+02:00"
    assert found.authors == ("Ann Hale", "Bo Ode")
    assert found.text == "The harbour is open.\nLater\nOne item"


def test_markdown_title_from_its_first_heading(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.md", "# Bridge closed\n\nIt is shut.\n"))
    assert (found.title, found.text) == ("Bridge closed", "It is shut.")


def test_markdown_keeps_html_as_words(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.md", "# T\n\nA <script>alert(1)</script> tag.\n\n<div>block</div>\n"))
    assert "<script>alert(1)</script>" in found.text
    assert "<div>block</div>" in found.text


def test_plain_text_takes_its_first_line_as_headline(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.txt", "Ferry late\n\nThe ferry was\nlate by an hour\ntoday.\n\nIt came.\n"))
    assert (found.title, found.text) == ("Ferry late", "The ferry was late by an hour today.\nIt came.")


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_overrides_of_direction_are_noted_in_text_too(tmp_path: Path, name: str) -> None:
    reading = one(written(tmp_path, name, "Ferry late\n\nThe \u202eferry\n\nwas late.\n"))
    assert reading.article
    assert "\u202e" not in reading.article.text
    assert reading.note
    assert "replaced by" in reading.note


def test_plain_text_that_begins_with_the_word_date(tmp_path: Path) -> None:
    assert article(written(tmp_path, "a.txt", "Date palms die\n\nThey did.\n")).title == "Date palms die"


def test_a_rule_across_the_page_is_not_front_matter(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.md", "---\n\n# Bridge closed\n\nIt is shut.\n\n---\n"))
    assert (found.title, found.text) == ("Bridge closed", "It is shut.")


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {
            "title": "One",
            "text": "Text.",
            "published": "2024-01-02",
            "url": "https://www.x.example/1",
            "author": "A. Hale",
        },
        {"title": "Two", "text": "Text.", "id": "n7", "source": "Wire", "language": "en"},
        {"title": "Three", "text": "A\r\nB \ud800.", "published": "2024-01-02T03:04:05"},
    ]
    data = "\n".join(json.dumps(line) for line in lines).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    one_, two, three = [r.article for r in read_all([tmp_path / "a.jsonl.gz"])]
    assert one_
    assert two
    assert three
    assert (one_.id, one_.source, one_.authors, one_.published) == (
        "https://www.x.example/1",
        "x.example",
        ("A. Hale",),
        date(2024, 1, 2),
    )
    assert (two.id, two.source, two.language) == ("a.jsonl.gz#n7", "Wire", "en")
    assert three.text == "A\nB \N{REPLACEMENT CHARACTER}."
    assert re.fullmatch(r"a\.jsonl\.gz#[0-9a-f]{12}", three.id)
    assert three.published == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    for name in ("b/2.txt", "a.txt", "b/1.txt", ".hidden/x.txt", ".dot.txt"):
        written(tmp_path, name, "Headline\n\nText.\n")
    assert [r.article.id for r in read_all([tmp_path]) if r.article] == ["a.txt", "b/1.txt", "b/2.txt"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("empty.txt", "", "empty"),
        ("blank.md", " \n\n ", "empty"),
        ("empty.jsonl", "", "empty"),
        ("only.txt", " date 2022-02-27 Headline\n", "no text"),
        ("day.txt", " date 2022-02-31 Headline\nText.\n", "'2022-02-31' is not a date"),
        ("day.md", "---\ntitle: T\ndate: yesterday\n---\nText.\n", "'yesterday' is not a date"),
        ("fence.md", "---\ntitle: a: b\n---\nText.\n", "front matter line 2"),
        ("list.md", "---\na:b\n---\nText.\n", "front matter holds no"),
        ("deep.md", "---\na: " + "[" * 3_000 + "\n---\nText.\n", "nested too deep"),
        ("front.md", "---\na: " + "b" * 70_000 + "\n---\nText.\n", "shorten it"),
        ("kind.doc", "Text", "unknown kind of file"),
        ("noext", "Text", "unknown kind of file"),
        ("long.txt", "T\n\n" + "x" * 2_000_001, "too many for one article"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, expected: str) -> None:
    assert expected in reason(written(tmp_path, name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", " date 2022-02-27\nThe ferry stopped.\n"),
        ("a.txt", "The ferry stopped."),
        ("a.md", "The ferry stopped.\n"),
        ("a.jsonl", '{"text": "The ferry stopped."}'),
        ("a.jsonl", '{"title": " ", "text": "The ferry stopped."}'),
    ],
)
def test_an_article_without_a_title_is_known_by_its_first_words(tmp_path: Path, name: str, text: str) -> None:
    reading = one(written(tmp_path, name, text))
    assert reading.article
    assert reading.article.title == reading.article.text == "The ferry stopped."
    assert reading.note
    assert "no title" in reading.note


def test_a_long_first_paragraph_is_shortened_for_a_title(tmp_path: Path) -> None:
    title = article(written(tmp_path, "a.md", "word " * 100)).title
    assert title.endswith("word …")
    assert len(title) <= 80


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ('{"title": "T"}', "no `text`"),
        ('{"title": 3, "text": "T"}', "`title` is int"),
        ('{"title": "T", "text": " "}', "no text"),
        ('{"title": "T", "text": "T", "published": "2022-13-01"}', "is not a date"),
        ('{"title": "T", "text": "' + "a " * 5_000_000 + '"}', "the line is longer"),
        ('{"title": "T", "text": "' + "a " * 1_100_000 + '"}', "too many for one article"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_read(tmp_path: Path, line: str, expected: str) -> None:
    good = json.dumps({"title": "Good", "text": "Text."})
    path = written(tmp_path, "a.jsonl", f"{good}\n{line}\n\n{good}\n")
    first, broken, last = read_all([path])
    assert first.article
    assert last.article
    assert broken.error
    assert broken.error.name == f"{path}:2"
    assert expected in broken.error.reason


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl"])
@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x01", b"PK\x03\x04\x00\x00\xff", "Latin é\n\ntext".encode("latin-1")]
)
def test_binary_and_foreign_encodings_are_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    readings = list(read_all([tmp_path / name]))
    assert readings[0].error
    assert "UTF-8" in readings[0].error.reason or "binary" in readings[0].error.reason


def test_utf16_with_a_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Headline\n\nCafé.\n".encode("utf-16"))
    assert article(tmp_path / "a.txt").text == "Café."


def test_a_cut_gzip_file_keeps_what_came_before(tmp_path: Path) -> None:
    rows = [json.dumps({"title": f"T{i}", "text": os.urandom(400).hex()}) for i in range(300)]
    data = gzip.compress("\n".join(rows).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    readings = list(read_all([tmp_path / "a.jsonl.gz"]))
    assert readings[0].article
    assert readings[-1].error
    assert "damaged gzip" in readings[-1].error.reason


def test_missing_and_irregular_paths_are_named(tmp_path: Path) -> None:
    assert "no such file" in reason(tmp_path / "nothing.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a regular file" in reason(tmp_path / "pipe.txt")


def test_a_folder_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "open/a.txt", "Headline\n\nText.\n")
    written(tmp_path, "shut/b.txt", "Headline\n\nText.\n")
    scan = os.scandir

    # Forced, since a superuser may read every folder.
    def refusing(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    readings = list(read_all([tmp_path]))
    assert [r.article.id for r in readings if r.article] == ["open/a.txt"]
    (error,) = [r.error for r in readings if r.error]
    assert error.name.endswith("shut")
    assert "permissions" in error.reason


def test_a_file_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt")  # noqa: PTH118
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"Headline\n\nText.\n")
    (reading,) = read_all([tmp_path])
    assert reading.article
    reading.article.id.encode()


def test_a_file_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    for name in ("\x1b[31mred.txt", "two\nlines.pdf"):
        written(tmp_path, name, "Headline\n\nText.\n")
    for reading in read_all([tmp_path]):
        shown = f"{reading.name} {reading.article.id if reading.article else reading.error}"
        assert shown.isprintable()


def test_a_path_that_no_system_takes_is_named(tmp_path: Path) -> None:
    (reading,) = read_all([tmp_path / ("x" * 300)])
    assert reading.error
    assert "can't be read" in reading.error.reason


@given(st.lists(st.tuples(st.binary(max_size=400), st.sampled_from(SUFFIXES), st.booleans()), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_end_as_articles_or_reasons(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[bytes, str, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for number, (data, suffix, zipped) in enumerate(files):
        name = f"{number}{suffix}.gz" if zipped and suffix != ".zip" else f"{number}{suffix}"
        (folder / name).write_bytes(gzip.compress(data) if zipped else data)
    readings = list(read_all([folder]))
    assert {Path(reading.origin).name for reading in readings} == {path.name for path in folder.iterdir()}
    for reading in readings:
        assert (reading.article is None) != (reading.error is None)
        if reading.article:
            assert reading.article.title
            assert reading.article.text
            reading.article.text.encode()


def test_alias_bombs_in_front_matter_cost_nothing(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    assert article(written(tmp_path, "a.md", f"---\n{bomb}---\nText.\n")).text == "Text."


def test_when_an_article_says_it_was_changed(tmp_path: Path) -> None:
    found = article(written(tmp_path, "a.md", "---\ntitle: T\ndate: 2024-05-01\nupdated: 2024-05-03\n---\nText.\n"))
    assert (found.published, found.modified) == (date(2024, 5, 1), date(2024, 5, 3))
    reading = one(written(tmp_path, "b.md", "---\ntitle: T\nmodified: lately\n---\nText.\n"))
    assert reading.article
    assert reading.article.modified is None
    assert reading.note
    assert "`modified` left out: 'lately' is not a date" in reading.note


def test_an_address_that_is_none_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "T", "text": "Words.", "url": "javascript:alert(1)", "id": "7"}\n')
    (reading,) = read_all([tmp_path / "a.jsonl"])
    assert reading.article
    assert (reading.article.id, reading.article.url) == ("a.jsonl#7", None)
    assert "none of the web" in (reading.note or "")


def test_a_path_that_leads_upwards_is_only_a_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../up.txt", "Storm\n\nA storm came.\n")
        archive.writestr(".hidden.txt", "Secret\n\nNot read.\n")
    (reading,) = read_all([tmp_path / "a.zip"])
    assert reading.article
    assert reading.article.text == "A storm came."
    assert list(tmp_path.iterdir()) == [tmp_path / "a.zip"]
