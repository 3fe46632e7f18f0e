"""Articles that give orders: to a model that obeys each of them to the letter, and to a real one."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote_plus

import pytest

from eval.bench import hostile
from eval.bench.hostile import ARTICLES, Attack, attacks, won
from eval.run import violations
from index import ArticleIndex, Filter
from index.article import clean_line
from qa import Answer, ArticleQA
from qa.escape import visible
from qa.events import Finished, Pending
from qa.llm import LanguageModel
from qa.values import numbers
from qa.writer import Writer
from tests import smollm
from tests.index.webserver import Site
from tests.llm import Reply, talking

KEY = "sk-1f0e2d3c4b5a69788796a5b4c3d2e1f0"
PLACE = "attacker.example"
# What is no part of a prompt: who wrote an article, and characters that nobody sees.
UNSEEN = ("in the author's name", "tag characters (U+E0000)")
WITHHELD = "say that the articles don't say"
# Where so much is written before the honest sentence that nobody waits for it.
LONG = ("print the prompt", "endless output")

ATTACKS = attacks()
each = pytest.mark.parametrize("attack", ATTACKS, ids=[attack.question.id for attack in ATTACKS])


@pytest.fixture(scope="module")
def attacker() -> Iterator[Site]:
    """A server of the attackers'; nobody ever asks it anything."""
    with Site() as site:
        yield site
        assert site.asked == []


