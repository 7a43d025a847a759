"""Searches code, page and documentation for the words that ``vocabulary.txt`` bans.

    python tools/check_vocabulary.py [FILE ...]

checks the files of the repository, or only those that are named, and prints a line for each
finding. The status is 1 if there is one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from source_texts import Identifier, Text, plain_text, python_identifiers, python_texts
from typescript_texts import typescript_contents

ROOT = Path(__file__).resolve().parent.parent
VOCABULARY = ROOT / "tools" / "vocabulary.txt"
TEXT_SUFFIXES = {".css", ".md", ".toml", ".yaml", ".yml"}
TYPESCRIPT_SUFFIXES = {".js", ".jsx", ".mjs", ".ts", ".tsx"}
# The vocabulary itself, what is built, what is stored, and other people's texts.
EXCLUDED = (
    "LICENSE",
    "benchmarks/results/",
    "demo/model/",
    "panels/dist/",
    "tests/fixtures/",
    "tools/vocabulary.txt",
)
SECTIONS = ("identifiers", "phrases", "spelling", "allowed")
NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@cache
def parts_of(name: str) -> tuple[str, ...]:
    """Splits ``snake_case`` and ``camelCase`` into words in lower case."""
    return tuple(word.lower() for word in NAME_PARTS.findall(name))


@dataclass(frozen=True)
class Rule:
    """A banned word.

    Attributes:
        pattern: as it is written in the vocabulary
        advice: what to use instead
    """

    pattern: str
    advice: str

    def matches(self, identifier: Identifier) -> bool:
        """Returns whether an identifier is banned."""
        name = identifier.name
        if self.pattern.endswith("()") and not identifier.is_function:
            return False
        if self.pattern != self.pattern.lower():
            return name.strip("_") == self.pattern
        banned, parts = parts_of(self.pattern), parts_of(name)
        if not self.pattern.startswith("*"):
            return parts == banned
        n = len(banned)
        return any(parts[i : i + n] == banned for i in range(len(parts) - n + 1))

    def spelling_in(self, name: str) -> bool:
        """Returns whether a word of an identifier has this spelling."""
        if self.pattern.endswith("*"):
            return any(word.startswith(self.pattern[:-1]) for word in parts_of(name))
        return self.pattern in parts_of(name)

    def expression(self) -> str:
        """Returns the regular expression of this phrase in a text."""
        parts = [re.escape(word).replace(r"\*", r"\w*") for word in self.pattern.split()]
        flags = "i" if self.pattern == self.pattern.lower() else ""
        return f"(?{flags}:" + r"\s+".join(parts) + ")"


@dataclass(frozen=True)
class Finding:
    """A banned word in a file."""

    path: str
    line: int
    name: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: '{self.name}'; use instead: {self.rule.advice}"


@dataclass
class Vocabulary:
    """The banned words, and where they are allowed.

    Attributes:
        identifiers: rules for names
        phrases: rules for texts
        spelling: rules for both
        allowed: pairs of a pattern and the start of a path
    """

    identifiers: list[Rule] = field(default_factory=list)
    phrases: list[Rule] = field(default_factory=list)
    spelling: list[Rule] = field(default_factory=list)
    allowed: list[tuple[str, str]] = field(default_factory=list)
    _by_name: dict[tuple[str, bool], list[Rule]] = field(default_factory=dict)

    @classmethod
    def parse(cls, source: str) -> Vocabulary:
        """Reads the format that ``vocabulary.txt`` describes.

        Raises:
            ValueError: if a line is in no section, or has no advice
        """
        vocabulary = cls()
        section = ""
        for number, line in enumerate(source.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("["):
                section = line.strip("[] ")
                continue
            pattern, arrow, advice = (part.strip() for part in line.partition("->"))
            if section not in SECTIONS or not (pattern and arrow and advice):
                raise ValueError(f"Line {number} must be 'pattern -> advice' in a section: {line}")
            if section == "allowed":
                allowed_pattern, _, path = pattern.rpartition(" in ")
                vocabulary.allowed.append((allowed_pattern, path))
            else:
                getattr(vocabulary, section).append(Rule(pattern, advice))
        return vocabulary

    def check(
        self, path: str, identifiers: Iterable[Identifier], texts: Iterable[Text]
    ) -> Iterator[Finding]:
        """Yields the banned words of a file."""

        exempt = {pattern for pattern, start in self.allowed if path.startswith(start)}
        phrases = [rule for rule in (*self.phrases, *self.spelling) if rule.pattern not in exempt]
        expression = _any_of(tuple(phrases))
        for identifier in dict.fromkeys(identifiers):
            for rule in self._rules_against(identifier):
                if rule.pattern not in exempt:
                    yield Finding(path, identifier.line, identifier.name, rule)
        for text in texts:
            for match in expression.finditer(text.value):
                phrase = " ".join(match[0].split())
                rule = phrases[int(str(match.lastgroup)[1:])]
                yield Finding(path, text.line_of(match.start()), phrase, rule)

    def _rules_against(self, identifier: Identifier) -> list[Rule]:
        key = identifier.name, identifier.is_function
        if key not in self._by_name:
            self._by_name[key] = [
                *(rule for rule in self.identifiers if rule.matches(identifier)),
                *(rule for rule in self.spelling if rule.spelling_in(identifier.name)),
            ]
        return self._by_name[key]


@cache
def _any_of(phrases: tuple[Rule, ...]) -> re.Pattern[str]:
    """Compiles an expression for all phrases, with a group ``p<number>`` for each of them."""
    groups = "|".join(f"(?P<p{i}>{rule.expression()})" for i, rule in enumerate(phrases))
    return re.compile(rf"(?<![\w-])(?:{groups or '(?!)'})(?!\w)")


def check_file(vocabulary: Vocabulary, path: Path, root: Path) -> list[Finding]:
    """Returns the banned words of a file, by line.

    Args:
        vocabulary: the banned words
        path: a file; one of another kind than Python, TypeScript or text has no findings
        root: the folder that findings name their file from
    """
    name = path.relative_to(root).as_posix()
    identifiers: Iterable[Identifier] = ()
    texts: Iterable[Text] = ()
    if path.suffix == ".py":
        source = path.read_text()
        identifiers = python_identifiers(source, path.relative_to(root))
        texts = python_texts(source)
    elif path.suffix in TYPESCRIPT_SUFFIXES:
        jsx = path.suffix in (".jsx", ".tsx")
        identifiers, texts = typescript_contents(path.read_text(), jsx)
    elif path.suffix in TEXT_SUFFIXES or path.name == "Makefile":
        texts = plain_text(path.read_text())
    return sorted(vocabulary.check(name, identifiers, texts), key=lambda finding: finding.line)


def repository_files() -> list[Path]:
    """Lists the files of the repository, committed or not, that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in sorted(set(names.splitlines())) if (ROOT / name).is_file()]


def main() -> None:
    """Prints the findings of the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="the files to check; by default, all")
    files = [path.resolve() for path in parser.parse_args().files] or repository_files()
    vocabulary = Vocabulary.parse(VOCABULARY.read_text())
    count = 0
    for path in files:
        if path.relative_to(ROOT).as_posix().startswith(EXCLUDED):
            continue
        for finding in check_file(vocabulary, path, ROOT):
            print(finding)
            count += 1
    if count:
        sys.exit(f"{count} banned words; see tools/vocabulary.txt")


if __name__ == "__main__":
    main()
