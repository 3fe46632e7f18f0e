"""Questions about articles, answered by them: ranking, answers, citations, refusal.

``ArticleQA`` is the door; everything behind it is private to this package.
"""

from qa.answer import Answer, Claim
from qa.citation import Citation, Passage, deep_link, is_web_address
from qa.conversation import Conversation, Exchange, Understood, resolve
from qa.question import MAX_QUESTION_LENGTH
from qa.retrieve import RankedSentence
from qa.service import ArticleQA

__all__ = [
    "MAX_QUESTION_LENGTH",
    "Answer",
    "ArticleQA",
    "Citation",
    "Claim",
    "Conversation",
    "Exchange",
    "Passage",
    "RankedSentence",
    "Understood",
    "deep_link",
    "is_web_address",
    "resolve",
]
