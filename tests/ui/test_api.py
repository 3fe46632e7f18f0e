"""The HTTP API over real HTTP: what it says of itself is so, and nothing posted makes it fail."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import ui.web.api
from index import Article, ArticleIndex, StoreError
from qa import MAX_QUESTION_LENGTH, ArticleQA
from tests.conftest import REPOSITORY
from tests.ui.test_export import NO_LIMITS
from tests.ui.web import Reply, post, request
from ui.desk import MAX_PASSAGES, MAX_TURNS, Desk
from ui.feedback import read_feedback
from ui.turnstile import BUSY
from ui.uploads import Uploads
from ui.web.guard import BODY_LIMIT
from ui.web.server import running

FINED = "Was Walter Imber fined?"
WALL = "How much will the harbour wall cost?"
JAILED = "Who was jailed for stealing from the lifeboat fund?"
AFTER_FINED = [{"question": FINED, "answer": "Walter Imber admitted the offence.", "articles": []}]
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"question": FINED},
    {"question": JAILED, "as_of": "2025-06-30"},
    {"question": WALL},
    {"question": WALL, "as_of": "2025-03-05T12:00:00+01:00"},
    {"question": "What happened to the harbour wall?", "published_from": "2025-03-01", "published_to": "2025-04-30"},
    {"question": "Which film won the prize at the Venice festival?"},
    {"question": "Who is the king?", "sources": ["The Marrowby Gazette"], "languages": ["en"]},
    {"question": "How much?", "history": AFTER_FINED},
    {"question": "How much?", "history": []},
    {"question": "How much?", "as_understood": "How much was Walter Imber fined?", "history": AFTER_FINED},
    {"question": "a\0b <script> ${x} \u202e [1](javascript:x)"},
)
ODD_IDS = (
    "a/b/../c?d#e%2F f.txt",
    "..\\..\\etc",
    "../../../etc/passwd",
    "Zürich – 東京/ñ&=+;.md",
    "%00",
    "http://news.example/a?b=c&d=e#f",
    "openapi.json",
    "x" * 2_000,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
POSTED = ("/ask", "/search", "/export", "/feedback")
FIELDS = (
    "question",
    "history",
    "as_of",
    "published_from",
    "sources",
    "k",
    "stream",
    "style",
    "conversation",
    "verdict",
    "limits",
    "answer",
    "title",
)
QUERY = ("words", "source", "language", "order", "offset", "limit", "revision", "start", "end")
# None is a JSON object that a parser takes.
NO_OBJECTS = (
    b"",
    b"nul",
    b"[]",
    b"7",
    b"{",
    b"\xff",
    b'{"question": "\xe9"}',
    b"[" * 100_000,
    b'{"question":' + b'{"a":' * 40_000,
    b'{"question":"hi","k":' + b"9" * 5_000 + b"}",
)


@pytest.fixture(scope="module")
def folder(gazette_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample index with articles of odd ids; feedback may be kept beside it."""
    copied = tmp_path_factory.mktemp("own") / "index"
    shutil.copytree(gazette_index, copied)
    with ArticleIndex.open(copied) as index:
        index.add(
            [
                Article(id=one, title=f"Note {place}", text=f"Bridge {place} was painted.")
                for place, one in enumerate(ODD_IDS)
            ]
        )
        index.add([Article(id=ODD_IDS[0], title="Note 0", text="Bridge 0 was painted.\nIt is red now.")])
    return copied


@pytest.fixture(scope="module")
def own(folder: Path) -> Iterator[ArticleQA]:
    with ArticleQA.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(own: ArticleQA) -> Desk:
    return Desk(own)


@pytest.fixture(scope="module")
def server(own: ArticleQA) -> Iterator[str]:
    """The address of a server without uploads."""
    with running(own) as address:
        yield address


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[str]:
    """The address of a server with uploads, of an index that is empty."""
    ArticleIndex.open(tmp_path / "index", create=True).close()
    with ArticleQA.open(tmp_path / "index") as empty, running(empty, uploads=Uploads(tmp_path / "index")) as address:
        yield address


