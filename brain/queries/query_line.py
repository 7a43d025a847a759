"""The query line: one line of text that says what to search for, for and against. No FiftyOne.

::

    line    = ["+" | "-"] term { ("+" | "-") term }
    term    = [weight ":"] operand
    operand = words | "words" | @name | @id | id | path | "path" | url

A sign counts where white space, or the start of the line, is before it: "black-and-white" is words.
So does a weight where what follows its colon is no digit: "16:9" is words. A path may have spaces
in it. Quotes make words of anything: ``"+1 - a sign"``; but of a path that begins right after the
quote, one with signs in it: ``"/photos/beach - 1.jpg"``.
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
    """A line that cannot be read.

    Attributes:
        at: the ``(start, end)`` of the place in the line
    """

    def __init__(self, message: str, at: tuple[int, int]) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class ParsedTerm:
    """A term of a line.

    Attributes:
        kind: what the operand is
        text: the words, the path, the address, the id in lower case, the name after ``@``
        weight: above 0
        negative: whether it is to be avoided
        at: the ``(start, end)`` of the term in the line
    """

    kind: Kind
    text: str
    weight: float = 1.0
    negative: bool = False
    at: tuple[int, int] = (0, 0)


def parse_line(line: str) -> tuple[ParsedTerm, ...]:
    """Reads a line.

    Args:
        line: see the module

    Returns:
        its terms, at least one

    Raises:
        QueryLineError: if it cannot be read, saying what to change
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
                f"The query has more than {MAX_TERMS} terms; leave some out.", (term.at[0], at)
            )
    return tuple(terms)


def explain_line(line: str) -> dict[str, Any]:
    """Tells how a line is read while it is typed, as JSON values.

    Returns:
        ``terms``, each with ``sign``, ``weight``, ``kind``, ``text`` and ``at``; and the ``error``,
        a sentence with its place ``at``, both None if the line can be read
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
    found = _SPACE.match(line, at)
    return found.end() if found else at


def _read_term(line: str, start: int, is_first: bool) -> tuple[ParsedTerm, int]:
    at, negative = start, False
    sign = _SIGN.match(line, at)
    if sign:
        negative = sign.group() != "+"
        at = _after_space(line, sign.end())
    elif not is_first:
        before, after = (" ".join(one.split()) for one in (line[:start], line[start:]))
        raise QueryLineError(
            f"Put + or - between '{before[-30:]}' and '{after[:30]}', or quotes around all of it.",
            (start, len(line)),
        )
    weight, at = _read_weight(line, at)
    if at == len(line) or _SIGN.match(line, at):
        raise QueryLineError(
            "A +, - or weight has nothing to search for after it; add words, or put quotes around "
            "it.",
            (start, min(at + 1, len(line))),
        )
    kind, text, end = _read_operand(line, at)
    return ParsedTerm(kind, text, weight, negative, (start, end)), end


def _read_weight(line: str, at: int) -> tuple[float, int]:
    found = _WEIGHT.match(line, at)
    if not found:
        return 1.0, at
    weight = float(found.group(1))
    if not 0 < weight <= MAX_WEIGHT:
        raise QueryLineError(
            f"The weight {found.group(1)[:20]} is not above 0 and at most {MAX_WEIGHT:g}; to avoid "
            "something, write - before it.",
            found.span(),
        )
    return weight, found.end()


def _read_operand(line: str, at: int) -> tuple[Kind, str, int]:
    if line[at] == '"':
        return _read_quoted(line, at)
    if line[at] == "@":
        return _read_reference(line, at)
    url = _URL.match(line, at)
    if url and _ends_term(line, url.end()):
        return "url", url.group(), url.end()
    one = _ID.match(line, at)
    if one and _ends_term(line, one.end()):
        return "id", one.group().lower(), one.end()
    return _read_words(line, at, "path" if _PATH.match(line, at) else "text")


def _read_quoted(line: str, at: int) -> tuple[Kind, str, int]:
    """The words, or the path, in quotes; if words go on after them, all of it."""
    found = _QUOTED.match(line, at)
    if not found:
        raise QueryLineError("A quote is not closed; add a second one.", (at, len(line)))
    if not _ends_term(line, found.end()):
        return _read_words(line, at, "text", found.end())
    text = _ESCAPED.sub(r"\1", found.group(1)).strip()
    if not text:
        raise QueryLineError(
            "There is nothing between the quotes; type what to look for.", found.span()
        )
    kind: Kind = "path" if _PATH.match(found.group(1)) else "text"
    return kind, text, found.end()


def _read_reference(line: str, at: int) -> tuple[Kind, str, int]:
    found = _NAME.match(line, at + 1)
    name = found.group() if found else ""
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


def _read_words(line: str, at: int, kind: Kind, past: int = 0) -> tuple[Kind, str, int]:
    """What goes on until the next sign, past a place."""
    following = _NEXT_SIGN.search(line, max(at + 1, past))
    words = line[at : following.start() if following else len(line)].rstrip()
    return kind, words, at + len(words)


def _ends_term(line: str, at: int) -> bool:
    """Whether a term may end here: at the end of the line, or with a sign next."""
    following = _after_space(line, at)
    if following == len(line):
        return True
    return following > at and _SIGN.match(line, following) is not None
