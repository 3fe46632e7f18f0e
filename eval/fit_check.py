"""Where the threshold in ``qa/check.json`` comes from: ``python -m eval.fit_check``.

Sentences that passages support are made of articles' own by rules: a clause left out, two
sentences joined, a pronoun resolved, an amount or a day written otherwise, a question and
its short answer made one sentence. Sentences that passages don't support are those with one
thing exchanged, and halves of two sentences joined. A logistic regression over
``qa.carries.CARRY_SIGNALS`` is learned on those of half of the articles in which no rule
finds a fault; all is told of the other half.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from eval.machine import this_machine
from eval.questions import read_questions
from index import Article, ArticleIndex, BylineError, Sentence, Span, day_of
from qa.carries import CARRY_SIGNALS
from qa.check import Checker, Threshold
from qa.citation import Passage
from qa.dates import day_in_words
from qa.phrases import is_verb
from qa.values import dates, names, numbers
from qa.when import dates_in
from qa.wording import SMALL, read

__all__ = ["main"]

Matrix = NDArray[np.float64]

# A sentence that isn't supported but is shown costs so many times one that is kept back.
_COST = 4.0
_GIVEN = 5
_PRIOR = 0.1
_SEED = 20_250_503
_OPENS = re.compile(r"(?:He|She|It|They)\b")
_MILLION = re.compile(r"(?<=\d) (million|billion)\b")
_AUXILIARY = re.compile(r"(?:is|are|was|were|has|have|had|will|would|can|could|may|must)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    kind: str
    text: str
    passages: tuple[Passage, ...]
    supported: bool
    fitted: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Make the sentences, learn, print the measures, write the threshold; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit_check", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--set", nargs="+", action="append", required=True, metavar="PATH", help="an index, and its questions if any"
    )
    parser.add_argument("--most", type=int, default=1_500, help="sentences of each set (default 1500)")
    parser.add_argument("--show", type=int, default=0, help="show so many of each kind that are judged wrongly")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the threshold there")
    options = parser.parse_args(argv)
    try:
        samples, checker = [], None
        for place, given in enumerate(options.set):
            index = ArticleIndex.open(given[0], read_only=True)
            checker = checker or Checker(index.embed)
            questions = Path(given[1]) if len(given) > 1 else None
            samples += list(_samples(index, questions, options.most, random.Random(_SEED + place)))  # noqa: S311
    except BylineError as error:
        print(f"eval.fit_check: {error}", file=sys.stderr)
        return 2
    _fit(samples, index.embed, options)
    return 0


def _fit(samples: Sequence[_Sample], embed: object, options: argparse.Namespace) -> None:
    checker = Checker(embed)  # type: ignore[arg-type]
    rows, right, kinds = [], [], []
    for sample in samples:
        if sample.fitted:
            measured = checker.measured(sample.text, sample.passages[:1])
            if measured and not measured[0]:
                rows.append(measured[1])
                right.append(sample.supported)
                kinds.append(sample.kind)
    signals, good = np.array(rows), np.array(right)
    weights, bias = _regression(signals, good)
    chances = 1 / (1 + np.exp(-(signals @ weights + bias)))
    least = _threshold(chances, good)
    print(f"fitted on {len(rows)} sentences without a fault, {sum(right)} of them supported; threshold {least:.3f}")
    for name, weight in zip(CARRY_SIGNALS, weights, strict=True):
        print(f"  {name:14} {weight:7.3f}")
    import collections

    by = collections.defaultdict(list)
    for kind, c, row in zip(kinds, chances, signals):
        by[kind].append((c, *row))
    for kind, c in sorted(by.items()):
        print(
            kind,
            len(c),
            np.round(np.percentile([x[0] for x in c], [5, 20, 50, 80, 95]), 2),
            np.round(np.mean(np.array(c)[:, 1:], axis=0), 2),
        )
    learned = Threshold(of=weights, bias=bias, least=least)
    _report(samples, Checker(embed, least=learned), options.show)  # type: ignore[arg-type]
    if options.write:
        document = {
            "made by": "python -m eval.fit_check --set INDEX [QUESTIONS] --set … --write FILE",
            "on": str(this_machine().date),
            "signals": {n: round(float(w), 4) for n, w in zip(CARRY_SIGNALS, weights, strict=True)},
            "bias": round(bias, 4),
            "threshold": round(least, 4),
        }
        options.write.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def _regression(signals: Matrix, right: NDArray[np.bool_]) -> tuple[Matrix, float]:
    """The weights and the bias of a logistic regression in which meaning can't speak against
    a claim, nor anything else for it; both classes weigh alike."""
    share = np.where(right, 0.5 / right.mean(), 0.5 / (1 - right.mean()))

    def loss(at: Matrix) -> tuple[float, Matrix]:
        odds = signals @ at[:-1] + at[-1]
        chance = 1 / (1 + np.exp(-np.clip(odds, -60, 60)))
        of = float((share * np.logaddexp(0, np.where(right, -odds, odds))).sum()) + _PRIOR * float(at[:-1] @ at[:-1])
        slope = share * (chance - right)
        return of, np.r_[signals.T @ slope + 2 * _PRIOR * at[:-1], slope.sum()]

    bounds = [(0, None) if name == "meaning" else (None, 0) for name in CARRY_SIGNALS]
    found = minimize(loss, np.zeros(len(bounds) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return found.x[:-1], float(found.x[-1])


def _threshold(chances: Matrix, right: NDArray[np.bool_]) -> float:
    """Where keeping back what is supported and showing what isn't cost least together."""
    cuts = np.unique(np.round(chances, 3))
    costs = [float((right & (chances < cut)).sum() + _COST * (~right & (chances >= cut)).sum()) for cut in cuts]
    return float(cuts[int(np.argmin(costs))])


