"""A small autoencoder, as a way to compress vectors."""

from __future__ import annotations

import numpy as np
import torch

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.curation.teaching.fitting import one_thread

PASSES, BATCH, LEARNING_RATE = 20, 256, 2e-3
# The fewest and the most steps of training, whatever the number of vectors.
MIN_STEPS, MAX_STEPS = 500, 1500
# The width of the hidden layers, per dimension of the vectors.
WIDTH = 2


class Autoencoder:
    """Two small networks: one maps vectors to codes, the other maps codes to vectors.

    Both are added to the linear maps of PCA, and begin as zero: training begins with the error of
    PCA, and lowers it where vectors are on curved surfaces.

    Args:
        dim: the length of vectors
        code: the length of codes
        seed: of its first weights and of the batches
    """

    def __init__(self, dim: int, code: int, seed: int) -> None:
        self._random = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._encoder = _network(dim, code, WIDTH * dim)
            self._decoder = _network(code, dim, WIDTH * dim)
        self._axes = torch.zeros(dim, code)
        self._mean = torch.zeros(dim)
        self._scale = torch.ones(())

    def train(self, vectors: Matrix) -> None:
        """Trains it on ``(n, dim)`` vectors, by their mean squared error."""
        given = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
        self._mean = given.mean(dim=0)
        self._scale = (given - self._mean).square().mean().sqrt().clamp(min=1e-12)
        scaled = (given - self._mean) / self._scale
        parameters = [*self._encoder.parameters(), *self._decoder.parameters()]
        steps = min(MAX_STEPS, max(MIN_STEPS, PASSES * len(scaled) // BATCH))
        optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
        with one_thread(), torch.enable_grad():
            # The eigenvectors of the largest eigenvalues, which are the last ones.
            covariance = scaled.T @ scaled
            self._axes = torch.linalg.eigh(covariance)[1][:, -self._axes.shape[1] :]
            for _ in range(steps):
                rows = torch.randint(len(scaled), (BATCH,), generator=self._random)
                batch = scaled[rows]
                loss = (self._decoded(self._encoded(batch)) - batch).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()

    def encode(self, vectors: Matrix) -> Matrix:
        """The ``(n, code)`` float32 codes of vectors."""
        with one_thread(), torch.inference_mode():
            codes = self._encoded((torch.from_numpy(vectors) - self._mean) / self._scale)
            return np.asarray(codes.numpy(), np.float32)

    def decode(self, codes: Matrix) -> Matrix:
        """The ``(n, dim)`` float32 vectors of codes."""
        with one_thread(), torch.inference_mode():
            vectors = self._decoded(torch.from_numpy(codes)) * self._scale + self._mean
            return np.asarray(vectors.numpy(), np.float32)

    def _encoded(self, scaled: torch.Tensor) -> torch.Tensor:
        codes: torch.Tensor = scaled @ self._axes + self._encoder(scaled)
        return codes

    def _decoded(self, codes: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = codes @ self._axes.T + self._decoder(codes)
        return scaled


def _network(inputs: int, outputs: int, width: int) -> torch.nn.Module:
    last = torch.nn.Linear(width, outputs)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    return torch.nn.Sequential(torch.nn.Linear(inputs, width), torch.nn.GELU(), last)
