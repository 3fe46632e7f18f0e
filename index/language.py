"""Which language a text is in: as its document states it, else by its words."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["detect", "normalise"]

# More of the text changes no verdict, and the detector's time grows with it.
_SAMPLE = 3_000
# Letters; below them a detector guesses. A Chinese or Japanese one says as much as three.
_FEWEST = 40
_FEWEST_IDEOGRAPHIC = 20
_SURE = 0.5

_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_TAG = re.compile(r"[a-z]{2,3}(?=[-_]|\Z)")

# The names and three-letter codes that exports use in place of a tag.
_NAMES = {
    name: code
    for code, names in {
        "ar": "arabic ara",
        "bg": "bulgarian bul",
        "bn": "bengali bangla ben",
        "ca": "catalan cat",
        "cs": "czech ces cze",
        "da": "danish dan",
        "de": "german deutsch deu ger",
        "el": "greek ell gre",
        "en": "english eng",
        "es": "spanish español espanol castilian spa",
        "et": "estonian est",
        "fa": "persian farsi fas per",
        "fi": "finnish fin",
        "fr": "french français francais fra fre",
        "he": "hebrew heb iw",
        "hi": "hindi hin",
        "hr": "croatian hrv",
        "hu": "hungarian hun",
        "id": "indonesian ind in",
        "it": "italian italiano ita",
        "ja": "japanese jpn",
        "ko": "korean kor",
        "lt": "lithuanian lit",
        "lv": "latvian lav",
        "mr": "marathi mar",
        "ms": "malay msa may",
        "nl": "dutch nederlands nld dut",
        "no": "norwegian nor nb nn nob nno",
        "pl": "polish polski pol",
        "pt": "portuguese português portugues por",
        "ro": "romanian ron rum",
        "ru": "russian rus",
        "sk": "slovak slk slo",
        "sl": "slovenian slv",
        "sq": "albanian sqi alb",
        "sr": "serbian srp",
        "sv": "swedish svenska swe",
        "sw": "swahili swa",
        "ta": "tamil tam",
        "te": "telugu tel",
        "th": "thai tha",
        "tr": "turkish tur",
        "uk": "ukrainian ukr",
        "ur": "urdu urd",
        "vi": "vietnamese vie",
        "zh": "chinese mandarin zho chi cmn",
    }.items()
    for name in names.split()
}


def normalise(stated: str) -> str | None:
    """The ISO 639-1 code of a language as documents write it ("en-GB", "EN_us",
    "English", "eng"); None where it names none that has one."""
    stated = stated.strip().lower()
    tag = _TAG.match(stated)
    code = tag.group() if tag else stated.partition(" ")[0]
    if code in _NAMES:
        return _NAMES[code]
    return code if tag and len(code) == 2 else None


def detect(text: str) -> str | None:
    """The ISO 639-1 code of the language that ``text`` is written in; None where it is too
    short or too mixed to tell."""
    sample = _ADDRESS.sub(" ", text[:_SAMPLE])
    fewest = _FEWEST_IDEOGRAPHIC if len(_IDEOGRAPH.findall(sample)) >= _FEWEST_IDEOGRAPHIC else _FEWEST
    if len(_LETTER.findall(sample)) < fewest:
        return None
    code, probability = _identifier().classify(sample)
    return normalise(code) if probability >= _SURE else None


@cache
def _identifier() -> LanguageIdentifier:
    # The library takes a moment to load, which what states its language never needs.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
