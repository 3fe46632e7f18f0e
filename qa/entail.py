"""An optional second opinion: a cross-encoder for natural-language inference reads words and claim together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from index import ModelError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["Entails"]


class Entails:
    """A sentence-transformers ``CrossEncoder`` for natural-language inference, from a folder
    or by name. Safe to share between threads: calls take turns."""

    def __init__(self, name: str) -> None:
        """``name`` is a folder, or a name that sentence-transformers may fetch from its hub.

        Raises ModelError where it can't be loaded, or has no score named "entailment" beside
        another.
        """
        self.name = name
        self._turn = threading.Lock()
        try:
            # Loaded where it is needed: torch takes seconds.
            from sentence_transformers import CrossEncoder

            # A pickle could run what it likes.
            safely = {"use_safetensors": True}
            self._model: CrossEncoder = CrossEncoder(name, device="cpu", model_kwargs=safely)
            labels = {int(place): str(label).lower() for place, label in self._model.config.id2label.items()}
        except Exception as error:  # it raises whatever the hub's client, torch or JSON raise
            raise ModelError(f"{name}: can't be loaded as a cross-encoder ({error}): check the path or name") from error
        found = [place for place, label in labels.items() if label in ("entailment", "entailed", "entails")]
        if len(labels) < 2 or len(found) != 1:
            raise ModelError(
                f"{name}: its scores are named {', '.join(labels.values())}, where one of several must be "
                "“entailment”: take a model for natural-language inference"
            )
        self._place = found[0]

    def entailed(self, premise: str, claim: str) -> bool:
        """Whether entailment of ``claim`` by ``premise`` has the highest score."""
        with self._turn:
            scores = self._model.predict([(premise, claim)], show_progress_bar=False)
        return int(np.argmax(np.asarray(scores)[0])) == self._place
