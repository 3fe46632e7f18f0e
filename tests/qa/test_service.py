"""``ArticleQA``: what is answered, what is refused, and what always holds of an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import Article, ArticleIndex, ArticleNotFoundError, Filter, IndexMissingError, QuestionError
from qa import Answer, ArticleQA

TRICKY = [
    '"',
    "'",
    "''; DROP TABLE article; --",
    "AND OR NOT NEAR(",
    "body:* ^2 ~",
    "[1 TO 9]",
    "( ) { }",
    "\\",
    "a* b?",
    "NEAR/3",
    "%",
    "???",
    "<script>alert(1)</script>",
    "\ud800",
    "\u202e" + "cba",
    "🙂" * 50,
    "word " * 300,
]


@pytest.fixture(scope="module")
def seed(seed_index: Path) -> Iterator[ArticleQA]:
    with ArticleQA.open(seed_index) as qa:
        yield qa


def check(answer: Answer, where: Filter) -> None:
    """What holds of every answer."""
    markers = [marker for claim in answer.claims for marker in claim.markers]
    assert sorted(set(markers)) == list(range(1, len(answer.citations) + 1)) == [c.marker for c in answer.citations]
    assert all(claim.markers for claim in answer.claims)
    for citation in answer.citations:
        span = citation.span
        assert citation.article.text[span.start : span.end] == citation.quote
        assert where.passes(citation.article.published, citation.article.source, citation.article.language)
        lines = [line for line in citation.article.text.split("\n") if line.strip()]
        assert citation.quote in lines[citation.paragraph - 1]
    for claim in answer.claims:
        assert claim.text in [citation.quote for citation in answer.citations]
    for rank, passage in enumerate(answer.passages, 1):
        assert passage.rank == rank
        assert passage.text == passage.article.text[passage.span.start : passage.span.end]
        assert where.passes(passage.article.published, passage.article.source, passage.article.language)
        assert 0 < passage.time <= 1
        assert all(0 <= part <= 1 for part in (passage.score, passage.meaning, passage.words))
    # What repeats another comes after what says something else, be it as likely.
    assert not answer.passages or answer.passages[0].score == max(p.score for p in answer.passages)
    assert 0 <= answer.confidence <= 1
    assert answer.answered == bool(answer.claims)
    assert answer.answered == (answer.reason is None)
    json.dumps(answer.to_dict())


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many people live in Kharkiv?", "1.4 million"),
        ("Will Britain send troops to fight?", "British troops will not be sent"),
        ("Who said that Putin is challenging freedom and democracy?", "fighting for freedom and democracy"),
        ("Who is Ukraine's ambassador to the UK?", "Vadym Prystaiko"),
        ("What is the UK doing to sanction Russia?", "far more severe sanctions"),
        ("What will Ukraine give to all volunteers?", "arm all volunteers"),
    ],
)
def test_the_users_own_article_answers(seed: ArticleQA, question: str, words: str) -> None:
    answer = seed.ask(question)
    check(answer, Filter())
    assert answer.answered
    cited = [citation for citation in answer.citations if words in citation.quote]
    assert cited
    assert f"[{cited[0].marker}]" in answer.text


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is the capital of Mongolia?", "“capital” or “Mongolia”"),
        ("Who won the World Cup in 2018?", "“Cup”"),
        ("zxqv wkrp", "“zxqv” or “wkrp”"),
    ],
)
def test_what_the_article_does_not_say_is_refused(seed: ArticleQA, question: str, missing: str) -> None:
    answer = seed.ask(question)
    check(answer, Filter())
    assert not answer.answered
    assert answer.text == answer.reason == f"The articles don't say. No article mentions {missing}."
    assert answer.passages


def test_the_same_question_as_of_two_days(gazette: ArticleQA) -> None:
    question = "How much will it cost to repair the harbour wall?"
    early, late = gazette.ask(question, as_of=date(2025, 3, 5)), gazette.ask(question, as_of=date(2025, 5, 23))
    assert "£4.2 million" in early.citations[0].quote
    assert "£6.3 million" in late.text
    assert "£6.3 million" not in early.text


def test_retrieval_brings_passages_with_their_attribution(gazette: ArticleQA) -> None:
    found = gazette.retrieve("Who leads the council?", k=5)
    assert len(found) == 5
    for passage in found:
        assert passage.article == gazette.index.article(passage.article.id)
        assert passage.sentences[passage.best].paragraph == passage.paragraph
        assert passage.span.start == passage.sentences[0].span.start
        assert passage.span.end == passage.sentences[-1].span.end
    taken = [(p.article.id, s.id) for p in found for s in p.sentences]
    assert len(taken) == len(set(taken)), "two passages share a sentence"


def test_passages_that_rank_sentences_agree(gazette: ArticleQA) -> None:
    question = "When will the rope works close?"
    assert gazette.rank_sentences(question, k=1)[0].score == gazette.retrieve(question, k=1)[0].score


QUESTIONS = st.sampled_from(
    ["Who leads the council?", "How many homes were flooded?", "What is the capital of Mongolia?", "harbour", *TRICKY]
)
DAYS = st.none() | st.dates(date(2025, 2, 1), date(2025, 7, 31))


@given(
    question=QUESTIONS,
    as_of=DAYS,
    first=DAYS,
    last=DAYS,
    sources=st.none() | st.lists(st.sampled_from(["The Marrowby Gazette", "Northern Wire", "Nobody"]), max_size=2),
    languages=st.none() | st.lists(st.sampled_from(["en", "fr", "English"]), max_size=2),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_holds_of_every_answer(
    gazette: ArticleQA,
    question: str,
    as_of: date | None,
    first: date | None,
    last: date | None,
    sources: list[str] | None,
    languages: list[str] | None,
) -> None:
    where = Filter(
        as_of=as_of,
        published_from=first,
        published_to=last,
        sources=None if sources is None else tuple(sources),
        languages=None if languages is None else tuple(languages),
    )
    try:
        answer = gazette.ask(
            question, as_of=as_of, published_from=first, published_to=last, sources=sources, languages=languages
        )
    except QuestionError:
        day = as_of.date() if isinstance(as_of, datetime) else as_of
        assert (
            sources == []
            or languages == []
            or "English" in (languages or ())
            or (first and last and first > last)
            or (first and day and first > day)
        )
        return
    check(answer, where)


@pytest.mark.parametrize("question", TRICKY)
def test_operators_and_quotes_are_words(gazette: ArticleQA, question: str) -> None:
    check(gazette.ask(question), Filter())


def test_only_articles_in_the_language_asked_for_answer(tmp_path: Path) -> None:
    told = {"en": "The dyke of Orrin cost £40 million.", "fr": "La digue d’Orrin, the dyke, a coûté £50 million."}
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add(Article(id=code, title="The dyke", text=text, language=code) for code, text in told.items())
        # Too short for its language to be told.
        index.add(Article(id="none", title="The dyke", text="The dyke cost £60 million."))
        index.add(Article(id="de", title="Bees die", text="A mite killed a third of the hives.", language="de"))
    question = "How much did the dyke of Orrin cost?"
    with ArticleQA.open(tmp_path / "index") as qa:
        assert {p.article.id for p in qa.retrieve(question)} == {"en", "fr", "de", "none"}
        for code in told:
            assert {p.article.id for p in qa.retrieve(question, languages=[code])} == {code}
            assert {r.article.id for r in qa.rank_sentences(question, languages=[code])} == {code}
            assert {c.article.id for c in qa.ask(question, languages=[code]).citations} <= {code}
            assert {c.article.id for c in qa.chat().ask(question, languages=[code]).citations} <= {code}
        assert qa.ask(question, languages=["en"]).text == f"{told['en']} [1]"
        outside = "The articles don't say. An article outside the filters may: “The dyke”."
        assert qa.ask(question, languages=["de"]).reason == outside
        assert qa.ask(question, languages=["it"]).reason == "None of the 4 articles passes the filters."


def test_refusals_say_why(gazette: ArticleQA, tmp_path: Path) -> None:
    answer = gazette.ask("Who leads the council?", published_to=date(2020, 1, 1))
    assert not answer.answered
    assert "passes the filters" in answer.text
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        with ArticleQA.open(tmp_path / "index") as qa:
            assert "no articles yet" in qa.ask("Who?").text
            assert qa.retrieve("Who?") == ()
        index.add([Article(id="a", title="Council", text="The council met.")])
    with ArticleQA.open(tmp_path / "index") as qa:
        answer = qa.ask("When did the council meet?", as_of=date(2024, 1, 1))
        assert "1 of unknown date" in answer.text


def test_removing_what_was_added_leaves_every_answer_as_it_was(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id=f"a{i}", title=f"Street {i}", text=f"Street {i} has {i + 3} lamps.") for i in range(5)])

    def answers() -> list[tuple[object, ...]]:
        with ArticleQA.open(tmp_path / "index") as qa:
            found = [qa.ask(f"How many lamps has street {i}?") for i in range(5)]
            return [(a.claims, a.citations, a.passages, a.confidence) for a in found]

    before = answers()
    with ArticleIndex.open(tmp_path / "index") as index:
        index.add([Article(id="b", title="Street lamps", text="All lamps are out. Street 2 has 99 lamps.")])
        assert answers() != before
        index.remove("b")
    assert answers() == before


def test_threads_share_one(gazette: ArticleQA) -> None:
    questions = ["Who leads the council?", "How many homes were flooded?", "What did the trial hear?"] * 4
    expected = [gazette.ask(question).claims for question in questions]
    got: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda i=i, q=q: got.update({i: gazette.ask(q).claims}))
        for i, q in enumerate(questions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[i] for i in range(len(questions))] == expected


def test_what_is_not_there_is_named(gazette: ArticleQA, tmp_path: Path) -> None:
    with pytest.raises(ArticleNotFoundError, match="nothing"):
        gazette.index.article("nothing")
    with pytest.raises(IndexMissingError, match="byline add"):
        ArticleQA.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "wrong",
    [
        {"as_of": "2025-03-01"},
        {"published_from": datetime(2025, 3, 1)},  # noqa: DTZ001
        {"published_to": 5},
        {"sources": "Northern Wire"},
        {"sources": [3]},
        {"languages": "en"},
        {"languages": ["English"]},
        {"languages": [3]},
        {"k": 0},
        {"k": -1},
        {"k": "3"},
    ],
)
def test_arguments_of_the_wrong_kind_are_named(gazette: ArticleQA, wrong: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match=r"give|at least"):
        gazette.retrieve("Who leads the council?", **wrong)
    with pytest.raises(QuestionError, match="not text"):
        gazette.ask(None)  # type: ignore[call-overload]


def test_examples_are_about_the_articles(gazette: ArticleQA) -> None:
    examples = gazette.examples(4)
    assert len(set(examples)) == 4
    answers = [gazette.ask(example) for example in examples]
    assert all(answer.answered for answer in answers)
    # Each is another story.
    cited = [citation.article.id for answer in answers for citation in dict.fromkeys(answer.citations)]
    by_answer = [{citation.article.id for citation in answer.citations} for answer in answers]
    assert len(set(cited)) == sum(map(len, by_answer))


def test_examples_follow_the_articles(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index, ArticleQA(index) as asked:
        assert asked.examples() == ()
        index.add(Article(id="a", title="Ferry to Orrin sinks", text="The ferry to Orrin sank on Monday."))
        assert asked.examples() == ("What do the articles say about “Ferry to Orrin sinks”?",)


def test_examples_are_drawn_once_and_others_are_answered_meanwhile(tmp_path: Path) -> None:
    read: list[str] = []

    class Watched(ArticleQA):
        def _ask(self, question: str, before: Any, **limits: Any) -> Answer:
            # It must be had from another thread: whoever draws would never wait for itself.
            with ThreadPoolExecutor(1) as pool:
                read.append(pool.submit(self.index.article, "a").result(10).title)
            return super()._ask(question, before, **limits)

    with ArticleIndex.open(tmp_path / "index", create=True) as index, Watched(index) as asked:
        index.add(Article(id="a", title="Ferry to Orrin sinks", text="The ferry to Orrin sank on Monday."))
        first = asked.examples()
        # One article can't give four.
        assert len(first) == 1
        assert read == ["Ferry to Orrin sinks"]
        assert asked.examples() == first
        assert len(read) == 1


@pytest.mark.parametrize(("confidence", "first"), [(0.59, "Bees"), (0.6, "Ferry")])
def test_a_doubtful_example_comes_after_the_sure(tmp_path: Path, confidence: float, first: str) -> None:
    class Doubtful(ArticleQA):
        def _ask(self, question: str, before: Any, **limits: Any) -> Answer:
            return replace(
                super()._ask(question, before, **limits), confidence=confidence if "Ferry" in question else 0.9
            )

    ferry = Article(id="a", title="Ferry to Orrin sinks", text="The ferry to Orrin sank.", published=date(2025, 2, 1))
    bees = Article(id="b", title="Bees of Tarn die", text="A mite killed the bees of Tarn.", published=date(2025, 1, 1))
    with ArticleIndex.open(tmp_path / "index", create=True) as index, Doubtful(index) as asked:
        index.add([ferry, bees])
        examples = asked.examples()
        assert len(examples) == 2
        assert first in examples[0]


def told(tmp_path: Path, *texts: str) -> ArticleQA:
    """Articles of several papers, a text each."""
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add(
            Article(id=f"a{n}", title="News", text=text, published=date(2025, 4, n + 1), source=f"Paper {n}")
            for n, text in enumerate(texts)
        )
    return ArticleQA.open(tmp_path / "index")


def test_what_is_denied_does_not_agree(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "Police said Gus Hale had been arrested in Tarnby on Monday.",
        "Police denied that Gus Hale had been arrested in Tarnby on Monday.",
    ) as qa:
        answer = qa.ask("Was Gus Hale arrested in Tarnby?")
    assert answer.answered
    assert all(len(claim.sources) == 1 for claim in answer.claims)


def test_sentences_that_only_ask_make_no_answer(tmp_path: Path) -> None:
    with told(tmp_path, "Who closed the Ebben ferry?\nWhy was the Ebben ferry closed?") as qa:
        answer = qa.ask("Who closed the Ebben ferry, and why?")
    check(answer, Filter())
    assert not answer.answered


def test_a_title_in_quotation_marks_is_one_name(tmp_path: Path) -> None:
    with told(tmp_path, "The film “The Ann Reed Story” won the prize at the Ebben festival on Sunday.") as qa:
        (claim,) = qa.ask("Which film won the prize at the Ebben festival?").claims
    ends = [place for span in claim.emphasis for place in (span.start, span.end)]
    assert ends == sorted(ends)


def test_quotes_are_of_the_speaker_asked_about(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "“The ferry is finished,” Ann Lund said of the ferry on Monday.",
        "“The ferry will sail again,” Ann Reed said of the ferry on Monday.",
    ) as qa:
        answer = qa.ask("What did Ann Reed say about the ferry?")
        nobody = qa.ask("What did Angela Merkel say about the ferry?")
    assert "sail again" in answer.text
    assert "finished" not in answer.text
    assert nobody.reason == "The articles don't say. No article mentions “Angela” or “Merkel”."


def test_every_paper_that_prints_the_words_is_a_source(tmp_path: Path) -> None:
    text = "The Ebben ferry will cost £90,000 to mend, its owner said."
    with told(tmp_path, text, text, text, "Bees came back to the rectory.") as qa:
        question = "How much will the Ebben ferry cost to mend?"
        (claim,) = qa.ask(question).claims
        assert sorted(claim.sources) == ["Paper 0", "Paper 1", "Paper 2"]
        assert claim.first_reported == date(2025, 4, 1)
        assert sorted(qa.retrieve(question, k=1)[0].sources) == ["Paper 0", "Paper 1", "Paper 2"]
        (limited,) = qa.ask(question, sources=["Paper 1", "Paper 2"]).claims
        assert sorted(limited.sources) == ["Paper 1", "Paper 2"]
        assert limited.first_reported == date(2025, 4, 2)
        (early,) = qa.ask(question, as_of=date(2025, 4, 1)).claims
        assert early.sources == ("Paper 0",)


@pytest.mark.parametrize(
    "asked",
    [
        "Who is the husband of Ann Lund, who owns the Ebben ferry?",
        "How many cabins does the Ebben ferry have?",
        "How much did Ann Lund pay for the Ebben ferry?",
    ],
)
def test_what_no_article_says_anything_of_is_refused(tmp_path: Path, asked: str) -> None:
    with told(
        tmp_path,
        "Ann Lund, who owns the Ebben ferry, said on Monday that it was finished.\nThe ferry is old and slow.",
        "Bees came back to the rectory.\nThe rector was pleased.",
    ) as qa:
        assert not qa.ask(asked).answered
        assert qa.ask("Who owns the Ebben ferry?").answered


def test_the_latest_on_a_thing_is_what_is_newest_of_it(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "The Ebben ferry was taken out of service with a cracked shaft.",
        "The Ebben ferry sailed again with a new shaft.",
        "Bees came back to the rectory.",
    ) as qa:
        for asked in ("What is the latest on the Ebben ferry?", "Any news about the Ebben ferry?"):
            answer = qa.ask(asked)
            assert answer.claims[0].text == "The Ebben ferry sailed again with a new shaft."
        assert not qa.ask("What is the latest on the airport?").answered


def test_quotes_are_of_the_office_asked_about(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "“The ferry is finished,” the deputy mayor of Ebben said of the ferry on Monday.",
        "“The ferry will sail again,” the mayor of Ebben said of the ferry on Monday.",
    ) as qa:
        mayor = qa.ask("What did the mayor of Ebben say about the ferry?").text
        deputy = qa.ask("What did the deputy mayor of Ebben say about the ferry?").text
    assert "again" in mayor
    assert "finished" not in mayor
    assert "finished" in deputy
    assert "again" not in deputy


def test_a_follow_up_looks_where_the_last_answer_came_from(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "The Ebben ferry was stopped on Monday.\nIvo Brandt found a crack in the shaft of the ferry.",
        "The Lea ferry was stopped on Friday.\nAnn Lund found a crack in the shaft of the ferry.",
    ) as qa:
        question = "Who found a crack in the shaft?"
        alone = {passage.article.id: passage.score for passage in qa.ask(question).passages}
        for place, other in ((0, 1), (1, 0)):
            said = qa.ask("When was the ferry stopped?", sources=[f"Paper {place}"])
            for history in ([said], [("user", said.question), ("agent", said.text)]):
                after = {p.article.id: p.score for p in qa.chat(history).ask(question).passages}
                assert after[f"a{place}"] > alone[f"a{place}"]
                assert after[f"a{other}"] == alone[f"a{other}"]


def test_figures_in_words_are_figures(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "Nobody was hurt in the fire at the Ebben ferry terminal.",
        "Hundreds of people marched through Tarnby on Sunday.",
        "The Ebben ferry runs daily from the harbour to the island.",
    ) as qa:
        assert "Nobody" in qa.ask("How many people were hurt in the fire at the Ebben ferry terminal?").text
        assert "Hundreds" in qa.ask("How many people marched through Tarnby?").text
        assert "daily" in qa.ask("How often does the Ebben ferry run?").text


def test_a_name_of_later_is_unknown_before(tmp_path: Path) -> None:
    with told(
        tmp_path,
        "Wardens counted 4,100 otters at Ebben.",
        "Bees came back to the rectory.",
        "The count at Ebben was led by Zorblatt.",
    ) as qa:
        answer = qa.ask("How many otters did Zorblatt count at Ebben?", as_of=date(2025, 4, 2))
        assert not answer.answered
        assert answer.reason == "The articles don't say. No article mentions “Zorblatt”."
        assert qa.ask("How many otters did Zorblatt count at Ebben?", as_of=date(2025, 4, 3)).answered
