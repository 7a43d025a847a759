"""The query line: a line of text with positive and negative terms. No FiftyOne.

::

    line    = ["+" | "-"] term { ("+" | "-") term }
    term    = [weight ":"] operand
    operand = text | "text" | @name | @id | id | path | "path" | url

A sign is a minus or a plus after white space or at the start of the line: "black-and-white" is a
text. A number before a colon is a weight if the next character is no digit: "16:9" is a text. A
path may contain spaces. Anything in quotes is a text: ``"+1 - a sign"``; but a quoted path, which
starts right after the quote, stays a path, so that it may contain signs:
``"/photos/beach - 1.jpg"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

MAX_LINE = 1_000
MAX_TERMS = 16
MAX_WEIGHT = 100.0

Kind = Literal["text", "path", "url", "selected", "upload", "id"]

_SPACE = re.compile(r"\s*")
_SIGN = re.compile(r"[+\-\u2212]")
_NEXT_SIGN = re.compile(r"(?<=\s)[+\-\u2212]")
_WEIGHT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*:(?!\d)\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_PATH = re.compile(r"(?:\.{1,2}/|/|~/|[A-Za-z]:[\\/])\S")
_NAME = re.compile(r"\S*")
_UPLOAD = re.compile(r"upload\d*")
_ID = re.compile(r"[0-9a-fA-F]{24}")


class QueryLineError(ValueError):
    """A line that cannot be parsed.

    Attributes:
        at: the ``(start, end)`` of the error in the line
    """

    def __init__(self, message: str, at: tuple[int, int]) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class ParsedTerm:
    """A term of a line.

    Attributes:
        kind: the kind of the operand
        text: the text, the path, the URL, the id in lower case, or the name after ``@``
        weight: above 0
        negative: whether results should be unlike it
        at: the ``(start, end)`` of the term in the line
    """

    kind: Kind
    text: str
    weight: float = 1.0
    negative: bool = False
    at: tuple[int, int] = (0, 0)


def parse_line(line: str) -> tuple[ParsedTerm, ...]:
    """Parses a query line.

    Args:
        line: see the module

    Returns:
        its terms, at least one

    Raises:
        QueryLineError: if it cannot be parsed; the message says what to change
    """
    if len(line) > MAX_LINE:
        raise QueryLineError(
            f"The query has {len(line):,} characters; shorten it to {MAX_LINE:,} or fewer.",
            (MAX_LINE, len(line)),
        )
    if not line.strip():
        raise QueryLineError(
            "The query is empty; type what to look for, such as 'a red car'.", (0, len(line))
        )
    terms: list[ParsedTerm] = []
    at = _after_space(line, 0)
    while at < len(line):
        term, at = _read_term(line, at, is_first=not terms)
        terms.append(term)
        at = _after_space(line, at)
        if len(terms) > MAX_TERMS:
            raise QueryLineError(
                f"The query has more than {MAX_TERMS} terms; remove some.", (term.at[0], at)
            )
    return tuple(terms)


def explain_line(line: str) -> dict[str, Any]:
    """Parses a line while it is typed; returns JSON values.

    Returns:
        ``terms``, each with ``sign``, ``weight``, ``kind``, ``text`` and ``at``; and the ``error``,
        a sentence, with its position ``at``; both are None if the line can be parsed
    """
    try:
        terms = parse_line(line) if line.strip() else ()
    except QueryLineError as error:
        return {"terms": [], "error": str(error), "at": list(error.at)}
    described = [
        {
            "sign": "-" if term.negative else "+",
            "weight": term.weight,
            "kind": term.kind,
            "text": term.text,
            "at": list(term.at),
        }
        for term in terms
    ]
    return {"terms": described, "error": None, "at": None}


def _after_space(line: str, at: int) -> int:
    match = _SPACE.match(line, at)
    return match.end() if match else at


def _read_term(line: str, start: int, is_first: bool) -> tuple[ParsedTerm, int]:
    at, negative = start, False
    sign = _SIGN.match(line, at)
    if sign:
        negative = sign.group() != "+"
        at = _after_space(line, sign.end())
    elif not is_first:
        before, after = (" ".join(part.split()) for part in (line[:start], line[start:]))
        raise QueryLineError(
            f"Put + or - between '{before[-30:]}' and '{after[:30]}', or quotes around all of it.",
            (start, len(line)),
        )
    weight, at = _read_weight(line, at)
    if at == len(line) or _SIGN.match(line, at):
        raise QueryLineError(
            "A +, - or weight has nothing after it; add a text, or put it in quotes.",
            (start, min(at + 1, len(line))),
        )
    kind, text, end = _read_operand(line, at)
    return ParsedTerm(kind, text, weight, negative, (start, end)), end


def _read_weight(line: str, at: int) -> tuple[float, int]:
    match = _WEIGHT.match(line, at)
    if not match:
        return 1.0, at
    weight = float(match.group(1))
    if not 0 < weight <= MAX_WEIGHT:
        raise QueryLineError(
            f"A weight must be above 0 and at most {MAX_WEIGHT:g}, got {match.group(1)[:20]}; for "
            "a negative term, write - before it.",
            match.span(),
        )
    return weight, match.end()


def _read_operand(line: str, at: int) -> tuple[Kind, str, int]:
    if line[at] == '"':
        return _read_quoted(line, at)
    if line[at] == "@":
        return _read_reference(line, at)
    url = _URL.match(line, at)
    if url and _ends_term(line, url.end()):
        return "url", url.group(), url.end()
    id_match = _ID.match(line, at)
    if id_match and _ends_term(line, id_match.end()):
        return "id", id_match.group().lower(), id_match.end()
    return _read_text(line, at, "path" if _PATH.match(line, at) else "text")


def _read_quoted(line: str, at: int) -> tuple[Kind, str, int]:
    """The text, or the path, in quotes; if text follows the quotes, all of it."""
    match = _QUOTED.match(line, at)
    if not match:
        raise QueryLineError("A quote is not closed; add a second one.", (at, len(line)))
    if not _ends_term(line, match.end()):
        return _read_text(line, at, "text", match.end())
    text = _ESCAPED.sub(r"\1", match.group(1)).strip()
    if not text:
        raise QueryLineError(
            "There is nothing between the quotes; type what to look for.", match.span()
        )
    kind: Kind = "path" if _PATH.match(match.group(1)) else "text"
    return kind, text, match.end()


def _read_reference(line: str, at: int) -> tuple[Kind, str, int]:
    match = _NAME.match(line, at + 1)
    name = match.group() if match else ""
    end = at + 1 + len(name)
    if name == "selected":
        return "selected", name, end
    if _UPLOAD.fullmatch(name):
        return "upload", name, end
    if _ID.fullmatch(name):
        return "id", name.lower(), end
    raise QueryLineError(
        f"'@{name[:40]}' is not known; write @selected, or @ and the id of a sample or label, or "
        "put quotes around it.",
        (at, end),
    )


def _read_text(line: str, at: int, kind: Kind, past: int = 0) -> tuple[Kind, str, int]:
    """The text up to the next sign after ``past``."""
    following = _NEXT_SIGN.search(line, max(at + 1, past))
    text = line[at : following.start() if following else len(line)].rstrip()
    return kind, text, at + len(text)


def _ends_term(line: str, at: int) -> bool:
    """Whether a term may end here: at the end of the line, or with a sign next."""
    following = _after_space(line, at)
    if following == len(line):
        return True
    return following > at and _SIGN.match(line, following) is not None
