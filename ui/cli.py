"""The ``byline`` command.

What a verb needs is imported when that verb runs: models and the web server take seconds
that ``byline --help`` and ``byline list`` must not cost.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from index import AddReport, Article, Outcome
    from index.watch import Change
    from qa import Writer
    from qa.llm import LanguageModel

__all__ = ["main"]

DONE, PARTLY, FAILED = 0, 1, 2

_DEFAULT_INDEX = "./byline-index"
_DEMO_INDEX = "./byline-demo-index"

_NO_MODEL = "there is no language model: name one by --llm-base-url and --llm-model"

# Seconds that an endpoint has to say that it is there before the chat starts without it.
_LISTENED = 3.0

_EXIT_CODES = """\
exit codes: 0 done; 1 some input rejected, or the question refused; 2 wrong usage,
or an index that can't be opened
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    Raises SystemExit with code 2 where ``argv`` is not a command's usage.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An article may hold what the terminal's encoding can't.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if arguments[:1] == ["eval"]:
            # Another package's command: it parses its own arguments.
            (command,) = entry_points(group="byline.commands", name="eval")
            return int(command.load()(arguments[1:]))
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = options.run
        return _guarded(run, options)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has closed it, as `head` does; that is no failure.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _guarded(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    from index import BylineError

    try:
        code = run(options)
        sys.stdout.flush()
    except BylineError as error:
        print(f"byline: {error}", file=sys.stderr)
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="byline",
        description="Ask your news articles questions; get answers that cite the exact words.",
        epilog=f"Each command has its own help and examples: byline ask --help\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"byline {version('byline')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    add = _command(
        commands,
        "add",
        _add,
        "add articles: files, folders of them, pages, feeds, sitemaps",
        [
            "byline add articles/",
            "byline add report.md wire.jsonl.gz --index ~/news-index",
            "byline add https://news.example/feed.xml",
        ],
    )
    add.add_argument(
        "paths",
        nargs="+",
        metavar="PATH_OR_URL",
        help="a file of any form in the README's table, a folder of them, or an address of the web",
    )
    _private_option(add)
    _field_option(add)
    add.add_argument("--rejects", metavar="FILE", help="write what was rejected there, a JSON object a line")
    _model_option(add)

    watching = _command(
        commands,
        "watch",
        _watch,
        "keep the index in step with folders and feeds",
        [
            "byline watch articles/",
            "byline watch wire/ https://news.example/feed.xml --interval 300",
            "byline watch articles/ --once --json     what changed since the last time",
        ],
    )
    watching.add_argument(
        "sources",
        nargs="+",
        metavar="FOLDER_OR_URL",
        help="a folder, or the address of a feed, a sitemap or a page",
    )
    watching.add_argument(
        "--every", type=_seconds, default=2.0, metavar="SECONDS", help="how often to look through folders (default 2)"
    )
    watching.add_argument(
        "--interval", type=_seconds, default=900.0, metavar="SECONDS", help="how often to fetch (default 900)"
    )
    watching.add_argument("--once", action="store_true", help="look once, and end")
    _private_option(watching)
    _field_option(watching)
    watching.add_argument("--rejects", metavar="FILE", help="write what is rejected there too, at the file's end")
    _model_option(watching)

    listing = _command(commands, "list", _list, "list the articles", ["byline list", "byline list --json | head"])
    listing.set_defaults(run=_list)

    show = _command(
        commands,
        "show",
        _show,
        "show an article, as it is or as it was",
        [
            "byline show council/budget.txt",
            "byline show council/budget.txt --revision 1    and what has changed since",
        ],
    )
    show.add_argument("id", metavar="ID", help="as `byline list` shows it")
    show.add_argument("--revision", type=_count, metavar="N", help="an earlier state of it (the first is 1)")

    remove = _command(
        commands,
        "remove",
        _remove,
        "remove articles by id",
        [
            "byline remove council/budget.txt",
            "byline remove https://example.org/2025/story",
        ],
    )
    remove.add_argument("ids", nargs="+", metavar="ID", help="as `byline list` shows it")

    _command(
        commands,
        "compact",
        _compact,
        "leave nothing on disk of what was removed",
        ["byline compact"],
    )
    verify = _command(
        commands,
        "verify",
        _verify,
        "check every promise of the index",
        ["byline verify", "byline verify --repair"],
    )
    verify.add_argument("--repair", action="store_true", help="write the search caches anew from what is stored")
    _command(
        commands,
        "stats",
        _stats,
        "tell what the index holds, and how",
        ["byline stats", "byline stats --json"],
    )

    search = _command(
        commands,
        "search",
        _search,
        "show the passages nearest to a question",
        [
            'byline search "harbour wall" -k 10',
            'byline search "Who resigned?" --from 2025-03-01 --to 2025-03-31',
        ],
    )
    _question_options(search)
    search.add_argument("-k", type=_count, default=5, metavar="N", help="how many passages (default 5)")

    ask = _command(
        commands,
        "ask",
        _ask,
        "answer a question from the articles, with citations",
        [
            'byline ask "What will the repair cost?"',
            'byline ask "Who leads the council?" --as-of 2025-05-01 --json',
            'byline ask "Who resigned?" --explain              what speaks for each passage',
            'byline ask "Who resigned?" --llm-base-url http://localhost:11434/v1 --llm-model llama3.2',
        ],
    )
    _question_options(ask)
    ask.add_argument(
        "--explain",
        action="store_true",
        help="show what speaks for and against each passage, and what a language model was sent",
    )
    _writer_options(ask)

    chat = _command(
        commands,
        "chat",
        _chat,
        "open the chat in a browser",
        [
            "byline chat",
            "byline chat --demo                       the bundled sample newspaper",
            "byline chat --port 8080 --no-browser",
            "byline chat --allow-add                  visitors may add articles",
            "byline chat --host 0.0.0.0 --auth FILE --allowed-host news.example.org",
            "byline chat --llm-base-url http://localhost:11434/v1 --llm-model llama3.2",
        ],
        has_json=False,
    )
    chat.add_argument("--demo", action="store_true", help=f"chat with the sample newspaper (index: {_DEMO_INDEX})")
    chat.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1: this machine only)")
    chat.add_argument("--port", type=_port, default=7860, help="port to listen at (default 7860; 0: any free one)")
    chat.add_argument("--auth", metavar="FILE", help="file that holds NAME:PASSWORD, asked of every visitor")
    chat.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name that visitors may use (repeatable)",
    )
    chat.add_argument("--allow-add", action="store_true", help="let visitors add articles to the index")
    chat.add_argument("--no-browser", action="store_true", help="don't open a browser window")
    _model_option(chat)
    _writer_options(chat)
    chat.add_argument("--llm-rewrite", action="store_true", help="let the model put follow-up questions in full")

    mcp = _command(
        commands,
        "mcp",
        _mcp,
        "serve the articles to a language model, over the Model Context Protocol on standard input and output",
        [
            "byline mcp --index ~/news-index          what to write into a program that starts MCP servers",
        ],
        has_json=False,
    )
    _model_option(mcp)

    feedback = commands.add_parser(
        "feedback",
        help="use what readers said of answers in the chat",
        description="Use what readers said of answers in the chat.",
        epilog=f"Each command has its own help and examples: byline feedback export --help\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export = _command(
        feedback.add_subparsers(title="commands", metavar="COMMAND", required=True),
        "export",
        _export_feedback,
        "write a question set of what readers said is right, for `byline eval`",
        [
            "byline feedback export -o questions.jsonl && byline eval questions.jsonl",
            "byline feedback export --index ~/news-index | head",
        ],
        has_json=False,
    )
    export.add_argument("-o", "--output", metavar="FILE", help="write there (default: standard output)")

    doctor = _command(
        commands,
        "doctor",
        _doctor,
        "tell whether the index and a language model work, and what to fix",
        [
            "byline doctor",
            "byline doctor --llm-base-url http://localhost:11434/v1      which models are there",
            "byline doctor --llm-base-url http://localhost:11434/v1 --llm-model llama3.2",
        ],
    )
    _llm_options(doctor)

    commands.add_parser("eval", help="measure answers on a question set: byline eval --help", add_help=False)
    return parser


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    examples: Sequence[str],
    *,
    has_json: bool = True,
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  {example}" for example in examples)
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{shown}\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--index",
        metavar="DIR",
        default=None,
        help=f"folder of the index (default: $BYLINE_INDEX, else {_DEFAULT_INDEX})",
    )
    if has_json:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _private_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-private", action="store_true", help="also fetch from this machine and from private networks"
    )


