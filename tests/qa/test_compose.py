"""The composer: what is shown of what was found, who agrees, and who differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Article, ArticleIndex, Sentence, Span
from qa.compose import Composition, Part, compose
from qa.question import is_question, understand
from qa.retrieve import RankedSentence
from qa.service import ArticleQA
from qa.signals import SIGNALS

ECHO, TRIBUNE, WIRE = "Dunmere Echo", "Valley Tribune", "Coast Wire"


def told(name: str, source: str | None, day: date | None, title: str, text: str) -> Article:
    return Article(id=name, title=title, text=text, source=source, published=day)


ARTICLES = (
    told(
        "tram-echo",
        ECHO,
        date(2024, 5, 2),
        "Tram leaves the rails in Mill Street",
        "Fourteen people were hurt when a tram left the rails in Mill Street on Wednesday.\n"
        "The driver, Owen Pratt, was pulled from the cab by two bakers. “I heard a bang and the wall was in the"
        " cab,” he said.\nTrams will not run until Monday.",
    ),
    told(
        "tram-tribune",
        TRIBUNE,
        date(2024, 5, 3),
        "Questions after tram crash",
        "Nine people were hurt in Wednesday's tram crash in Mill Street, the hospital said.\n"
        "What did the driver see?\nInspectors have taken away the front wheels.",
    ),
    told(
        "library-echo",
        ECHO,
        date(2024, 3, 5),
        "New library for Dunmere",
        "Dunmere's new library will cost £3.4m, the council said on Monday.\nIt will stand beside the swimming pool.",
    ),
    told(
        "library-tribune",
        TRIBUNE,
        date(2024, 3, 7),
        "Library bill is questioned",
        "The new library in Dunmere is going to cost £4.1 million, according to papers seen by the Tribune.\n"
        "Councillors will meet on 20 March.",
    ),
    told(
        "march-echo",
        ECHO,
        date(2024, 6, 10),
        "Thousands march for the hospital",
        "About 2,000 people marched through Dunmere on Sunday to save the cottage hospital, police said.\n"
        "The march ended at the bandstand.",
    ),
    told(
        "march-wire",
        WIRE,
        date(2024, 6, 10),
        "Crowds fill Dunmere for hospital march",
        "Organisers said 5,000 people marched to save the cottage hospital in Dunmere.\nThe weather was fine.",
    ),
    told(
        "dam-echo",
        ECHO,
        date(2024, 1, 9),
        "Dam at Skelling to be raised",
        "The dam at Skelling is 61 metres high and will be raised by another three.\nWork begins in April.",
    ),
    told(
        "dam-correction",
        ECHO,
        date(2024, 1, 12),
        "Correction: Skelling dam",
        "We said on Tuesday that the dam at Skelling was 61 metres high.\n"
        "The dam at Skelling is 16 metres high.\nWe apologise to the engineers.",
    ),
    told(
        "slide-first",
        ECHO,
        date(2024, 2, 1),
        "Landslide at Kestrel Valley",
        "Seven people were killed by the landslide at Kestrel Valley, rescuers said.\nThirty others were injured.",
    ),
    told(
        "slide-later",
        ECHO,
        date(2024, 2, 4),
        "More bodies found at Kestrel Valley",
        "The number of people killed by the landslide at Kestrel Valley has risen to 11.\nSnow has stopped the search.",
    ),
    told(
        "ferry-echo",
        ECHO,
        date(2024, 5, 28),
        "Ferry out of service",
        "The Orrin ferry will return to service on 14 June, its owner said.\nA propeller is being mended in Leith.",
    ),
    told(
        "ferry-tribune",
        TRIBUNE,
        date(2024, 5, 30),
        "No ferry for three weeks",
        "The Orrin ferry will not return to service before the holiday: it is expected on 21 June.\nBuses run instead.",
    ),
    told(
        "ballot-echo",
        ECHO,
        date(2024, 9, 3),
        "Teachers vote to strike",
        "In all, 71 per cent of Dunmere teachers voted to strike over class sizes.\nSchools will shut on Friday.",
    ),
    told(
        "ballot-tribune",
        TRIBUNE,
        date(2024, 9, 4),
        "Strike at schools",
        "Some 64% of teachers in Dunmere voted to strike over class sizes.\nParents were told by letter.",
    ),
    told(
        "power-echo",
        ECHO,
        date(2024, 11, 12),
        "Lights out in Dunmere",
        "The power cut in Dunmere lasted six hours, the electricity company said.\nA swan had hit a cable.",
    ),
    told(
        "power-tribune",
        TRIBUNE,
        date(2024, 11, 13),
        "Candles sell out after power cut",
        "Monday's power cut in Dunmere lasted nine hours, shopkeepers said.\nThe swan survived.",
    ),
    told(
        "balloon-echo",
        ECHO,
        date(2024, 8, 20),
        "Balloon comes down early",
        "The runaway balloon landed at Pike Meadow, its pilot said.\nNobody was hurt.",
    ),
    told(
        "balloon-tribune",
        TRIBUNE,
        date(2024, 8, 21),
        "Runaway balloon lands",
        "The runaway balloon landed at Harrow Down, according to a shepherd.\nThe sheep ran off.",
    ),
    told(
        "goal-echo",
        ECHO,
        date(2024, 4, 15),
        "Dunmere win the Bell Cup",
        "The winning goal in the Bell Cup final was scored by Ada Moss in the last minute.\nDunmere last won in 1988.",
    ),
    told(
        "goal-tribune",
        TRIBUNE,
        date(2024, 4, 16),
        "Bell Cup for Dunmere",
        "The winning goal in the Bell Cup final was scored by Lena Petrie, off a post.\nIt rained.",
    ),
    told(
        "whale-echo",
        ECHO,
        date(2024, 7, 1),
        "Whales seen off Dunmere",
        "Twenty-six whales were counted off Dunmere in June.\nThey were following herring.",
    ),
    told(
        "whale-wire",
        WIRE,
        date(2024, 7, 3),
        "Whale count",
        "Watchers counted 26 whales off Dunmere last month.\nThe count began in 1990.",
    ),
    told(
        "whale-tribune",
        TRIBUNE,
        date(2024, 7, 4),
        "A good year for whales",
        "A total of 26 whales were counted off Dunmere in June, twice as many as last year.\nDolphins were fewer.",
    ),
    told(
        "concert-echo",
        ECHO,
        date(2024, 7, 8),
        "Orrin Park rocks",
        "Some 8,000 fans packed Orrin Park for Sunday's concert.\nThe band played 24 songs.",
    ),
    told(
        "concert-tribune",
        TRIBUNE,
        date(2024, 7, 9),
        "Noise complaints after concert",
        "Police put the attendance at the Orrin Park concert at 6,500.\nForty people rang to complain.",
    ),
    told(
        "auction-echo",
        ECHO,
        date(2024, 3, 11),
        "Auction for the roof",
        "Saturday's auction for the church roof raised £12,400.\nA teapot went for £900.",
    ),
    told(
        "auction-tribune",
        TRIBUNE,
        date(2024, 3, 13),
        "Teapot tops sale",
        "The church roof auction made £11,900, the vicar said.\nThe teapot was bought by a dealer.",
    ),
    told(
        "blast-echo",
        ECHO,
        date(2024, 4, 2),
        "Blast at paint works",
        "The explosion at the paint works happened at 3.15am on Monday.\nNobody was inside.",
    ),
    told(
        "blast-tribune",
        TRIBUNE,
        date(2024, 4, 3),
        "Residents tell of blast",
        "The paint works explosion came at 4am, said residents.\nWindows broke in nine streets.",
    ),
    told(
        "match-echo",
        ECHO,
        date(2024, 5, 6),
        "Harl beat Orrin",
        "Harl beat Orrin 3-1 in the match on Saturday.\nThe crowd was 400.",
    ),
    told(
        "match-tribune",
        TRIBUNE,
        date(2024, 5, 7),
        "Orrin lose again",
        "Orrin lost 3-2 to Harl in Saturday's match.\nRain fell.",
    ),
    told(
        "keeper-echo",
        ECHO,
        date(2024, 6, 1),
        "Keeper retires",
        "Lighthouse keeper Tam Orde, 71, is to retire.\nHe kept the light for 40 years.",
    ),
    told(
        "keeper-tribune",
        TRIBUNE,
        date(2024, 6, 4),
        "Last keeper leaves",
        "Tam Orde, the 73-year-old lighthouse keeper, leaves Tern Rock on Friday.\nHe has 2 dogs.",
    ),
    told(
        "bus-echo",
        ECHO,
        date(2024, 10, 1),
        "Bus in canal",
        "Thirty-one passengers were on the bus when it went into the canal.\nAll were saved.",
    ),
    told(
        "bus-correction",
        ECHO,
        date(2024, 10, 3),
        "For the record",
        "Our report on Tuesday of the bus that went into the canal was wrong about the number of passengers.\n"
        "There were 13 passengers on the bus, not 31.",
    ),
    told(
        "barn-echo",
        ECHO,
        date(2024, 11, 1),
        "Barn burns",
        "Forty cows died in the barn fire at Lea End on Thursday.\nSixty were saved.",
    ),
    told(
        "barn-wire",
        WIRE,
        date(2024, 11, 2),
        "Fire kills cows",
        "A fire in a barn at Lea End killed 40 cows, the farmer said.\nTwelve sheep were injured.",
    ),
    told(
        "river-echo",
        ECHO,
        date(2024, 12, 1),
        "River rescue",
        "Three children were saved from the river at Mott Bridge on Saturday.\nTwo of them are sisters.",
    ),
    told(
        "river-tribune",
        TRIBUNE,
        date(2024, 12, 1),
        "School fair",
        "Five children were given prizes at the river school on Saturday.\nThere was cake.",
    ),
    told(
        "seat-echo",
        ECHO,
        date(2024, 9, 1),
        "Quill wins Tern seat",
        "Ida Quill won the Tern seat on the council by 12 votes on Saturday night.\nThe turnout was low.",
    ),
    told(
        "seat-later",
        ECHO,
        date(2024, 9, 4),
        "Wrong winner in Tern",
        "The wrong candidate was declared the winner in Tern, the council has admitted.\n"
        "Abel Crane won the Tern seat on the council by 88 votes after all.",
    ),
    told(
        "fund-echo",
        ECHO,
        date(2024, 9, 10),
        "Treasurer denies theft",
        "Hugo Marl, treasurer of the Orrin band fund, denies stealing £8,400 from it.\nHe has kept bees since 1990.",
    ),
    told(
        "fund-later",
        ECHO,
        date(2024, 10, 20),
        "Treasurer convicted",
        "Hugo Marl was convicted on Friday of stealing £6,100 from the Orrin band fund.\nHe will be sentenced in May.",
    ),
    told(
        "pier-echo",
        ECHO,
        date(2024, 9, 20),
        "Pier to be mended",
        "Mending the pier at Lea will cost £2.1 million, the council said.\nIt was built in 1901.",
    ),
    told(
        "pier-letter",
        TRIBUNE,
        date(2024, 10, 2),
        "Letters: The pier",
        "Sir, Mending the pier at Lea will cost £3 million, and all for nothing.\nMona Tidd, Lea",
    ),
    told(
        "elm-echo",
        ECHO,
        date(2024, 9, 1),
        "Elm",
        "Cyril Fane won the Elm seat by 5 votes on Saturday night.\nThe Elm seat had been empty since May.",
    ),
    told(
        "elm-later",
        ECHO,
        date(2024, 9, 4),
        "Wrong bundle at the count",
        "A bundle had been put in the wrong box.\nBertha Pell holds the Elm seat by 7 after a recount.",
    ),
    told(
        "velmar-echo",
        ECHO,
        date(2024, 9, 2),
        "Leak at Velmar",
        "Two tonnes of chlorine escaped at the Velmar works on Sunday.\nNobody was hurt.",
    ),
    told(
        "velmar-later",
        ECHO,
        date(2024, 9, 5),
        "Correction: Velmar",
        "Our report on Monday said that two tonnes of chlorine had escaped at Velmar.\nThe amount was 200 kilograms.",
    ),
    told(
        "tidd-echo",
        ECHO,
        date(2024, 9, 6),
        "Keeper leaves",
        "Mona Tidd, the keeper of Lea Rovers, has left the club.\nThe 27-year-old has signed for Orrin.",
    ),
    told(
        "tidd-tribune",
        TRIBUNE,
        date(2024, 9, 7),
        "New vicar",
        "Ann Tidd is the new vicar of Lea, and is not related to the keeper.\nShe was born in Harl.",
    ),
    told(
        "tram-words",
        TRIBUNE,
        date(2024, 9, 8),
        "Tram words",
        "Hob Lane, who owns the tram, was away.\nHis brother Abe Lane drove the tram in the snow.\n"
        "“I told you so,” he said of the tram.",
    ),
    told(
        "weir-echo",
        ECHO,
        date(2024, 3, 4),
        "Weir at Harl gives way",
        "Ivo Dunn, the engineer of the Harl weir, said that its repair should be finished by the end of October.\n"
        "The Harl weir gave way on Sunday.",
    ),
    told(
        "weir-later",
        ECHO,
        date(2024, 5, 22),
        "Weir at Harl costs more",
        "The bill for the Harl weir has gone up, and the repair will not be finished until March next year.",
    ),
    told(
        "fair-echo",
        ECHO,
        date(2024, 10, 7),
        "Fair",
        "Some 4,000 visitors came to Sark Fair on Saturday.\nIt rained.",
    ),
    told(
        "fair-wire",
        WIRE,
        date(2024, 10, 8),
        "Fair over",
        "In 2019 some 9,000 visitors came to Sark Fair.\nA goat won.",
    ),
    told(
        "fair-tribune",
        TRIBUNE,
        date(2022, 10, 8),
        "An old fair",
        "Some 6,000 visitors came to Sark Fair.\nA pig won.",
    ),
    told(
        "moor-echo",
        ECHO,
        date(2024, 8, 5),
        "Moor on fire",
        "The fire on Sark Moor has burned 310 hectares of heather and took 40 firemen nine hours.\nNobody was hurt.",
    ),
    told(
        "bypass",
        ECHO,
        date(2024, 10, 1),
        "Bypass vote",
        "Three councillors voted against the Dunmere bypass: it was passed by 12 votes to three.\n"
        "Councillor Rhona Black, who farms at Easter Gate, voted against the bypass because it would cut her land in"
        " two.\nCouncillor Milo Frayne voted against the bypass and said the money was needed for buses.\n"
        "Councillor Agnes Thule voted against the bypass without giving a reason.\n"
        "Why was it needed?\nThe mayor, Ivor Lamb, called it the last chance to save the old town.",
    ),
)

DIFFER = (
    ("How many people were hurt in the tram crash?", ("Nine", "Fourteen")),
    ("How much will the new library in Dunmere cost?", ("£4.1 million", "£3.4m")),
    ("How many people marched to save the cottage hospital?", ("5,000", "2,000")),
    ("How high is the dam at Skelling?", ("16 metres", "61 metres")),
    ("How many people were killed by the landslide at Kestrel Valley?", ("11", "Seven")),
    ("When will the Orrin ferry return to service?", ("21 June", "14 June")),
    ("What percentage of teachers voted to strike?", ("64%", "71 per cent")),
    ("How long did the power cut in Dunmere last?", ("nine hours", "six hours")),
    ("Where did the runaway balloon land?", ("Harrow Down", "Pike Meadow")),
    ("Who scored the winning goal in the Bell Cup final?", ("Lena Petrie", "Ada Moss")),
    ("How many people attended the concert in Orrin Park?", ("6,500", "8,000")),
    ("How much did the church auction raise?", ("£11,900", "£12,400")),
    ("What time did the explosion at the paint works happen?", ("4am", "3.15am")),
    ("What was the score in the match between Harl and Orrin?", ("3-2", "3-1")),
    ("How old is the lighthouse keeper?", ("73-year-old", "71")),
    ("How many passengers were on the bus that went into the canal?", ("13", "Thirty-one")),
)

Ask = Callable[[str], Composition]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    path: Path = tmp_path_factory.mktemp("papers") / "index"
    with ArticleIndex.open(path, create=True) as index:
        index.add(ARTICLES)
    with ArticleIndex.open(path, read_only=True) as index:
        qa = ArticleQA(index)

        def asked(question: str) -> Composition:
            return compose(understand(question), qa.rank_sentences(question, k=500), index.terms, None)

        yield asked


def bold(part: Part) -> list[str]:
    return [part.ranked.text[span.start : span.end] for span in part.emphasis]


@pytest.mark.parametrize(("question", "values"), DIFFER)
def test_accounts_that_differ_stand_side_by_side_newest_first(ask: Ask, question: str, values: tuple[str, ...]) -> None:
    composed = ask(question)
    assert composed.form == "accounts"
    assert [bold(part) for part in composed.parts] == [[value] for value in values]
    days = [part.day for part in composed.parts]
    assert days == sorted(days, key=lambda day: day or date.min, reverse=True)


@pytest.mark.parametrize(
    ("question", "value"),
    [("How many cows died in the barn fire?", "Forty"), ("How many children were saved from the river?", "Three")],
)
def test_other_figures_are_no_other_account(ask: Ask, question: str, value: str) -> None:
    composed = ask(question)
    assert composed.form == "sentences"
    assert bold(composed.parts[0]) == [value]


def test_a_newer_article_that_takes_it_back_comes_along(ask: Ask) -> None:
    texts = [part.ranked.text for part in ask("Who won the Tern seat on the council?").parts]
    assert any("Ida Quill" in text for text in texts)
    assert any("Abel Crane" in text for text in texts)


def test_a_recount_is_never_left_out(ask: Ask) -> None:
    composed = ask("Who won the Elm seat?")
    assert composed.form == "sentences"
    assert "Bertha Pell holds the Elm seat by 7 after a recount." in [part.ranked.text for part in composed.parts]


def test_what_was_wrong_is_not_shown_without_what_is_right(ask: Ask) -> None:
    texts = [part.ranked.text for part in ask("How much chlorine escaped at Velmar?").parts]
    place = texts.index("Our report on Monday said that two tonnes of chlorine had escaped at Velmar.")
    assert texts[place + 1] == "The amount was 200 kilograms."


def test_the_age_is_of_the_one_asked_about(ask: Ask) -> None:
    (first, *_) = ask("How old is Ann Tidd?").parts
    assert bold(first) == []
    assert bold(ask("How old is Mona Tidd?").parts[-1]) == ["27-year-old"]


def test_nobody_is_quoted_in_anothers_place(ask: Ask) -> None:
    told = [part.ranked.text for part in ask("What did Hob Lane say about the tram?").parts]
    assert "“I told you so,” he said of the tram." not in told
    assert not ask("What did the archbishop say about the tram?").parts


def test_a_day_put_off_stands_before_the_one_that_was_named_first(ask: Ask) -> None:
    newer, older = ask("When will the repair of the Harl weir be finished?").parts
    assert (bold(newer), newer.earlier) == (["March next year"], False)
    assert (bold(older), older.earlier) == (["the end of October"], True)


def test_figures_of_another_size_or_time_are_no_account(ask: Ask) -> None:
    assert [bold(part) for part in ask("How many visitors came to Sark Fair?").parts][:1] == [["4,000"]]
    assert ask("How many visitors came to Sark Fair?").form == "sentences"


def test_what_was_found_stands_before_what_was_alleged(ask: Ask) -> None:
    composed = ask("How much did Hugo Marl steal from the band fund?")
    assert [bold(part) for part in composed.parts] == [["£6,100"], ["£8,400"]]
    assert [part.earlier for part in composed.parts] == [False, True]


def test_a_letter_is_no_account_unless_letters_are_asked_about(ask: Ask) -> None:
    first = ask("How much will it cost to mend the pier at Lea?").parts[0]
    assert bold(first) == ["£2.1 million"]
    first = ask("How much will it cost to mend the pier at Lea, in the letter?").parts[0]
    assert bold(first) == ["£3 million"]


def test_how_much_of_it_is_an_extent(ask: Ask) -> None:
    assert bold(ask("How much of Sark Moor has burned?").parts[0]) == ["310 hectares"]


def test_a_correction_is_named_as_one_and_replaces_what_it_corrects(ask: Ask) -> None:
    newest, oldest = ask("How high is the dam at Skelling?").parts
    assert (newest.corrects, newest.earlier) == (True, False)
    assert (oldest.corrects, oldest.earlier) == (False, True)


def test_a_figure_that_has_risen_replaces_the_earlier_one(ask: Ask) -> None:
    newest, oldest = ask("How many people were killed by the landslide at Kestrel Valley?").parts
    assert not newest.earlier
    assert oldest.earlier


def test_papers_that_differ_within_days_are_rivals(ask: Ask) -> None:
    assert not any(part.earlier or part.corrects for part in ask("How many people were hurt in the tram crash?").parts)


def test_the_hurt_are_not_the_killed(ask: Ask) -> None:
    assert not any("Thirty" in bold(part) for part in ask("How many people were killed by the landslide?").parts)


def test_sources_that_agree_are_counted_whatever_the_spelling(ask: Ask) -> None:
    composed = ask("How many whales were counted off Dunmere?")
    assert composed.form == "sentences"
    (part,) = composed.parts
    assert set(part.sources) == {ECHO, TRIBUNE, WIRE}
    assert part.first_reported == date(2024, 7, 1)
    assert len(part.agreeing) == 2


def test_a_list_has_each_of_them(ask: Ask) -> None:
    composed = ask("Which councillors voted against the bypass?")
    assert composed.form == "list"
    named = " ".join(name for part in composed.parts for name in bold(part))
    assert all(name in named for name in ("Rhona Black", "Milo Frayne", "Agnes Thule"))


def test_a_quotation_comes_after_the_sentence_that_names_its_speaker(ask: Ask) -> None:
    composed = ask("What did Owen Pratt say?")
    assert composed.form == "quotation"
    names, says = composed.parts
    assert names.ranked.text.startswith("The driver, Owen Pratt")
    assert bold(says) == ["“I heard a bang and the wall was in the cab,”"]


def test_the_words_of_another_are_no_quotation(ask: Ask) -> None:
    assert ask("What did Rhona Black say?").form != "quotation"


def test_what_happened_is_told_in_the_order_of_the_days(ask: Ask) -> None:
    composed = ask("What happened at Kestrel Valley?")
    assert composed.form == "sequence"
    assert [part.day for part in composed.parts] == [date(2024, 2, 1), date(2024, 2, 4)]


@pytest.mark.parametrize("question", ["What did the tram driver see?", "Why was the bypass needed?"])
def test_a_question_in_an_article_answers_nothing(ask: Ask, question: str) -> None:
    assert not any(part.ranked.text.endswith("?") for part in ask(question).parts)


def test_a_pronoun_brings_the_sentence_that_names_it(ask: Ask) -> None:
    texts = [part.ranked.text for part in ask("Where will the library stand?").parts]
    place = texts.index("It will stand beside the swimming pool.")
    assert texts[place - 1].startswith("Dunmere's new library")


def words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


def ranking(texts: Sequence[tuple[str, str | None, date | None]]) -> tuple[RankedSentence, ...]:
    """One article a text, its lines the sentences, best first."""
    made: list[RankedSentence] = []
    for place, (text, source, day) in enumerate(texts):
        article = told(f"a{place}", source, day, "", text)
        offset = 0
        for ordinal, line in enumerate(text.split("\n")):
            if line.strip():
                made.append(
                    RankedSentence(
                        article=article,
                        sentence=Sentence(
                            id=len(made) + 1,
                            article_id=article.id,
                            ordinal=ordinal,
                            paragraph=ordinal + 1,
                            span=Span(start=offset, end=offset + len(line)),
                        ),
                        story=place,
                        score=1 / (1 + len(made) / 10),
                        meaning=0.5,
                        words=0.5,
                        cosine=0.6,
                        time=1.0,
                        signals=(0.0,) * len(SIGNALS),
                        vector=np.full(4, 0.5, np.float32),
                    )
                )
            offset += len(line) + 1
    return tuple(made)


LINES = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [sentence for article in ARTICLES for sentence in article.text.split("\n")]
)
TEXTS = st.lists(
    st.tuples(
        st.lists(LINES, max_size=5).map("\n".join),
        st.sampled_from([ECHO, TRIBUNE, "", None]),
        st.dates(date(2024, 1, 1), date(2024, 3, 1)) | st.none(),
    ),
    max_size=6,
)
QUESTIONS = st.sampled_from([question for question, _ in DIFFER]) | st.sampled_from(
    [
        "What happened?",
        "Which councillors voted against it?",
        "What did Owen Pratt say?",
        "Why?",
        "Is it?",
        "Tell me all",
        "What question did she ask?",
        "¿?",
    ]
)


@given(texts=TEXTS, question=QUESTIONS)
def test_whatever_is_found_is_shown_once_and_as_it_stands(
    texts: list[tuple[str, str | None, date | None]], question: str
) -> None:
    ranked = ranking(texts)
    composed = compose(understand(question), ranked, words, None)
    shown = [part.ranked for part in composed.parts]
    if "question" not in question:
        may = any(not is_question(r.text) for r in ranked)
        # Somebody's words aren't another's: where nobody says so, nothing is shown.
        assert may if shown else not may or understand(question).wants == "quotation"
        assert not any(is_question(r.text) for r in shown)
    assert len({(r.article.id, r.sentence.ordinal) for r in shown}) == len(shown)
    for part in composed.parts:
        assert part.ranked in ranked
        spans = [(span.start, span.end) for span in part.emphasis]
        assert spans == sorted(spans)
        assert all(0 <= start < end <= len(part.ranked.text) for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        others = [r.article.id for r in part.agreeing]
        assert len(set(others)) == len(others)
        assert part.ranked.article.id not in others
        assert len(set(part.sources)) == len(part.sources)
        assert not (part.first_reported and part.day) or part.first_reported <= part.day
    if composed.form == "accounts":
        assert not composed.parts[0].earlier
        assert len(composed.parts) > 1
