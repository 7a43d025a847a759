"""Whether half precision pays: a network is measured both ways with the first images that come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fiftyone_faiss.embedders.base import Vectors

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
"""``"auto"`` measures with the first images whether half precision is faster and close enough."""

# Images that the measurement takes; fewer at once, such as a query, never start it.
TRIAL_IMAGES, GPU_TRIAL_IMAGES = 4, 64
# Half precision must take less than this part of the time, and keep this cosine for every image.
TRIAL_TIME, TRIAL_COSINE = 0.8, 0.9995
# How often each way is timed. Whatever else the machine does only adds to a time, so the least
# counts.
TRIAL_RUNS = 3


@dataclass(frozen=True)
class Trial:
    """What came of embedding the same images in float32 and in half precision.

    Attributes:
        exact_seconds: the time in float32
        close_seconds: the time in half precision
        cosine: the least cosine of an image's two vectors, -1 to 1
    """

    exact_seconds: float
    close_seconds: float
    cosine: float

    @classmethod
    def of(
        cls,
        exact: Callable[[], Vectors],
        close: Callable[[], Vectors],
        clock: Callable[[], float],
    ) -> Trial:
        """Measures, in turns: a machine may get slower or faster meanwhile.

        Args:
            exact: embeds the images in float32
            close: embeds them in half precision
            clock: tells the time, in seconds
        """
        # The first run of each is slower than all that follow.
        cosine = float((exact() * close()).sum(axis=1).min())
        seconds = []
        for _ in range(TRIAL_RUNS):
            started = clock()
            exact()
            between = clock()
            close()
            seconds.append((between - started, clock() - between))
        exact_seconds, close_seconds = map(min, zip(*seconds, strict=True))
        return cls(exact_seconds, close_seconds, cosine)

    @property
    def is_won(self) -> bool:
        """Whether half precision is faster, and close enough."""
        is_faster = self.close_seconds < TRIAL_TIME * self.exact_seconds
        return is_faster and self.cosine >= TRIAL_COSINE

    def __str__(self) -> str:
        return (
            f"half precision takes {self.close_seconds:.3f} s where float32 takes "
            f"{self.exact_seconds:.3f} s, with cosines of at least {self.cosine:.5f}"
        )
