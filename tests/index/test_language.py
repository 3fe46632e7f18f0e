from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.language import detect, normalise
from index.sentences import split

SAID = {
    "en": "The mayor said on Tuesday that the bridge would open again in May, after two years of work.",
    "de": "Der Bürgermeister sagte am Dienstag, dass die Brücke nach zwei Jahren im Mai wieder öffnet.",
    "fr": "Le maire a dit mardi que le pont rouvrirait en mai, après deux ans de travaux sur le quai.",
    "es": "El alcalde dijo el martes que el puente volverá a abrirse en mayo, tras dos años de obras.",
    "ru": "Мэр сказал во вторник, что мост снова откроется в мае после двух лет ремонтных работ.",
    "zh": "市长周二表示，这座桥将在五月重新开放。工程历时两年，耗资三百万。居民们很高兴。",
    "ja": "市長は火曜日、橋が五月に再開すると述べた。工事は二年かかった。住民は喜んでいる。",
    "ar": "قال رئيس البلدية يوم الثلاثاء إن الجسر سيفتح من جديد في أيار بعد عامين من العمل المتواصل.",
    "hi": "मेयर ने मंगलवार को कहा कि पुल मई में फिर से खुलेगा। काम में दो साल लगे और बहुत खर्च हुआ।",
}


@pytest.mark.parametrize(("code", "text"), SAID.items())
def test_the_language_of_a_short_text(code: str, text: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(
    "text", ["", "Ok.", "12 14 15", "Bridge shut", "https://x.example/a-long-address-of-a-page " * 5]
)
def test_what_is_too_short_to_tell_is_not_guessed(text: str) -> None:
    assert detect(text) is None


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_code_or_none(text: str) -> None:
    code = detect(text)
    assert code is None or (len(code) == 2 and code.isascii() and code.islower())


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("English", "en"),
        ("eng", "en"),
        ("zh-Hant-TW", "zh"),
        (" français ", "fr"),
        ("deu", "de"),
        ("", None),
        ("klingon", None),
        ("x-none", None),
        ("12", None),
    ],
)
def test_a_language_is_stated_in_many_ways(stated: str, code: str | None) -> None:
    assert normalise(stated) == code


# Sentences of every script, dense in the stops of each, and codes that no splitter knows.
WRITTEN = st.text("ab 。！？।؟.!?\n「」“”市橋あアमेقا։።။ ", max_size=200)
CODES = st.sampled_from([*SAID, "th", "my", "am", "hy", "el", "ur", "qq", "xx"])


@given(WRITTEN, CODES)
@settings(max_examples=400, deadline=None)
def test_sentences_hold_every_character_whatever_the_language(text: str, code: str) -> None:
    end = 0
    for sentence in split(text, code):
        assert end <= sentence.span.start < sentence.span.end
        assert not text[end : sentence.span.start].strip()
        end = sentence.span.end
    assert not text[end:].strip()


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        ("zh", ["市长说桥开了。", "工程历时两年！", "好吗？"]),
        ("ja", ["市長は述べた。", "工事は二年かかった。"]),
        ("ar", ["قال رئيس البلدية ذلك.", "هل صحيح؟", "نعم."]),
        ("hi", ["मेयर ने कहा।", "पुल खुलेगा।"]),
    ],
)
def test_each_script_has_its_own_full_stops(code: str, sentences: list[str]) -> None:
    text = ("" if code in ("zh", "ja") else " ").join(sentences)
    assert [text[s.span.start : s.span.end] for s in split(text, code)] == sentences