def _field_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        type=_field,
        metavar="FACT=NAME",
        help="the field or column of a record that holds a fact, as text=body_clean (repeatable)",
    )


def _model_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        metavar="PATH_OR_NAME",
        help="a sentence-transformers model (default: the bundled all-MiniLM-L6-v2; an index keeps its own)",
    )


def _llm_options(parser: argparse.ArgumentParser) -> None:
    """Where a language model is, and what it can take."""
    parser.add_argument(
        "--llm-base-url",
        metavar="URL",
        help="an OpenAI-compatible endpoint, as http://localhost:11434/v1; its key, if any, is $BYLINE_LLM_API_KEY",
    )
    parser.add_argument("--llm-model", metavar="NAME", help="the language model's name there")
    parser.add_argument(
        "--llm-timeout", type=_seconds, metavar="SECONDS", help="the longest that an answer may take (default 30)"
    )
    parser.add_argument(
        "--llm-context", type=_tokens, metavar="TOKENS", help="what prompt and answer may have together (default 4096)"
    )


def _writer_options(parser: argparse.ArgumentParser) -> None:
    """A language model that writes answers, and what becomes of them."""
    _llm_options(parser)
    parser.add_argument(
        "--unsupported",
        choices=("drop", "strike"),
        help="what becomes of a sentence of the model's that no passage supports (default drop)",
    )
    parser.add_argument(
        "--judge",
        metavar="PATH_OR_NAME",
        help="a sentence-transformers CrossEncoder for natural language inference that checks each sentence too",
    )


