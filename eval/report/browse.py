"""The questions of one or two runs as the page's browser of questions reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from eval.diagnosis import diagnose
from eval.gold import Gold
from eval.measures import judged
from eval.record import Result, Stretch, Writing
from eval.report.changes import outcome
from eval.report.document import counted
from index.article import clean, clean_line

__all__ = ["browsable"]


def browsable(runs: Mapping[str, Sequence[Result]], changes: Sequence[str] = ()) -> dict[str, Any]:
    """What ``page`` puts into a page: the questions, each with what every run made of it.

    ``runs`` are the results by the name of their run, of the same questions in the same
    order; ``changes`` says of each what became of it, as in "won". Text is cleaned of what
    no page can show; the page's script makes text nodes of it.
    """
    rows = []
    cards: dict[str, dict[str, str]] = {}
    for place, sides in enumerate(zip(*runs.values(), strict=True)):
        question = sides[0].question
        named = {name: card.id for one in sides for card in one.cards for name in (card.url, card.id) if name}
        for one in sides:
            cards |= {
                card.id: {
                    "id": card.id,
                    "title": clean_line(card.title),
                    "url": clean_line(card.url or ""),
                    "source": clean_line(card.source or ""),
                    "published": clean_line(card.published or ""),
                }
                for card in one.cards
            }
        rows.append(
            {
                "id": clean(question.id),
                "question": clean(question.question),
                "kind": clean_line(question.kind or ""),
                "day": question.asked_on.isoformat() if question.asked_on else "",
                "history": [[turn.role, clean(turn.content)] for turn in question.history],
                "answerable": question.answerable,
                "all": question.needs == "all",
                "answers": list(map(clean_line, question.answers)),
                "articles": [named.get(name, name) for name in question.articles],
                "evidence": list(map(clean, question.evidence)),
                "change": changes[place] if changes else "",
                "sides": list(map(_side, sides)),
            }
        )
    return {"runs": list(map(clean_line, runs)), "cards": cards, "rows": rows}


def _side(result: Result) -> dict[str, Any]:
    verdict, gold = judged(result), Gold.of_result(result)
    return {
        "verdict": ("right" if verdict.right else "wrong") if verdict.known else "not judged",
        "stage": diagnose(result, verdict) or "",
        "answered": result.answered,
        "reason": clean(result.reason or ""),
        "confidence": result.confidence,
        "understood": clean(result.understood),
        "dates": list(map(clean_line, result.dates)),
        **_said(result),
        "written": _written(result, result.written) if result.written else None,
        "passages": [_passage(gold, one, found) for one, found in zip(result.passages, verdict.passages, strict=True)],
    }


def _said(result: Result) -> dict[str, Any]:
    return {
        "claims": [
            {"text": clean(claim.text), "markers": list(claim.markers), "status": claim.status}
            for claim in result.claims
        ]
        if result.answered
        else [],
        "citations": [
            {
                "marker": one.marker,
                "quote": clean(one.quote),
                "article": one.article,
                "faults": [
                    *([] if one.exact else ["not the article’s words"]),
                    *([] if one.timely else ["an article later than the question allows"]),
                ],
            }
            for one in result.citations
        ],
    }


def _written(result: Result, written: Writing) -> dict[str, Any]:
    """What a language model made of it, and the answer without it."""
    without = result.verbatim
    return {
        "stands": "the verbatim answer" if written.failure is not None else "what the model wrote",
        "against": {"won": "right where verbatim is wrong", "lost": "wrong where verbatim is right"}.get(
            outcome(without, result) or "", "as right as verbatim"
        ),
        "failure": clean(written.failure or ""),
        "struck": [
            {"text": clean(one.text), "reasons": list(map(clean_line, one.reasons))} for one in written.unsupported
        ],
        "counts": f"{counted(written.sentences, 'sentence')} written: {written.supported:,} supported, "
        f"{written.corrected:,} with corrected markers, {written.struck:,} struck",
        "verbatim": {"answered": without.answered, "reason": clean(without.reason or ""), **_said(without)},
    }


def _passage(gold: Gold, passage: Stretch, evidence: Collection[str]) -> dict[str, Any]:
    """A passage and the evidence that stands in it, as the verdict has it."""
    return {
        "article": passage.article,
        "gold": bool(gold.articles_at(passage.article)),
        "pieces": _pieces(clean(passage.text), list(map(clean, evidence))),
    }


def _pieces(text: str, evidence: Sequence[str]) -> list[str]:
    """The text cut so that every second piece, beginning with the second, is evidence."""
    spans = []
    for one in evidence:
        words = r"\s+".join(map(re.escape, one.split()))
        held = [found.span() for found in re.finditer(rf"(?<!\w){words}(?!\w)", text)]
        # What stands there and isn't held is longer: the text is a part of it.
        spans += held or [(0, len(text))]
    cuts = [0]
    for start, stop in sorted(spans):
        if start > cuts[-1] or len(cuts) == 1:
            cuts += [start, stop]
        else:
            cuts[-1] = max(cuts[-1], stop)
    return [text[start:stop] for start, stop in pairwise([*cuts, len(text)])]
