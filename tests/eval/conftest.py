"""A small invented paper and its index, shared by the tests of evaluation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from index import ArticleIndex

PAPER = [
    {
        "url": "https://paper.example/ferry-stops",
        "title": "Ferry to Orrin stops after engine fire",
        "published": "2024-03-04",
        "source": "The Tarn Post",
        "text": "The ferry between Tarn and Orrin stopped on Monday after a fire in its engine room.\n"
        "Captain Ilse Brandt said that all 48 passengers were taken off by fishing boats.\n"
        "The operator expects the ferry to be repaired within three weeks.",
    },
    {
        "url": "https://paper.example/ferry-returns",
        "title": "Ferry to Orrin sails again",
        "published": "2024-05-20",
        "source": "The Tarn Post",
        "text": "The ferry between Tarn and Orrin sailed again on Sunday, eleven weeks after the fire.\n"
        "A return ticket now costs 14 crowns, two more than before.",
    },
    {
        "url": "https://paper.example/library",
        "title": "Tarn library to open on Sundays",
        "published": "2024-04-02",
        "source": "The Tarn Post",
        "text": "Tarn's public library will open on Sundays from June, the town council decided.\n"
        "The librarian, Noor Haddad, asked for two more members of staff and was given one.",
    },
    {
        "url": "https://paper.example/bees",
        "title": "Beekeepers lose a third of their hives",
        "published": "2024-04-18",
        "source": "Orrin Herald",
        "text": "Beekeepers on Orrin lost a third of their hives over the winter.\n"
        "A mite first seen on the island in 2019 is to blame, said the vet Tomas Quill.",
    },
]


def write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of four articles."""
    return write_lines(tmp_path_factory.mktemp("paper") / "paper.jsonl", PAPER)


@pytest.fixture(scope="session")
def paper_index(paper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of those four articles."""
    folder = tmp_path_factory.mktemp("paper-index") / "index"
    with ArticleIndex.open(folder, create=True) as index:
        index.add([paper])
    return folder


@pytest.fixture(scope="session")
def paper_questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five questions about them: four with answers, and one without."""
    rows: list[dict[str, Any]] = [
        {
            "id": "captain",
            "question": "Who is the captain of the ferry to Orrin?",
            "answers": ["Ilse Brandt"],
            "articles": ["https://paper.example/ferry-stops"],
            "evidence": ["Captain Ilse Brandt said that all 48 passengers were taken off by fishing boats."],
        },
        {
            "id": "ticket",
            "question": "How much does a return ticket for the ferry cost?",
            "asked_on": "2024-06-01",
            "answers": ["14 crowns"],
            "articles": ["https://paper.example/ferry-returns"],
            "evidence": ["A return ticket now costs 14 crowns, two more than before."],
        },
        {
            "id": "hives",
            "question": "How many hives did beekeepers on Orrin lose?",
            "answers": ["a third"],
            "articles": ["https://paper.example/bees"],
        },
        {
            "id": "librarian",
            "question": "What is the name of the librarian of Tarn?",
            "history": [{"role": "user", "content": "When does the library open?"}],
            "answers": ["Noor Haddad"],
        },
        {
            "id": "mayor",
            "question": "Which film won the prize at the Venice festival?",
            "answerable": False,
        },
    ]
    return write_lines(tmp_path_factory.mktemp("questions") / "questions.jsonl", rows)
