"""Articles at rest: read, split into sentences, embedded, stored, and searched.

``ArticleIndex`` is the door; everything behind it is private to this package.
"""

from index.adding import AddReport, Outcome
from index.archive import ArticleHit, ArticleIndex, Copy, Look, Revision, SearchResult
from index.article import Article, Filter, Sentence, Span, day_of
from index.embedder import DEFAULT_MODEL, default_model_path
from index.errors import (
    ArticleError,
    ArticleNotFoundError,
    BylineError,
    EndpointError,
    IndexDamagedError,
    IndexLockedError,
    IndexMissingError,
    IndexReadOnlyError,
    ModelError,
    ModelMismatchError,
    QuestionError,
    QuestionSetError,
    RunError,
    SettingsError,
    StoreError,
)
from index.listing import Listed, Listing
from index.readers import Upload
from index.store import StoreFacts
from index.upkeep import Fingerprint, Stats, VerifyReport

__all__ = [
    "DEFAULT_MODEL",
    "AddReport",
    "Article",
    "ArticleError",
    "ArticleHit",
    "ArticleIndex",
    "ArticleNotFoundError",
    "BylineError",
    "Copy",
    "EndpointError",
    "Filter",
    "Fingerprint",
    "IndexDamagedError",
    "IndexLockedError",
    "IndexMissingError",
    "IndexReadOnlyError",
    "Listed",
    "Listing",
    "Look",
    "ModelError",
    "ModelMismatchError",
    "Outcome",
    "QuestionError",
    "QuestionSetError",
    "Revision",
    "RunError",
    "SearchResult",
    "Sentence",
    "SettingsError",
    "Span",
    "Stats",
    "StoreError",
    "StoreFacts",
    "Upload",
    "VerifyReport",
    "day_of",
    "default_model_path",
]
