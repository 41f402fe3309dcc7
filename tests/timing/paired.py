"""Are two kinds of request answered in the same time? Robust statistics of paired measurements.

The method is that of our security goals: requests of both kinds in pairs, in random order within a pair,
outliers kept, and an answer about the size of the difference, never about a p-value: with enough samples
every two programs differ by microseconds. The box test is not used (Kario, eprint 2023/1441).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import TypeVar

Interval = tuple[float, float]
Sample = TypeVar("Sample")


@dataclass(frozen=True)
class Limits:
    """What counts as the same: the shift, the interval it is known within (both in seconds), the AUC."""

    shift: float = 0.001
    interval: float = 0.002
    auc: Interval = (0.45, 0.55)


@dataclass(frozen=True)
class Comparison:
    """The second kind against the first. Spans are in seconds; positive means that the second is slower."""

    pairs: int
    shift: float
    shift_interval: Interval
    p90_shift: float
    p90_interval: Interval
    auc: float

    def objections(self, limits: Limits) -> list[str]:
        """Everything that speaks against "the same time"; nothing is said when it holds."""
        found = []
        spans = (("shift", self.shift, self.shift_interval), ("p90 shift", self.p90_shift, self.p90_interval))
        for name, shift, interval in spans:
            if abs(shift) > limits.shift:
                found.append(f"{name} {shift * 1e3:+.2f} ms")
            if max(map(abs, interval)) > limits.interval:
                found.append(f"{name} is only known to be within {_in_ms(interval)}")
        if not limits.auc[0] <= self.auc <= limits.auc[1]:
            found.append(f"AUC {self.auc:.3f}")
        return found

    def leaks(self, shift: float) -> bool:
        """Whether the whole interval of the shift lies beyond `shift`: a difference that is sure to be there."""
        low, high = self.shift_interval
        return low > shift or high < -shift

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs, shift {self.shift * 1e3:+.3f} ms in {_in_ms(self.shift_interval)},"
            f" p90 {self.p90_shift * 1e3:+.3f} ms in {_in_ms(self.p90_interval)}, AUC {self.auc:.3f}"
        )


def compare(
    first: Sequence[float],
    second: Sequence[float],
    *,
    confidence: float = 0.99,
    resamples: int = 1000,
    seed: int | None = None,
) -> Comparison:
    """Compare two kinds, measured in pairs; intervals are percentile bootstrap intervals over pairs."""
    pairs = list(zip(first, second, strict=True))
    chance = random.Random(seed)
    differences = [b - a for a, b in pairs]
    return Comparison(
        pairs=len(pairs),
        shift=hodges_lehmann(differences),
        shift_interval=bootstrap(differences, hodges_lehmann, confidence, resamples, chance),
        p90_shift=p90_shift(pairs),
        p90_interval=bootstrap(pairs, p90_shift, confidence, resamples, chance),
        auc=auc(first, second),
    )


def hodges_lehmann(differences: Sequence[float], precision: float = 1e-6) -> float:
    """Return the median of all averages of two differences (Walsh averages), each with itself included.

    Found by bisection over how many averages lie below a value, in O(n) a step, to `precision`.
    """
    ordered = sorted(differences)
    low, high = ordered[0], ordered[-1]
    half = len(ordered) * (len(ordered) + 1) / 4
    while high - low > precision:
        middle = (low + high) / 2
        if _averages_up_to(ordered, middle) < half:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _averages_up_to(ordered: list[float], bound: float) -> int:
    """Count the pairs i <= j of ordered values whose average is at most `bound`."""
    count, partner = 0, len(ordered) - 1
    for index, value in enumerate(ordered):
        while partner >= index and value + ordered[partner] > 2 * bound:
            partner -= 1
        if partner < index:
            break
        count += partner - index + 1
    return count


def p90_shift(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the difference between the 90th percentiles."""
    return p90([second for _, second in pairs]) - p90([first for first, _ in pairs])


def p90(values: Sequence[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1]


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how often a random one of the second kind is slower than one of the first; 0.5 says nothing.

    That is the Mann-Whitney U over the number of pairs, a tie counted as a half.
    """
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    wins, below, index = 0.0, 0, 0
    while index < len(ranked):
        end = index
        while end < len(ranked) and ranked[end][0] == ranked[index][0]:
            end += 1
        seconds = sum(kind for _, kind in ranked[index:end])
        firsts = end - index - seconds
        wins += seconds * (below + firsts / 2)
        below += firsts
        index = end
    return wins / (len(first) * len(second))


def bootstrap(
    samples: Sequence[Sample],
    statistic: Callable[[Sequence[Sample]], float],
    confidence: float,
    resamples: int,
    chance: random.Random,
) -> Interval:
    """Return the percentile interval of a statistic over samples drawn with replacement."""
    drawn = sorted(statistic(chance.choices(samples, k=len(samples))) for _ in range(resamples))
    tail = round((1 - confidence) / 2 * (resamples - 1))
    return drawn[tail], drawn[-1 - tail]


def _in_ms(interval: Interval) -> str:
    return f"[{interval[0] * 1e3:+.2f}, {interval[1] * 1e3:+.2f}] ms"
