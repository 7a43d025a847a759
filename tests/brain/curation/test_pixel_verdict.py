"""Verdicts on pairs of images: edits are copies; the same things in other places are not."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from support.broken import noise

from fiftyone_faiss.brain.curation.pixel_verdict import PixelJudge, Verdict
from fiftyone_faiss.brain.pixels.image_features import ImageFeatures
from fiftyone_faiss.demo.edits import STRENGTHS, EditedPicture, edit_picture
from fiftyone_faiss.demo.world import draw_background, draw_picture

EDITS = [(kind, strength) for kind, strengths in STRENGTHS.items() for strength in strengths]


def saved(edited: EditedPicture) -> Image.Image:
    """The image as it is read from a JPEG file."""
    file = io.BytesIO()
    edited.image.save(file, "JPEG", quality=edited.quality)
    return Image.open(file)


def judged(a: Image.Image, b: Image.Image) -> Verdict:
    """The verdict on two images, which is the same in both orders."""
    images = {"a": a, "b": b}
    judge = PixelJudge(images.__getitem__)
    verdict = judge.judge("a", "b")
    assert judge.judge("b", "a") == verdict
    assert 0.5 <= verdict.confidence <= 1
    return verdict


def drawing(seed: int, scene: str = "park") -> Image.Image:
    return draw_picture(np.random.default_rng(seed), 2, scene).image


def changed_by(image: Image.Image, kind: str, strength: float, seed: int = 1) -> Image.Image:
    return saved(edit_picture(image, (), kind, strength, np.random.default_rng(seed)))


@pytest.mark.parametrize(("kind", "strength"), EDITS)
def test_an_edit_is_a_copy(kind, strength) -> None:
    for seed, scene in enumerate(("city", "beach", "kitchen")):
        image = drawing(seed, scene)
        verdict = judged(image, changed_by(image, kind, strength, seed))
        assert verdict.verdict == "copy", (scene, verdict)
        assert verdict.confidence > 0.75, (scene, verdict)


@pytest.mark.parametrize(
    ("kind", "strength", "reason"),
    [
        ("crop", 0.85, "same image, cropped to 72 %"),
        ("color", 0.6, "same image, brighter or darker"),
        ("jpeg", 60, "same image, without visible changes"),
        ("flip", 1.0, "same image, mirrored"),
        ("resize", 0.5, "same image, resized from 224 x 224 to 112 x 112 pixels"),
        ("overlay", 0.15, "same image, with a caption at the bottom"),
    ],
)
def test_the_reason_says_how_a_copy_was_made(kind, strength, reason) -> None:
    image = drawing(4, "city")
    # The seed of which the random choices are those of the reason.
    seed = 11 if kind == "color" else 6
    assert judged(image, changed_by(image, kind, strength, seed)).reason == reason


def test_two_edits_at_once_are_named() -> None:
    image = ImageOps.mirror(changed_by(drawing(4, "city"), "crop", 0.85))
    verdict = judged(drawing(4, "city"), image)
    assert (verdict.verdict, verdict.reason) == (
        "copy", "same image, mirrored and cropped to 72 %",
    )  # fmt: skip


def test_gray_and_turned_copies_are_copies() -> None:
    image = drawing(5, "city")
    assert judged(image, ImageOps.grayscale(image)).reason == "same image, recolored"
    turned = judged(image, image.transpose(Image.Transpose.ROTATE_90))
    assert (turned.verdict, turned.reason) == ("copy", "same image, turned by 90°")


@pytest.mark.parametrize("scene", ["kitchen", "city", "highway", "snow"])
def test_the_same_things_in_other_places_are_no_copy(scene) -> None:
    behind = draw_background(np.random.default_rng(0), scene)
    wanted = (("car", "red"), ("dog", "white"))
    images = [
        draw_picture(np.random.default_rng(seed), 2, scene, wanted, behind).image for seed in (1, 2)
    ]
    verdict = judged(*images)
    assert verdict.verdict == "look-alike", verdict
    assert verdict.confidence > 0.75
    assert "differ" in verdict.reason


def test_one_small_thing_that_moved_is_found_and_counted() -> None:
    images = []
    for left in (60, 140):
        image = drawing(7, "highway")
        draw = ImageDraw.Draw(image)
        draw.ellipse((left, 90, left + 34, 124), fill="purple", outline="black", width=2)
        images.append(image)
    verdict = judged(*images)
    assert verdict.verdict == "look-alike"
    assert verdict.reason.startswith("the scene matches, but 2 parts of it differ")


def test_frames_of_a_pan_that_share_half_are_no_copies() -> None:
    scenery = np.asarray(draw_background(np.random.default_rng(3), "city", 448))
    frames = [Image.fromarray(scenery[300:748, x : x + 448]) for x in (0, 160)]
    verdict = judged(*frames)
    assert verdict.verdict == "look-alike"
    assert verdict.reason.startswith("the images overlap in ")


def test_other_images_are_no_copies() -> None:
    assert judged(drawing(1, "beach"), drawing(2, "city")).verdict == "look-alike"
    assert judged(noise(64, 64), drawing(2)).verdict == "look-alike"


PLAIN: Mapping[str, tuple[Image.Image, Image.Image, str]] = {
    "black": (Image.new("RGB", (64, 48)), Image.new("L", (640, 480)), "copy"),
    "nearly black": (Image.new("RGB", (64, 48)), Image.new("RGB", (64, 48), (3, 3, 3)), "copy"),
    "black, white": (Image.new("RGB", (19, 19)), Image.new("RGB", (19, 19), "white"), "look-alike"),
    "red, green": (
        Image.new("RGB", (19, 19), "red"), Image.new("RGB", (19, 19), "green"), "look-alike",
    ),
    "black, drawn": (Image.new("RGB", (224, 224)), drawing(3), "look-alike"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLAIN)
def test_plain_images_are_judged_by_their_color(case) -> None:
    a, b, expected = PLAIN[case]
    verdict = judged(a, b)
    assert verdict.verdict == expected
    assert "plain" in verdict.reason


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1), "red"), noise(3, 2), noise(2000, 1), noise(1, 900),
        noise(40, 40).convert("RGBA"), noise(40, 40).convert("P"), noise(40, 40).convert("1"),
        Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40),
    ],
    ids=["1 x 1", "3 x 2", "a row", "a column", "RGBA", "P", "1 bit", "16 bits"],
)  # fmt: skip
def test_any_image_is_a_copy_of_itself_and_not_of_another(image) -> None:
    assert judged(image, image.copy()).verdict == "copy"
    assert judged(image, drawing(9)).verdict == "look-alike"


def test_images_are_read_once_while_there_is_memory() -> None:
    reads: Counter[int] = Counter()
    images = {seed: drawing(seed) for seed in range(3)}

    def read(seed: int) -> Image.Image:
        reads[seed] += 1
        return images[seed]

    judge = PixelJudge(read)
    verdicts = [judge.judge(a, b) for a, b in ((0, 1), (1, 2), (2, 0), (0, 1))]
    assert reads == {0: 1, 1: 1, 2: 1}
    size = ImageFeatures(images[0]).nbytes
    reads.clear()
    small = PixelJudge(read, max_bytes=2 * size)
    assert [small.judge(a, b) for a, b in ((0, 1), (1, 2), (2, 0), (0, 1))] == verdicts
    assert reads.total() > 3
    assert PixelJudge(read, max_bytes=0).judge(0, 1) == verdicts[0]


def test_threads_get_the_same_verdicts() -> None:
    images = [changed_by(drawing(1, "city"), *edit) for edit in EDITS[:6]]
    pairs = [(a, b) for a in range(6) for b in range(a)]
    expected = [PixelJudge(images.__getitem__).judge(*pair) for pair in pairs]
    judge = PixelJudge(images.__getitem__)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda pair: judge.judge(*pair), pairs)) == expected


def test_an_image_that_cannot_be_opened_is_the_caller_s_matter() -> None:
    def read(key: str) -> Image.Image:
        raise FileNotFoundError(key)

    with pytest.raises(FileNotFoundError, match="a"):
        PixelJudge(read).judge("a", "b")


def test_mirrored_features_are_those_of_the_mirrored_image() -> None:
    image = drawing(2, "city")
    expected = ImageFeatures(image).mirrored_points
    detected = ImageFeatures(ImageOps.mirror(image)).points
    apart = np.linalg.norm(expected.places[:, None] - detected.places, axis=2)
    cosines = (expected.descriptors @ detected.descriptors.T)[apart < 1]
    assert len(cosines) > 0.7 * len(expected.places)
    # A place has a feature for each of its directions.
    best = [
        (expected.descriptors[i] @ detected.descriptors[near].T).max()
        for i, near in enumerate(apart < 1) if near.any()
    ]  # fmt: skip
    assert np.median(best) > 0.95
