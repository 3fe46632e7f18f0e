"""Text and Markdown: one article a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.article import clean
from index.errors import ArticleError
from index.readers.facts import MAX_TEXT, REPLACED, decode
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_markdown", "read_text"]

# Four bytes is the most that UTF-8 spends on a code point; more can't be one article.
_MAX_BYTES = 4 * MAX_TEXT + 100_000
_MAX_HEADLINE = 300
_MAX_FRONT = 64_000
_WRAPPED = 100

_DATED = re.compile(r"\s*date[ \t]+(?P<date>\d+[-./]\d+[-./]\d+\S*)(?:[ \t]+(?P<title>.*))?", re.IGNORECASE)
_FENCE = re.compile(r"\s*---[ \t]*\n(?P<block>.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^[ \t]*[\w-]+[ \t]*:", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_STOPS = re.compile(r"[.!?:;\"'”’)\]]\s*$")


def read_text(source: Source, _options: Options) -> Iterator[Step]:
    """A ``.txt`` file: the dated form (first line `` date 2022-02-27 Headline``, then a
    paragraph a line), or plain text with front matter or its headline on the first line."""

    def run() -> Draft:
        text, notes = _load(source)
        facts, body = _front_matter(text, source.name)
        if not facts and (dated := _DATED.match(text.splitlines()[0])):
            _, _, body = text.partition("\n")
            facts = {"date": dated["date"], "title": (dated["title"] or "").strip()}
            return _draft(source, facts, body, notes)
        if not facts.get("title"):
            headline, _, rest = body.strip().partition("\n")
            if rest.strip() and len(headline) <= _MAX_HEADLINE:
                facts, body = {**facts, "title": headline}, rest
        return _draft(source, facts, _paragraphs(body), notes)

    yield Step(name=source.name, run=run)


def read_markdown(source: Source, _options: Options) -> Iterator[Step]:
    """A Markdown file: its words without their markup, a paragraph, heading or list item
    a line. The title stands in front matter, else in the first heading."""

    def run() -> Draft:
        text, notes = _load(source)
        facts, body = _front_matter(text, source.name)
        # HTML stays text: an article's tags are words to quote, never markup to obey.
        tokens = MarkdownIt("commonmark", {"html": False}).parse(body)
        blocks = list(_blocks(tokens))
        if not facts.get("title") and blocks and blocks[0][0] == "heading_open":
            facts = {**facts, "title": blocks.pop(0)[1]}
        return _draft(source, facts, "\n".join(words for _, words in blocks), notes)

    yield Step(name=source.name, run=run)


def _draft(source: Source, facts: Mapping[str, Any], text: str, notes: tuple[str, ...]) -> Draft:
    return Draft(name=source.name, relative=source.relative, facts=facts, text=text, strict=True, notes=notes)


def _load(source: Source) -> tuple[str, tuple[str, ...]]:
    """The file's text, clean, and a note where that took something from it."""
    data = source.read(_MAX_BYTES, "split it, or use JSON Lines")
    whole = decode(data, source.name)
    text = clean(whole).strip()
    if not text:
        raise ArticleError(source.name, "the file is empty: write the article in it, or leave it out")
    replaced = text.count("\N{REPLACEMENT CHARACTER}") > whole.count("\N{REPLACEMENT CHARACTER}")
    return text, (REPLACED,) if replaced else ()


def _front_matter(text: str, name: str) -> tuple[Mapping[str, Any], str]:
    fenced = _FENCE.match(text)
    if fenced is None or not _KEY.search(fenced["block"]):
        # Without a single key it is a rule across the page, not front matter.
        return {}, text
    if len(fenced["block"]) > _MAX_FRONT:
        raise ArticleError(name, f"front matter of {len(fenced['block']):,} characters: shorten it")
    try:
        # BaseLoader builds only strings, lists and mappings, whatever the text asks for.
        facts = yaml.load(fenced["block"], Loader=yaml.BaseLoader)  # noqa: S506
    except RecursionError:
        raise ArticleError(name, "front matter is nested too deep: write plain `key: value` lines") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 2}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise ArticleError(name, f"front matter{where}: {problem}; put values with a colon in quotes") from None
    if facts is None or facts == "":
        facts = {}
    if not isinstance(facts, dict):
        raise ArticleError(name, "front matter holds no `key: value` lines: write `title: …` and so on")
    return {str(key).lower(): value for key, value in facts.items()}, text[fenced.end() :]


def _paragraphs(body: str) -> str:
    """Paragraphs a line: blocks between blank lines where there are any, with the lines
    of a hard-wrapped block joined; else the lines as they are."""
    if not _BLANK.search(body.strip()):
        return body
    return "\n".join(_unwrap(block) for block in _BLANK.split(body))


def _unwrap(block: str) -> str:
    lines = [line.strip() for line in block.split("\n") if line.strip()]
    wrapped = all(len(line) <= _WRAPPED for line in lines) and any(not _STOPS.search(line) for line in lines[:-1])
    return (" " if wrapped else "\n").join(lines)


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    opened = ""
    for token in tokens:
        if token.type.endswith("_open"):
            opened = token.type
        elif token.type in ("fence", "code_block"):
            yield token.type, token.content.strip("\n")
        elif token.type == "inline" and (words := _words(token).strip()):
            yield opened, words


def _words(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        else:
            parts.append(child.content)
    return "".join(parts)
