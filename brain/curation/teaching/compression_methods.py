"""Ways to compress vectors, with one interface: train, compress, decompress, search."""

from __future__ import annotations

from abc import ABC, abstractmethod

import faiss
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.curation.teaching.autoencoder import Autoencoder

# Codes that are decoded at once.
DECODED_ROWS = 8_192


class Compression(ABC):
    """A way to compress vectors.

    Attributes:
        name: its name
        setting: its FAISS factory string, or what it keeps
    """

    name: str
    setting: str

    @abstractmethod
    def train(self, vectors: Matrix) -> None:
        """Trains it on ``(n, dim)`` vectors, and compresses and keeps these."""

    @property
    @abstractmethod
    def bytes_per_vector(self) -> float:
        """The size of a compressed vector."""

    @abstractmethod
    def restored(self, vectors: Matrix) -> Matrix | None:
        """The vectors after compression and decompression; None if that is not possible."""

    @abstractmethod
    def nearest(self, queries: Matrix, count: int) -> Positions:
        """``(q, count)`` the nearest compressed vectors, nearest first."""


class FaissCompression(Compression):
    """Vectors in a FAISS index.

    Args:
        name: the name of the method
        factory: the FAISS factory string
        dim: the length of the vectors
        restores (True): whether its codes can be decompressed
    """

    def __init__(self, name: str, factory: str, dim: int, restores: bool = True) -> None:
        self.name, self.setting, self._restores = name, factory, restores
        # Of vectors of unit length, euclidean distances have the order of cosine distances.
        self._index = faiss.index_factory(dim, factory, faiss.METRIC_L2)

    def train(self, vectors: Matrix) -> None:
        self._index.train(vectors)
        self._index.add(vectors)

    @property
    def bytes_per_vector(self) -> float:
        return float(self._index.sa_code_size())

    def restored(self, vectors: Matrix) -> Matrix | None:
        if not self._restores:
            return None
        return np.asarray(self._index.sa_decode(self._index.sa_encode(vectors)), np.float32)

    def nearest(self, queries: Matrix, count: int) -> Positions:
        positions: Positions = self._index.search(queries, count)[1]
        return positions


class NeuralCompression(Compression):
    """Codes of an autoencoder. They must be decoded to be compared, which takes time.

    Args:
        dim: the length of the vectors
        code: the length of the codes
        seed: of its training
    """

    name = "autoencoder"

    def __init__(self, dim: int, code: int, seed: int) -> None:
        self.setting = f"{code} numbers"
        self._network = Autoencoder(dim, code, seed)
        self._codes = np.empty((0, code), np.float32)

    def train(self, vectors: Matrix) -> None:
        self._network.train(vectors)
        self._codes = self._network.encode(vectors)

    @property
    def bytes_per_vector(self) -> float:
        return float(self._codes.itemsize * self._codes.shape[1])

    def restored(self, vectors: Matrix) -> Matrix:
        return self._network.decode(self._network.encode(vectors))

    def nearest(self, queries: Matrix, count: int) -> Positions:
        closeness = np.empty((len(queries), len(self._codes)), np.float32)
        for start in range(0, len(self._codes), DECODED_ROWS):
            part = slice(start, start + DECODED_ROWS)
            decoded = self._network.decode(self._codes[part])
            norms = np.einsum("ij,ij->i", decoded, decoded)
            closeness[:, part] = queries @ decoded.T - norms / 2
        nearest = np.argpartition(-closeness, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(closeness, nearest, axis=1), axis=1, kind="stable")
        return np.take_along_axis(nearest, order, axis=1)


def methods_of(dim: int, seed: int) -> list[Compression]:
    """The methods that are compared, for vectors of some length."""
    half, few = max(1, dim // 4), max(1, dim // 8)
    # One byte for eight values, in as many parts as divide the vector.
    parts = next(parts for parts in range(few, 0, -1) if dim % parts == 0)
    return [
        FaissCompression("float32", "Flat", dim),
        FaissCompression("float16", "SQfp16", dim),
        FaissCompression("scalar, 8 bits", "SQ8", dim),
        FaissCompression("scalar, 4 bits", "SQ4", dim),
        FaissCompression("PCA", f"PCA{half},Flat", dim),
        FaissCompression("PCA, half of that", f"PCA{few},Flat", dim),
        NeuralCompression(dim, few, seed),
        # FAISS restores only the first of the four bits.
        FaissCompression("RaBitQ, 4 bits", f"RR{dim},RaBitQ4", dim, restores=False),
        FaissCompression("RaBitQ", f"RR{dim},RaBitQ", dim),
        # "np": without the training for polysemous codes, which takes long and is not used.
        FaissCompression("PQ", f"PQ{parts}np", dim),
        FaissCompression("OPQ", f"OPQ{parts},PQ{parts}np", dim),
        FaissCompression("LSH", "LSHr", dim, restores=False),
        FaissCompression("ITQ", f"ITQ{dim},LSH", dim, restores=False),
    ]
