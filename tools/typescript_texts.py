"""The identifiers and the texts of TypeScript files, with or without JSX.

A tokenizer that knows where code, strings, templates, comments, tags and their text begin and end.
It does not parse TypeScript: every name in code counts, but for properties of other objects.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from source_texts import Identifier, Text

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
# A slash begins a regular expression only where a value may begin.
REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
NAME = re.compile(r"[A-Za-z_$][\w$]*")
NUMBER = re.compile(r"\d[\w.]*")
# "<T extends" and "<T," begin the type parameters of a function.
TAG = re.compile(r"<(?=[A-Za-z>])(?!\w+(?:\s+extends\b|\s*,))")
TEMPLATE_PART = re.compile(r"(?:\\.|[^`\\$]|\$(?!\{))+", re.DOTALL)
TAG_TEXT = re.compile(r"[^<{]+")
# After these words a value begins, as after an operator.
OPERATOR_WORDS = frozenset(
    re.findall(
        r"\w+",
        "await case default delete do else export extends in instanceof new of return throw "
        "typeof void yield",
    )
)
# Words of the language are not identifiers.
KEYWORDS = OPERATOR_WORDS | frozenset(
    re.findall(
        r"\w+",
        "any as async boolean break catch class const continue declare enum false finally for "
        "from function if implements import interface keyof let never null number object readonly "
        "static string super switch this true try type undefined unknown var while",
    )
)


class Tokenizer:
    """Splits a file into identifiers and texts.

    Args:
        source: the content of the file
        jsx: whether ``<`` may begin a tag
    """

    def __init__(self, source: str, jsx: bool) -> None:
        self.source, self.jsx = source, jsx
        self.place = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]
        # The last token of code: it tells whether a value or an operator follows.
        self.last = ""
        self.identifiers: list[Identifier] = []
        self.texts: list[Text] = []
        # What surrounds the place: "code", "template", "tag" or "content" (of an element).
        self.modes = ["code"]
        while self.place < len(source):
            getattr(self, f"_{self.modes[-1]}")()

    def _line(self) -> int:
        return bisect_right(self._starts, self.place)

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.source, self.place)
        return match[0] if match else None

    def _text(self, value: str, before: str = "", after: str = "") -> None:
        """Adds a text, without its delimiters, and goes past it."""
        text = Text()
        text.add(value[len(before) : len(value) - len(after)], self._line())
        if text.value:
            self.texts.append(text)
        self.place += len(value)

    def _comment(self) -> bool:
        comment = self._match(COMMENT)
        if comment is None:
            return False
        joined = re.sub(r"(?m)^\s*(//+|/?\*+/?) ?", "", comment)
        self.texts.append(Text())
        self.texts[-1].add(joined, self._line())
        self.place += len(comment)
        return True

    def _value_begins(self) -> bool:
        is_value = self.last[-1:].isalnum() or self.last[-1:] in ("_", "$", ")", "]", '"')
        return not is_value or self.last in OPERATOR_WORDS

    def _code(self) -> None:
        character = self.source[self.place]
        if character.isspace():
            self.place += 1
        elif self._comment():
            pass
        elif string := self._match(STRING):
            self._text(string, string[0], string[0])
            self.last = '"'
        elif character == "`":
            self._enter("template", 1)
        elif self.jsx and self._value_begins() and self._match(TAG):
            self._enter("tag", 1)
        elif self._value_begins() and (regex := self._match(REGEX)):
            self.place += len(regex)
            self.last = '"'
        elif name := self._match(NAME):
            self._name(name)
        elif number := self._match(NUMBER):
            self._advance(number)
        elif character == "{":
            self._enter("code", 1)
            self.last = "{"
        elif character == "}" and len(self.modes) > 1:
            self.modes.pop()
            self._advance("}")
        else:
            self._advance(character)

    def _advance(self, token: str) -> None:
        self.last = token
        self.place += len(token)

    def _enter(self, mode: str, length: int) -> None:
        self.modes.append(mode)
        self.place += length

    def _name(self, name: str) -> None:
        is_property = self.last in (".", "?.") and not self.source.endswith("this.", 0, self.place)
        if name not in KEYWORDS and not is_property:
            is_function = self.last == "function"
            self.identifiers.append(Identifier(name, self._line(), is_function))
        self._advance(name)

    def _template(self) -> None:
        if part := self._match(TEMPLATE_PART):
            self._text(part)
        elif self.source.startswith("${", self.place):
            self._enter("code", 2)
            self.last = "{"
        else:
            self.modes.pop()
            self.place += 1
            self.last = '"'

    def _tag(self) -> None:
        """Within ``<name attribute="..." other={...}``."""
        if self._comment():
            pass
        elif string := self._match(STRING):
            self._text(string, string[0], string[0])
        elif self.source.startswith("{", self.place):
            self._enter("code", 1)
            self.last = "{"
        elif self.source.startswith("/>", self.place):
            self._leave_element(2)
        elif self.source.startswith(">", self.place):
            self.modes[-1] = "content"
            self.place += 1
        else:
            self.place += 1

    def _leave_element(self, length: int) -> None:
        self.modes.pop()
        self.place += length
        self.last = '"'

    def _content(self) -> None:
        """Between the tags of an element."""
        if text := self._match(TAG_TEXT):
            self._text(text)
        elif self.source.startswith("</", self.place):
            self._leave_element(self.source.index(">", self.place) + 1 - self.place)
        elif self.source.startswith("<", self.place):
            self._enter("tag", 1)
        else:
            self._enter("code", 1)
            self.last = "{"


def typescript_contents(source: str, jsx: bool) -> tuple[list[Identifier], list[Text]]:
    """Returns the identifiers and the texts of a TypeScript file."""
    tokenizer = Tokenizer(source, jsx)
    return tokenizer.identifiers, tokenizer.texts