class Document:
    """The OpenAPI document of a server, and the checks that it calls for."""

    def __init__(self, address: str) -> None:
        self.all: dict[str, Any] = request(address, "/api/openapi.json").json

    def schema(self, schema: Any) -> dict[str, Any]:
        """What it says of ``schema``, with its references; of an object, that nothing else is in it."""
        components = json.loads(json.dumps(self.all["components"]))
        for one in components["schemas"].values():
            if "properties" in one:
                one["additionalProperties"] = False
        return {**schema, "components": components}

    def follow(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.all["components"]["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
        return schema

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Fails where a reply of ``path`` isn't as the document says."""
        told = self.all["paths"][path][method]["responses"]
        assert str(reply.status) in told, (reply.status, reply.text)
        content = told[str(reply.status)].get("content")
        if not content:
            assert not reply.body
            return
        media = reply.headers["content-type"].partition(";")[0]
        assert media in content
        if "schema" in content[media]:
            Draft202012Validator(self.schema(content[media]["schema"])).validate(reply.json)


@pytest.fixture(scope="module")
def document(server: str) -> Document:
    return Document(server)


def answer_of(reply: Reply) -> dict[str, Any]:
    """The answer, but for the time that it took."""
    assert reply.status == 200, reply.text
    return timeless(reply.json)


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "took_ms"}


def verdict(answer: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "answer_id": "a1",
        "verdict": "up",
        "kind": "",
        "reason": "",
        "question": answer["question"],
        "limits": NO_LIMITS,
        "answer": answer,
        **changes,
    }


def conversation(*answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "Crabs",
        "turns": [
            {"asked": "2025-03-05T09:05:00.000Z", "question": answer["question"], "limits": NO_LIMITS, "answer": answer}
            for answer in answers
        ],
    }


def says_nothing_of_the_machine(reply: Reply, *folders: Path) -> None:
    for hidden in ("Traceback", 'File "', ".py", str(REPOSITORY), str(Path.home()), *map(str, folders)):
        assert hidden not in reply.text


def test_the_openapi_document_is_whole(document: Document) -> None:
    assert document.all["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(document.all["info"])
    for schema in document.all["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    operations = [each for path in document.all["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    for path, methods in document.all["paths"].items():
        for operation in methods.values():
            assert operation["description"]
            assert {"404", "422", "503"} < set(operation["responses"])
            told = {(one["name"], one["in"], one["required"]) for one in operation.get("parameters", [])}
            assert {name for name, place, _ in told if place == "path"} == ({"id"} if "{id}" in path else set())
    for found in json.dumps(document.all).split('"#/components/schemas/')[1:]:
        assert found.partition('"')[0] in document.all["components"]["schemas"]


def test_the_openapi_document_names_every_route(document: Document, taking: str) -> None:
    expected = {
        ("post", "/ask"),
        ("post", "/search"),
        ("get", "/articles"),
        ("get", "/articles/{id}"),
        ("get", "/collection"),
        ("post", "/export"),
        ("post", "/feedback"),
    }
    for one, routes in ((document, expected), (Document(taking), expected | {("post", "/articles")})):
        assert {(method, path) for path, methods in one.all["paths"].items() for method in methods} == routes
    upload = Document(taking).all["paths"]["/articles"]["post"]
    assert "application/octet-stream" in upload["requestBody"]["content"]
    assert [(one["name"], one["required"]) for one in upload["parameters"]] == [("name", True)]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_an_answer_is_what_a_lone_ask_gives_and_as_the_document_says(
    server: str, document: Document, desk: Desk, asked: dict[str, Any]
) -> None:
    reply = post(server, "/api/ask", asked)
    document.check("post", "/ask", reply)
    assert answer_of(reply) == timeless(desk.ask(**asked))
    Draft202012Validator(
        document.schema(document.all["paths"]["/ask"]["post"]["requestBody"]["content"]["application/json"]["schema"])
    ).validate(asked)


def test_the_questions_are_a_spread(desk: Desk) -> None:
    answers = [desk.ask(**asked) for asked in QUESTIONS]
    assert {answer["answered"] for answer in answers} == {True, False}
    assert {"accounts", "sentences"} <= {answer["form"] for answer in answers}
    assert any(answer["understood"] != answer["question"] for answer in answers)


@pytest.mark.parametrize("asked", QUESTIONS[:7])
def test_a_search_is_as_the_document_says(server: str, document: Document, desk: Desk, asked: dict[str, Any]) -> None:
    reply = post(server, "/api/search", {**asked, "k": 3})
    document.check("post", "/search", reply)
    assert reply.json == json.loads(json.dumps(desk.search(**asked, k=3)))
    assert len(reply.json["passages"]) <= 3


def test_the_articles_are_listed_a_page_at_a_time(server: str, document: Document, own: ArticleQA) -> None:
    seen: list[str] = []
    for offset in range(0, own.article_count, 20):
        reply = request(server, f"/api/articles?limit=20&order=title&offset={offset}")
        document.check("get", "/articles", reply)
        assert reply.json["total"] == own.article_count
        seen += [one["id"] for one in reply.json["articles"]]
    assert sorted(seen) == sorted(article.id for article in own.index.articles())
    found = request(server, f"/api/articles?{urlencode({'words': 'harbour WALL', 'source': 'The Marrowby Gazette'})}")
    assert 0 < found.json["total"] < own.article_count
    assert {one["source"] for one in found.json["articles"]} == {"The Marrowby Gazette"}
    assert request(server, "/api/articles?words=%00&language=en").json["total"] == 0


@pytest.mark.parametrize("article_id", ODD_IDS)
def test_an_article_of_any_id_is_read(server: str, document: Document, article_id: str) -> None:
    reply = request(server, f"/api/articles/{quote(article_id, safe='')}")
    document.check("get", "/articles/{id}", reply)
    assert (reply.json["id"], reply.json["title"]) == (article_id, f"Note {ODD_IDS.index(article_id)}")


def test_every_article_is_read_and_its_words_are_cited(server: str, document: Document, own: ArticleQA) -> None:
    for article in own.index.articles():
        path = f"/api/articles/{quote(article.id, safe='')}"
        reply = request(server, f"{path}?start=0&end={len(article.text)}")
        document.check("get", "/articles/{id}", reply)
        assert reply.json["text"] == reply.json["cited"]["quote"] == article.text
    first = request(server, f"/api/articles/{quote(ODD_IDS[0], safe='')}?revision=1")
    document.check("get", "/articles/{id}", first)
    assert (first.json["revision"], first.json["changes"]) == (1, None)
    newest = request(server, f"/api/articles/{quote(ODD_IDS[0], safe='')}").json
    assert newest["changes"] is None
    newest = request(server, f"/api/articles/{quote(ODD_IDS[0], safe='')}?changes=true").json
    assert [one["revision"] for one in newest["revisions"]] == [1, 2]
    assert {segment["kind"] for paragraph in newest["changes"]["paragraphs"] for segment in paragraph} > {"added"}


@pytest.mark.parametrize(
    "path",
    ["nope", "", "..", "../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%ff", "%ED%A0%80", "x" * 9_000],
)
def test_an_unknown_article_is_not_found(server: str, document: Document, folder: Path, path: str) -> None:
    # The last odd id but these is one that nobody gave.
    reply = request(server, f"/api/articles/{path}/none")
    assert reply.status == 404
    document.check("get", "/articles/{id}", reply)
    assert "no such article" in reply.json["error"]
    assert len(reply.json["error"]) < 300
    says_nothing_of_the_machine(reply, folder)


def test_an_unknown_revision_is_not_found(server: str, document: Document, folder: Path) -> None:
    reply = request(server, f"/api/articles/{quote(ODD_IDS[1], safe='')}?revision=7")
    assert reply.status == 404
    document.check("get", "/articles/{id}", reply)
    assert "revision 7" in reply.json["error"]
    says_nothing_of_the_machine(reply, folder)


def test_the_collection_is_counted(server: str, document: Document, own: ArticleQA) -> None:
    reply = request(server, "/api/collection")
    document.check("get", "/collection", reply)
    told = reply.json
    assert told["articles"] == own.article_count
    assert sum(one["articles"] for one in told["by_source"]) == own.article_count
    assert (len(told["examples"]), told["may_add"], told["writer"]) == (4, False, None)


@pytest.mark.parametrize(("style", "holds"), [("markdown", "[^"), ("html", "<h1"), ("json", '"references"')])
def test_a_conversation_is_exported(server: str, document: Document, style: str, holds: str) -> None:
    answers = [post(server, "/api/ask", asked).json for asked in QUESTIONS[:6]]
    reply = post(server, "/api/export", {"style": style, "conversation": conversation(*answers)})
    document.check("post", "/export", reply)
    assert reply.status == 200
    assert reply.headers["content-disposition"] == "attachment"
    assert FINED in reply.text
    assert holds in reply.text


@pytest.mark.parametrize("changed", [{"quote": "FORGED QUOTE"}, {"article": {"id": "nobody", "revision": 1}}])
def test_a_verdict_on_words_that_no_article_has_is_refused(
    server: str, document: Document, folder: Path, changed: dict[str, Any]
) -> None:
    answer = post(server, "/api/ask", {"question": FINED}).json
    forged = {**answer, "citations": [{**answer["citations"][0], **changed}, *answer["citations"][1:]]}
    if "article" in changed:
        forged["citations"][0]["article"] = {**answer["citations"][0]["article"], **changed["article"]}
    before = len(read_feedback(folder))
    reply = post(server, "/api/feedback", verdict(forged))
    document.check("post", "/feedback", reply)
    assert reply.status == 422
    assert reply.json["error"].startswith("answer.citations[0].quote does not stand in that article")
    assert len(read_feedback(folder)) == before


def test_feedback_is_kept(server: str, document: Document, folder: Path) -> None:
    before = len(read_feedback(folder))
    answer = post(server, "/api/ask", {"question": FINED}).json
    reply = post(server, "/api/feedback", verdict(answer, verdict="down", kind="wrong", reason="It says no sum."))
    assert reply.status == 204
    document.check("post", "/feedback", reply)
    kept = read_feedback(folder)
    assert len(kept) == before + 1
    assert (kept[-1].question, kept[-1].reason) == (FINED, "It says no sum.")


def test_a_file_that_does_not_arrive_is_given_up(taking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.web.api, "_PATIENCE", 0.2)
    released = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"Note\n\n"
        released.wait(5)
        yield b"No more."

    reply = request(taking, "/api/articles?name=slow.txt", method="POST", body=slowly())
    assert (reply.status, reply.json["error"]) == (408, "The file took too long to arrive. Send it again.")


def test_files_are_added_where_that_is_allowed(taking: str) -> None:
    document = Document(taking)
    assert request(taking, "/api/collection").json["may_add"]
    path = f"/api/articles?name={quote('../Ferry 1.txt')}"
    reply = request(taking, path, method="POST", body=b"Ferry\n\nThe ferry to Orrin stopped on Monday.\n")
    document.check("post", "/articles", reply)
    assert reply.json == {"outcomes": [{"name": "Ferry 1.txt", "status": "added", "id": "Ferry 1.txt", "reason": None}]}
    assert "stopped on Monday" in post(taking, "/api/ask", {"question": "When did the ferry stop?"}).json["answer"]
    bad = request(taking, "/api/articles?name=x.pdf", method="POST", body=b"\0no pdf")
    document.check("post", "/articles", bad)
    assert [one["status"] for one in bad.json["outcomes"]] == ["rejected"]
    nameless = request(taking, "/api/articles", method="POST", body=b"x")
    assert (nameless.status, nameless.json) == (422, {"error": "name: Field required"})


def test_without_uploads_there_is_no_such_route(server: str) -> None:
    reply = request(server, "/api/articles?name=a.txt", method="POST", body=b"A\n\nB.")
    assert (reply.status, reply.json) == (405, {"error": "Method Not Allowed"})


@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_streamed_answer_is_the_whole_one_in_steps(server: str, asked: dict[str, Any]) -> None:
    reply = post(server, "/api/ask", {**asked, "stream": True})
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    assert reply.text.endswith("\n")
    first, *steps, last = [json.loads(line) for line in reply.text.splitlines()]
    answer = last["answer"]
    assert first == {"understood": answer["understood"], "dates": answer["dates"]}
    assert [step["claim"] for step in steps] == answer["claims"]
    told = [citation for step in steps for citation in step["citations"]]
    assert told == answer["citations"]
    for step in steps:
        assert {citation["marker"] for citation in step["citations"]} <= set(step["claim"]["citations"])
    assert timeless(answer) == answer_of(post(server, "/api/ask", asked))


def test_a_client_that_hangs_up_leaves_the_others_answered(server: str) -> None:
    parts = urlsplit(server)
    body = json.dumps({"question": WALL, "stream": True}).encode()
    head = f"POST /api/ask HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    for sent, read in ((len(body), 0), (len(body), 40), (len(body) // 2, 0)) * 30:
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as stream:
            stream.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
            stream.recv(read)
    assert answer_of(post(server, "/api/ask", {"question": FINED}))["answered"]
    assert request(server, "/healthz").status == 200


def test_a_follow_up_is_understood_by_its_history(server: str, own: ArticleQA) -> None:
    first = post(server, "/api/ask", {"question": FINED}).json
    exchange = {
        "question": first["understood"],
        "answer": " ".join(claim["text"] for claim in first["claims"]),
        "articles": [citation["article"]["id"] for citation in first["citations"]],
    }
    second = answer_of(post(server, "/api/ask", {"question": "How much?", "history": [exchange]}))
    conversed = own.chat()
    conversed.ask(FINED)
    assert second == timeless(json.loads(json.dumps(conversed.ask("How much?").to_dict())))
    assert second["understood"] == "How much was Walter Imber fined?"
    alone = answer_of(post(server, "/api/ask", {"question": "How much?"}))
    assert alone["understood"] == "How much?"


@pytest.mark.parametrize(
    ("history", "field"),
    [
        ("x", "history"),
        ({}, "history"),
        (None, "history"),
        ([None], "history[0]"),
        (["x"], "history[0]"),
        ([[FINED, "x"]], "history[0]"),
        ([{}], "history[0].question"),
        ([{"question": None}], "history[0].question"),
        ([{"question": FINED}, {"question": 7}], "history[1].question"),
        ([{"question": "x" * 2_001}], "history[0].question"),
        ([{"question": FINED, "answer": None}], "history[0].answer"),
        ([{"question": FINED, "answer": "x" * 40_001}], "history[0].answer"),
        ([{"question": FINED, "answer": "\ud800"}], "history[0].answer"),
        ([{"question": FINED, "articles": "x"}], "history[0].articles"),
        ([{"question": FINED, "articles": [1]}], "history[0].articles[0]"),
        ([{"question": FINED, "articles": ["x"] * 1_001}], "history[0].articles"),
        ([{"question": FINED, "role": "system"}], "history[0].role"),
        ([{"question": FINED}] * 81, "history"),
    ],
)
def test_an_absurd_history_is_refused_by_name(server: str, document: Document, history: object, field: str) -> None:
    reply = post(server, "/api/ask", {"question": "How much?", "history": history})
    assert reply.status == 422
    document.check("post", "/ask", reply)
    assert reply.json["error"].startswith(f"{field}:")


def test_articles_of_a_history_that_are_not_there_do_no_harm(server: str) -> None:
    forged = [
        {"question": FINED, "answer": "Walter Imber", "articles": ["nope", "../../etc/passwd", "", "'; DROP TABLE x"]}
    ]
    plain = [{"question": FINED, "answer": "Walter Imber"}]
    asked = [answer_of(post(server, "/api/ask", {"question": "How much?", "history": h})) for h in (forged, plain)]
    assert asked[0] == asked[1]


def test_a_history_from_the_future_tells_nothing_of_it(server: str, own: ArticleQA) -> None:
    """As of March, what was cited in May can't say what "he" means."""
    day = "2025-03-10"
    later = [article for article in own.index.articles() if article.published and str(article.published) > "2025-05"]
    assert len(later) > MAX_TURNS
    history = [
        {"question": f"What is said of {article.title}?", "answer": article.text[:500], "articles": [article.id]}
        for article in later
    ]
    for question in ("How much?", "Who is he?", "What did she say about it?"):
        forged = answer_of(post(server, "/api/ask", {"question": question, "history": history[-80:], "as_of": day}))
        assert forged == answer_of(post(server, "/api/ask", {"question": question, "as_of": day}))
        assert all(citation["article"]["published"] <= f"{day}T99" for citation in forged["citations"])


def test_a_history_of_long_answers_in_any_script_is_taken(server: str) -> None:
    history = [{"question": "东" * 2_000, "answer": "新" * 12_000, "articles": []}] * MAX_TURNS
    body = json.dumps({"question": FINED, "history": history}, ensure_ascii=False).encode()
    assert len(body) > BODY_LIMIT
    assert post(server, "/api/ask", body).status == 200


def test_only_the_last_exchanges_are_read(server: str) -> None:
    old = [{"question": "What did Ellen Voss say?", "articles": ["x"] * 1_000}] * 30
    new = AFTER_FINED * MAX_TURNS
    asked = [answer_of(post(server, "/api/ask", {"question": "How much?", "history": h})) for h in (old + new, new)]
    assert asked[0] == asked[1]


def test_nothing_of_one_client_s_question_shows_in_another_s(server: str, folder: Path) -> None:
    """Follow-ups that mean something else to each who asks, from many threads at once."""
    people = ("Walter Imber", "Marian Telfer", "Ellen Voss", "Noor Haddad", "the harbour master", "the lifeboat crew")
    asked = [
        {"question": question, "history": [{"question": f"Who is {person}?", "answer": f"{person} was heard."}]}
        for person in people
        for question in ("How much?", "What did they say?", "Why?")
    ] + list(QUESTIONS)
    with ArticleQA.open(folder) as fresh:
        expected = [timeless(json.loads(json.dumps(Desk(fresh).ask(**one)))) for one in asked]
    assert len({one["understood"] for one in expected}) > len(people)
    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda one: answer_of(post(server, "/api/ask", one)), asked * 4))
    assert told == expected * 4


def edges(document: Document, schema: dict[str, Any], made: object) -> Iterator[tuple[object, bool]]:
    """Values just within and just beyond each limit of a schema; ``made`` fits it."""
    schema = document.follow(schema)
    for each in schema.get("anyOf", []):
        if each.get("type") != "null":
            yield from edges(document, each, made)
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1), False
        yield "\N{PILE OF POO}" * (schema["maxLength"] + 1), False
        if isinstance(made, str) and not made[:1].isdigit():
            yield "x" * schema["maxLength"], True
    if "maxItems" in schema and isinstance(made, list):
        yield made * (schema["maxItems"] + 1), False
        yield made * schema["maxItems"], True
    for limit, step in (("minimum", -1), ("maximum", 1)):
        if limit in schema:
            # The document has them as 1.0.
            yield int(schema[limit]), True
            yield int(schema[limit]) + step, False
    wrong: dict[str, tuple[object, ...]] = {
        "string": (7, ["x"], {}, True, "\ud800"),
        "integer": ("5", 5.5, True, [5], None),
        "boolean": ("yes", 1, None),
        "array": ("x", {"0": "x"}, 7),
        "object": ("x", [], 7, None),
    }
    for value in wrong.get(schema.get("type", ""), ()):
        yield value, False


