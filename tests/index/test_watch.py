"""An index kept in step: files that come, change and go, folders that vanish, feeds, stops and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

import index.watch
from index import ArticleIndex, IndexLockedError, SettingsError
from index.errors import ArticleError
from index.watch import Change, Stop, watch
from tests.conftest import REPOSITORY
from tests.index.webserver import Page, Site, story

WORDS = (
    "The harbour board of Lower Fenwick voted on Tuesday to close the old pier for the winter. "
    "Its chair, Ada Brill, said that storms had loosened forty of the piles under it."
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


@pytest.fixture
def stop() -> Iterator[Stop]:
    made = Stop()
    yield made
    made.close()


Look = Callable[..., list[Change]]


@pytest.fixture
def look(made: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch) -> Look:
    """One look through sources, in which files count as written when they are seen."""
    monkeypatch.setattr(index.watch, "_SETTLED", 0.0)

    def run(*sources: str | Path, allow_private: bool = True) -> list[Change]:
        return list(watch(made, sources, stop, once=True, allow_private=allow_private))

    return run


def write(path: Path, day: int, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f" date 2025-03-{day:02} Notice of day {day}\n{text}\n")
    return path


def told(changes: list[Change]) -> list[tuple[str, str | None]]:
    return [(change.status, change.article_id) for change in changes]


def held(made: Path) -> dict[str, tuple[str, int]]:
    with ArticleIndex.open(made, read_only=True) as index:
        return {article.id: (article.text, article.revision) for article in index.articles()}


def marks(made: Path, prefix: str = "") -> dict[str, str]:
    with ArticleIndex.open(made, read_only=True) as index:
        return index.marks(prefix)


def test_new_changed_and_removed_files(papers: Path, made: Path, look: Look) -> None:
    pier = write(papers / "pier.txt", 4, "The pier closed.")
    write(papers / "town" / "ferry.txt", 5, "The ferry sailed.")
    assert told(look(papers)) == [("added", "pier.txt"), ("added", "town/ferry.txt")]
    assert look(papers) == []
    write(pier, 4, "The pier opened.")
    (changed,) = look(papers)
    assert (changed.status, changed.article_id, changed.name) == ("updated", "pier.txt", str(pier))
    assert held(made)["pier.txt"] == ("The pier opened.", 2)
    pier.unlink()
    (removed,) = look(papers)
    assert (removed.status, removed.article_id, removed.name) == ("removed", "pier.txt", str(pier))
    assert set(held(made)) == {"town/ferry.txt"}
    assert not marks(made, f"file:{pier}")
    assert look(papers) == []


def test_a_watched_file_has_the_id_it_would_have_by_add(papers: Path, made: Path, look: Look) -> None:
    deep = write(papers / "a" / "b" / "pier.txt", 4, "The pier closed.")
    with ArticleIndex.open(made, create=True) as index:
        index.add([papers])
    assert look(papers) == []
    write(deep, 4, "The pier opened.")
    assert told(look(papers)) == [("updated", "a/b/pier.txt")]
    with ArticleIndex.open(made) as index:
        assert not index.add([papers]).added


def test_what_add_brought_in_and_is_gone_is_removed(papers: Path, made: Path, look: Look) -> None:
    pier = write(papers / "pier.txt", 4, "The pier closed.")
    write(papers / "ferry.txt", 5, "The ferry sailed.")
    with ArticleIndex.open(made, create=True) as index:
        index.add([papers])
    pier.unlink()
    assert told(look(papers)) == [("removed", "pier.txt")]


def test_a_renamed_file_is_removed_and_new(papers: Path, made: Path, look: Look) -> None:
    pier = write(papers / "pier.txt", 4, "The pier closed.")
    look(papers)
    pier.rename(papers / "quay.txt")
    # It is there before the other is surely gone, so for a moment its words are there twice.
    assert told(look(papers)) == [("duplicate", "quay.txt"), ("removed", "pier.txt")]
    assert set(held(made)) == {"quay.txt"}


def test_a_rejected_file_is_told_once_and_tried_when_it_changes(papers: Path, made: Path, look: Look) -> None:
    empty = papers / "empty.txt"
    empty.write_text("")
    (papers / "picture.jpg").write_bytes(b"\xff\xd8\xff")
    rejected = look(papers)
    assert [change.status for change in rejected] == ["rejected", "rejected"]
    assert all(change.reason for change in rejected)
    assert look(papers) == []
    write(empty, 4, "No longer empty.")
    assert told(look(papers)) == [("added", "empty.txt")]
    empty.write_text("")
    assert told(look(papers)) == [("rejected", None)]
    # What was held before it was spoilt stays until the file goes.
    assert held(made)["empty.txt"] == ("No longer empty.", 1)
    empty.unlink()
    (papers / "picture.jpg").unlink()
    assert told(look(papers)) == [("removed", "empty.txt")]


def lines(path: Path, *articles: tuple[str, str]) -> Path:
    path.write_text("".join(json.dumps({"id": n, "title": n, "text": text}) + "\n" for n, text in articles))
    return path


def test_an_article_that_leaves_its_file_is_removed(papers: Path, made: Path, look: Look) -> None:
    wire = lines(papers / "wire.jsonl", ("a", "The pier closed."), ("b", "The ferry sailed."))
    assert told(look(papers)) == [("added", "wire.jsonl#a"), ("added", "wire.jsonl#b")]
    lines(wire, ("a", "The pier opened."))
    assert told(look(papers)) == [("updated", "wire.jsonl#a"), ("removed", "wire.jsonl#b")]
    # A file that can't be read in full says nothing about what is no longer in it.
    wire.write_text("{broken\n")
    assert told(look(papers)) == [("rejected", None)]
    assert set(held(made)) == {"wire.jsonl#a"}


def test_an_article_of_two_files_goes_with_the_last(papers: Path, made: Path, look: Look) -> None:
    story = {"title": "Pier", "text": "The pier closed.", "url": "https://news.example/pier"}
    for name in ("a.jsonl", "b.jsonl"):
        (papers / name).write_text(json.dumps(story) + "\n")
    assert told(look(papers)) == [("added", story["url"])]
    (papers / "a.jsonl").unlink()
    assert told(look(papers)) == [("removed", story["url"]), ("added", story["url"])]
    assert set(held(made)) == {story["url"]}
    (papers / "b.jsonl").unlink()
    assert told(look(papers)) == [("removed", story["url"])]


@pytest.mark.parametrize("first", [True, False])
def test_a_file_of_another_s_name_is_taken_when_that_goes(
    first: bool, papers: Path, made: Path, look: Look, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    notice = write(papers / "notice.txt", 4, "The pier closed.")
    write(other / "notice.txt", 5, "The ferry sailed.")
    (added, rejected) = look(papers, other)
    assert (added.status, rejected.status) == ("added", "rejected")
    assert "that of another article" in (rejected.reason or "")
    notice.unlink()
    folders = (papers, other) if first else (other, papers)
    assert told(look(*folders)) == [("removed", "notice.txt"), ("added", "notice.txt")]
    assert held(made) == {"notice.txt": ("The ferry sailed.", 1)}
    assert look(*folders) == []


def test_a_folder_that_is_gone_empties_nothing(papers: Path, made: Path, look: Look) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    look(papers)
    away = papers.rename(papers.with_name("away"))
    (waiting,) = look(papers)
    assert waiting.status == "waiting"
    assert "nothing is removed" in (waiting.reason or "")
    # Another folder under its name, as a mount point is when nothing is mounted there.
    papers.mkdir()
    (waiting,) = look(papers)
    assert waiting.status == "waiting"
    assert "another folder is in its place" in (waiting.reason or "")
    write(papers / "stray.txt", 5, "Written where it should not be.")
    assert [change.status for change in look(papers)] == ["waiting"]
    assert set(held(made)) == {"pier.txt"}
    (papers / "stray.txt").unlink()
    papers.rmdir()
    away.rename(papers)
    assert look(papers) == []
    # The folder itself, emptied, is another matter.
    (papers / "pier.txt").unlink()
    assert told(look(papers)) == [("removed", "pier.txt")]


def test_a_part_that_was_on_another_device_is_waited_for(papers: Path, made: Path, look: Look) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    disk = write(papers / "disk" / "deep" / "ferry.txt", 5, "The ferry sailed.")
    look(papers)
    with ArticleIndex.open(made) as index:
        (name,) = index.marks(f"file:{disk}")
        mark = json.loads(index.marks(name)[name])
        index.set_marks({name: json.dumps({**mark, "device": mark["device"] + 1})})
    disk.unlink()
    disk.parent.rmdir()
    (waiting,) = look(papers)
    assert waiting.status == "waiting"
    assert f"{papers / 'disk'} seems to be unmounted" in (waiting.reason or "")
    assert set(held(made)) == {"pier.txt", "disk/deep/ferry.txt"}


def test_a_folder_that_cannot_be_read_empties_nothing(
    papers: Path, made: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    write(papers / "closed" / "ferry.txt", 5, "The ferry sailed.")
    look(papers)
    scandir = os.scandir
    closed = papers / "closed"

    def refusing(path: Path) -> object:
        # The tests may run as root, whom no permission stops.
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr("os.scandir", refusing)
        (papers / "pier.txt").unlink()
        assert told(look(papers)) == [("removed", "pier.txt")]
        closed = papers
        (waiting,) = look(papers)
        assert waiting.reason == "can't be read (Permission denied): nothing is removed until it can"
    assert set(held(made)) == {"closed/ferry.txt"}


def test_hidden_files_links_and_the_index_itself(papers: Path, look: Look, tmp_path: Path, stop: Stop) -> None:
    write(papers / ".hidden" / "a.txt", 4, "Hidden.")
    write(papers / ".b.txt", 4, "Hidden.")
    (papers / "link.txt").symlink_to(write(tmp_path / "elsewhere.txt", 4, "Elsewhere."))
    (papers / "round").symlink_to(papers)
    write(papers / "pier.txt", 4, "The pier closed.")
    inside = papers / "byline-index"
    for expected in (["added", "rejected", "rejected"], []):
        changes = list(watch(inside, [papers], stop, once=True))
        assert sorted(change.status for change in changes) == expected
    assert inside.is_dir()


def test_names_that_are_no_text(papers: Path, made: Path, look: Look) -> None:
    """Of two names of one appearance the second is rejected; neither is read again and again."""
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", b"new\nline.txt"):
        (papers / os.fsdecode(name)).write_text(f"Title\n\nWords of {name!r}.\n")
    first = look(papers)
    assert sorted(change.status for change in first) == ["added", "added", "rejected"]
    assert look(papers) == []
    for path in papers.iterdir():
        path.unlink()
    assert {change.status for change in look(papers)} == {"removed"}
    assert held(made) == {}


def test_a_file_that_is_being_written_is_taken_later(
    papers: Path, made: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(papers / "old.txt", 4, "The pier closed.")
    time.sleep(0.3)
    monkeypatch.setattr(index.watch, "_SETTLED", 0.2)
    watching = watch(made, [papers], stop, every=0.1)
    write(papers / "new.txt", 5, "The ferry sai")
    assert next(watching).article_id == "old.txt"
    assert set(held(made)) == {"old.txt"}
    write(papers / "new.txt", 5, "The ferry sailed.")
    assert next(watching).article_id == "new.txt"
    assert held(made)["new.txt"] == ("The ferry sailed.", 1)
    stop.set()
    assert list(watching) == []


def test_a_file_that_is_written_anew_is_not_removed(
    papers: Path, made: Path, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some programs delete a file before they write it again."""
    monkeypatch.setattr(index.watch, "_SETTLED", 0.0)
    pier = write(papers / "pier.txt", 4, "The pier closed.")
    watching = index.watch._Watch(made, stop, None, {}, allow_private=False)
    folder = index.watch._Folder(papers)
    watching.begin([folder], [], 900)
    assert told(list(watching.look(folder))) == [("added", "pier.txt")]
    pier.unlink()
    assert list(watching.look(folder)) == []
    assert folder.unsettled
    write(pier, 4, "The pier opened.")
    assert told(list(watching.look(folder))) == [("updated", "pier.txt")]
    pier.unlink()
    assert list(watching.look(folder)) == []
    assert told(list(watching.look(folder))) == [("removed", "pier.txt")]


