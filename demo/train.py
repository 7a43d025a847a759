"""Trains the demo's CLIP on drawn pictures and writes it as a local OpenCLIP model.

    python -m fiftyone_faiss.demo.train

takes under an hour on two processors and is seeded. The world knows exactly what is in each
picture, so besides the usual contrast of pictures and captions (Radford et al. 2021) each step
asks some two hundred queries of all its pictures, and every right answer is contrasted with all
the wrong ones (as in Khosla et al. 2020): that is what a search is judged by, and what binds a
colour to its thing, where captions alone teach only which colours and which things there are.
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
            # OpenCLIP's ResNet: its attention pooling can look at one thing at a time.
            "layers": [1, 1, 1, 1],
            "width": 16,
            "patch_size": None,
            "image_size": IMAGE_SIZE,
        },
        # OpenCLIP's own tokenizer has 49,408 tokens: most of the model's weights are their rows.
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
# Captions of a step that are told apart; the queries teach more for the same time.
CAPTIONS = 64
CAPTION_WEIGHT = 0.3


def render(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Draws pictures from a seed: their pixels at the model's size, their bits, their captions."""
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
    """``(b, s, s, 3)`` uint8 to ``(b, 3, s, s)`` normalised, shifted and in other light."""
    images = pixels.permute(0, 3, 1, 2).float() / 255
    images = F.pad(images, (SHIFT,) * 4, mode="replicate")
    top, left = (int(one) for one in rng.integers(0, 2 * SHIFT + 1, 2))
    images = images[:, :, top : top + IMAGE_SIZE, left : left + IMAGE_SIZE]
    light = torch.from_numpy(rng.uniform(0.8, 1.2, (len(images), 1, 1, 1)).astype(np.float32))
    noise = float(rng.uniform(0, 0.03))
    images = (images * light + noise * torch.randn(images.shape[1:])).clamp(0, 1)
    return ((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)


def asked(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How badly queries are answered: each right picture against all wrong ones of its query.

    Args:
        logits: ``(b, q)`` float
        truth: ``(b, q)`` bool

    Returns:
        the mean over queries with a right picture of ``-log(e^right / (e^right + sum e^wrong))``
    """
    wrong = torch.logsumexp(logits.masked_fill(truth, -torch.inf), dim=0)
    right = truth.sum(dim=0)
    each = (F.softplus(wrong - logits) * truth).sum(dim=0) / right.clamp(min=1)
    return each[right > 0].mean()


def told_apart(logits: torch.Tensor) -> torch.Tensor:
    """The contrast of ``n`` pictures and their ``n`` captions, ``(n, n)`` logits."""
    here = torch.arange(len(logits))
    return (F.cross_entropy(logits, here) + F.cross_entropy(logits.T, here)) / 2


class Temperatures(torch.nn.Module):
    """What turns cosines into logits of queries and of captions."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = torch.nn.Parameter(torch.tensor(math.log(12.0)))
        self.captions = torch.nn.Parameter(torch.tensor(math.log(12.0)))


class Trainer:
    """One training run.

    Args:
        images: how many pictures to draw
        epochs: passes over them
        batch: pictures a step
        rate: the highest learning rate
        seed: for everything random
        half: whether to multiply in bfloat16
        out: the model directory to write
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
        # Numbers too small for the normal format slow a processor down tenfold.
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
        for text in texts:
            if text not in self._tokens:
                self._tokens[text] = self.tokenizer([text])[0]
        return torch.stack([self._tokens[text] for text in texts])

    def run(self) -> None:
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
        warmup = min(1.0, (step + 1) / 200)
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.total)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * warmup * (0.01 + 0.99 * fall)
        texts, needs = sample_queries(self.rng)
        captions = [self.captions[i] for i in rows[:CAPTIONS].tolist()]
        images, words = self.embed(augment(self.pixels[rows], self.rng), texts + captions)
        labels = self.labels[rows]
        truth = torch.stack([labels[:, list(need)].all(dim=1) for need in needs], dim=1)
        queries = asked(self.temperatures.queries.exp() * images @ words[: len(texts)].T, truth)
        told = told_apart(
            self.temperatures.captions.exp() * images[:CAPTIONS] @ words[len(texts) :].T
        )
        self.optimizer.zero_grad(set_to_none=True)
        (queries + CAPTION_WEIGHT * told).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return queries.item(), told.item()

    def embed(self, pixels: torch.Tensor, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors of pictures and texts."""
        # Twice as fast where a processor multiplies bfloat16, and no worse.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            images = self.model.encode_image(pixels)
            words = self.model.encode_text(self.tokens(texts))
        return F.normalize(images.float(), dim=1), F.normalize(words.float(), dim=1)


def write_config(out: Path) -> None:
    """Writes ``open_clip_config.json``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


def save_weights(model: torch.nn.Module, out: Path) -> None:
    """Writes the weights small: half precision, and the rows of the tokens in 8 bits.

    OpenCLIP converts both into single precision when it loads them. The text tower normalises
    what it reads at every layer, so everything that it adds up may be scaled by one factor
    without changing its output: it is scaled until the tokens' rows are whole numbers.
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