def _question_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument(
        "--as-of", type=_moment, metavar="DATE", help="answer as of this day: leave out what came later"
    )
    parser.add_argument("--from", dest="published_from", type=_day, metavar="DATE", help="published on or after")
    parser.add_argument("--to", dest="published_to", type=_day, metavar="DATE", help="published on or before")
    parser.add_argument("--source", action="append", metavar="NAME", help="only this source (repeatable)")
    parser.add_argument(
        "--language", action="append", metavar="CODE", help="only articles in this language, such as en (repeatable)"
    )
    parser.add_argument(
        "--reranker",
        metavar="PATH_OR_NAME",
        help="a sentence-transformers CrossEncoder that reads the top passages anew",
    )
    _model_option(parser)


def _add(options: argparse.Namespace) -> int:
    from index import ArticleIndex

    if options.rejects:
        # Said before the work rather than after it.
        _collect((), options.rejects)
    with ArticleIndex.open(_index(options), create=True, model=options.model) as index:
        report = index.add(options.paths, fields=dict(options.field), allow_private=options.allow_private)
    if options.rejects:
        _collect(report.rejected, options.rejects)
    _report(report, as_json=options.json)
    return PARTLY if report.rejected else DONE


def _collect(rejected: Sequence[Outcome | Change], file: str, *, mode: Literal["w", "a"] = "w") -> None:
    """Write what was rejected to ``file``, a JSON object a line; an empty file where nothing was."""
    from index import SettingsError

    lines = [json.dumps({"name": o.name, "origin": o.origin, "reason": o.reason}) + "\n" for o in rejected]
    try:
        with Path(file).open(mode, encoding="utf-8") as written:
            written.writelines(lines)
    except OSError as error:
        raise SettingsError(f"{file}: the rejects can't be written there ({error.strerror}): check the path") from error


def _report(report: AddReport, *, as_json: bool) -> None:
    kinds = ("added", "updated", "unchanged", "duplicate", "rejected")
    counts = {kind: len(getattr(report, kind)) for kind in kinds}
    if as_json:
        outcomes = [
            {"name": o.name, "status": o.status, "id": o.article_id, "origin": o.origin, "reason": o.reason}
            for o in report.outcomes
        ]
        _print_json({**counts, "outcomes": outcomes})
        return
    for outcome in report.outcomes:
        if outcome.reason and outcome.status != "unchanged":
            print(f"{outcome.status}: {outcome.name}: {outcome.reason}", file=sys.stderr)
    print(_summed(counts))


def _summed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