def fitting(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A body for each route with a value in every field."""
    limits = {
        "as_of": "2025-06-30",
        "published_from": "2025-01-01",
        "published_to": "2025-06-30",
        "sources": ["The Marrowby Gazette"],
        "languages": ["en"],
    }
    asked = {"question": FINED, **limits}
    return {
        "/ask": {**asked, "as_understood": FINED, "history": AFTER_FINED, "stream": False},
        "/search": {**asked, "k": 5},
        "/export": {"style": "markdown", "conversation": conversation(answer)},
        "/feedback": verdict(answer),
    }


@pytest.mark.parametrize("path", POSTED)
def test_each_limit_of_a_body_is_the_one_that_the_document_tells(
    server: str, document: Document, desk: Desk, path: str
) -> None:
    whole = fitting(desk.ask(FINED))[path]
    schema = document.follow(
        document.all["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    )
    assert set(whole) == set(schema["properties"])
    assert post(server, f"/api{path}", whole).status in (200, 204)
    tried = 0
    for field, told in schema["properties"].items():
        for value, fits in edges(document, told, whole[field]):
            reply = post(server, f"/api{path}", {**whole, field: value})
            document.check("post", path, reply)
            assert (reply.status == 422) is not fits, (field, str(value)[:50], reply.text[:300])
            assert fits or reply.json["error"].startswith(field), reply.text
            tried += 1
        if field in schema["required"]:
            lacking = {key: value for key, value in whole.items() if key != field}
            reply = post(server, f"/api{path}", lacking)
            assert (reply.status, reply.json) == (422, {"error": f"{field}: Field required"})
    assert tried > 3


def test_the_limits_are_the_house_s_own(document: Document) -> None:
    asked, searched = (document.all["components"]["schemas"][name]["properties"] for name in ("Asked", "Searched"))
    assert asked["question"]["maxLength"] == MAX_QUESTION_LENGTH == 2_000
    assert (searched["k"]["minimum"], searched["k"]["maximum"]) == (1, MAX_PASSAGES)


@pytest.mark.parametrize("path", ["/articles", "/articles/{id}"])
def test_each_limit_of_a_query_is_the_one_that_the_document_tells(server: str, document: Document, path: str) -> None:
    address = f"/api{path.replace('{id}', quote(ODD_IDS[0], safe=''))}"
    tried = 0
    for told in document.all["paths"][path]["get"]["parameters"]:
        if told["in"] != "query":
            continue
        if told["schema"].get("type") == "boolean":
            # In an address everything is text, and some texts are true.
            assert request(server, f"{address}?{told['name']}=maybe").status == 422
            tried += 1
            continue
        for value, fits in edges(document, told["schema"], "x"):
            if isinstance(value, str) and fits and told["name"] in ("language", "source", "words"):
                assert request(server, f"{address}?{urlencode({told['name']: value})}").status == 200
            elif not fits and isinstance(value, int | str) and value not in (True, "5", "\ud800", 7):
                reply = request(server, f"{address}?{urlencode({told['name']: value})}")
                assert reply.status == 422, (told["name"], value)
                document.check("get", path, reply)
                assert reply.json["error"].startswith(f"{told['name']}:")
                tried += 1
    assert tried > 3


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", NO_OBJECTS)
def test_what_is_no_json_object_is_refused(server: str, document: Document, path: str, body: bytes) -> None:
    reply = post(server, f"/api{path}", body)
    assert reply.status == 422
    document.check("post", path, reply)
    assert reply.json["error"].startswith("the request is no JSON object")


def test_json_under_another_name_is_refused(server: str) -> None:
    """No form on another's page can post it."""
    body = json.dumps({"question": FINED}).encode()
    for media in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reply = request(server, "/api/ask", method="POST", headers={"Content-Type": media}, body=body)
        assert reply.status == 422
        assert "Content-Type: application/json" in reply.json["error"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("question", b'{"question":"\\ud800"}'),
        ("k", b'{"question":"hi","k":1e400}'),
        ("k", b'{"question":"hi","k":-1e400}'),
        ("k", b'{"question":"hi","k":NaN}'),
        ("as_of", b'{"question":"hi","as_of":NaN}'),
        ("published_from", b'{"question":"hi","published_from":"2025-13-01"}'),
        ("published_to", b'{"question":"hi","published_to":"2025-05-01T10:00"}'),
        ("as_of", b'{"question":"hi","as_of":"\\u0662025-01-01"}'),
        ("sources[0]", b'{"question":"hi","sources":[null]}'),
        ("__class__", b'{"question":"hi","__class__":{}}'),
        ("k", b'{"question":"hi","k":1,"k":0}'),
    ],
)
def test_odd_values_are_refused_by_name(server: str, field: str, body: bytes) -> None:
    reply = post(server, "/api/search", body)
    assert reply.status == 422
    assert reply.text.startswith(f'{{"error": "{field}:')