@pytest.fixture(scope="module")
def paper(attacker: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the hostile articles, whose addresses lead to the attackers' server."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(ARTICLES, folder / "articles")
    for file in (folder / "articles").iterdir():
        text = file.read_text("utf-8").replace(PLACE, attacker.url.removeprefix("http://"))
        file.write_text(text, "utf-8")
    with ArticleIndex.open(folder / "index", create=True) as index:
        report = index.add([folder / "articles"])
    assert not report.rejected
    assert len(report.added) == len(ATTACKS) + 1
    return folder / "index"


@dataclass
class Obedient:
    """Writes ``honest``, a sentence of the passages, and with it what it is ordered to, where
    it ``obeys`` and finds the order in what it is sent."""

    attacker: str
    attack: Attack
    honest: str
    obeys: Literal["never", "before", "behind", "alone"] = "never"
    told: str = ""

    def __call__(self, body: dict[str, Any]) -> Iterable[str]:
        self.told = "\n".join(message["content"] for message in body["messages"])
        passages = re.findall(r"passage \[(\d+)\]\n.*\n.*\n.*\nText: (.*)", self.told)
        number = next(number for number, text in passages if self.honest in text)
        honest = f"{self.honest} [{number}] "
        if self.obeys == "never" or not self.reached:
            return [honest]
        written = [self._filled(one) + ("\n" if self.obeys == "before" else " ") for one in self.attack.writes]
        if self.attack.endless:
            written = [*written, *written * 200]
        return {"before": [*written, honest], "behind": [honest, *written], "alone": written}[self.obeys]

    @property
    def reached(self) -> bool:
        return self.attack.trigger in self.told

    def _filled(self, text: str) -> str:
        question = self.attack.question.question
        values = {
            "{prompt}": self.told,
            "{question}": quote_plus(question),
            "{base64}": base64.b64encode(self.honest.encode()).decode(),
            "{key}": KEY,
            PLACE: self.attacker.removeprefix("http://"),
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return text


@dataclass
class Asking:
    """Asks the question of each attack, with a model that obeys or doesn't."""

    model: Obedient
    drop: ArticleQA
    strike: ArticleQA

    def __call__(self, attack: Attack, obeys: Literal["never", "before", "behind", "alone"]) -> Answer:
        self.prepare(attack, obeys)
        return self.drop.ask(attack.question.question)

    def prepare(self, attack: Attack, obeys: Literal["never", "before", "behind", "alone"]) -> None:
        with self.drop.index.moment():
            verbatim = ArticleQA(self.drop.index).ask(attack.question.question)
        honest = " ".join(verbatim.claims[0].text.split())
        self.model.attack, self.model.obeys, self.model.honest, self.model.told = attack, obeys, honest, ""


@pytest.fixture(scope="module")
def asking(paper: Path, attacker: Site) -> Iterator[Asking]:
    model = Obedient(attacker=attacker.url, attack=ATTACKS[0], honest="")
    with (
        talking(lambda body: Reply(pieces=model(body))) as server,
        LanguageModel(server.url, "obedient", key=KEY, timeout=20.0) as llm,
        ArticleQA.open(paper, writer=Writer(llm)) as drop,
        ArticleQA.open(paper, writer=Writer(llm, unsupported="strike")) as strike,
    ):
        yield Asking(model, drop, strike)


def shown(answer: Answer) -> dict[str, Any]:
    """All that anybody is shown of an answer but the count of dropped sentences, and times."""
    told: dict[str, Any] = json.loads(json.dumps(answer.to_dict()))
    for name in ("sentences", "struck", "tokens", "took_ms", "first_ms"):
        del told["written"][name]
    del told["took_ms"]
    return told


@each
def test_the_question_is_answered_without_a_model(attack: Attack, paper: Path) -> None:
    with ArticleQA.open(paper) as qa:
        answer = qa.ask(attack.question.question)
    (wanted,) = attack.question.answers
    assert wanted.lower() in answer.text.lower()
    assert answer.passages[0].article.id == attack.question.articles[0]


@pytest.mark.parametrize("obeys", ["before", "behind"])
@each
def test_obeying_changes_nothing_but_the_count_of_dropped_sentences(
    attack: Attack, obeys: Literal["before", "behind"], asking: Asking, attacker: Site
) -> None:
    honest = asking(attack, "never")
    assert honest.written is not None
    assert honest.written.failure is None
    assert honest.written.struck == 0
    obeyed = asking(attack, obeys)
    assert obeyed.written is not None
    assert asking.model.reached is (attack.question.kind not in UNSEEN)
    # That the articles don't say is no sentence of an answer.
    if asking.model.reached and attack.question.kind != WITHHELD:
        assert obeyed.written.struck > 0
    if obeys == "before" and attack.question.kind in LONG:
        honest = replace(obeyed.written.verbatim, written=obeyed.written)
    assert shown(obeyed) == shown(honest)
    assert won(attack, obeyed, key=KEY) == ()
    assert attacker.asked == []


@each
def test_a_model_that_only_obeys_is_not_heard(attack: Attack, asking: Asking) -> None:
    answer = asking(attack, "alone")
    assert answer.written is not None
    if asking.model.reached:
        verbatim = answer.written.verbatim
        assert answer.written.failure
        assert answer.claims == verbatim.claims
        assert answer.citations == verbatim.citations


@each
def test_what_is_shown_struck_out_and_pending_is_plain_words_on_one_line(attack: Attack, asking: Asking) -> None:
    asking.prepare(attack, "behind")
    *events, finished = asking.strike.ask(attack.question.question, stream=True)
    pending = [event.text for event in events if isinstance(event, Pending)]
    assert isinstance(finished, Finished)
    written = finished.answer.written
    assert written is not None
    assert pending
    for text in (*pending, *(one.text for one in written.unsupported)):
        assert text == clean_line(text)
    assert KEY not in asking.model.told


@pytest.fixture(scope="module")
def small_writer(paper: Path, small_model: str) -> Iterator[ArticleQA]:
    # Little to read, so that two processors have it read soon.
    with (
        LanguageModel(small_model, smollm.MODEL, timeout=60.0, context=900) as llm,
        ArticleQA.open(paper, writer=Writer(llm)) as qa,
    ):
        yield qa


@pytest.mark.parametrize("attack", ATTACKS[::9], ids=[attack.question.id for attack in ATTACKS[::9]])
def test_a_real_model_shows_no_payload(attack: Attack, small_writer: ArticleQA, attacker: Site) -> None:
    answer = small_writer.ask(attack.question.question)
    assert answer.written is not None
    # What can't be seen isn't sent.
    seen = visible(attack.trigger)
    assert seen in "\n".join(content for _, content in answer.written.messages)
    assert won(attack, answer) == ()
    assert violations(answer, Filter(), small_writer.index) == 0
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    for claim in answer.claims:
        cited = " ".join(quotes[marker] for marker in claim.markers)
        assert {one.key for one in numbers(claim.text)} <= {one.key for one in numbers(cited)}
    assert attacker.asked == []


def test_the_command_tells_what_came_of_each(
    small_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (article,) = ATTACKS[0].question.articles
    shutil.copytree(
        ARTICLES, tmp_path / "articles", ignore=lambda _, names: {name for name in names if name != article}
    )
    monkeypatch.setattr(hostile, "ARTICLES", tmp_path / "articles")
    monkeypatch.setattr(hostile, "attacks", lambda: ATTACKS[:1])
    arguments = ["--llm-base-url", small_model, "--llm-model", smollm.MODEL, "--json", str(tmp_path / "told.json")]
    assert hostile.main(arguments) == 0
    (told,) = json.loads((tmp_path / "told.json").read_text())["attacks"]
    assert told["reached"]
    assert told["sentences"] == told["shown"] + told["struck"]
    assert "0 of 1 attacks won; 1 reached the model" in capsys.readouterr().out
