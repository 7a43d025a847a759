"""Networks run by OpenVINO return the vectors of torch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from support.broken import noise
from support.random_models import RN50, VIT, open_clip_model
from torchvision import transforms as T

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import EmbedderError, ImageSource, Vectors, embed_sources, unit
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec
from fiftyone_faiss.embedders.openvino_precision import BFLOAT16, FLOAT32
from fiftyone_faiss.embedders.timm import TimmEmbedder
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

pytestmark = pytest.mark.backends

IMAGES = [
    noise(300, 240),
    Image.radial_gradient("L").convert("RGB"),
    Image.linear_gradient("L").resize((180, 400)).convert("RGB"),
    Image.new("RGB", (64, 64), (200, 30, 60)),
]
TEXTS = ["a red car", "a dog playing fetch", "two houses beside a tree", "x"]


def openvino(base: TorchEmbedder, precision: str = FLOAT32):
    from fiftyone_faiss.embedders.openvino_net import converted_embedder

    return converted_embedder(base, precision)


def embedded(embedder, images: list[Image.Image] = IMAGES) -> Vectors:
    return embedder.embed_images([embedder.preprocess(image) for image in images])


@pytest.fixture(scope="module")
def clip() -> OpenClipEmbedder:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    return OpenClipEmbedder("clip", spec, device="cpu", precision="float32")


@pytest.fixture(params=["demo", "vit", "rn50", "timm resnet", "timm vit"])
def base(request: pytest.FixtureRequest, clip: OpenClipEmbedder, tmp_path: Path) -> TorchEmbedder:
    """A network of each kind in float32; all but the demo's have random weights."""
    if request.param == "demo":
        return clip
    if request.param in ("vit", "rn50"):
        vision = {"vit": VIT, "rn50": RN50}[request.param]
        return open_clip_model(tmp_path, vision, noise_level=0.05)
    name = {"timm resnet": "resnet10t", "timm vit": "vit_tiny_patch16_224"}[request.param]
    torch.manual_seed(1)
    torch.save(timm.create_model(name).state_dict(), tmp_path / "net.pt")
    return TimmEmbedder(f"timm/{name}/{tmp_path / 'net.pt'}", device="cpu", precision="float32")


def test_the_vectors_are_those_of_torch(base: TorchEmbedder) -> None:
    embedder = openvino(base)
    vectors = embedded(embedder)
    assert (vectors.dtype, vectors.shape) == (np.float32, (4, base.dim))
    np.testing.assert_allclose(vectors, embedded(base), atol=2e-5)
    np.testing.assert_allclose(embedder.embed_image(IMAGES[0]), vectors[0], atol=2e-5)
    assert embedder.fingerprint == base.fingerprint
    assert (embedder.precision, embedder.name) == ("openvino-float32", base.name)


def test_texts_are_equal_whether_torch_or_openvino_embeds_them(clip: OpenClipEmbedder) -> None:
    import openvino as ov

    class Texts(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = clip._net

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.net.encode_text(tokens)

    tokens = clip._tokens(TEXTS)
    with torch.no_grad():
        model = ov.convert_model(Texts(), example_input=tokens)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    run = ov.Core().compile_model(model, "CPU", hint)
    by_openvino = unit(np.asarray(run([tokens.numpy()])[0], np.float32))
    embedder = openvino(clip)
    assert embedder.supports_text
    np.testing.assert_allclose(embedder.embed_texts(TEXTS), by_openvino, atol=2e-5)
    np.testing.assert_array_equal(embedder.embed_texts(TEXTS), clip.embed_texts(TEXTS))
    long = "a " * 200
    assert embedder.text_warning(long) == clip.text_warning(long) is not None


def test_bfloat16_is_close_or_refused_where_the_processor_lacks_it(clip: OpenClipEmbedder) -> None:
    import openvino as ov

    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if "BF16" not in capabilities:
        with pytest.raises(
            EmbedderError, match=r"^This processor has no instructions for bfloat16"
        ):
            openvino(clip, BFLOAT16)
        return
    embedder = openvino(clip, BFLOAT16)
    cosines = np.sum(embedded(embedder) * embedded(clip), axis=1)
    assert 0.995 < cosines.min() < 1 - 1e-7
    assert embedder.precision == "openvino-bfloat16"


def test_a_network_that_returns_other_vectors_is_refused(
    clip: OpenClipEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fiftyone_faiss.embedders import openvino_net as module

    other = clip.scrambled()
    model = module.converted_model(other)
    monkeypatch.setattr(module, "converted_model", lambda base: model)
    with pytest.raises(
        EmbedderError, match=r"^'clip' computes other vectors with OpenVINO than with torch: their "
        r"cosine is -?0\.\d+, and at least 0\.9999 is required; leave precision out",
    ):  # fmt: skip
        openvino(clip)


class Bessel(torch.nn.Module):
    """Computes what only torch can."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j1(pixels.flatten(1)[:, :5])


class Unknown(TorchEmbedder):
    """An embedder with a network that OpenVINO does not know."""

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = net(pixels)
        return features


def test_a_network_that_cannot_be_converted_is_refused() -> None:
    transform = T.Compose([T.Resize((8, 8)), T.ToTensor()])
    base = Unknown("bessel", Bessel(), transform, "cpu", "float32")
    with pytest.raises(EmbedderError, match=r"^'bessel' cannot be converted to OpenVINO \("):
        openvino(base)


@pytest.fixture
def photos(tmp_path: Path) -> list[ImageSource]:
    """Three batches of images and a smaller one."""
    sources = [ImageSource(str(tmp_path / f"{i:02}.png")) for i in range(53)]
    for i, source in enumerate(sources):
        noise(9 + i % 5, 7).resize((130, 110), Image.Resampling.BICUBIC).rotate(7 * i).save(
            source.path
        )
    return sources


def test_a_vector_has_the_same_bytes_however_images_are_batched(
    clip: OpenClipEmbedder, photos: list[ImageSource]
) -> None:
    embedder = openvino(clip)

    def embed(sources: list[ImageSource]) -> Vectors:
        return np.concatenate([batch.vectors for batch in embed_sources(embedder, sources)])

    whole = embed(photos)
    expected = np.concatenate([batch.vectors for batch in embed_sources(clip, photos)])
    np.testing.assert_allclose(whole, expected, atol=2e-5)
    parts = [embed(part) for part in (photos[:11], photos[11:12], photos[12:])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(embed(photos[::-1]), whole[::-1])


def test_queries_and_batches_run_at_the_same_time(clip: OpenClipEmbedder) -> None:
    embedder = openvino(clip)
    expected = embedded(clip)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda i: embedder.embed_image(IMAGES[i % 4]), range(40)))
    np.testing.assert_allclose(results, expected[np.arange(40) % 4], atol=2e-5)


def test_explanations_are_those_of_the_network_in_float32(clip: OpenClipEmbedder) -> None:
    embedder, image = openvino(clip), IMAGES[0]
    ours, theirs = embedder.patch_parts(image), clip.patch_parts(image)
    assert ours is not None and theirs is not None
    np.testing.assert_array_equal(ours.parts, theirs.parts)
    assert embedder.seen_box(image) == clip.seen_box(image)
    scrambled = embedder.scrambled()
    assert scrambled.fingerprint == f"{clip.fingerprint}-scrambled"
