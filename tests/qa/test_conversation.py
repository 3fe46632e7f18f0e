"""Follow-ups: what each kind takes from earlier turns, and what takes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import QuestionError
from qa import Answer, ArticleQA, Conversation, Exchange, Understood, resolve

RESIGNED = Exchange(
    question="Did Peter Harker resign?", answer="Peter Harker stepped down on Monday, he told the Herald."
)
KYIV = Exchange(
    question="How many people died in Kyiv?", answer="At least 12 people died in Kyiv on Tuesday, officials said."
)
ELECTION = Exchange(
    question="Who won the French election?", answer="Emmanuel Macron beat Marine Le Pen by 58.5% to 41.5% on Sunday."
)
TWITTER = Exchange(question="Who bought Twitter?", answer="Elon Musk completed his takeover of Twitter on Thursday.")
TRUSS = Exchange(question="When did Liz Truss resign?", answer="Liz Truss resigned on 20 October after 44 days.")
BRIDGE = Exchange(
    question="Why was the bridge in Baltimore closed?",
    answer="It collapsed after the container ship Dali struck a pier.",
)
STORM = Exchange(question="How many homes did the storm damage in 2021?", answer="The storm damaged 400 homes.")
ARREST = Exchange(question="Was Ann Lee arrested?", answer="Ann Lee, 44, was arrested at her home in Leeds on Friday.")
STRIKE = Exchange(
    question="How many workers are on strike at the Ford plant?",
    answer="More than 3,000 workers at the Ford plant in Cologne walked out.",
)
POWER = Exchange(
    question="Which company is building the power station?", answer="EDF is building it at Hinkley Point, it said."
)
# Free text of an assistant about a question in small letters.
CARDINALS = Exchange(
    question="what is the arizona cardinals' record this season",
    answer="Sure! The Arizona Cardinals are 4-3 so far. Head coach Kliff Kingsbury said the team had improved.",
)
UNNAMED = Exchange(question="Who won the by-election?", answer="Ms Adeyemi-Holt took the seat with 9,214 votes.")
TEMPERATURE = Exchange(question="What temperature did the weather station record?", answer="It recorded 31.2C.")
JUDGE = Exchange(
    question="Who was the judge (about: Colin Sleath)?", answer="Judge Honor Pask told him that he had robbed people."
)
BOEING = Exchange(
    question="Who is the new chief executive of Boeing?",
    answer="Kelly Ortberg will take over as Boeing's chief executive on 8 August, succeeding Dave Calhoun.",
)
MINISTERS = Exchange(
    question="What did the two ministers discuss?", answer="Annalena Baerbock and Wang Yi met in Beijing on Friday."
)
UNION = Exchange(
    question="who runs the commission",
    answer="Ursula von der Leyen is the President of the European Commission. I hope that helps!",
)
ROLE = Exchange(question="How much did the treasurer steal?", answer="Sleath, 58, was convicted of taking £71,200.")
VOTE = Exchange(
    question="How did the council vote on the harbour wall?", answer="Councillors voted by 24 to 6 to go ahead."
)

PORT = Exchange(
    question="Who beat Quill?",
    answer="PORT ELLERY — Wade Pruett, who has sold nails for 40 years, beat City Council President Ana Quill.",
)
FOUNDER = Exchange(
    question="Who set up Fionn Air?", answer="Fionn Air was founded by the cattle dealer Fergus Lavelle in 2006."
)
TRIAL = Exchange(
    question="Why was the trial stopped?", answer="Officials stopped it after three children in it fell ill."
)
POWERS = Exchange(question="Who wrote the report?", answer="Samantha Power wrote the report.")
SHIP = Exchange(question="Who owned the ship Costa Concordia?", answer="Costa Crociere owned her.")

PRONOUNS = [
    (PORT, "Who will look after his shop?", "Who will look after Wade Pruett's shop?"),
    (FOUNDER, "How did he take the news?", "How did Fergus Lavelle take the news?"),
    (TRIAL, "How are they now?", "How are the three children now?"),
    (POWERS, "Where does she live?", "Where does Samantha Power live?"),
    (SHIP, "When did it sink?", "When did the ship Costa Concordia sink?"),
    (RESIGNED, "What did he say then?", "What did Peter Harker say then?"),
    (RESIGNED, "And who replaced him?", "Who replaced Peter Harker?"),
    (RESIGNED, "his reason?", "Peter Harker's reason?"),
    (RESIGNED, "Did his deputy resign too?", "Did Peter Harker's deputy resign too?"),
    (ELECTION, "When was she elected?", "When was Marine Le Pen elected?"),
    (ELECTION, "How old is he?", "How old is Emmanuel Macron?"),
    (ELECTION, "What did she say about it?", "What did Marine Le Pen say about the French election?"),
    (TWITTER, "Who owns it?", "Who owns Twitter?"),
    (TWITTER, "Why did he buy it?", "Why did Elon Musk buy Twitter?"),
    (TRUSS, "who succeeded her", "Who succeeded Liz Truss?"),
    (ARREST, "Has she been charged?", "Has Ann Lee been charged?"),
    (STRIKE, "What do they want?", "What do the workers want?"),
    (STRIKE, "What is their reason?", "What is the workers' reason?"),
    (POWER, "Where is it being built?", "Where is the power station being built?"),
    (BRIDGE, "When will it reopen?", "When will the bridge in Baltimore reopen?"),
    (BRIDGE, "How many people died there?", "How many people died in Baltimore?"),
    (KYIV, "What happened there?", "What happened in Kyiv?"),
    (CARDINALS, "who is their coach", "Who is the Arizona Cardinals' coach?"),
    (UNNAMED, "How many votes did she get?", "How many votes did Ms Adeyemi-Holt get?"),
    (BRIDGE, "How much will it cost to rebuild it?", "How much will it cost to rebuild the bridge in Baltimore?"),
    (JUDGE, "What did she say to him?", "What did Judge Honor Pask say to Colin Sleath?"),
    (BOEING, "How old is he?", "How old is Kelly Ortberg?"),
    (MINISTERS, "What did she tell him?", "What did Annalena Baerbock tell Wang Yi?"),
    (MINISTERS, "Where did they meet?", "Where did the two ministers meet?"),
    (UNION, "tell me more about her", "Tell me more about Ursula von der Leyen"),
    (ROLE, "How long did he get?", "How long did Sleath get?"),
    (VOTE, "Who voted against it?", "Who voted against the harbour wall?"),
]
CUT_SHORT = [
    (RESIGNED, "why?", "Why did Peter Harker resign?"),
    (RESIGNED, "And Joan Harker?", "Did Joan Harker resign?"),
    (RESIGNED, "And why did he?", "Why did Peter Harker resign?"),
    (TRUSS, "Why?", "Why did Liz Truss resign?"),
    (TRUSS, "What about Boris Johnson?", "When did Boris Johnson resign?"),
    (KYIV, "And in Kharkiv?", "How many people died in Kharkiv?"),
    (KYIV, "in Kharkiv", "How many people died in Kharkiv?"),
    (KYIV, "What about Odesa?", "How many people died in Odesa?"),
    (BRIDGE, "What about the tunnel?", "Why was the tunnel in Baltimore closed?"),
    (STORM, "and the year before?", "How many homes did the storm damage in 2020?"),
    (STORM, "and in 2022?", "How many homes did the storm damage in 2022?"),
    (STORM, "What about schools?", "How many schools did the storm damage in 2021?"),
    (ARREST, "on what charge?", "On what charge was Ann Lee arrested?"),
    (ARREST, "what for", "What was Ann Lee arrested for?"),
    (ARREST, "By whom?", "By whom was Ann Lee arrested?"),
    (STRIKE, "since when?", "Since when are workers on strike at the Ford plant?"),
    (STRIKE, "And at the Opel plant?", "How many workers are on strike at the Opel plant?"),
    (ELECTION, "By how much?", "By how much (about: Emmanuel Macron, who won the French election)?"),
    (ELECTION, "who else?", "Who else won the French election?"),
    (TEMPERATURE, "And the harbour pilots?", "What temperature did the harbour pilots record?"),
    (BOEING, "And of Airbus?", "Who is the new chief executive of Airbus?"),
    (POWER, "why?", "Why is EDF building the power station?"),
    (STORM, "And now?", "How many homes did the storm damage now?"),
    (TRUSS, "since then?", "When did Liz Truss resign since then?"),
]
LEANING = [
    (ARREST, "When is the trial?", "When is the trial (about: Ann Lee)?"),
    (RESIGNED, "What was the reason?", "What was the reason (about: Peter Harker)?"),
    (VOTE, "And what about that decision?", None),
    (VOTE, "What led to that decision?", "What led to that decision (about: the council, the harbour wall)?"),
    (ELECTION, "What did the other candidate say?", "What did Marine Le Pen say?"),
    (VOTE, "When was the wall built?", "When was the harbour wall built?"),
    (BRIDGE, "What would a new one cost?", "What would a new one cost (about: the bridge in Baltimore)?"),
]
ALONE = [
    "How many seals were counted on Skerry Sands this spring?",
    "What does the Bank of England do?",
    "Who put the ball in his own net on the last day of the season?",
    "Which company announced this week that it will cut 500 jobs?",
    "How much will it cost to repair the harbour wall?",
    "Is it true that the opera house is closing?",
    "What did Joan Harker say about her campaign?",
    "What did the judge say about the children's pocket money?",
    "How many seals are there on the sandbank?",
    "A boat sank off Dover on Friday. How many people did it carry?",
    "how much did the wall cost?",
    "How many people slept in the Corn Hall that night, according to Idris Fenn?",
    "Who won the Formula One race in Monza?",
    "How much is the one-off payment to pensioners in Lea?",
]
EXCHANGES = [RESIGNED, KYIV, ELECTION, TWITTER, TRUSS, BRIDGE, STORM, ARREST, STRIKE, POWER, CARDINALS]


@pytest.mark.parametrize(("turn", "asked", "meant"), PRONOUNS)
def test_a_pronoun_becomes_what_it_stands_for(turn: Exchange, asked: str, meant: str) -> None:
    found = resolve(asked, [turn])
    assert found.text == meant
    assert found.carried
    assert not found.new_topic
    assert all(part in found.text for part in found.carried)


@pytest.mark.parametrize(("turn", "asked", "meant"), CUT_SHORT)
def test_a_question_cut_short_takes_the_rest_from_the_last(turn: Exchange, asked: str, meant: str) -> None:
    found = resolve(asked, [turn])
    assert found.text == meant
    assert found.carried
    assert not found.new_topic


@pytest.mark.parametrize(("turn", "asked", "meant"), LEANING)
def test_what_leans_on_the_topic_is_given_it(turn: Exchange, asked: str, meant: str | None) -> None:
    found = resolve(asked, [turn])
    assert found.carried
    assert meant is None or found.text == meant


@pytest.mark.parametrize("asked", ALONE)
@pytest.mark.parametrize("turn", [RESIGNED, KYIV, POWER])
def test_what_stands_by_itself_carries_nothing(turn: Exchange, asked: str) -> None:
    assert resolve(asked, [turn]) == Understood(text=asked, carried=(), new_topic=True)


def test_a_pronoun_means_the_newest_topic_that_fits() -> None:
    assert resolve("What did he say?", [ELECTION, RESIGNED]).text == "What did Peter Harker say?"
    assert resolve("What did she say?", [RESIGNED, TRUSS]).text == "What did Liz Truss say?"
    # Nobody is named in the newest turn: the one before it is meant.
    assert resolve("What did she say?", [TRUSS, KYIV]).text == "What did Liz Truss say?"
    assert resolve("why?", [TRUSS, RESIGNED]).text == "Why did Peter Harker resign?"


def test_a_refusal_still_leaves_its_question_to_lean_on() -> None:
    refused = Exchange(question="Did Ann Lee appeal?", answer="The articles don't say.")
    assert resolve("When?", [refused]).text == "When did Ann Lee appeal?"


def test_a_headline_names_who_the_answer_does_not() -> None:
    turn = Exchange(question="Who was jailed?", answer="He was sent to prison.", titles=("Judge jails Colin Sleath",))
    assert resolve("How old is he?", [turn]).text == "How old is Colin Sleath?"


def test_a_last_name_becomes_the_full_one_unless_two_share_it() -> None:
    first = Exchange(question="What is Colin Sleath accused of?", answer="Colin Sleath denies theft.")
    then = Exchange(question="Was there a verdict?", answer="Sleath, 58, was convicted on Thursday.")
    assert resolve("How old is he?", [first, then]).text == "How old is Colin Sleath?"
    two = Exchange(question="Who are the Harkers?", answer="Peter Harker and Joan Harker are not related.")
    then = Exchange(question="Who will lead the council?", answer="Mr Harker, 61, will lead it.")
    assert resolve("How old is he?", [two, then]).text == "How old is Mr Harker?"


ANY = st.text(max_size=60)
WORDS = (
    "why and what about who he she it they his her their there that the other in Kyiv on Friday last year Peter Harker "
    "Mr , . ? ' ’s “ ” did was is of wall verdict how much many else since when (about: ) 2021 Ünal 王 –"
)
LIKELY = st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(
    question=ANY | LIKELY, turns=st.lists(st.builds(Exchange, question=ANY | LIKELY, answer=ANY | LIKELY), max_size=3)
)
def test_no_text_at_all_is_too_much(question: str, turns: list[Exchange]) -> None:
    found = resolve(question, turns)
    assert found == resolve(question, turns)
    if found.new_topic:
        assert not found.carried
    if not found.carried:
        assert found.text == " ".join(question.split())
    else:
        assert turns
        assert found.text


@settings(deadline=None)
@given(question=ANY | LIKELY)
def test_the_first_question_is_what_it_is(question: str) -> None:
    assert resolve(question, []) == Understood(text=" ".join(question.split()), carried=(), new_topic=True)


class Recorder:
    """Stands in for ``ArticleQA.ask``: keeps what it was asked, and is surer of some."""

    def __init__(self, *sure: str) -> None:
        self.sure = sure
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.before: Sequence[Exchange] = ()

    def __call__(self, question: str, before: Sequence[Exchange], **limits: Any) -> Answer:
        self.asked.append((question, limits))
        self.before = before
        return Answer(
            question=question,
            understood=question,
            answered=False,
            claims=(),
            citations=(),
            passages=(),
            reason="The articles don't say.",
            confidence=0.9 if question in self.sure else 0.1,
            as_of=None,
            took_ms=1,
        )


HISTORY = [("user", "Was Ann Lee arrested?"), ("agent", "Ann Lee, 44, was arrested at her home in Leeds.")]


def test_a_correction_is_asked_as_it_stands_and_remembered() -> None:
    ask = Recorder()
    chat = Conversation(ask, HISTORY)
    answer = chat.ask("Where does she work?", as_understood="Where does Bo Ray work?")
    assert [question for question, _ in ask.asked] == ["Where does Bo Ray work?"]
    assert (answer.question, answer.understood) == ("Where does she work?", "Where does Bo Ray work?")
    assert chat.turns[-1].question == "Where does Bo Ray work?"
    assert chat.ask("why?").understood == "Why does Bo Ray work?"


def test_filters_hold_for_their_question_alone() -> None:
    ask = Recorder()
    chat = Conversation(ask)
    day = date(2025, 5, 1)
    chat.ask("Was Ann Lee arrested?", as_of=day, sources=["The Herald"], languages=["en"])
    chat.ask("When was Bo Ray born?")
    given = {"as_of": day, "sources": ["The Herald"], "languages": ["en"]}
    assert [limits for _, limits in ask.asked] == [given, {}]


def test_only_a_doubtful_question_is_asked_both_ways_and_the_surer_answer_stays() -> None:
    both = ["When is the trial (about: Ann Lee)?", "When is the trial?"]
    for sure in both:
        ask = Recorder(sure)
        answer = Conversation(ask, HISTORY).ask("When is the trial?")
        assert [question for question, _ in ask.asked] == both
        assert answer.understood == sure
        assert answer.question == "When is the trial?"
    ask = Recorder()
    Conversation(ask, HISTORY).ask("Has she been charged?")
    assert len(ask.asked) == 1


def test_memory_is_bounded_and_history_is_understood_turn_by_turn() -> None:
    chat = Conversation(Recorder(), [*HISTORY, ("user", "Why?"), ("assistant", "She stole."), ("tool", "A bike.")])
    assert [turn.question for turn in chat.turns] == ["Was Ann Lee arrested?", "Why was Ann Lee arrested?"]
    assert chat.turns[-1].answer == "She stole. A bike."
    for number in range(30):
        chat.ask(f"Who is number {number}?")
    assert len(chat.turns) == 8
    assert Conversation(Recorder(), [("agent", "Hello! Ask me anything.")]).turns == ()


@pytest.mark.parametrize("turn", [("user",), ("user", 3), None, "user", {"role": "user", "content": "x"}])
def test_what_is_no_turn_is_named(turn: Any) -> None:
    with pytest.raises(QuestionError, match="pairs of role and content"):
        Conversation(Recorder(), [turn])


@pytest.mark.parametrize("asked", ["", " ", "x" * 2001])
def test_a_bad_question_is_refused_and_forgotten(asked: str) -> None:
    chat = Conversation(Recorder(), HISTORY)
    with pytest.raises(QuestionError):
        chat.ask(asked)
    with pytest.raises(QuestionError):
        chat.ask("Who?", as_understood=asked)
    assert len(chat.turns) == 1


def test_the_last_two_exchanges_are_handed_on() -> None:
    ask = Recorder()
    chat = Conversation(ask, [("user", "Who?"), ("agent", "Ann Lee."), *HISTORY, ("user", "So?")])
    chat.ask("Where does Bo Ray live?")
    assert [turn.answer for turn in ask.before] == [HISTORY[1][1], ""]
    chat.ask("Where was Cy Poe born?")
    assert [turn.question for turn in ask.before][1] == "Where does Bo Ray live?"


def test_what_came_after_the_day_asked_as_of_is_not_meant(gazette: ArticleQA) -> None:
    chat = gazette.chat([gazette.ask("Who won the ballot for the council leadership?", as_of=date(2025, 5, 3))])
    assert "Harker" in chat.ask("How old is he?").understood
    assert chat.ask("How old is he?", as_of=date(2025, 3, 10)).understood == "How old is he?"


def test_a_conversation_goes_on_from_answers(gazette: ArticleQA) -> None:
    first = gazette.ask("Was Walter Imber fined?")
    chat = gazette.chat([first])
    assert chat.turns[0].titles
    assert chat.turns[0].articles == {citation.article.id for citation in first.citations}
    assert (
        chat.ask("How much?").text
        == gazette.chat([("user", first.question), ("agent", first.text)]).ask("How much?").text
    )


def test_a_conversation_with_the_gazette(gazette: ArticleQA) -> None:
    chat = gazette.chat()
    first = chat.ask("Was Walter Imber fined?")
    assert first.understood == first.question == "Was Walter Imber fined?"
    then = chat.ask("How much?")
    assert then.understood == "How much was Walter Imber fined?"
    assert then.question == "How much?"
    assert "£1,850" in then.text
    assert then.to_dict()["understood"] == then.understood
    assert then.to_dict()["question"] == "How much?"
    new = chat.ask("How many seals were counted on Skerry Sands this spring?")
    assert new.understood == new.question
    assert "412" in new.text
    assert len(chat.turns) == 3
    assert chat.turns[1].titles
    assert "£1,850" in gazette.chat([("user", "Was Walter Imber fined?")]).ask("How much?").text


def test_plain_questions_are_understood_as_they_are(gazette: ArticleQA) -> None:
    answer = gazette.ask("How much?")
    assert answer.understood == answer.question == "How much?"