@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_a_key_that_is_no_text_is_refused(server: str, path: str) -> None:
    reply = post(server, f"/api{path}", b'{"question":"hi","\\udfff":1}')
    assert reply.status == 422
    assert "in UTF-8" in reply.json["error"]


def test_of_a_key_given_twice_the_last_counts(server: str) -> None:
    twice = b'{"question":"x","question":' + json.dumps(FINED).encode() + b"}"
    assert answer_of(post(server, "/api/ask", twice)) == answer_of(post(server, "/api/ask", {"question": FINED}))


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"published_from": "2025-06-02", "published_to": "2025-06-01"}, "2025-06-02"),
        ({"sources": []}, "source"),
        ({"languages": ["english"]}, "language"),
    ],
)
def test_limits_that_leave_nothing_are_explained(server: str, limits: dict[str, Any], field: str) -> None:
    for path in ("/api/ask", "/api/search"):
        reply = post(server, path, {"question": FINED, **limits})
        assert reply.status == 422
        assert field in reply.json["error"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POSTED), JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), st.booleans())
def test_no_body_makes_it_fail(server: str, document: Document, path: str, body: Any, fill: bool) -> None:
    if fill and isinstance(body, dict):
        body = {"question": "Who?", **body}
    reply = post(server, f"/api{path}", body)
    assert reply.status in (200, 204, 422)
    document.check("post", path, reply)
    says_nothing_of_the_machine(reply)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_change_to_a_good_body_makes_it_fail(
    server: str, document: Document, desk: Desk, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(POSTED))
    body = json.loads(json.dumps(fitting(desk.ask(FINED))[path]))
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if place[key] and isinstance(place[key], dict | list) and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    reply = post(server, f"/api{path}", body)
    assert reply.status in (200, 204, 422)
    document.check("post", path, reply)
    says_nothing_of_the_machine(reply)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(QUERY),
        st.text(),
    )
)
def test_no_query_makes_it_fail(server: str, document: Document, query: dict[str, str]) -> None:
    for path in ("/articles", "/articles/{id}"):
        address = f"/api{path.replace('{id}', quote(ODD_IDS[0], safe=''))}"
        reply = request(server, f"{address}?{urlencode(query, errors='surrogatepass')}")
        assert reply.status in (200, 422)
        document.check("get", path, reply)


