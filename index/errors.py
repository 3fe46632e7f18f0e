"""Every error that Byline raises on purpose.

::

    BylineError
    ├── ArticleError            (ValueError)          an article or its file can't be read
    ├── ArticleNotFoundError    (LookupError)         no article has that id
    ├── QuestionError           (ValueError)          a question or its filters can't be used
    ├── QuestionSetError        (ValueError)          a question set can't be read
    ├── RunError                (ValueError)          a run of an evaluation can't be kept, taken up or read
    ├── ModelError              (ValueError)          a model can't be loaded or isn't what it should be
    ├── EndpointError           (ConnectionError)     a language model doesn't answer as it should
    ├── SettingsError           (ValueError)          settings of a server or command contradict each other
    └── StoreError              (OSError)             an index can't be opened, read or written
        ├── IndexMissingError   (FileNotFoundError)   there is no index at that place
        ├── IndexLockedError                          another process is writing to it
        ├── IndexReadOnlyError                        it was opened to be read only
        ├── IndexDamagedError                         what is stored contradicts itself
        └── ModelMismatchError                        it was made with another model

Each message says what happened, to which file or value, and what to do.
"""

from __future__ import annotations

__all__ = [
    "ArticleError",
    "ArticleNotFoundError",
    "BylineError",
    "EndpointError",
    "IndexDamagedError",
    "IndexLockedError",
    "IndexMissingError",
    "IndexReadOnlyError",
    "ModelError",
    "ModelMismatchError",
    "QuestionError",
    "QuestionSetError",
    "RunError",
    "SettingsError",
    "StoreError",
]


class BylineError(Exception):
    """The root: catch it to catch all that Byline raises on purpose."""


class ArticleError(BylineError, ValueError):
    """An article, or the file that should hold it, can't be read.

    ``name`` says which (a path, or a path and a line), ``reason`` why and what to do.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class ArticleNotFoundError(BylineError, LookupError):
    """No article has the id that was asked for."""


class QuestionError(BylineError, ValueError):
    """A question, or a filter given with it, can't be used."""


class QuestionSetError(BylineError, ValueError):
    """A question set can't be read; the message names the file and the line."""


class RunError(BylineError, ValueError):
    """A run of an evaluation can't be kept in a folder, taken up or read from it."""


class ModelError(BylineError, ValueError):
    """An embedding model can't be loaded, or its files are not the ones expected."""


class EndpointError(BylineError, ConnectionError):
    """The endpoint of a language model can't be reached, or doesn't answer as it should."""


class SettingsError(BylineError, ValueError):
    """Settings of a server or a command that can't stand together."""


class StoreError(BylineError, OSError):
    """An index can't be opened, read or written."""


class IndexMissingError(StoreError, FileNotFoundError):
    """There is no index at the place named."""


class IndexLockedError(StoreError):
    """Another process is writing to the index; the message holds its process id."""


class IndexReadOnlyError(StoreError):
    """The index was opened to be read, and a change was asked for."""


class IndexDamagedError(StoreError):
    """What the index stores contradicts itself and can't be rebuilt from it."""


class ModelMismatchError(StoreError):
    """The index was made with another model than the one given."""
