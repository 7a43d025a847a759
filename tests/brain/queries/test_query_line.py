"""The query line: its grammar by example, the places of what is wrong, and lines of noise."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal

import pytest

from fiftyone_faiss.brain.queries.query_line import (
    MAX_LINE,
    MAX_TERMS,
    ParsedTerm,
    QueryLineError,
    explain_line,
    parse_line,
)

ID = "64b7f0a1c2d3e4f5a6b7c8d9"

# -- what lines mean ---------------------------------------------------------------------------

# A line, and of each of its terms: sign, weight, kind and text.
LINES: list[tuple[str, list[tuple[str, float, str, str]]]] = [
    ("a red car", [("+", 1, "text", "a red car")]),
    ("  a red car\t", [("+", 1, "text", "a red car")]),
    ("+ car", [("+", 1, "text", "car")]),
    ("+car", [("+", 1, "text", "car")]),
    ("- car", [("-", 1, "text", "car")]),
    ("a dog + a ball", [("+", 1, "text", "a dog"), ("+", 1, "text", "a ball")]),
    ("a dog +a ball", [("+", 1, "text", "a dog"), ("+", 1, "text", "a ball")]),
    ("a dog\n-\na ball", [("+", 1, "text", "a dog"), ("-", 1, "text", "a ball")]),
    ("a dog \N{MINUS SIGN} a ball", [("+", 1, "text", "a dog"), ("-", 1, "text", "a ball")]),
    # Not after white space, a sign is a letter like others.
    ("black-and-white", [("+", 1, "text", "black-and-white")]),
    ("a+b- c", [("+", 1, "text", "a+b- c")]),
    ("c++ -a-b", [("+", 1, "text", "c++"), ("-", 1, "text", "a-b")]),
    # Weights.
    ("2: forklift", [("+", 2, "text", "forklift")]),
    ("2:forklift", [("+", 2, "text", "forklift")]),
    ("2 : forklift", [("+", 2, "text", "forklift")]),
    ("2.5: a - .5: b", [("+", 2.5, "text", "a"), ("-", 0.5, "text", "b")]),
    ("3.: a", [("+", 3, "text", "a")]),
    ("- 100: a", [("-", 100, "text", "a")]),
    ("16:9", [("+", 1, "text", "16:9")]),
    ("2: 16:9 screen", [("+", 2, "text", "16:9 screen")]),
    ("2: 3: a", [("+", 2, "text", "3: a")]),
    ("a 2: b", [("+", 1, "text", "a 2: b")]),
    ('2: "3: a"', [("+", 2, "text", "3: a")]),
    # Quotes.
    ('"+1 - a sign"', [("+", 1, "text", "+1 - a sign")]),
    ('"@selected"', [("+", 1, "text", "@selected")]),
    ('"http://a/b"', [("+", 1, "text", "http://a/b")]),
    ('" a dog "', [("+", 1, "text", "a dog")]),
    (r'"a \"good\" dog"', [("+", 1, "text", 'a "good" dog')]),
    (r'"a \\"', [("+", 1, "text", "a \\")]),
    (r'"a \n b"', [("+", 1, "text", r"a \n b")]),
    ('"a\\\nb"', [("+", 1, "text", "a\\\nb")]),
    ('a 5" pipe', [("+", 1, "text", 'a 5" pipe')]),
    ('"good" dog', [("+", 1, "text", '"good" dog')]),
    ('"a""b"', [("+", 1, "text", '"a""b"')]),
    (
        '"salt + pepper" mill - cat',
        [("+", 1, "text", '"salt + pepper" mill'), ("-", 1, "text", "cat")],
    ),
    ('"a"+b', [("+", 1, "text", '"a"+b')]),
    # References.
    ("@selected", [("+", 1, "selected", "selected")]),
    ("@selected - 2: @upload", [("+", 1, "selected", "selected"), ("-", 2, "upload", "upload")]),
    ("@upload2 +@upload10", [("+", 1, "upload", "upload2"), ("+", 1, "upload", "upload10")]),
    (f"@{ID} + a hat", [("+", 1, "id", ID), ("+", 1, "text", "a hat")]),
    ("mail me@home", [("+", 1, "text", "mail me@home")]),
    (f"@{ID.upper()}", [("+", 1, "id", ID)]),
    # An id alone is one, as it is from Python.
    (ID, [("+", 1, "id", ID)]),
    (f"2: {ID.upper()} - {ID}", [("+", 2, "id", ID), ("-", 1, "id", ID)]),
    (f'"{ID}"', [("+", 1, "text", ID)]),
    (f"{ID} car", [("+", 1, "text", f"{ID} car")]),
    (f"{ID}0", [("+", 1, "text", f"{ID}0")]),
    (ID[:23], [("+", 1, "text", ID[:23])]),
    # Paths and addresses.
    ("/data/a b.jpg - c", [("+", 1, "path", "/data/a b.jpg"), ("-", 1, "text", "c")]),
    ("./a.jpg + ../b.jpg", [("+", 1, "path", "./a.jpg"), ("+", 1, "path", "../b.jpg")]),
    ("~/a.jpg", [("+", 1, "path", "~/a.jpg")]),
    (r"2: C:\a.jpg", [("+", 2, "path", r"C:\a.jpg")]),
    ("C:/a-b.jpg", [("+", 1, "path", "C:/a-b.jpg")]),
    # In quotes, one with signs in it.
    ('"/a/b - 1.jpg" - c', [("+", 1, "path", "/a/b - 1.jpg"), ("-", 1, "text", "c")]),
    ('- 2: "./a + b.jpg "', [("-", 2, "path", "./a + b.jpg")]),
    (
        r'"C:\a - b.jpg" + "C:\\c.jpg"',
        [("+", 1, "path", r"C:\a - b.jpg"), ("+", 1, "path", r"C:\c.jpg")],
    ),
    ('" /a/b - 1.jpg"', [("+", 1, "text", "/a/b - 1.jpg")]),
    ('"see /a/b.jpg"', [("+", 1, "text", "see /a/b.jpg")]),
    ('"/a" b', [("+", 1, "text", '"/a" b')]),
    ("/ or |", [("+", 1, "text", "/ or |")]),
    ("and/or", [("+", 1, "text", "and/or")]),
    ("https://a.org/b.jpg", [("+", 1, "url", "https://a.org/b.jpg")]),
    ("HTTP://a.org/b?c=d+e - f", [("+", 1, "url", "HTTP://a.org/b?c=d+e"), ("-", 1, "text", "f")]),
    ("https://a.org is a page", [("+", 1, "text", "https://a.org is a page")]),
    # Other alphabets.
    ("ein Hündchen − 犬", [("+", 1, "text", "ein Hündchen"), ("-", 1, "text", "犬")]),
    ("🐕 + 🎾", [("+", 1, "text", "🐕"), ("+", 1, "text", "🎾")]),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_read_as_its_terms_and_written_as_a_line_that_reads_the_same(
    line: str, expected: list[tuple[str, float, str, str]]
) -> None:
    terms = parse_line(line)
    assert [
        ("-" if term.negative else "+", term.weight, term.kind, term.text) for term in terms
    ] == expected
    assert _meaning(parse_line(written(terms))) == _meaning(terms)


def written(terms: tuple[ParsedTerm, ...]) -> str:
    """A line of these terms."""
    return " ".join(_written(term) for term in terms)


def _written(term: ParsedTerm) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", term.text)
    # After a space, what is in quotes is no path.
    quoted = {"text": f'" {escaped}"', "path": f'"{escaped}"', "url": term.text}
    # All digits, and no exponent, which a line cannot have.
    weight = f"{Decimal(repr(term.weight)):f}"
    return f"{'-' if term.negative else '+'} {weight}: {quoted.get(term.kind, f'@{term.text}')}"


def _meaning(terms: tuple[ParsedTerm, ...]) -> list[tuple[object, ...]]:
    return [(term.kind, term.text, term.weight, term.negative) for term in terms]


def test_terms_know_their_places() -> None:
    line = '  2: a dog  - "a ball" +@selected - /a b.jpg '
    places = [line[slice(*term.at)] for term in parse_line(line)]
    assert places == ["2: a dog", '- "a ball"', "+@selected", "- /a b.jpg"]


# -- what is wrong -----------------------------------------------------------------------------

# A line, the sentence, and what of the line it is about.
WRONG = [
    ("", "The query is empty; type what to look for, such as 'a red car'.", ""),
    (" \n ", "The query is empty; type what to look for, such as 'a red car'.", " \n "),
    (
        "+",
        "A +, - or weight has nothing after it; add a text, or put it in quotes.",
        "+",
    ),
    (
        "a + - b",
        "A +, - or weight has nothing after it; add a text, or put it in quotes.",
        "+ -",
    ),
    (
        "a dog - ",
        "A +, - or weight has nothing after it; add a text, or put it in quotes.",
        "- ",
    ),
    (
        "a + 2: ",
        "A +, - or weight has nothing after it; add a text, or put it in quotes.",
        "+ 2: ",
    ),
    (
        "0: a",
        "A weight must be above 0 and at most 100, got 0; for a negative term, write - before it.",
        "0: ",
    ),
    (
        "a + 100.1: b",
        "A weight must be above 0 and at most 100, got 100.1; for a negative term, write - before "
        "it.",
        "100.1: ",
    ),
    ('a - "b', "A quote is not closed; add a second one.", '"b'),
    (r'"a\"', "A quote is not closed; add a second one.", r'"a\"'),
    ('a + "  "', "There is nothing between the quotes; type what to look for.", '"  "'),
    (
        "a + @select - b",
        "'@select' is not known; write @selected, or @ and the id of a sample or label, or put "
        "quotes around it.",
        "@select",
    ),
    (
        f"@{ID}0",
        f"'@{ID}0' is not known; write @selected, or @ and the id of a sample or label, or put "
        "quotes around it.",
        f"@{ID}0",
    ),
    (
        "@",
        "'@' is not known; write @selected, or @ and the id of a sample or label, or put quotes "
        "around it.",
        "@",
    ),
    (
        "@selected red car",
        "Put + or - between '@selected' and 'red car', or quotes around all of it.",
        "red car",
    ),
    (
        " + ".join("abcdefghijklmnopqrs"),
        f"The query has more than {MAX_TERMS} terms; remove some.",
        "+ q ",
    ),
    (
        "a" * 1_500,
        "The query has 1,500 characters; shorten it to 1,000 or fewer.",
        "a" * 500,
    ),
]


@pytest.mark.parametrize(("line", "sentence", "about"), WRONG, ids=[term[0][:20] for term in WRONG])
def test_what_is_wrong_is_said_with_its_place(line: str, sentence: str, about: str) -> None:
    with pytest.raises(QueryLineError) as caught:
        parse_line(line)
    assert str(caught.value) == sentence
    assert line[slice(*caught.value.at)] == about


def test_limits_are_reached_and_not_passed() -> None:
    assert parse_line("a" * MAX_LINE)[0].text == "a" * MAX_LINE
    assert len(parse_line(" + ".join(["a"] * MAX_TERMS))) == MAX_TERMS


def test_a_line_is_explained_while_it_is_typed() -> None:
    assert json.loads(json.dumps(explain_line("2: a - @selected"))) == {
        "terms": [
            {"sign": "+", "weight": 2.0, "kind": "text", "text": "a", "at": [0, 4]},
            {"sign": "-", "weight": 1.0, "kind": "selected", "text": "selected", "at": [5, 16]},
        ],
        "error": None,
        "at": None,
    }
    assert explain_line('a - "b') == {
        "terms": [],
        "error": "A quote is not closed; add a second one.",
        "at": [4, 6],
    }
    # Before anything is typed, nothing is wrong.
    assert explain_line("  ") == {"terms": [], "error": None, "at": None}


# -- noise -------------------------------------------------------------------------------------

PIECES = (
    "+", "-", "\N{MINUS SIGN}", " + ", " - ", "--", " ", "  ", "\t", "\n", "\r\n", "\x1c", "\u2028",
    "\u00a0", '"', '""', '" "', "\\", '\\"', "\\\\", "'", ":", "::", "2:", "2: ", "0:", "-1:",
    "1e5:", "2.5:", ".5: ", "5.:", ".", "100:", "101:", "16:9", "0.0000001:", "00.123456789123456:",
    "9" * 90 + ":", "\u0663:", "²:", "@", "@selected", "@upload", "@upload2", "@uploads", f"@{ID}",
    f"@{ID.upper()}", ID, ID.upper(), "@" + "x" * 60,
    "/", "/a", "/a b.jpg", '"/a - b.jpg"', '" /a"', "./", "../a", "~/a", "C:\\a", "c:/",
    "http://a.org/b.jpg", "HTTPS://", "https://a/b+c-d", "a", "dog", "a red car", "black-and-white",
    "ß", "犬", "🐕", "e\u0301", "\u202e", "\x00", "\ufeff",
)  # fmt: skip
# Below, everything is found often; above, most of it is letters of rare alphabets.
RANGES = ((0x20, 0x7F), (0, 0x300), (0x2000, 0x2100), (0, 0x10FFFF))


def _noise(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randint(0, 12)):
        if rng.random() < 0.75:
            parts.append(rng.choice(PIECES))
        else:
            low, high = rng.choice(RANGES)
            parts += [chr(rng.randint(low, high)) for _ in range(rng.randint(1, 6))]
    return "".join(parts)


def test_any_line_is_read_or_refused_in_one_sentence() -> None:
    rng = random.Random(51)
    read = refused = 0
    for _ in range(10_000):
        line = _noise(rng)
        try:
            terms = parse_line(line)
        except QueryLineError as error:
            refused += 1
            _check_sentence(str(error), line)
            start, end = error.at
            assert 0 <= start <= end <= len(line), ascii(line)
            continue
        read += 1
        assert _meaning(parse_line(written(terms))) == _meaning(terms), ascii(line)
        for term in terms:
            assert 0 < term.weight <= 100 and term.text.strip() == term.text != "", ascii(line)
            # What a term is read from means the same alone, but for a sign that starts a line.
            assert _meaning(parse_line(line[slice(*term.at)])) == _meaning((term,)), ascii(line)
    # Neither is rare.
    assert read > 2_000 and refused > 2_000


def _check_sentence(text: str, line: str) -> None:
    assert text.endswith("."), ascii(line)
    assert text.splitlines() == [text], ascii(line)
    assert len(text) < 300, ascii(line)


def test_a_long_line_of_noise_is_refused_as_shortly() -> None:
    rng = random.Random(52)
    for filling in ("9", "@", "@selected ", '"', "\\", "a\n", "+ ", "0.", "\u2028x"):
        line = (filling * MAX_LINE)[: rng.randint(900, MAX_LINE)]
        for whole in (line, f"{line[:-2]}: ", f"@selected {line}"[:MAX_LINE]):
            try:
                parse_line(whole)
            except QueryLineError as error:
                _check_sentence(str(error), whole)
                assert re.match(r"[A-Z']", str(error))
