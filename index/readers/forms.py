"""Which form a file is in, and what reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import ArticleError
from index.readers.archives import gunzipped
from index.readers.steps import Options, Reader, Source, Step

__all__ = ["SUFFIXES", "TRUSTED", "form_of", "form_of_name", "source_of", "steps_of"]

TRUSTED = (".txt", ".text", ".md", ".markdown")
"""What is read within this process: forms that no library has to be trusted with."""

_PLAIN = (*TRUSTED, ".jsonl", ".ndjson", ".html", ".htm", ".xhtml", ".rss", ".atom", ".xml")

SUFFIXES = (*_PLAIN, *(f"{suffix}.gz" for suffix in _PLAIN))
"""The kinds of file that are read, by the end of their names."""

_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "application/rdf+xml": ".rss",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
}


def form_of(content_type: str, url: str, head: bytes) -> str | None:
    """The form of a body that was fetched, as the end of a file's name: by the type that
    its server gives, else by the end of its address, else by its first bytes. None where
    it is none that Byline reads."""
    kind = content_type.partition(";")[0].strip().lower()
    named = form_of_name(urlsplit(url).path)
    if kind in _TYPES and kind != "text/plain":
        return _TYPES[kind]
    if named:
        return named
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return ".html"
    return _TYPES.get(kind)


def form_of_name(name: str) -> str | None:
    """The form that the end of a file's name says; None where Byline doesn't read it."""
    lower = name.lower()
    return next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), None)


def source_of(path: Path, relative: str, name: str, form: str | None = None) -> tuple[Source, str]:
    """A file as a source, and its form.

    Raises ArticleError where it isn't a regular file, or of no form that is read.
    """
    if not path.exists():
        raise ArticleError(name, "no such file or folder: check the path")
    if not path.is_file():
        raise ArticleError(name, "not a regular file: give a file or a folder of files")
    form = form_of_name(path.name) if form is None else form
    if form is None:
        raise ArticleError(name, f"unknown kind of file: Byline reads {', '.join(SUFFIXES)}; convert it or rename it")
    return Source(name=name, relative=relative, size=path.stat().st_size, open=lambda: path.open("rb")), form


def steps_of(source: Source, form: str, options: Options) -> Iterator[Step]:
    """The steps of reading a source."""
    if form.endswith(".gz"):
        return steps_of(gunzipped(source), form.removesuffix(".gz"), options)
    return _reader(form)(source, options)


def _reader(form: str) -> Reader:
    # Each library is loaded when its form is first met.
    if form in (".txt", ".text"):
        from index.readers.plain import read_text

        return read_text
    if form in (".md", ".markdown"):
        from index.readers.plain import read_markdown

        return read_markdown
    if form in (".html", ".htm", ".xhtml", ".rss", ".atom", ".xml"):
        from index.readers.pages import read_page

        return read_page
    if form in (".rss", ".atom", ".xml"):
        from index.readers.feeds import read_feed

        return read_feed
    from index.readers.records import read_json_lines

    return read_json_lines
