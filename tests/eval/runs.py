"""Small runs made by hand, with the worst that a question set and its articles may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from eval.machine import Machine
from eval.questions import Question, Turn
from eval.record import Card, Cost, Quoted, Result, Said, Stretch, Struck, Verbatim, Writing
from eval.run import Manifest, Run, Settings, WriterSettings
from index import Fingerprint
from qa.answer import Status

HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 1"> & "quotes" \'and\' <!-- --> ]]>',
    "a|b \\| `c|d` *e* _f_ [g](http://evil.example/|) ![h](i) # <b>j</b> ~~k~~ $l$",
    "[red]rich[/red] [link=http://evil.example]markup[/link] :bomb:",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J",
    "\u202eturned\u202c \u2067isolated\u2069 line\u2028end\u2029s \ud800 \x00",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4,
    "- 1. > + = not a block",
)

GOLD = Card(
    id="council/wall.txt",
    title="Harbour wall put at £4.2 million",
    url="https://gazette.example/wall",
    source="The Gazette",
    published="2025-03-04",
)
OTHER = Card(id="sport/final.txt", title=f"Final {HOSTILE[1]}", source=HOSTILE[3], published=None)
EVIDENCE = "Mending the harbour wall will cost about £4.2 million, councillors were told."
SENTENCE = "The final was lost on penalties 😀 after extra time, to nobody's surprise."

QUESTION = Question(
    id="wall",
    question="How much will the harbour wall cost?",
    asked_on=date(2025, 3, 5),
    answers=("£4.2 million",),
    articles=("https://gazette.example/wall",),
    evidence=(EVIDENCE,),
    kind="fact",
)


def answered(question: Question, *, quote: str = EVIDENCE, card: Card = GOLD, confidence: float = 0.8) -> Result:
    """An answer of one sentence, first of the sentences and within the second passage."""
    stretches = (
        Stretch(article=OTHER.id, start=0, end=len(SENTENCE), text=SENTENCE, score=0.9),
        Stretch(article=card.id, start=10, end=40 + len(quote), text=f"Before it.\n{quote} After it.", score=0.7),
    )
    return Result(
        question=question,
        understood=question.question,
        dates=(),
        answered=True,
        reason=None,
        confidence=confidence,
        claims=(Said(text=quote, markers=(1,)),),
        citations=(
            Quoted(
                marker=1,
                article=card.id,
                start=21,
                end=21 + len(quote),
                quote=quote,
                paragraph=2,
                exact=True,
                timely=True,
            ),
        ),
        articles=(OTHER.id, card.id) if card != OTHER else (OTHER.id,),
        passages=stretches,
        sentences=(Stretch(article=card.id, start=21, end=21 + len(quote), text=quote, score=0.9),),
        misdated=(),
        violations=0,
        cards=(GOLD, OTHER),
    )


def refused(question: Question, *, confidence: float = 0.2) -> Result:
    """A refusal that had found the same."""
    return replace(
        answered(question),
        answered=False,
        reason="The articles don't say.",
        confidence=confidence,
        claims=(),
        citations=(),
    )


def hostile(number: int) -> Result:
    """A wrong answer of which all that is foreign is ``HOSTILE[number]``."""
    text = HOSTILE[number]
    question = Question(
        id=f"hostile {number} {text}",
        question=text,
        history=(Turn(role="user", content=text), Turn(role="agent", content=text)),
        answers=(f"never {text}",),
        articles=(OTHER.id,),
        evidence=(f"Nowhere: {text}",),
        kind=text,
    )
    result = answered(question, quote=text, card=OTHER)
    return replace(result, understood=f"{text}?", dates=(text,))


MANIFEST = Manifest(
    asked=0,
    sha256="5e" * 32,
    settings=Settings(questions="sets/[red]wall.jsonl", index="news-index"),
    index=Fingerprint(
        articles=42,
        sentences=480,
        contents="b9" * 32,
        model="all-MiniLM-L6-v2",
        model_sha256="c0" * 32,
        engine="torch",
        sqlite="3.40.1",
    ),
    reranker=None,
    jobs=1,
    versions={"python": "3.11.7", "byline": "0.1.0", "openvino": None},
    machine=Machine(
        cpus=2,
        load=0.5,
        processor="<b>Two</b> cores",
        system="Linux x86_64",
        python="3.11.7",
        torch="2.13.0",
        date="2025-06-30",
    ),
    began="2025-06-30T08:00:00+00:00",
)


def run_of(*results: Result, manifest: Manifest = MANIFEST) -> Run:
    """A run of those results, each slower than the one before."""
    return Run(
        manifest=replace(manifest, asked=len(results)),
        results=results,
        latency_ms=tuple(20.0 + 5 * place for place in range(len(results))),
    )


def results() -> tuple[Result, ...]:
    """A right answer and a right refusal, a wrong one of each, and the hostile ones."""
    return (
        answered(QUESTION),
        refused(replace(QUESTION, id="wall again", asked_on=date(2025, 4, 1), kind="number")),
        refused(Question(id="mayor", question="Who won at Venice?", answerable=False, kind="unanswerable")),
        answered(
            Question(id="moon", question="Who owns the moon?", answerable=False, kind="unanswerable"),
            quote=SENTENCE,
            card=OTHER,
            confidence=0.4,
        ),
        *(hostile(number) for number in range(len(HOSTILE))),
    )


WRITER = replace(
    MANIFEST,
    writer=WriterSettings(
        endpoint="http://127.0.0.1:8080/v1",
        model="[red]small|model",
        prompt="1",
        timeout=30.0,
        context=4096,
        unsupported="strike",
        judge=None,
        rewrites=False,
    ),
)


def in_words(verbatim: Result, *sentences: str, status: Status = "supported", struck: Sequence[str] = ()) -> Result:
    """An answer of those sentences, each citing what the verbatim one cites first; without
    sentences, the verbatim answer that stands because nothing was supported."""
    claims = tuple(Said(text=text, markers=(1,), status=status) for text in sentences)
    writing = Writing(
        sentences=len(sentences) + len(struck),
        supported=len(sentences) * (status == "supported"),
        corrected=len(sentences) * (status == "corrected"),
        struck=len(struck),
        unsupported=tuple(Struck(text=text, reasons=(f"no passage says {text}",), after=0) for text in struck),
        failure=None if sentences else "nothing that [red]small|model wrote is supported by the articles",
        verbatim=Verbatim(
            answered=verbatim.answered,
            reason=verbatim.reason,
            confidence=verbatim.confidence,
            claims=verbatim.claims,
            citations=verbatim.citations,
            violations=verbatim.violations,
        ),
    )
    if not sentences:
        return replace(verbatim, written=writing)
    return replace(verbatim, claims=claims, citations=verbatim.citations[:1], written=writing)


def written_results() -> tuple[Result, ...]:
    """Written answers that are won, lost, as right as the verbatim ones and of no use, a refusal of
    which nothing was asked, one of the model's, and hostile ones."""
    bridge = Question(id="bridge", question="Who opened the bridge?", answers=("Ilse Brandt",))
    wall = answered(QUESTION)
    unsaid = in_words(answered(replace(QUESTION, id="unsaid")), "Nothing.")
    return (
        in_words(wall, "The wall will cost about £4.2 million.", struck=["It fell in 1807."]),
        in_words(answered(replace(QUESTION, id="lost")), "It will cost a lot.", status="corrected"),
        in_words(answered(bridge, quote=SENTENCE, card=OTHER), "Ilse Brandt opened it."),
        in_words(answered(replace(QUESTION, id="useless")), struck=["One.", "Two."]),
        refused(Question(id="mayor", question="Who won at Venice?", answerable=False)),
        replace(unsaid, answered=False, reason="The articles don't say.", claims=(), citations=()),
        *(in_words(hostile(number), text, struck=[text]) for number, text in enumerate(HOSTILE)),
    )


def written_run() -> Run:
    """A run of those, with what each cost."""
    results = written_results()
    run = run_of(*results, manifest=WRITER)
    costs = (
        Cost(
            ms=1000.0 + 100 * place,
            first_ms=300.0 + 10 * place if result.written.failure is None else None,
            verbatim_ms=20.0 + place,
            prompt=800 + place,
            completion=40 + place,
            reported=True,
        )
        if result.written
        else None
        for place, result in enumerate(results)
    )
    return replace(run, costs=tuple(costs))
