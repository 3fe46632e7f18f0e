"""Time in questions and answers, from end to end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from index import Article, ArticleIndex
from qa import ArticleQA

DAYS = [date(2025, 1, 10), date(2025, 3, 12), date(2025, 6, 20)]
FIGURES = ["4,100", "5,200", "6,300"]


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> ArticleQA:
    folder = tmp_path_factory.mktemp("times") / "index"
    with ArticleIndex.open(folder, create=True) as index:
        index.add(
            Article(
                id=f"count-{day.isoformat()}",
                title="Otters counted on the Ebben",
                text=f"Wardens counted {figure} otters on the river Ebben last Sunday.\nThe count took the whole day.",
                published=day,
                source="Echo",
            )
            for day, figure in zip(DAYS, FIGURES, strict=True)
        )
        index.add(
            [
                Article(
                    id="vote",
                    title="Council votes for the Ebben dam",
                    text="The council voted for the Ebben dam by 12 votes to 9.\nThe dam vote was close.",
                    published=date(2025, 3, 10),
                )
            ]
        )
    return ArticleQA.open(folder)


def leads(qa: ArticleQA, question: str, **limits: object) -> str:
    return qa.rank_sentences(question, k=1, **limits)[0].text  # type: ignore[arg-type]


def test_a_month_in_the_question_prefers_its_articles(qa: ArticleQA) -> None:
    assert "5,200" in leads(qa, "How many otters were counted on the Ebben in March 2025?")
    assert "4,100" in leads(qa, "How many otters were counted on the Ebben in January 2025?")
    assert "6,300" in leads(qa, "How many otters were counted on the Ebben?")


def test_latest_and_first_are_understood(qa: ArticleQA) -> None:
    assert "6,300" in leads(qa, "What is the latest count of otters on the Ebben?")
    assert "4,100" in leads(qa, "How many otters on the Ebben were first reported?")
    assert "4,100" in qa.ask("How many otters on the Ebben were first reported?").claims[0].text


def test_what_was_published_then_is_a_filter_and_one_that_leaves_nothing_is_none(qa: ArticleQA) -> None:
    only = qa.retrieve("What did the paper report about otters in January 2025?", k=10)
    assert {passage.article.published for passage in only} == {date(2025, 1, 10)}
    assert qa.retrieve("What did the paper report about otters in January 1925?", k=10)


def test_days_before_an_event_are_found_through_its_article(qa: ArticleQA) -> None:
    plain = {r.article.id: r.time for r in qa.rank_sentences("How many otters were counted?", k=50)}
    told = {
        r.article.id: r.time
        for r in qa.rank_sentences("How many otters were counted two days after the council voted for the dam?", k=50)
    }
    near, late = "count-2025-03-12", "count-2025-06-20"
    assert plain[near] < plain[late]
    assert told[near] / told[late] > plain[near] / plain[late]


def test_the_dates_understood_are_told(qa: ArticleQA) -> None:
    answer = qa.ask("How many otters were counted on the Ebben in March 2025?")
    assert answer.dates == ("“in March 2025” as March 2025",)
    assert qa.ask("How many otters were counted?").dates == ()
    asked = qa.ask("How many otters were counted in January?", as_of=date(2025, 7, 1))
    assert asked.dates == ("“in January” as January 2025",)


def test_what_depends_on_an_unknown_day_of_asking_tells_nothing(qa: ArticleQA) -> None:
    assert qa.ask("How many otters were counted last week?").dates == ()


def test_days_in_an_articles_words_are_reckoned_from_its_own(qa: ArticleQA) -> None:
    answer = qa.ask("How many otters were counted on the Ebben in March 2025?")
    (claim,) = [c for c in answer.claims if "5,200" in c.text]
    assert claim.dates == ("“last Sunday” is Sunday 9 March 2025",)
    assert "“last Sunday” is Sunday 9 March 2025" in answer.text
    assert claim.text in answer.citations[claim.markers[0] - 1].article.text


def test_a_page_that_was_rewritten_later_is_not_reckoned(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add(
            [
                Article(
                    id="a",
                    title="Otters counted",
                    text="Wardens counted 4,100 otters on the river Ebben last Sunday.",
                    published=date(2025, 3, 12),
                    modified=date(2025, 3, 14),
                )
            ]
        )
    with ArticleQA.open(tmp_path / "index") as qa:
        assert qa.ask("How many otters were counted on the Ebben?").claims[0].dates == ()


def test_refusals_name_what_is_missing(qa: ArticleQA) -> None:
    unheard = qa.ask("What did Zebulon Quarrington tell the Parliament of Fooland?")
    assert not unheard.answered
    assert "No article mentions" in (unheard.reason or "")
    assert "“Zebulon”, “Quarrington”" in (unheard.reason or "")


def test_refusals_name_what_lies_outside_the_filters(qa: ArticleQA) -> None:
    question = "How did the council vote on the Ebben dam?"
    assert qa.ask(question).answered
    limited = qa.ask(question, published_from=date(2025, 6, 1))
    assert not limited.answered
    assert "An article outside the filters may: “Council votes for the Ebben dam”, 10 March 2025." in limited.reason  # type: ignore[operator]


def test_no_hint_tells_what_came_after_the_day_asked_as_of(qa: ArticleQA) -> None:
    question = "How did the council vote on the Ebben dam?"
    answer = qa.ask(question, as_of=date(2025, 3, 1), sources=["Wire"])
    assert not answer.answered
    assert "Council votes" not in (answer.reason or "")
    assert "outside the filters" not in (qa.ask(question, as_of=date(2025, 3, 1)).reason or "")


def test_refusals_say_where_the_articles_end(qa: ArticleQA) -> None:
    answer = qa.ask("Who opened the new library of the river council?", as_of=date(2026, 1, 1))
    assert not answer.answered
    if "No article mentions" not in answer.reason:  # type: ignore[operator]
        assert "The newest article is of 20 June 2025." in answer.reason  # type: ignore[operator]


@pytest.mark.parametrize("day", [date.min, date.max])
def test_articles_of_the_first_and_the_last_day_there_is_can_be_asked_about(tmp_path: Path, day: date) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id="a", title="Otters", text="Wardens counted 4,100 otters last Sunday.", published=day)])
    with ArticleQA.open(tmp_path / "index") as qa:
        for asked in ("How many otters were counted last week?", "How many otters two days before the count in March?"):
            qa.ask(asked)
            qa.ask(asked, as_of=day)


def test_what_stands_in_a_headline_is_mentioned(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id="a", title="Zebulon Hall", text="Wardens counted 4,100 otters on the river.")])
    with ArticleQA.open(tmp_path / "index") as qa:
        answer = qa.ask("Who painted the ceiling of Zebulon for Quarrington?")
    assert not answer.answered
    assert "“Quarrington”" in (answer.reason or "")
    assert "“Zebulon”" not in (answer.reason or "")