def _watch(options: argparse.Namespace) -> int:
    from index.watch import Stop, watch
    from index.wire import shown

    if options.rejects:
        _collect((), options.rejects, mode="a")
    if not options.json:
        print(f"watching {', '.join(map(shown, options.sources))}", file=sys.stderr, flush=True)
    counts = dict.fromkeys(("added", "updated", "duplicate", "removed", "rejected", "waiting"), 0)
    stop = Stop()

    def ask(number: int, _: object) -> None:
        stop.set()
        # Who asks twice doesn't want to wait for the article at hand.
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for change in watch(
            _index(options),
            options.sources,
            stop,
            every=options.every,
            interval=options.interval,
            once=options.once,
            model=options.model,
            fields=dict(options.field),
            allow_private=options.allow_private,
        ):
            counts[change.status] += 1
            if options.rejects and change.status == "rejected":
                _collect((change,), options.rejects, mode="a")
            if options.json:
                facts = {"status": change.status, "name": change.name, "id": change.article_id, "reason": change.reason}
                print(json.dumps(facts), flush=True)
            else:
                reason = f": {change.reason}" if change.reason else ""
                print(f"{change.status}: {change.name}{reason}", flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
    if not options.once:
        return DONE
    waiting = counts.pop("waiting")
    if not options.json:
        print(_summed(counts), file=sys.stderr)
    return PARTLY if counts["rejected"] or waiting else DONE


def _list(options: argparse.Namespace) -> int:
    from index import ArticleIndex
    from ui.terminal import named

    with ArticleIndex.open(_index(options), read_only=True) as index:
        articles = list(index.articles())
    if options.json:
        _print_json([_facts(article) for article in articles])
        return DONE
    for article in articles:
        print(f"{named(article)}\n    {article.id}")
    print(_counted(len(articles), "article"))
    return DONE


def _show(options: argparse.Namespace) -> int:
    from difflib import unified_diff

    from index import ArticleIndex
    from ui.terminal import named

    with ArticleIndex.open(_index(options), read_only=True) as index:
        shown = index.article(options.id, revision=options.revision)
        revisions = index.revisions(options.id)
        copies = index.copies(options.id)
    newest = revisions[-1].article
    diff = [
        line.rstrip("\n")
        for line in unified_diff(
            _lines(shown), _lines(newest), f"revision {shown.revision}", f"revision {newest.revision}", n=0, lineterm=""
        )
    ]
    states = [
        {
            "revision": revision.article.revision,
            "known": revision.known.isoformat(timespec="seconds"),
            "since": _shortly(revision.since) if revision.since else None,
        }
        for revision in revisions
    ]
    if options.json:
        others = [{"id": copy.article_id, "similarity": round(copy.similarity, 3)} for copy in copies]
        _print_json({**_facts(shown), "text": shown.text, "revisions": states, "diff": diff, "copies": others})
        return DONE
    print(f"{named(shown)}\n    {shown.id}")
    if shown.authors:
        print(f"    by {', '.join(shown.authors)}")
    if len(states) > 1:
        for state in states:
            here = " (shown)" if state["revision"] == shown.revision else ""
            print(f"    revision {state['revision']}, known {state['known']}, since {state['since']}{here}")
    for copy in copies:
        print(f"    also printed as {copy.article_id} ({copy.similarity:.0%} alike)")
    print(f"\n{shown.text}")
    if diff:
        print("\nWhat has changed since:")
        print("\n".join(diff))
    return DONE


def _shortly(moment: date) -> str:
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()


def _facts(article: Article) -> dict[str, Any]:
    from qa.citation import article_facts

    modified = article.modified.isoformat() if article.modified else None
    return {
        **article_facts(article),
        "modified": modified,
        "language": article.language,
    }


def _lines(article: Article) -> list[str]:
    facts = [
        ("title", article.title),
        ("published", article.published),
        ("modified", article.modified),
        ("url", article.url),
        ("source", article.source),
        ("authors", ", ".join(article.authors)),
    ]
    return [f"{name}: {value}" for name, value in facts if value] + article.text.split("\n")


def _compact(options: argparse.Namespace) -> int:
    from index import ArticleIndex

    folder = _index(options)
    before = _bytes(folder)
    with ArticleIndex.open(folder) as index:
        index.compact()
    after = _bytes(folder)
    if options.json:
        _print_json({"before": before, "after": after})
    else:
        print(f"{_size(before)} before, {_size(after)} after")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    from index import ArticleIndex

    with ArticleIndex.open(_index(options), read_only=not options.repair) as index:
        report = index.verify()
        # Of a damaged store no sound caches can be made.
        if options.repair and not report.stored:
            index.repair()
            report = index.verify()
    if options.json:
        _print_json(
            {
                "sound": report.sound,
                "articles": report.articles,
                "sentences": report.sentences,
                "stored": list(report.stored),
                "cached": list(report.cached),
            }
        )
        return DONE if report.sound else PARTLY
    for problem in report.stored:
        print(f"stored: {problem}")
    for problem in report.cached:
        print(f"cached: {problem}")
    if report.stored:
        print("what is stored is damaged: restore the index from a copy, or add the articles to a new one")
    elif report.cached:
        print("what is stored is sound, the search caches are not: run `byline verify --repair`")
    else:
        print(f"sound: {_counted(report.articles, 'article')}, {_counted(report.sentences, 'sentence')}")
    return DONE if report.sound else PARTLY


def _stats(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from index import ArticleIndex

    with ArticleIndex.open(_index(options), read_only=True) as index:
        stats = index.stats()
    if options.json:
        facts = asdict(stats.facts)
        for name, counts in facts.items():
            if isinstance(counts, dict):
                facts[name] = {"unknown" if key is None else key: count for key, count in counts.items()}
            elif isinstance(counts, date):
                facts[name] = counts.isoformat()
        _print_json({**facts, **{key: value for key, value in asdict(stats).items() if key != "facts"}})
        return DONE
    held = stats.facts
    print(f"articles     {held.articles:,} in {_counted(held.revisions, 'revision')}")
    print(f"sentences    {held.sentences:,} of the newest revisions; {held.texts:,} distinct texts embedded")
    print(f"model        {stats.model} by {stats.engine}")
    print(f"vectors      {stats.vectors}, generation {stats.generation or 'none yet'}")
    print(f"on disk      {', '.join(f'{kind} {_size(size)}' for kind, size in stats.sizes.items())}")
    for name, counts in (("month", held.by_month), ("source", held.by_source), ("language", held.by_language)):
        print(f"\narticles by {name}")
        widest = max(counts.values(), default=1)
        for key, count in counts.items():
            bar = "▪" * max(1, round(24 * count / widest))
            print(f"  {textwrap.shorten(key or 'unknown', 30, placeholder='…'):<30} {count:>9,}  {bar}")
    return DONE


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _remove(options: argparse.Namespace) -> int:
    from index import ArticleIndex, ArticleNotFoundError

    removed, missing = [], []
    with ArticleIndex.open(_index(options)) as index:
        for article_id in dict.fromkeys(options.ids):
            try:
                removed.append(index.article(article_id).id)
            except ArticleNotFoundError as error:
                missing.append(article_id)
                print(f"byline: {error}", file=sys.stderr)
        index.remove(*removed)
    if options.json:
        _print_json({"removed": removed, "missing": missing})
    else:
        print(f"{len(removed):,} removed")
    return PARTLY if missing else DONE


def _search(options: argparse.Namespace) -> int:
    from qa import ArticleQA
    from ui.terminal import named

    with ArticleQA.open(_index(options), model=options.model, reranker=options.reranker) as qa:
        found = qa.retrieve(options.question, k=options.k, **_limits(options))
    if options.json:
        _print_json([passage.to_dict() for passage in found])
        return DONE
    for passage in found:
        print(f"{passage.rank}. {named(passage.article)}, paragraph {passage.paragraph} ({passage.score:.2f})")
        print(textwrap.indent(passage.text, "   "), end="\n\n")
    if not found:
        print("no passage passes")
    return DONE


def _ask(options: argparse.Namespace) -> int:
    from qa import ArticleQA
    from ui.terminal import print_answer, print_explanation, watched

    with (
        _writer(options) as writer,
        ArticleQA.open(_index(options), model=options.model, reranker=options.reranker, writer=writer) as qa,
    ):
        if writer is None or options.json or not sys.stdout.isatty():
            answer = qa.ask(options.question, **_limits(options))
        else:
            answer = watched(qa.ask(options.question, **_limits(options), stream=True))
    if options.json:
        facts = answer.to_dict()
        if options.explain:
            facts["explain"] = [{**passage.to_dict(), "shares": shares} for passage, shares in answer.explain()]
            if answer.written:
                facts["sent"] = [{"role": role, "content": content} for role, content in answer.written.messages]
        _print_json(facts)
    else:
        print_answer(answer)
        if options.explain:
            print_explanation(answer)
    return DONE if answer.answered else PARTLY


def _chat(options: argparse.Namespace) -> int:
    from qa import ArticleQA
    from ui.uploads import Uploads
    from ui.web.server import serve

    auth = _auth(options.auth)
    with _writer(options, rewrites=options.llm_rewrite) as writer:
        folder = _index(options)
        if options.demo:
            from index import ArticleIndex

            folder = Path(options.index or _DEMO_INDEX)
            with ArticleIndex.open(folder, create=True, model=options.model) as index:
                index.add([_sample() / "articles"])
        with ArticleQA.open(folder, model=options.model, writer=writer) as qa:
            if writer:
                _tell_of_silence(writer.llm)
            serve(
                qa,
                uploads=Uploads(folder, model=options.model) if options.allow_add else None,
                host=options.host,
                port=options.port,
                auth=auth,
                allowed_hosts=options.allowed_host,
                open_browser=not options.no_browser and sys.stdout.isatty() and _has_screen(),
            )
    return DONE


def _tell_of_silence(llm: LanguageModel) -> None:
    """Say where a language model's endpoint doesn't answer: it may come up later."""
    from index import EndpointError

    try:
        llm.models(seconds=_LISTENED)
    except EndpointError as error:
        print(
            f"byline: {error}. While it doesn't answer, answers are the articles' own words.",
            file=sys.stderr,
            flush=True,
        )


def _llm(options: argparse.Namespace) -> LanguageModel | None:
    """The language model that the options name, None where they name none. Its key comes from
    the environment, where no other process of the machine can read it."""
    from index import SettingsError

    url, name = options.llm_base_url, options.llm_model
    given = _given(timeout=options.llm_timeout, context=options.llm_context)
    if url is None and name is None:
        if given:
            raise SettingsError(f"--llm-{next(iter(given))}: {_NO_MODEL}")
        return None
    if url is None:
        raise SettingsError(f"--llm-model {name}: give its endpoint too, as --llm-base-url http://localhost:11434/v1")
    if name is None:
        raise SettingsError("--llm-base-url: give a model's name too, as --llm-model NAME: `byline doctor` lists them")
    from qa.llm import LanguageModel

    return LanguageModel(url, name, key=os.environ.get("BYLINE_LLM_API_KEY") or None, **given)


@contextmanager
def _writer(options: argparse.Namespace, *, rewrites: bool = False) -> Iterator[Writer | None]:
    """What writes answers, None where no language model is named; its model is closed in the end."""
    llm = _llm(options)
    given = _given(judge=options.judge, unsupported=options.unsupported, rewrites=rewrites or None)
    if llm is None:
        if given:
            from index import SettingsError

            option = next(iter(given)).replace("rewrites", "llm-rewrite")
            raise SettingsError(f"--{option}: {_NO_MODEL}")
        yield None
        return
    from qa import Writer

    with llm:
        yield Writer(llm, **given)


def _given(**settings: Any) -> dict[str, Any]:
    """Those settings that were given; the others keep their defaults."""
    return {name: value for name, value in settings.items() if value is not None}


def _mcp(options: argparse.Namespace) -> int:
    from qa import ArticleQA

    with ArticleQA.open(_index(options), model=options.model) as qa:
        # Imported last: what can't be opened is said at once.
        from ui.desk import Desk
        from ui.mcp import over_stdio

        over_stdio(Desk(qa))
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from index import SettingsError
    from ui.doctor import examine

    if options.llm_base_url is None and (options.llm_model or options.llm_timeout or options.llm_context):
        raise SettingsError("--llm-base-url: give the endpoint of the language model, as http://localhost:11434/v1")
    findings = []
    for finding in examine(
        _index(options),
        options.llm_base_url,
        options.llm_model,
        os.environ.get("BYLINE_LLM_API_KEY") or None,
        **_given(timeout=options.llm_timeout, context=options.llm_context),
    ):
        findings.append(finding)
        if not options.json:
            state = "problem" if not finding.sound else "warning" if finding.warning else "ok"
            print(f"{state:<8} {finding.about:<9} {finding.told}", flush=True)
    sound = all(finding.sound for finding in findings)
    if options.json:
        _print_json({"sound": sound, "findings": [finding.to_dict() for finding in findings]})
    return DONE if sound else PARTLY


def _export_feedback(options: argparse.Namespace) -> int:
    from index import ArticleIndex, SettingsError
    from ui.feedback import question_set, read_feedback

    folder = _index(options)
    # A wrong folder would have no feedback either.
    ArticleIndex.open(folder, read_only=True).close()
    made = question_set(read_feedback(folder))
    lines = [json.dumps(question) + "\n" for question in made.questions]
    if options.output is None:
        sys.stdout.writelines(lines)
    else:
        try:
            Path(options.output).write_text("".join(lines), "utf-8")
        except OSError as error:
            raise SettingsError(
                f"{options.output}: the questions can't be written there ({error.strerror}): check the path"
            ) from error
    print(
        f"{_counted(len(lines), 'question')}; left out: {made.untold:,} that don't say what is right, "
        f"{made.limited:,} with limits other than a day, {made.replaced:,} replaced by a later one",
        file=sys.stderr,
    )
    return DONE


def _has_screen() -> bool:
    # Without one, the standard library would open a text browser over the terminal.
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _sample() -> Path:
    """The sample newspaper, which lies beside the code that evaluates; found, not imported."""
    found = find_spec("eval")
    if found is None or not found.submodule_search_locations:
        from index import SettingsError

        raise SettingsError("the sample newspaper is not installed: reinstall byline, or add your own articles")
    return Path(found.submodule_search_locations[0], "gazette")


def _auth(file: str | None) -> tuple[str, str] | None:
    """Name and password from a file, or from $BYLINE_AUTH; never from the command line,
    where every process of the machine can read them."""
    from index import SettingsError

    written = os.environ.get("BYLINE_AUTH")
    if file is not None:
        try:
            written = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: can't be read as NAME:PASSWORD ({error}): check the path") from error
    if written is None:
        return None
    name, colon, password = written.partition(":")
    if not (name and colon and password) or "\n" in written:
        raise SettingsError(f"{file or '$BYLINE_AUTH'}: write NAME:PASSWORD on one line")
    return name, password


def _index(options: argparse.Namespace) -> Path:
    return Path(options.index or os.environ.get("BYLINE_INDEX") or _DEFAULT_INDEX)


def _limits(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "as_of": options.as_of,
        "published_from": options.published_from,
        "published_to": options.published_to,
        "sources": options.source,
        "languages": options.language,
    }


def _print_json(value: object) -> None:
    # Escaped, so that no terminal or locale can trip over what an article holds.
    print(json.dumps(value, indent=2))


def _moment(written: str) -> date | datetime:
    from index.article import parse_published

    try:
        return parse_published(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _field(written: str) -> tuple[str, str]:
    fact, equals, name = written.partition("=")
    if not (fact and equals and name):
        raise argparse.ArgumentTypeError(f"{written[:40]!r}: write FACT=NAME, as text=body_clean")
    return fact, name


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written[:40]!r} is not a date: write YYYY-MM-DD") from None


def _count(written: str) -> int:
    if not written.isascii() or not written.isdigit() or not 1 <= int(written[:9]) <= 1000:
        raise argparse.ArgumentTypeError(f"{written[:40]!r} is not a number from 1 to 1000")
    return int(written)


def _tokens(written: str) -> int:
    if not written.isascii() or not written.isdigit() or not 256 <= int(written[:9]) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{written[:40]!r} is not a number of tokens from 256 to 10,000,000")
    return int(written)


def _seconds(written: str) -> float:
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 86_400 * 366:
        raise argparse.ArgumentTypeError(f"{written[:40]!r} is not a number of seconds from 0.1 to a year")
    return seconds


def _port(written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written[:9]) > 65535:
        raise argparse.ArgumentTypeError(f"{written[:40]!r} is not a port from 0 to 65535")
    return int(written)


if __name__ == "__main__":
    sys.exit(main())
