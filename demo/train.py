"""Trains the demo's CLIP on drawn pictures and writes it as a local OpenCLIP model.

    python -m fiftyone_faiss.demo.train

takes less than an hour on two processors and is seeded. Besides the usual contrastive loss of
pictures and captions (Radford et al. 2021), each step runs about 200 queries on all pictures of
its batch, and contrasts each match with all other pictures (as in Khosla et al. 2020), because the
labels say exactly which pictures match. This loss measures what a search needs. It teaches the
model which color belongs to which thing; captions alone teach only which colors and which things
there are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from PIL import Image

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.demo.phrases import bits, caption, sample_queries
from fiftyone_faiss.demo.world import draw_picture

IMAGE_SIZE = 96
CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 160,
        "vision_cfg": {
            # The attention pooling of OpenCLIP's ResNet can attend to one thing at a time.
            "layers": [1, 1, 1, 1],
            "width": 16,
            "patch_size": None,
            "image_size": IMAGE_SIZE,
        },
        # OpenCLIP's own tokenizer has 49,408 tokens; their rows are most of the model's weights.
        "text_cfg": {
            "context_length": 20,
            "vocab_size": 49408,
            "width": 96,
            "heads": 4,
            "layers": 2,
        },
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
}
SHIFT = 8
# The number of captions of a step is small, because queries teach more in the same time.
CAPTIONS = 64
CAPTION_WEIGHT = 0.3


def render(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draws pictures from a seed; returns their pixels at the model's size, bits and captions."""
    seed, n = job
    rng = np.random.default_rng(seed)
    pixels = np.empty((n, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    labels, captions = [], []
    for i in range(n):
        picture = draw_picture(rng)
        small = picture.image.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        pixels[i] = np.asarray(small)
        labels.append(bits(picture))
        captions.append(caption(picture))
    return pixels, np.array(labels), captions


def render_all(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Draws the training pictures on all processors."""
    chunk = 500
    jobs = [
        (seed * 1_000_000 + i, min(chunk, n - start)) for i, start in enumerate(range(0, n, chunk))
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(render, jobs))
    pixels = torch.from_numpy(np.concatenate([part[0] for part in parts]))
    labels = torch.from_numpy(np.concatenate([part[1] for part in parts]))
    return pixels, labels, [text for part in parts for text in part[2]]


def augment(pixels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Converts ``(b, s, s, 3)`` uint8 to ``(b, 3, s, s)`` normalized, shifted and lit at random."""
    images = pixels.permute(0, 3, 1, 2).float() / 255
    images = F.pad(images, (SHIFT,) * 4, mode="replicate")
    top, left = (int(offset) for offset in rng.integers(0, 2 * SHIFT + 1, 2))
    images = images[:, :, top : top + IMAGE_SIZE, left : left + IMAGE_SIZE]
    light = torch.from_numpy(rng.uniform(0.8, 1.2, (len(images), 1, 1, 1)).astype(np.float32))
    noise = float(rng.uniform(0, 0.03))
    images = (images * light + noise * torch.randn(images.shape[1:])).clamp(0, 1)
    return ((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)


def query_loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Returns the contrastive loss of queries: each match against all pictures that do not match.

    Args:
        logits: ``(b, q)`` float
        truth: ``(b, q)`` bool

    Returns:
        the mean of ``-log(e^match / (e^match + sum e^other))`` over queries with a match
    """
    others = torch.logsumexp(logits.masked_fill(truth, -torch.inf), dim=0)
    matches = truth.sum(dim=0)
    losses = (F.softplus(others - logits) * truth).sum(dim=0) / matches.clamp(min=1)
    return losses[matches > 0].mean()


def caption_loss(logits: torch.Tensor) -> torch.Tensor:
    """Returns the contrastive loss of ``n`` pictures and their captions, from ``(n, n)`` logits."""
    targets = torch.arange(len(logits))
    return (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets)) / 2


class Temperatures(torch.nn.Module):
    """Scales cosines to the logits of queries and of captions."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = torch.nn.Parameter(torch.tensor(math.log(12.0)))
        self.captions = torch.nn.Parameter(torch.tensor(math.log(12.0)))


class Trainer:
    """One training run.

    Args:
        images: the number of pictures to draw
        epochs: the number of passes over the pictures
        batch: the number of pictures per step
        rate: the highest learning rate
        seed: the seed of all random choices
        half: whether to multiply matrices in bfloat16
        out: the folder to write the model to
    """

    def __init__(
        self,
        images: int,
        epochs: int,
        batch: int,
        rate: float,
        seed: int,
        half: bool,
        out: Path,
    ) -> None:
        torch.manual_seed(seed)
        # Arithmetic with denormal numbers is ten times slower.
        torch.set_flush_denormal(True)
        self.rng = np.random.default_rng(seed)
        self.batch, self.rate, self.epochs, self.half, self.out = batch, rate, epochs, half, out
        write_config(out)
        name = f"local-dir:{out}"
        self.model = open_clip.create_model(name, load_weights=False)
        self.model.visual.to(memory_format=torch.channels_last)
        self.tokenizer = open_clip.get_tokenizer(name)
        self._tokens: dict[str, torch.Tensor] = {}
        self.temperatures = Temperatures()
        started = time.perf_counter()
        self.pixels, self.labels, self.captions = render_all(images, seed)
        print(f"{images:,} pictures drawn in {time.perf_counter() - started:.0f} s", flush=True)
        parameters = [*self.model.parameters(), *self.temperatures.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.02, fused=True)
        self.total = epochs * (images // batch)

    def tokens(self, texts: list[str]) -> torch.Tensor:
        """Returns the tokens of texts, which are kept for later steps."""
        for text in texts:
            if text not in self._tokens:
                self._tokens[text] = self.tokenizer([text])[0]
        return torch.stack([self._tokens[text] for text in texts])

    def run(self) -> None:
        """Trains the model, and saves its weights after each epoch."""
        step, started = 0, time.perf_counter()
        for epoch in range(self.epochs):
            self.model.train()
            order = torch.from_numpy(self.rng.permutation(len(self.pixels)))
            losses = []
            for rows in order.split(self.batch):
                if len(rows) == self.batch:
                    losses.append(self.step(rows, step))
                    step += 1
            save_weights(self.model, self.out)
            means = np.mean(losses, axis=0)
            print(
                f"epoch {epoch + 1}/{self.epochs}  queries {means[0]:.3f}  "
                f"captions {means[1]:.3f}  {time.perf_counter() - started:.0f} s",
                flush=True,
            )

    def step(self, rows: torch.Tensor, step: int) -> tuple[float, float]:
        """Trains on the pictures of some rows; returns the losses of queries and of captions."""
        warmup = min(1.0, (step + 1) / 200)
        decay = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.total)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * warmup * (0.01 + 0.99 * decay)
        texts, needs = sample_queries(self.rng)
        captions = [self.captions[i] for i in rows[:CAPTIONS].tolist()]
        images, text_vectors = self.embed(augment(self.pixels[rows], self.rng), texts + captions)
        labels = self.labels[rows]
        truth = torch.stack([labels[:, list(need)].all(dim=1) for need in needs], dim=1)
        query_vectors, caption_vectors = text_vectors[: len(texts)], text_vectors[len(texts) :]
        of_queries = query_loss(self.temperatures.queries.exp() * images @ query_vectors.T, truth)
        of_captions = caption_loss(
            self.temperatures.captions.exp() * images[:CAPTIONS] @ caption_vectors.T
        )
        self.optimizer.zero_grad(set_to_none=True)
        (of_queries + CAPTION_WEIGHT * of_captions).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return of_queries.item(), of_captions.item()

    def embed(self, pixels: torch.Tensor, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the unit vectors of pictures and texts."""
        # A processor with bfloat16 instructions trains twice as fast, with equal results.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            images = self.model.encode_image(pixels)
            vectors = self.model.encode_text(self.tokens(texts))
        return F.normalize(images.float(), dim=1), F.normalize(vectors.float(), dim=1)


def write_config(out: Path) -> None:
    """Writes ``open_clip_config.json``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


def save_weights(model: torch.nn.Module, out: Path) -> None:
    """Writes the weights in half precision, and the rows of the tokens in 8 bits.

    OpenCLIP converts both to single precision when it loads them. Each layer of the text tower
    normalizes its input, so scaling all summands by one factor does not change its output. The
    factor is chosen to make the tokens' rows whole numbers.
    """
    state = model.state_dict()
    factor = 127 / state["token_embedding.weight"].abs().max()
    added = [key for key in state if ".out_proj." in key or ".c_proj." in key]
    for key in ("token_embedding.weight", "positional_embedding", *added):
        state[key] = state[key] * factor
    small = {
        key: value.half() if value.is_floating_point() else value for key, value in state.items()
    }
    small["token_embedding.weight"] = state["token_embedding.weight"].round().to(torch.int8)
    temporary = out / "weights.tmp"
    torch.save(small, temporary)
    os.replace(temporary, out / "open_clip_pytorch_model.bin")


def main() -> None:
    """Trains a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--epochs", type=int, default=26)
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--half", action=argparse.BooleanOptionalAction, default=True, help="bfloat16 products"
    )
    parser.add_argument("--out", type=Path, default=MODEL_DIR)
    options = parser.parse_args()
    Trainer(**vars(options)).run()


if __name__ == "__main__":
    main()