def test_another_writer_is_waited_for(papers: Path, made: Path, stop: Stop) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    other = ArticleIndex.open(made, create=True)
    watching = watch(made, [papers], stop, once=True)
    waiting = next(watching)
    assert waiting.status == "waiting"
    assert str(os.getpid()) in (waiting.reason or "")
    other.close()
    assert [change.status for change in watching] == ["added"]


def test_no_lock_is_held_between_changes(papers: Path, made: Path, stop: Stop) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    watching = watch(made, [papers], stop, every=0.1)
    assert next(watching).status == "added"
    with ArticleIndex.open(made) as index:
        index.remove("pier.txt")
    write(papers / "ferry.txt", 5, "The ferry sailed.")
    # What was removed by hand stays so until its file changes.
    assert next(watching).article_id == "ferry.txt"
    watching.close()  # type: ignore[attr-defined]
    assert set(held(made)) == {"ferry.txt"}


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        (["missing"], "no such folder"),
        (["papers/pier.txt"], "a file: watch the folder"),
        (["papers", "papers"], "or the same"),
        (["papers", "papers/town"], "within"),
        (["papers/town", "papers"], "within"),
    ],
)
def test_what_cannot_be_watched(sources: list[str], why: str, papers: Path, made: Path, stop: Stop) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    (papers / "town").mkdir()
    with pytest.raises(SettingsError, match=why):
        list(watch(made, [papers.parent / source for source in sources], stop, once=True))
    with pytest.raises(ArticleError, match="not an address"):
        list(watch(made, ["http://[::1"], stop, once=True))
    with pytest.raises(ArticleError, match="not an address of the web"):
        list(watch(made, ["file:///var/news"], stop, once=True))
    assert not made.exists()