class Failing:
    """Stands in for an index that breaks."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def warm(self) -> None:
        return

    def examples(self) -> tuple[str, ...]:
        return ()

    def __getattr__(self, name: str) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("secret /srv/path"), 500), (StoreError("/srv/path: secret"), 503)]
)
def test_a_failure_says_nothing_of_its_cause(error: Exception, status: int, caplog: pytest.LogCaptureFixture) -> None:
    broken: Any = Failing(error)
    with running(broken) as address, caplog.at_level(logging.ERROR, "byline.web"):
        document = Document(address)
        asked = {"question": FINED}
        replies = [
            ("post", "/ask", post(address, "/api/ask", asked)),
            ("post", "/ask", post(address, "/api/ask", {**asked, "stream": True})),
            ("post", "/search", post(address, "/api/search", asked)),
            ("get", "/articles", request(address, "/api/articles")),
            ("get", "/articles/{id}", request(address, "/api/articles/x")),
            ("get", "/collection", request(address, "/api/collection")),
            ("post", "/feedback", post(address, "/api/feedback", verdict(Answerless))),
        ]
    for method, path, reply in replies:
        assert reply.status == status, path
        assert "log" in reply.json["error"]
        assert "secret" not in reply.text
        assert "/srv" not in reply.text
        assert reply.headers["x-content-type-options"] == "nosniff"
        document.check(method, path, reply)
    assert caplog.text.count("secret") >= len(replies)


Answerless: dict[str, Any] = {
    "question": FINED,
    "understood": FINED,
    "answered": False,
    "answer": "The articles don't say.",
    "confidence": 0.1,
    "citations": [],
}


class Slow:
    """Stands in for an index that takes its time: until the gate is open, nobody gets an answer."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def warm(self) -> None:
        return

    def examples(self) -> tuple[str, ...]:
        return ()

    def retrieve(self, question: str, **_: object) -> tuple[()]:
        assert self.gate.wait(60)
        return ()