def _report(samples: Sequence[_Sample], checker: Checker, show: int) -> None:
    told: dict[tuple[bool, str], list[bool]] = {}
    taken = []
    shown: dict[str, int] = {}
    for sample in samples:
        if sample.fitted:
            continue
        began = time.perf_counter()
        found = checker.check(f"{sample.text} [1]", sample.passages)
        taken.append((time.perf_counter() - began) * 1_000)
        kept = found.status != "unsupported" if sample.kind != "moved marker" else found.status == "supported"
        fine = kept == sample.supported
        told.setdefault((sample.supported, sample.kind), []).append(fine)
        if not fine and shown.get(sample.kind, 0) < show:
            shown[sample.kind] = shown.get(sample.kind, 0) + 1
            print(
                f"[{sample.kind}] {sample.text}\n    {found.status} {found.reasons}\n    IN: {sample.passages[0].text}"
            )
    for (supported, kind), fine in sorted(told.items(), reverse=True):
        print(f"{'kept' if supported else 'caught':7} {kind:18} {np.mean(fine):.3f} of {len(fine)}")
    for supported in (True, False):
        every = [one for (which, _), fine in told.items() if which is supported for one in fine]
        print(f"{'kept' if supported else 'caught':7} {'all':18} {np.mean(every):.3f} of {len(every)}")
    print(f"milliseconds a check: {np.mean(taken):.1f} on average, {np.percentile(taken, 95):.1f} for 19 of 20")


# The sentences.


