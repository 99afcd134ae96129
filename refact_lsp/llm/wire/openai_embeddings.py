"""Embeddings in OpenAI's shape and its three cousins: Voyage, Jina, Cohere.

References: https://platform.openai.com/docs/api-reference/embeddings,
https://docs.voyageai.com/reference/embeddings-api, https://jina.ai/embeddings,
https://docs.cohere.com/reference/embed
"""

import array
import base64
import binascii
import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, cast

import msgspec

from refact_lsp.core.events import Event, UsageReported, Vectors
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.quirks import EmbeddingShape, Quirks
from refact_lsp.core.requests import EmbeddingRequest
from refact_lsp.core.types import Usage
from refact_lsp.llm.wire.answer import AnswerParser, decode_lenient, no_answer
from refact_lsp.llm.wire.base import HttpRequest, Parser
from refact_lsp.llm.wire.history import encoded
from refact_lsp.llm.wire.stop_reasons import finished
from refact_lsp.llm.wire.usage import OpenAiUsage, first_count

# Between these lies the largest number of any embedding.
_LEAST, _MOST = 1e-6, 1e6
_FEWEST_INTEGERS = 64


class _Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Names of a vendor's fields; `purposes` are its words for queries and documents."""

    inputs: str = "input"
    dimensions: str = "dimensions"
    purpose: str | None = None
    purposes: Mapping[str, str] = {}
    constants: Mapping[str, Any] = {}
    path: str = "/embeddings"


_SHAPES: dict[EmbeddingShape, _Shape] = {
    "openai": _Shape(),
    "voyage": _Shape(
        dimensions="output_dimension",
        purpose="input_type",
        purposes={"query": "query", "document": "document"},
    ),
    "jina": _Shape(
        purpose="task",
        purposes={"query": "retrieval.query", "document": "retrieval.passage"},
    ),
    "cohere": _Shape(
        inputs="texts",
        dimensions="output_dimension",
        purpose="input_type",
        purposes={"query": "search_query", "document": "search_document"},
        constants={"embedding_types": ["float"]},
        path="/embed",
    ),
}


class _Entry(msgspec.Struct):
    embedding: list[float | list[float]] | str | None = None
    index: int | None = None


class _Billed(msgspec.Struct):
    input_tokens: float | None = None


class _Meta(msgspec.Struct):
    billed_units: _Billed | None = None


class _Answer(msgspec.Struct):
    data: list[_Entry] | None = None
    embeddings: list[list[float]] | dict[str, list[list[float]]] | None = None
    usage: OpenAiUsage | None = None
    meta: _Meta | None = None


_decode = msgspec.json.Decoder(_Answer, strict=False).decode
_decode_list = msgspec.json.Decoder(list[_Entry], strict=False).decode


def build_embedding(request: EmbeddingRequest, quirks: Quirks) -> HttpRequest:
    """Build a request for vectors."""
    shape = _SHAPES[quirks.embedding_shape]
    body: dict[str, Any] = {"model": request.model, shape.inputs: list(request.inputs)}
    if request.dimensions is not None:
        body[shape.dimensions] = request.dimensions
    if shape.purpose is not None:
        body[shape.purpose] = shape.purposes.get(request.purpose, shape.purposes["document"])
    body |= shape.constants
    return HttpRequest(route="embedding", path=shape.path, body=encoded(body))


def embedding_parser(quirks: Quirks) -> Parser:  # noqa: ARG001  — the shape of every wire format
    """Make a parser for one answer, of whichever shape."""
    return EmbeddingParser()


class EmbeddingParser(AnswerParser):
    """Reads the one document that holds the vectors, and puts them in the order of the inputs."""

    def _take(self, payload: bytes, events: list[Event]) -> None:
        if payload[:1] == b"[":
            answer = _Answer(data=decode_lenient(payload, _decode_list, list[_Entry]))
        else:
            answer = decode_lenient(payload, _decode, _Answer)
        vectors = _vectors(answer)
        if not vectors:
            raise no_answer(payload[:2000])
        events.append(Vectors(vectors=vectors))
        usage = answer.usage or OpenAiUsage()
        billed = (answer.meta and answer.meta.billed_units) or _Billed()
        read = first_count(usage.prompt_tokens, usage.total_tokens, billed.input_tokens) or 0
        events.append(UsageReported(usage=Usage(input_tokens=read, output_tokens=0)))
        events.append(finished("stop", has_calls=False))
        self._finished = True

    def _end(self, events: list[Event]) -> None:  # noqa: ARG002  — a document has no other end
        raise no_answer(self._reader.head)


def _vectors(answer: _Answer) -> Sequence[Sequence[float]]:
    if isinstance(answer.embeddings, dict):
        return answer.embeddings.get("float", [])
    if answer.embeddings is not None:
        return answer.embeddings
    entries = answer.data or []
    if all(entry.index is not None for entry in entries):
        entries = sorted(entries, key=lambda entry: entry.index or 0)
    return [_vector(entry) for entry in entries]


def _vector(entry: _Entry) -> Sequence[float]:
    embedding = entry.embedding
    if isinstance(embedding, str):
        return _unpacked(embedding)
    if not embedding:
        raise refuse(
            "badResponse",
            "An entry of the answer holds no vector.",
            "Check that the model is one for embeddings.",
        )
    first = embedding[0]  # llama.cpp's own route wraps each vector once more
    return first if isinstance(first, list) else cast("list[float]", embedding)


def _unpacked(text: str) -> Sequence[float]:
    """Unpack what some servers send unasked: little-endian 32-bit floats, or 8-bit integers.

    Nobody says which of them it is, but bytes of the one make numbers that no embedding has when
    they are read as the other. Packings that a server sends only when asked are not looked for.
    """
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable() from None
    floats = array.array("f", packed[: len(packed) // 4 * 4])
    if sys.byteorder == "big":
        floats.byteswap()
    likely = sum(number == 0 or _LEAST < abs(number) < _MOST for number in floats)
    if 2 * likely < len(floats) and len(packed) >= _FEWEST_INTEGERS:
        return array.array("b", packed)
    largest = max(map(abs, floats), default=0.0)
    if len(packed) % 4 or not all(map(isfinite, floats)) or not _LEAST < largest < _MOST:
        raise _unreadable()
    return floats


def _unreadable() -> RefactError:
    return refuse(
        "badResponse",
        "A vector of the answer is no list of numbers, nor packed 32-bit floats or 8-bit integers.",
        "Check that the model is one for embeddings, and that its server sends floats.",
    )