def test_whoever_comes_when_too_many_wait_is_told_to_come_again() -> None:
    slow: Any = Slow()
    with running(slow) as address, ThreadPoolExecutor(80) as pool:
        document = Document(address)
        sent = [pool.submit(post, address, "/api/search", {"question": FINED}) for _ in range(80)]
        try:
            wait_for(lambda: sum(one.done() for one in sent) == 80 - 68)
            turned_away = [one.result() for one in sent if one.done()]
            assert request(address, "/healthz").status == 200
        finally:
            slow.gate.set()
        for reply in turned_away:
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) > 0
            document.check("post", "/search", reply)
        assert sorted(one.result().status for one in sent) == [200] * 68 + [503] * 12
        assert post(address, "/api/search", {"question": FINED}).status == 200


def test_over_mcp_one_waits_in_the_same_queue_and_is_told_likewise() -> None:
    slow: Any = Slow()
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    body = json.dumps({**call, "params": {"name": "search", "arguments": {"question": FINED}}}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

    def search(address: str) -> tuple[bool, str]:
        result = request(address, "/mcp", method="POST", headers=headers, body=body).json["result"]
        return result["isError"], result["content"][0]["text"]

    with running(slow) as address, ThreadPoolExecutor(80) as pool:
        asked = [pool.submit(post, address, "/api/search", {"question": FINED}) for _ in range(40)]
        sent = [pool.submit(search, address) for _ in range(40)]
        try:
            wait_for(lambda: sum(one.done() for one in asked) + sum(one.done() for one in sent) == 80 - 68)
            assert {one.result() for one in sent if one.done()} <= {(True, BUSY)}
            assert search(address) == (True, BUSY)
        finally:
            slow.gate.set()
        through = [one for one in sent if not one.result()[0]]
        assert len(through) + sum(one.result().status == 200 for one in asked) == 68
        assert search(address)[0] is False


def test_those_who_wait_for_their_files_keep_nobody_from_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are added one at a time; a few people's must not take every place."""
    monkeypatch.setattr(ui.web.api, "_FILES_WAITING", 2)
    gate = threading.Event()

    class SlowUploads(Uploads):
        def add(self, name: str, content: Any) -> Any:
            assert gate.wait(60)
            return super().add(name, content)

    ArticleIndex.open(tmp_path / "index", create=True).close()
    with (
        ArticleQA.open(tmp_path / "index") as empty,
        running(empty, uploads=SlowUploads(tmp_path / "index")) as address,
        ThreadPoolExecutor(9) as pool,
    ):
        sent = [
            pool.submit(request, address, f"/api/articles?name={n}.txt", method="POST", body=b"Note\n\nNo %d." % n)
            for n in range(9)
        ]
        try:
            wait_for(lambda: any(one.done() for one in sent))
            assert post(address, "/api/ask", {"question": FINED}).status == 200
        finally:
            gate.set()
        told = [one.result() for one in sent]
        kept = [one for one in told if one.status == 200]
        assert all(one.status == 503 and int(one.headers["retry-after"]) for one in told if one not in kept)
        assert 1 < len(kept) < 9
        assert request(address, "/api/collection").json["articles"] == len(kept)


def wait_for(done: Callable[[], bool]) -> None:
    for _ in range(600):
        if done():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never happened")
