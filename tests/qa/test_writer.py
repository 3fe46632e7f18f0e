"""Answers that a language model writes: what is shown of them, over HTTP and from the sample newspaper."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import Article, ArticleIndex, Filter, SettingsError, StoreError
from qa import Answer, ArticleQA, Asked, Checked, Event, Exchange, Failed, Finished, Pending, Writer
from qa.llm import LanguageModel
from tests.faults import KEY, survive
from tests.llm import Piece, Reply, Script, TalkingServer, talking

WALL = "How much will it cost to repair the harbour wall?"
NEWEST, MIDDLE = "risen again, to £6.3 million", "by £900,000 to £5.1 million"
RISEN = "The bill for Marrowby's broken harbour wall has risen again, to £6.3 million."
SEALS = "How many seals were counted on Skerry Sands this spring?"


@contextmanager
def written(
    gazette: ArticleQA, script: Script, *, timeout: float = 30, context: int = 4096, **options: Any
) -> Iterator[tuple[ArticleQA, TalkingServer]]:
    """The sample newspaper, whose answers the scripted server writes."""
    with talking(script) as server, LanguageModel(server.url, "scripted", timeout=timeout, context=context) as llm:
        yield ArticleQA(gazette.index, writer=Writer(llm, **options)), server


def marker(body: dict[str, Any], words: str) -> str:
    """The number of the passage in a prompt that holds ``words``."""
    found: list[tuple[str, str]] = re.findall(
        r"passage \[(\d+)\]\n.*?\n.*?\n.*?\nText: (.*)", body["messages"][1]["content"]
    )
    return next(number for number, text in found if words in text)


def says(*sentences: tuple[str, str]) -> Callable[[dict[str, Any]], list[str]]:
    """A script of sentences, each with the words of the passage that it cites."""
    return lambda body: [
        piece
        for text, words in sentences
        for piece in re.split(r"(?<= )", f"{text} [{marker(body, words) if words else 99}] ")
    ]


def timeless(answer: Answer) -> Answer:
    told = answer.written
    return replace(answer, took_ms=0, written=told and replace(told, took_ms=0, first_ms=None))


def check(answer: Answer, where: Filter) -> None:
    """What holds of every answer, whoever wrote it."""
    markers = [marker for claim in answer.claims for marker in claim.markers]
    assert (
        list(dict.fromkeys(markers))
        == [c.marker for c in answer.citations]
        == list(range(1, len(answer.citations) + 1))
    )
    assert all(claim.markers for claim in answer.claims)
    places = [(c.article.id, c.article.revision, c.span) for c in answer.citations]
    assert len(places) == len(set(places))
    for citation in answer.citations:
        assert citation.article.text[citation.span.start : citation.span.end] == citation.quote != ""
        assert where.passes(citation.article.published, citation.article.source, citation.article.language)
    assert answer.answered == bool(answer.claims) == (answer.reason is None)
    told = answer.written
    if told:
        assert told.sentences == told.supported + told.corrected + told.struck
        assert told.verbatim.written is None
    json.dumps(answer.to_dict())


def follow(steps: Iterable[Event]) -> tuple[list[Event], Answer]:
    """The steps, which have to fit their answer."""
    events = list(steps)
    assert isinstance(events[0], Asked)
    last = events[-1]
    assert isinstance(last, Finished)
    assert [type(event) for event in events].count(Finished) == 1
    failed = [place for place, event in enumerate(events) if isinstance(event, Failed)]
    stands = events[failed[-1] + 1 if failed else 1 : -1]
    checked = [event for event in stands if isinstance(event, Checked)]
    assert [event.place for event in checked] == list(range(len(checked)))
    assert tuple(event.claim for event in checked if event.claim) == last.answer.claims
    assert tuple(c for event in checked for c in event.citations) == last.answer.citations
    assert {event.dated for event in checked if event.claim} <= {last.answer.dated}
    if not failed:
        struck = last.answer.written.unsupported if last.answer.written else ()
        assert tuple(event.unsupported for event in checked if event.unsupported) == struck
    pending: dict[int, str] = {}
    for event in stands:
        if isinstance(event, Pending):
            assert event.text != pending.get(event.place)
            assert event.place >= len(pending) - 1
            pending[event.place] = event.text
        elif isinstance(event, Checked):
            pending.pop(event.place, None)
    assert not pending, "every sentence that was pending was checked or dropped"
    for event in events:
        json.dumps(event.to_dict())
    return events, last.answer


def test_supported_sentences_are_the_answer(gazette: ArticleQA) -> None:
    with written(gazette, says((RISEN, NEWEST))) as (qa, server):
        events, answer = follow(qa.ask(WALL, stream=True, as_of=date(2025, 5, 23)))
        assert timeless(answer) == timeless(qa.ask(WALL, as_of=date(2025, 5, 23)))
    check(answer, Filter(as_of=date(2025, 5, 23)))
    claim, *others = answer.claims
    assert (claim.text, claim.status) == (RISEN, "supported")
    assert NEWEST in answer.citations[0].quote
    assert answer.citations[0].link
    assert claim.day == date(2025, 5, 22)
    # What differs and was left out by the model stands beside it, word for word and with its day.
    verbatim = gazette.ask(WALL, as_of=date(2025, 5, 23))
    assert {other.status for other in others} == {"verbatim"}
    assert {c.article.id for c in answer.citations} >= {c.article.id for c in verbatim.citations}
    assert all(other.label(dated=answer.dated) for other in others)
    growing = [event.text for event in events if isinstance(event, Pending) and event.place == 0]
    assert growing[:2] == ["The", "The bill"]
    told = answer.written
    assert told is not None
    assert (told.model, told.sentences, told.supported, told.struck, told.failure) == ("scripted", 1, 1, 0, None)
    assert timeless(told.verbatim) == timeless(verbatim)
    assert told.usage.reported
    assert [{"role": role, "content": content} for role, content in told.messages] == server.asked[0]["messages"]
    assert told.messages[1][1].endswith(f"\n\n{WALL} (asked on 23 May 2025)")
    assert told.first_ms is not None
    assert 0 < told.first_ms <= told.took_ms <= answer.took_ms
    assert answer.confidence == verbatim.confidence


def test_a_wrong_marker_is_put_right_and_what_is_made_up_is_struck_or_dropped(gazette: ArticleQA) -> None:
    script = says(
        (RISEN, MIDDLE),
        (RISEN.replace("6.3", "9.7"), NEWEST),
        ("See https://evil.example/?q=wall for more.", NEWEST),
        ("The cost of repairing Marrowby's harbour wall has gone up by £900,000 to £5.1 million.", ""),
    )
    with written(gazette, script, unsupported="strike") as (qa, _):
        _, answer = follow(qa.ask(WALL, stream=True))
    check(answer, Filter())
    assert [claim.status for claim in answer.claims[:2]] == ["corrected", "corrected"]
    assert NEWEST in answer.citations[0].quote
    told = answer.written
    assert told is not None
    assert (told.sentences, told.supported, told.corrected, told.struck) == (4, 0, 2, 2)
    assert [one.after for one in told.unsupported] == [1, 1]
    assert "£9.7 million" in told.unsupported[0].text
    assert "£9.7 million" in " ".join(told.unsupported[0].reasons)
    with written(gazette, script) as (qa, _):
        events, dropped = follow(qa.ask(WALL, stream=True))
    assert dropped.claims == answer.claims
    assert dropped.written
    assert timeless(dropped).written == replace(told, unsupported=(), took_ms=0, first_ms=None)
    assert "9.7" not in json.dumps([e.to_dict() for e in events if isinstance(e, Checked)])


def stands(answer: Answer, verbatim: Answer) -> str:
    """The reason why the verbatim answer stands, which it has to."""
    check(answer, Filter())
    assert answer.written
    assert answer.written.failure
    assert timeless(replace(answer, written=None)) == timeless(verbatim)
    assert timeless(answer.written.verbatim) == timeless(verbatim)
    return answer.written.failure


@pytest.mark.parametrize("script", [says(("The moon is made of cheese.", NEWEST)), says(), ["[1] [2]\n```"]])
def test_where_nothing_is_supported_the_verbatim_answer_stands(gazette: ArticleQA, script: Script) -> None:
    with written(gazette, script) as (qa, _):
        events, answer = follow(qa.ask(WALL, stream=True))
    assert [type(event) for event in events].count(Failed) == 1
    reason = stands(answer, gazette.ask(WALL))
    assert reason == "nothing that scripted wrote is supported by the articles" or script != ["[1] [2]\n```"]


def test_a_model_that_finds_no_answer_takes_none_away(gazette: ArticleQA) -> None:
    """An article may have talked it into that."""
    with written(gazette, ["The articles don't say", ". The articles don't say."], unsupported="strike") as (qa, _):
        _, answer = follow(qa.ask(WALL, stream=True))
    reason = stands(answer, gazette.ask(WALL))
    assert reason == "scripted finds no answer in the passages; these are the articles' nearest words"
    assert answer.written
    assert (answer.written.sentences, answer.written.unsupported) == (0, ())


def test_saying_so_beside_other_things_changes_nothing(gazette: ArticleQA) -> None:
    claim = (RISEN, NEWEST)
    with written(gazette, says(("The articles don't say.", NEWEST), claim)) as (qa, _):
        answer = qa.ask(WALL)
    assert answer.claims[0].text == claim[0]
    with written(gazette, says(("The articles don't say.", NEWEST), ("The moon is cheese.", NEWEST))) as (qa, _):
        assert "nothing that scripted wrote" in stands(qa.ask(WALL), gazette.ask(WALL))


def test_a_refusal_stands_and_no_model_is_asked(gazette: ArticleQA) -> None:
    with written(gazette, ["Ulan Bator. [1]"]) as (qa, server):
        assert timeless(qa.ask("What is the capital of Mongolia?")) == timeless(
            gazette.ask("What is the capital of Mongolia?")
        )
        qa.examples(1)
        assert server.requests == []


FAULTS: dict[str, list[Piece] | Reply] = {
    "refuses": Reply(status=401, body={"error": {"message": "no"}}),
    "breaks off": Reply(pieces=[f"{RISEN} [6] The"], finish=None),
    "sends garbage": [b"data: {]\n\n"],
    "hangs": [threading.Event()],
    "hangs in the middle": [f"{RISEN} [6] The", threading.Event()],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_the_verbatim_answer_stands_in_time(gazette: ArticleQA, fault: str) -> None:
    told = FAULTS[fault]
    with written(gazette, lambda _: told, timeout=0.5) as (qa, server):
        gazette.ask(WALL)
        began = time.perf_counter()
        events, answer = follow(qa.ask(WALL, stream=True))
        assert time.perf_counter() - began < 1.5
        assert server.url in stands(answer, gazette.ask(WALL))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert answer.written
    assert failed.reason == answer.written.failure


BRIDGE = "When did the Sallow bridge open?"


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArticleIndex]:
    told = ["The bridge opened on Sunday. The Sallow bridge had been shut since May.", "A ferry sank. Nobody was hurt."]
    with ArticleIndex.open(tmp_path_factory.mktemp("bridge") / "index", create=True) as index:
        index.add(Article(id=f"a{n}", title=f"News, part {n}", text=text) for n, text in enumerate(told))
        yield index


def test_a_hundred_faults_end_in_a_cited_answer_in_time(bridge: ArticleIndex) -> None:
    verbatim = ArticleQA(bridge).ask(BRIDGE)
    assert verbatim.answered
    # So many that two processors find the verbatim answers to in a moment.
    outcomes = survive(lambda llm: ArticleQA(bridge, writer=Writer(llm)).ask(BRIDGE), abreast=10)
    assert len(outcomes) == 100
    for outcome in outcomes:
        name, answer = outcome.fault.name, outcome.made
        assert outcome.error is None, (name, outcome.error)
        assert outcome.seconds < outcome.timeout + 1, (name, outcome.seconds, answer.written.verbatim.took_ms)
        assert KEY not in json.dumps(answer.to_dict()), name
        if outcome.fault.says is None:
            check(answer, Filter())
            assert answer.claims[0].text == "The bridge opened.", (name, answer.written)
            # A processor that is busy may find too late what such an endpoint sends in time.
            assert answer.written.failure is None or outcome.fault.endless, (name, answer.written.failure)
        else:
            reason = stands(answer, verbatim)
            expected = f"{outcome.fault.says}|was not asked" if outcome.fault.endless else outcome.fault.says
            # One that repeats itself is stopped before it is over.
            assert re.search(f"{expected}|nothing that" if name == "endless text" else expected, reason), name


def test_a_context_without_room_is_told(gazette: ArticleQA) -> None:
    with written(gazette, ["No."], context=200) as (qa, server):
        answer = qa.ask(WALL)
        reason = stands(answer, gazette.ask(WALL))
        assert server.requests == []
    assert answer.written
    assert (answer.written.messages, answer.written.usage.prompt) == ((), 0)
    assert reason.startswith("no passage fits into 200 tokens")


@pytest.mark.parametrize("tail", [["The wall is old [1]. "], ["The wall is ", "as old as the hills and ", "taller. "]])
def test_a_model_that_goes_round_in_circles_is_stopped(gazette: ArticleQA, tail: list[str]) -> None:
    first = f"{RISEN} [1] "
    # What ends it is the stop: this would go on for ever, and fast.
    with written(gazette, lambda _: chain([first], chain.from_iterable(repeat(tail)))) as (qa, server):
        answer = qa.ask(WALL)
        assert server.left.wait(10)
    check(answer, Filter())
    assert answer.claims[0].text == RISEN
    assert answer.written
    assert answer.written.sentences <= 12


def test_what_was_cut_off_is_no_sentence(gazette: ArticleQA) -> None:
    pieces = [f"{RISEN} [1] The bill for Marrowby's broken harbour wall has risen"]
    with written(gazette, lambda _: Reply(pieces=pieces, finish="length")) as (qa, _):
        _, answer = follow(qa.ask(WALL, stream=True))
    assert answer.written
    assert answer.written.sentences == 1


def test_the_index_is_free_while_the_model_writes(gazette: ArticleQA) -> None:
    go = threading.Event()
    with written(gazette, lambda _: ["The ", go, "moon [1]."]) as (qa, _):
        steps = qa.ask(WALL, stream=True)
        assert isinstance(next(steps), Asked)
        assert isinstance(next(steps), Pending)
        asked: list[Answer] = []
        other = threading.Thread(target=lambda: asked.append(gazette.ask(SEALS)))
        other.start()
        other.join(10)
        go.set()
        assert asked
        follow(chain([Asked(understood="", dates=())], steps))


def test_two_threads_share_a_writer(gazette: ArticleQA) -> None:
    both = threading.Barrier(2)

    def script(body: dict[str, Any]) -> list[Piece]:
        both.wait(10)
        return [*says((RISEN, NEWEST))(body)] if WALL in str(body) else ["Seals [1]."]

    with written(gazette, script) as (qa, _), ThreadPoolExecutor(2) as pool:
        wall, seals = pool.map(qa.ask, (WALL, SEALS))
    assert wall.claims[0].text == RISEN
    assert stands(seals, gazette.ask(SEALS)) == "nothing that scripted wrote is supported by the articles"


def test_an_index_that_is_closed_meanwhile_ends_no_answer(gazette_index: Path) -> None:
    go = threading.Event()
    script: list[Piece] = [f"{RISEN} [1] The ", go, "moon is cheese [1]. It is. "]
    with talking(script) as server, LanguageModel(server.url, "scripted") as llm:
        qa = ArticleQA.open(gazette_index, writer=Writer(llm))
        steps = qa.ask(WALL, stream=True)
        assert isinstance(next(steps), Asked)
        qa.close()
        go.set()
        _, answer = follow(chain([Asked(understood="", dates=())], steps))
        assert answer.claims[0].text == RISEN
        with pytest.raises(StoreError):
            qa.ask(WALL)


def test_steps_that_are_closed_early_stop_the_model(gazette: ArticleQA) -> None:
    with written(gazette, lambda _: ["The ", threading.Event()]) as (qa, server):
        steps = qa.ask(WALL, stream=True)
        next(steps)
        assert isinstance(next(steps), Pending)
        steps.close()
        assert server.left.wait(10)


def test_without_a_writer_the_steps_are_its_claims(gazette: ArticleQA) -> None:
    events, answer = follow(gazette.ask(WALL, stream=True))
    assert timeless(answer) == timeless(gazette.ask(WALL))
    assert [type(event) for event in events] == [Asked, *[Checked] * len(answer.claims), Finished]
    refused, answer = follow(gazette.ask("What is the capital of Mongolia?", stream=True))
    assert [type(event) for event in refused] == [Asked, Finished]
    with pytest.raises(ValueError, match="empty"):
        gazette.ask(" ", stream=True)


def test_settings_that_can_t_be_used_are_named() -> None:
    with (
        LanguageModel("http://127.0.0.1:9/v1", "none") as llm,
        pytest.raises(SettingsError, match="'drop' or 'strike'"),
    ):
        Writer(llm, unsupported="hide")  # type: ignore[arg-type]


# What a model may write of these articles: what is right, what is nearly right, and anything.
PIECES = st.sampled_from(
    [
        RISEN.removesuffix("."),
        "The bill has risen to £5.1 million",
        "Peter Harker became leader last week",
        "“The bill for Marrowby's broken harbour wall has risen again”",
        "Nobody paid",
        "The articles don't say",
        "![x](https://evil.example/x.png)",
        *(" [1]", " [2]", "[6]", " [99]", " [1, 6]", "[", "]"),
        *(". ", ".", " ", "\n", "- ", "“", "”", "\u202e", "<b>", "#"),
    ]
) | st.text(max_size=20)


@given(
    pieces=st.lists(PIECES, max_size=24),
    as_of=st.none() | st.dates(date(2025, 4, 20), date(2025, 6, 30)),
    sources=st.none() | st.just(["The Marrowby Gazette"]),
    strike=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_holds_of_every_written_answer(
    scripted: tuple[dict[bool, ArticleQA], list[str]],
    pieces: list[str],
    as_of: date | datetime | None,
    sources: list[str] | None,
    strike: bool,
) -> None:
    qas, told = scripted
    told[:] = pieces
    _, answer = follow(qas[strike].ask(WALL, stream=True, as_of=as_of, sources=sources))
    check(answer, Filter(as_of=as_of, sources=None if sources is None else tuple(sources)))
    told[:] = ["".join(pieces)]
    assert timeless(qas[strike].ask(WALL, as_of=as_of, sources=sources)).claims == answer.claims


@pytest.fixture(scope="module")
def scripted(gazette: ArticleQA) -> Iterator[tuple[dict[bool, ArticleQA], list[str]]]:
    """Answers that drop and that strike, and the pieces that are written next."""
    pieces: list[str] = []
    with talking(lambda _: list(pieces)) as server, LanguageModel(server.url, "scripted") as llm:
        yield (
            {
                True: ArticleQA(gazette.index, writer=Writer(llm, unsupported="strike")),
                False: ArticleQA(gazette.index, writer=Writer(llm)),
            },
            pieces,
        )


# Conversations


FINED = [Exchange(question="Was Walter Imber fined?", answer="Magistrates in Marrowby fined Walter Imber.")]
FINE: list[Piece] = [
    "A fishing skipper who landed 214 crabs that were too small to be kept ",
    "was fined £1,850 by Marrowby magistrates. [1]",
]


def test_a_conversation_s_earlier_questions_are_told_and_the_model_is_asked_once(gazette: ArticleQA) -> None:
    with written(gazette, FINE) as (qa, server):
        chat = qa.chat()
        chat.ask("Was Walter Imber fined?")
        # It may stand by itself: both are looked for, one is written.
        follow_up = chat.ask("When is the hearing?")
        assert len(server.asked) == 1 + follow_up.answered
        chat = qa.chat(FINED)
        _, answer = follow(chat.ask("How much?", stream=True))
        user = server.asked[-1]["messages"][1]["content"]
    assert answer.question == "How much?"
    assert answer.understood == "How much was Walter Imber fined?"
    assert "- Was Walter Imber fined?\n" in user
    assert user.endswith("\n\nHow much was Walter Imber fined?")
    assert chat.turns[-1].question == answer.understood
    assert chat.turns[-1].answer == " ".join(claim.text for claim in answer.claims)


def test_steps_that_don_t_come_to_their_end_are_no_turn(gazette: ArticleQA) -> None:
    with written(gazette, lambda _: ["Walter ", threading.Event()]) as (qa, server):
        chat = qa.chat(FINED)
        steps = chat.ask("How much?", stream=True)
        next(steps)
        next(steps)
        steps.close()
        assert server.left.wait(10)
        assert chat.turns == tuple(FINED)
        server.script = FINE
        assert chat.ask("How much?").understood == "How much was Walter Imber fined?"
        assert len(chat.turns) == 2


@pytest.mark.parametrize(
    ("told", "understood"),
    [
        (["How much was Walter Imber fined ", "by magistrates?"], "How much was Walter Imber fined by magistrates?"),
        (["How much did Ann Lee pay?"], "How much was Walter Imber fined?"),
        ([b"data: {]\n\n"], "How much was Walter Imber fined?"),
        ([threading.Event()], "How much was Walter Imber fined?"),
    ],
)
def test_a_follow_up_is_put_anew_where_that_can_be_used(gazette: ArticleQA, told: list[Piece], understood: str) -> None:
    def script(body: dict[str, Any]) -> list[Piece]:
        return told if "Last question:" in body["messages"][1]["content"] else FINE

    with written(gazette, script, rewrites=True, timeout=3) as (qa, server):
        answer = qa.chat(FINED).ask("How much?")
        assert (answer.question, answer.understood) == ("How much?", understood)
        assert answer.written
        assert answer.written.failure is None
        # What stands by itself is not put anew, and without the setting nothing is.
        before = len(server.asked)
        assert qa.chat(FINED).ask("How much was a fishing skipper fined?").understood.endswith("skipper fined?")
        assert len(server.asked) - before == 1
    with written(gazette, script) as (qa, server):
        assert qa.chat(FINED).ask("How much?").understood == "How much was Walter Imber fined?"
        assert len(server.asked) == 1


# asyncio


def test_the_async_twins_give_the_same(gazette: ArticleQA) -> None:
    async def both(qa: ArticleQA) -> tuple[Answer, list[Event], Answer, Any]:
        answer = await qa.aask(WALL)
        events = [event async for event in qa.aask(WALL, stream=True)]
        return answer, events, await qa.chat().aask(WALL), await qa.aretrieve(WALL, k=2)

    with written(gazette, says((RISEN, NEWEST))) as (qa, _):
        answer, events, chatted, passages = asyncio.run(both(qa))
        expected = qa.ask(WALL)
    assert timeless(answer) == timeless(follow(events)[1]) == timeless(chatted) == timeless(expected)
    assert passages == gazette.retrieve(WALL, k=2)
    with pytest.raises(ValueError, match="empty"):
        asyncio.run(gazette.aask(" "))


@pytest.mark.parametrize("way", ["answer", "steps", "chat"])
def test_a_cancelled_task_stops_the_model_and_never_holds_the_loop(gazette: ArticleQA, way: str) -> None:
    async def cancelled(qa: ArticleQA, began: threading.Event) -> int:
        async def read() -> None:
            async with aclosing(qa.aask(WALL, stream=True)) as steps:
                async for _ in steps:
                    pass

        task = asyncio.create_task(
            read() if way == "steps" else qa.aask(WALL) if way == "answer" else qa.chat().aask(WALL)
        )
        turns = 0
        while not began.is_set():
            await asyncio.sleep(0.005)
            turns += 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return turns

    began = threading.Event()

    def script(_: dict[str, Any]) -> Iterator[Piece]:
        yield "The "
        began.set()
        yield threading.Event()

    with written(gazette, script) as (qa, server):
        turns = asyncio.run(cancelled(qa, began))
        assert server.left.wait(10)
        # The thread that waited for the model is gone too, long before the model's time is over.
        for thread in [thread for thread in threading.enumerate() if thread.name == "byline-answer"]:
            thread.join(10)
            assert not thread.is_alive()
    assert turns > 1


def test_an_error_in_the_thread_is_raised_where_it_is_awaited(
    gazette: ArticleQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gazette.index, "search", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(gazette.aask(WALL))
