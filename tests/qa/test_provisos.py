"""What limits a sentence's words stays with them when they are told anew."""

from __future__ import annotations

from datetime import date

import pytest

from index import Article, Sentence, Span
from qa.carries import Ground, carries
from qa.provisos import breaks_off, joined
from qa.wording import read


def faults(claim: str, cited: str) -> str:
    """What is found wrong with ``claim`` where it cites the one sentence ``cited``."""
    article = Article(id="a", title="Harbour news", text=cited, published=date(2025, 5, 2), source="The Ebben Post")
    sentence = Sentence(id=0, article_id="a", ordinal=0, paragraph=1, span=Span(start=0, end=len(cited)))
    ground = Ground(passage=0, place=0, sentence=sentence, article=article, text=cited, before=())
    return "; ".join(carries(read(claim), [ground]).faults)


LIMITED = [
    ("The crane will be sold.", "The crane will be sold if the bank agrees.", "“if”"),
    ("The port will listen to offers.", "The port will listen to offers, provided they come in May.", "“provided”"),
    ("The repair cost £4 million.", "The repair cost about £4 million.", "“about”"),
    ("The strike lasted nine days.", "The strike lasted at least nine days.", "“at least”"),
    ("The tunnel holds 40 cars.", "The tunnel holds up to 40 cars.", "“up to”"),
    (
        "The hall cost £68,000, which was met by insurers.",
        "The hall cost £68,000, most of which was met by insurers.",
        "most",
    ),
    ("Grants were paid to the 63 homes.", "Grants were paid to 51 of the 63 homes.", "“51 of”"),
    ("Readers sent 900 letters in favour.", "Readers sent 900 letters, of which nine were in favour.", "“of which”"),
    ("All the boats sank.", "Three boats sank near the pier.", "“all”"),
    ("The plan would bring a doctor.", "The plan would bring a doctor's surgery.", "“surgery”"),
    ("Seven families live in hotels.", "Seven families live in hotels or with relatives.", "“or”"),
    ("The sand rotted the wood.", "The sand stopped the wood from rotting.", "“stopped … from”"),
    ("The work will not be finished.", "The work will not be finished until March.", "“until”"),
    ("The debts were repaid.", "The debts were repaid apart from £600.", "“apart from”"),
    ("The vote is due in July rather than in October.", "The vote is due in October rather than in July.", "round"),
    ("The treasurer lent the fund money.", "The jury heard that the treasurer lent the fund money.", "whose word"),
    (
        "The hill has no interest in the wall.",
        "It is unfair to say that the hill has no interest in the wall.",
        "“unfair”",
    ),
    ("The state paid £2 million.", "The state has agreed to pay £2 million.", "“agreed”"),
    ("Drivers will pay £2 from July.", "Drivers will pay £2 from July under a plan backed on Tuesday.", "under a plan"),
    ("Lund was succeeded by Mara Whit.", "Lund, a former player, succeeds Mara Whit as coach.", "“by"),
    ("The number of seagrass is 23.", "The seagrass has grown from 14 to 23 hectares in five years.", "“hectares”"),
    ("The board wants dug before May.", "The board wants a lake of two hectares to be dug before May.", "“lake”"),
    ("The workers have raised £800,000.", "The workers have raised £310,000, but need £800,000 by June.", "said of"),
    (
        "The new treasurer, Amina Dale, stole.",
        "The thefts came out when a new treasurer, Amina Dale, asked.",
        "of whom",
    ),
    ("The wall was mended in 1884.", "The wall was built in 1884 and last mended in 1953.", "“1884” is said"),
]
KEPT = [
    ("The crane will be sold only if the bank agrees.", "The crane will be sold only if the bank agrees."),
    ("The repair cost roughly £4 million.", "The repair cost about £4 million."),
    ("Grants were paid to 51 of the 63 homes.", "Grants have been paid to 51 of the 63 homes."),
    ("One of the two cranes was sold.", "One of the two cranes was sold on Monday."),
    ("Most of the debts were repaid.", "Most of the debts were repaid in May."),
    ("The vote is due in May.", "The vote is due in May rather than in June."),
    ("The work will not be finished until March.", "The work on the wall will not be finished until March."),
    ("The state agreed to pay £2 million.", "The state has agreed to pay £2 million."),
    ("The ferry was bought by Averline.", "Averline bought the ferry in 2019."),
    ("The number of flooded homes is 63.", "In all 63 homes were flooded."),
    ("The board wants a lake dug before May.", "The board wants a lake of two hectares to be dug before May."),
    ("The workers need £800,000.", "The workers have raised £310,000, but need £800,000 by June."),
    ("Dale was elected leader.", "Elected leader on Tuesday, Dale promised to listen."),
    ("The jury heard that the fund was empty.", "The jury heard that the fund was empty by June."),
]


@pytest.mark.parametrize(("claim", "cited", "told"), LIMITED)
def test_what_limits_it_is_missed(claim: str, cited: str, told: str) -> None:
    assert told in faults(claim, cited)


@pytest.mark.parametrize(("claim", "cited"), KEPT)
def test_what_keeps_it_is_left_alone(claim: str, cited: str) -> None:
    assert not faults(claim, cited)


def test_no_clause_is_put_together_from_two_articles() -> None:
    wreck = list(read("The wreck of the Alder lies at 118 metres.").tokens)
    found = list(read("Two sailors of the Alder were found off Ebben.").tokens)
    articles = ["a"] * len(wreck) + ["b"] * len(found)

    def told(claim: str) -> list[str]:
        tokens = read(claim).tokens
        stems = [token.stem for token in (*wreck, *found)]
        at = {place: stems.index(token.stem) for place, token in enumerate(tokens) if token.stem in stems}
        return list(joined(tokens, [*wreck, *found], articles, at))

    assert told("The Alder was found off Ebben at 118 metres.")
    assert not told("The wreck of the Alder lies at 118 metres, and two sailors were found off Ebben.")
    assert not told("The wreck of the Alder lies at 118 metres.")


@pytest.mark.parametrize(
    ("quoted", "text", "on"),
    [
        ("It will float out there", '"It will float out there, but not in a storm," he said.', "but"),
        ("we looked for another way", '"we looked for another way and there is none"', "and"),
        ("We looked for another way", '"We looked for another way," he said, "and found it."', ""),
        ("a shambles", "a shambles and a disgrace", ""),
    ],
)
def test_a_quotation_isn_t_broken_off(quoted: str, text: str, on: str) -> None:
    assert breaks_off(quoted, text) == on