def test_a_mark_that_makes_no_sense_is_none(papers: Path, made: Path, look: Look) -> None:
    pier = write(papers / "pier.txt", 4, "The pier closed.")
    look(papers)
    for spoilt in ("", "[]", "7", "{}", '{"signature": 1, "device": "x", "shared": 0}'):
        with ArticleIndex.open(made) as index:
            index.set_marks({f"file:{pier}": spoilt, f"folder:{papers}": None})
        assert look(papers) == []
        assert "signature" in marks(made)[f"file:{pier}"]


# Feeds


def feed(*links: str, tag: str = "one") -> Page:
    items = "".join(f"<item><title>One of them</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Fenwick</title>{items}</channel></rss>'
    return 200, {"Content-Type": "application/rss+xml"}, body.encode()


def test_a_feed_is_fetched_at_its_interval(made: Path, stop: Stop) -> None:
    with Site() as site:
        site.pages |= {"/feed": feed(f"{site.url}/a", f"{site.url}/gone"), "/a": story("Pier to close", WORDS)}
        watching = watch(made, [f"{site.url}/feed"], stop, interval=0.2, allow_private=True)
        assert told([next(watching), next(watching)]) == [("added", f"{site.url}/a"), ("rejected", None)]
        # The page that is missing each time is told once.
        site.pages |= {
            "/feed": feed(f"{site.url}/b", f"{site.url}/gone", f"{site.url}/a"),
            "/b": story("Ferry to sail", WORDS.replace("pier", "ferry")),
        }
        assert told([next(watching)]) == [("added", f"{site.url}/b")]
        site.pages["/a"] = story("Pier to close", WORDS.replace("Tuesday", "Friday"))
        assert told([next(watching)]) == [("updated", f"{site.url}/a")]
        site.pages["/gone"] = story("Found again", WORDS.replace("winter", "summer"))
        assert told([next(watching)]) == [("added", f"{site.url}/gone")]
        stop.set()
        assert list(watching) == []
    assert len(held(made)) == 3


def test_a_feed_is_not_asked_before_it_is_due(made: Path, stop: Stop) -> None:
    with Site() as site:
        site.pages |= {"/feed": feed(f"{site.url}/a"), "/a": story("Pier to close", WORDS)}
        assert len(list(watch(made, [f"{site.url}/feed"], stop, once=True, allow_private=True))) == 1
        asked = len(site.asked)
        timer = threading.Timer(1.0, stop.set)
        timer.start()
        # Taken up again right after, as a service that was restarted is.
        assert list(watch(made, [f"{site.url}/feed"], stop, interval=900, allow_private=True)) == []
        timer.join()
        assert len(site.asked) == asked


def test_private_feeds_need_leave(made: Path, look: Look) -> None:
    with Site() as site:
        (refused,) = look(f"{site.url}/feed", allow_private=False)
        assert "--allow-private" in (refused.reason or "")
        assert site.asked == []


# Stopping, and being stopped


class Process:
    """``byline watch`` as a service runs it."""

    def __init__(self, made: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "ui.cli", "watch", *arguments, "--json", "--index", str(made)]
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self._out: IO[str] = self._process.stdout

    def next(self) -> dict[str, str]:
        line = self._out.readline()
        if not line:
            assert self._process.stderr
            raise AssertionError(self._process.stderr.read())
        found: dict[str, str] = json.loads(line)
        return found

    def end(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        self.rest, self.errors = self._process.communicate(timeout=60)
        return self._process.returncode


def test_a_signal_stops_it_cleanly(papers: Path, made: Path) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    process = Process(made, str(papers), "--every", "0.2")
    assert process.next()["id"] == "pier.txt"
    write(papers / "ferry.txt", 5, "The ferry sailed.")
    assert process.next() == {
        "status": "added", "name": str(papers / "ferry.txt"), "id": "ferry.txt", "reason": None,
    }  # fmt: skip
    (papers / "pier.txt").unlink()
    assert process.next()["status"] == "removed"
    assert process.end(signal.SIGTERM) == 0
    assert (process.rest, process.errors) == ("", "")
    assert set(held(made)) == {"ferry.txt"}


def test_it_stops_between_two_articles_of_many(papers: Path, made: Path, look: Look) -> None:
    for n in range(800):
        write(papers / f"{n:04}.txt", 1 + n % 28, f"Notice {n} is about room {n}. " * 3)
    process = Process(made, str(papers))
    while not (made / "articles.sqlite").exists():
        time.sleep(0.05)
    time.sleep(2)
    assert process.end(signal.SIGINT) == 0, process.errors
    stored = set(held(made))
    # What is noted is stored, and what is told too; the next watch takes the rest.
    assert {Path(name).name for name in marks(made, "file:")} <= stored
    assert {json.loads(line)["id"] for line in process.rest.splitlines()} <= stored
    look(papers)
    assert len(held(made)) == 800
    assert {Path(name).name for name in marks(made, "file:")} == set(held(made))


def test_it_goes_on_after_kill_9(papers: Path, made: Path, look: Look) -> None:
    texts = {f"{n:02}.txt": f"Notice {n} is about room {n}." for n in range(40)}
    for name, text in texts.items():
        write(papers / name, 4, text)
    for round_ in range(2):
        process = Process(made, str(papers), "--every", "0.1")
        # The second is killed soon after it begins to take what changed meanwhile.
        process.next()
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
        (papers / f"{round_:02}.txt").unlink()
        del texts[f"{round_:02}.txt"]
        for name in ("38.txt", "39.txt"):
            texts[name] = f"Notice {name} is about floor {round_} now."
            write(papers / name, 4, texts[name])
    look(papers)
    assert {name: text for name, (text, _) in held(made).items()} == texts
    assert look(papers) == []


def test_a_stop_is_heard_while_it_waits(papers: Path, made: Path, stop: Stop) -> None:
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    assert list(watch(made, [papers], stop, every=3_600)) == []
    timer.join()
    assert stop.wait(0)


def test_a_stop_is_heard_while_another_writes(papers: Path, made: Path, stop: Stop) -> None:
    write(papers / "pier.txt", 4, "The pier closed.")
    with ArticleIndex.open(made, create=True):
        with pytest.raises(IndexLockedError):
            ArticleIndex.open(made)
        watching = watch(made, [papers], stop, once=True)
        assert next(watching).status == "waiting"
        stop.set()
        assert list(watching) == []
