"""Questions about articles, answered by them: ranking, answers, citations, refusal.

``ArticleQA`` is the door; everything behind it is private to this package.
"""

from qa.answer import Answer, Claim, Unsupported, Usage, Written
from qa.citation import Citation, Passage, deep_link, is_web_address
from qa.conversation import Conversation, Exchange, Understood, resolve
from qa.events import Asked, Checked, Event, Failed, Finished, Pending
from qa.question import MAX_QUESTION_LENGTH, Limits
from qa.retrieve import RankedSentence
from qa.service import ArticleQA
from qa.writer import Writer

__all__ = [
    "MAX_QUESTION_LENGTH",
    "Answer",
    "ArticleQA",
    "Asked",
    "Checked",
    "Citation",
    "Claim",
    "Conversation",
    "Event",
    "Exchange",
    "Failed",
    "Finished",
    "Limits",
    "Passage",
    "Pending",
    "RankedSentence",
    "Understood",
    "Unsupported",
    "Usage",
    "Writer",
    "Written",
    "deep_link",
    "is_web_address",
    "resolve",
]
