"""A cross-encoder of a few thousand weights, made on the spot: what it prefers is arbitrary, and always the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer


def make(folder: Path, labels: Mapping[int, str] | None = None, favours: int | None = None) -> Path:
    """Save one that gives a score, or one for each of ``labels``; with ``favours`` its last
    layer gives that label the highest, whatever it reads."""
    from transformers import BertConfig, BertForSequenceClassification

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789."]
    words = [*vocabulary, *(f"##{letter}" for letter in vocabulary[5:])]
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    config.num_labels = len(labels) if labels else 1
    if labels:
        config.id2label = dict(labels)
        config.label2id = {label: place for place, label in labels.items()}
    model = BertForSequenceClassification(config)
    if favours is not None:
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.zero_()
            model.classifier.bias[favours] = 3.0
    model.save_pretrained(folder)
    tokenizer = Tokenizer(WordPiece({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.normalizer = BertNormalizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return folder