def _samples(index: ArticleIndex, questions: Path | None, most: int, chance: random.Random) -> Iterator[_Sample]:
    articles = [article for article in index.articles() if article.language in (None, "en")]
    chance.shuffle(articles)
    windows = []
    for article in articles[: most * 2]:
        sentences = index.sentences(article.id)
        for place in chance.sample(range(len(sentences)), min(4, len(sentences))):
            windows.append(_passage(article, sentences, place))
    chance.shuffle(windows)
    made = 0
    for window in windows:
        if made >= most:
            break
        others = tuple(chance.sample(windows, _GIVEN - 1))
        others = tuple(other for other in others if other.article.id != window.article.id)
        for sample in _of_window(window, others, chance):
            made += 1
            yield sample
    if questions:
        yield from _of_questions(index, questions, most // 3)


def _passage(article: Article, sentences: Sequence[Sentence], place: int) -> Passage:
    near = tuple(sentences[max(0, place - 1) : place + 2])
    return Passage(
        article=article,
        span=Span(start=near[0].span.start, end=near[-1].span.end),
        sentences=near,
        best=near.index(sentences[place]),
        score=0.5,
        meaning=0.5,
        words=0.5,
        time=1.0,
        rank=1,
    )


def _of_window(passage: Passage, others: tuple[Passage, ...], chance: random.Random) -> Iterator[_Sample]:
    fitted = crc32(passage.article.id.encode()) % 2 == 0
    texts = [passage.article.text[s.span.start : s.span.end] for s in passage.sentences]
    text = texts[passage.best]
    if not 40 < len(text) < 350 or text[-1] not in '.”"' or not text[0].isalnum():
        return
    given = (passage, *others)

    def sample(kind: str, made: str, *, supported: bool, passages: tuple[Passage, ...] = given) -> _Sample:
        return _Sample(kind=kind, text=made, passages=passages, supported=supported, fitted=fitted)

    good = list(_supported(passage, texts, chance))
    chance.shuffle(good)
    bases = [text]
    for kind, made in good[:2]:
        bases.append(made)
        yield sample(kind, made, supported=True)
    if chance.random() < 0.3:
        yield sample("verbatim", text, supported=True)
    base = chance.choice(bases)
    bad = list(_edited(base, passage, texts, others, chance))
    chance.shuffle(bad)
    for kind, made in bad[:3]:
        yield sample(kind, made, supported=False)
    if others and chance.random() < 0.4:
        yield sample("moved marker", base, supported=False, passages=(*others, passage))


def _supported(passage: Passage, texts: Sequence[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    text, article = texts[passage.best], passage.article
    yield from _cut(text)
    yield from _reworded(text)
    if article.source and article.published:
        day = day_in_words(day_of(article.published))
        head = chance.choice(
            [f"According to {article.source}, ", f"On {day}, {article.source} reported that ", "The article says that "]
        )
        yield "reported", head + _lower(text)
    before = texts[passage.best - 1] if passage.best else ""
    opens = _OPENS.match(text)
    people = names(before)
    if opens and opens[0] in ("He", "She") and len(people) == 1 and len(people[0].key) == 2:
        name = before[people[0].span.start : people[0].span.end]
        yield "pronoun", name + text[opens.end() :]
    if before and len(before) + len(text) < 300 and before.endswith(".") and not opens and '"' not in before + text:
        yield "joined", f"{before[:-1]}, and {_lower(text)}"
    if article.published:
        span = passage.sentences[passage.best].span
        for found in dates_in(article.text, span, article.published):
            if found.begin == found.end and not found.complete:
                start = found.span.start - span.start
                written, led = text[start : start + len(found.written)], text[:start]
                if re.search(r"\b[Oo]n $", led) or written.lower() in ("yesterday", "today"):
                    on = "" if led.endswith("n ") else "on "
                    yield "absolute day", f"{led}{on}{day_in_words(found.begin)}{text[start + len(written) :]}"


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """The sentence with a clause left out, as a summary leaves it out."""
    if any(mark in text for mark in '“"‘'):
        return
    inner = re.search(r", (?:who|which|whose|where)\b[^,]{5,80}, (?=[a-z])", text)
    if inner:
        yield "clause cut", f"{text[: inner.start()]} {text[inner.end() :]}"
    last = re.search(r", (?:which|who|where|with|after|including|while)\b[^,]{5,120}\.\Z", text)
    if last and last.start() > 40:
        yield "clause cut", f"{text[: last.start()]}."
    first = re.match(r"(?:In|On|At|During|After|Last|By|For|From|As|With)\b[^,]{3,60}, (?=\w)", text)
    if first and len(text) - first.end() > 40:
        rest = text[first.end() :]
        yield "clause cut", rest[0].upper() + rest[1:]
        yield "clause moved", f"{rest[0].upper()}{rest[1:].rstrip('.')} {_lower(first[0].rstrip(', '))}."


def _reworded(text: str) -> Iterator[tuple[str, str]]:
    short = _MILLION.sub(lambda found: {"million": "m", "billion": "bn"}[found[1]], text)
    if short != text:
        yield "amount", short
    for word, digit in (("two", "2"), ("three", "3"), ("four", "4"), ("five", "5"), ("six", "6"), ("seven", "7")):
        changed = re.sub(rf" {word} (?!of\b|or\b|and\b|hundred|million|thousand)", f" {digit} ", text)
        if changed != text:
            yield "amount", changed
            break
    said = re.fullmatch(r"([A-Z][\w’'. -]{3,60}) said (?:that )?([^“\"]{20,})\.", text)
    if said and not re.search(r"\b(?:and|who|he|she|they)\b", said[1]):
        yield "said", f"According to {said[1]}, {said[2]}."
        yield "said", f"{said[2][0].upper()}{said[2][1:]}, {said[1]} said."
    by = re.fullmatch(r"(.{5,80}) (was|were) (\w+ed) by ([^,.]{3,60})\.", text)
    if by:
        yield "voice", f"{by[4][0].upper()}{by[4][1:]} {by[3]} {_lower(by[1])}."
    for one, other in (
        ("said", "stated"),
        ("began", "started"),
        ("about", "around"),
        ("repaired", "fixed"),
        ("bought", "purchased"),
        ("large", "big"),
        ("however", "but"),
        ("such as", "like"),
        ("also", "additionally"),
        ("because of", "owing to"),
        ("almost", "nearly"),
        ("killed", "murdered" if "murder" in text else "killed"),
    ):
        if f" {one} " in text and one != other:
            yield "synonym", text.replace(f" {one} ", f" {other} ", 1)
            break


def _lower(text: str) -> str:
    first = read(text)
    named = bool(first.named & {0}) or (len(text) > 1 and text[1].isupper()) or text.startswith(("I ", "I’"))
    known = {token.low for token in first.tokens[:1]} & {
        "the",
        "a",
        "an",
        "in",
        "on",
        "it",
        "this",
        "they",
        "he",
        "she",
        "there",
        "at",
    }
    return text[0].lower() + text[1:] if known or not named and is_plain(first.tokens[0].low) else text


def is_plain(word: str) -> bool:
    """Whether a sentence's first word in lower case is no name, by what it is."""
    return (
        is_verb(word)
        or word.endswith(("s", "ly"))
        or word in {"more", "some", "most", "all", "no", "many", "its", "his", "her"}
    )


def _edited(
    text: str, passage: Passage, texts: Sequence[str], others: Sequence[Passage], chance: random.Random
) -> Iterator[tuple[str, str]]:
    amounts = [value for value in numbers(text) if re.search(r"\d", text[value.span.start : value.span.end])]
    if amounts:
        value = chance.choice(amounts)
        yield "number", _digit(text, value.span, chance)
    days = [value for value in dates(text)]
    if days:
        value = chance.choice(days)
        changed = _other_day(text[value.span.start : value.span.end], chance)
        if changed:
            yield "date", text[: value.span.start] + changed + text[value.span.end :]
    own = [value for value in names(text) if _is_name(text, value.span)]
    near = [t[v.span.start : v.span.end] for t in texts for v in names(t) if _is_name(t, v.span)]
    far = [o.text[v.span.start : v.span.end] for o in others for v in names(o.text) if _is_name(o.text, v.span)]
    if own:
        value = chance.choice(own)
        name = text[value.span.start : value.span.end]
        for kind, pool in (("name within", near), ("name", far)):
            options = [other for other in pool if not set(other.lower().split()) & set(name.lower().split())]
            if options:
                yield kind, text[: value.span.start] + chance.choice(options) + text[value.span.end :]
    pairs = [(a, b) for a, b in pairwise(own) if not set(a.key) & set(b.key) and _between(text, a.span, b.span)]
    if pairs:
        a, b = chance.choice(pairs)
        yield (
            "swapped",
            text[: a.span.start]
            + text[b.span.start : b.span.end]
            + text[a.span.end : b.span.start]
            + text[a.span.start : a.span.end]
            + text[b.span.end :],
        )
    denied = _denied(text)
    if denied:
        yield "negation", denied
    cut, rest = text.split(), others[0].text.split() if others else []
    if len(cut) > 8 and len(rest) > 8:
        yield "mixed", " ".join([*cut[: len(cut) // 2], *rest[len(rest) // 2 :][: len(cut) // 2]])
    words = [
        n
        for n, word in enumerate(cut)
        if n and word.isalpha() and word.islower() and len(word) > 4 and word not in SMALL
    ]
    new = [
        word for word in rest[1:] if word.isalpha() and word.islower() and len(word) > 4 and word not in passage.text
    ]
    for count in (1, 2, 3):
        if len(words) > count and len(new) > count:
            swapped = list(cut)
            for place, word in zip(chance.sample(words, count), chance.sample(new, count), strict=True):
                swapped[place] = word
            yield f"words {count}", " ".join(swapped)


def _is_name(text: str, span: Span) -> bool:
    low = text[span.start : span.end].split()[0].lower()
    return span.start > 0 and low not in SMALL and text[span.end : span.end + 1] != "-"


def _between(text: str, one: Span, other: Span) -> bool:
    return any(token.verb and token.content for token in read(text[one.end : other.start]).tokens)


def _digit(text: str, span: Span, chance: random.Random) -> str:
    places = [p for p in range(span.start, span.end) if text[p].isdigit()]
    place = chance.choice(places)
    digit = chance.choice([d for d in "123456789" if d != text[place]])
    return text[:place] + digit + text[place + 1 :]


_NAMES_OF_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES_OF_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _other_day(words: str, chance: random.Random) -> str:
    for pool in (_NAMES_OF_DAYS, _NAMES_OF_MONTHS):
        for name in pool:
            if name in words:
                return words.replace(name, chance.choice([other for other in pool if other != name]), 1)
    digits = re.search(r"\d+", words)
    if digits:
        return words.replace(digits[0], str(int(digits[0]) + chance.choice([1, 2, 3, -1])), 1)
    return {"yesterday": "tomorrow", "today": "yesterday", "last week": "next week", "last year": "next year"}.get(
        words.lower(), ""
    )


def _denied(text: str) -> str:
    negative = re.search(r"\b(?:not|never) |n[’']t\b", text)
    if negative:
        return text[: negative.start()] + text[negative.end() :]
    auxiliary = re.search(r" (?:is|are|was|were|has|have|had|will|would|can|could|should)\b(?! no\b)", text)
    return f"{text[: auxiliary.end()]} not{text[auxiliary.end() :]}" if auxiliary else ""


def _of_questions(index: ArticleIndex, path: Path, most: int) -> Iterator[_Sample]:
    made = 0
    places = {
        article.text[sentence.span.start : sentence.span.end]: (article, sentences, place)
        for article in index.articles()
        for sentences in [index.sentences(article.id)]
        for place, sentence in enumerate(sentences)
    }
    for question in read_questions(path):
        if not question.answerable or not question.evidence or not question.answers or made >= most:
            continue
        told = _told(question.question, question.answers[0])
        if question.evidence[0] not in places or not told:
            continue
        article, sentences, place = places[question.evidence[0]]
        made += 1
        yield _Sample(
            kind="question told",
            text=told,
            passages=(_passage(article, sentences, place),),
            supported=True,
            fitted=crc32(article.id.encode()) % 2 == 0,
        )


def _told(question: str, answer: str) -> str:
    """A question and its short answer as one sentence, where that is easily made."""
    question = question.strip().rstrip("?").strip()
    answer = answer.strip().rstrip(".")
    who = re.match(
        r"(?:Who|What|Which \w+|How many \w+) (?=(?:\w+ed|is|was|were|has|won|led|made|became|wrote|said|will|took)\b)",
        question,
    )
    if who:
        counted = re.match(r"How many (\w+)", question)
        head = answer if not counted or counted[1] in answer else f"{answer} {counted[1]}"
        rest = question[who.end() :]
        if re.match(r"(?:is|was) the ", rest) and question.startswith(("What", "Who")):
            verb, thing = rest.split(" ", 1)
            return f"{thing[0].upper()}{thing[1:]} {verb} {answer}."
        return f"{head[0].upper()}{head[1:]} {rest}."
    when = re.match(r"(When|Where) (was|were|is|are) (.+)", question)
    if when:
        words = when[3].split()
        verb = next(
            (
                n
                for n, word in enumerate(words)
                if n and word.endswith("ed") or word in ("born", "built", "held", "made", "found")
            ),
            None,
        )
        if verb:
            link = (
                ""
                if re.match(r"(?:in|on|at|by|near|during)\b", answer, re.I)
                else "in "
                if re.fullmatch(r"[A-Z\d][\w ]*", answer)
                else "at "
            )
            subject = " ".join(words[:verb])
            return f"{subject[0].upper()}{subject[1:]} {when[2]} {' '.join(words[verb:])} {link}{answer}."
    return ""


if __name__ == "__main__":
    sys.exit(main())
