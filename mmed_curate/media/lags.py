"""How far one sound lies behind another: envelopes over hours, single windows, a line through all.

Arrays only. A lag is the time of a moment on the camera's clock less its time on the companion's; positive: the
companion was started later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

ENVELOPE_HZ = 100
"""Envelopes per second: a syllable's onset lasts some tens of ms."""
_WINDOW_S = 0.02
"""Length of sound in one envelope."""
_BANDS_HZ = (150.0, 400.0, 1000.0, 2500.0, 6000.0)
"""Bounds of the bands of an envelope: below lies hum, above little voice."""
_FLOOR_POWER = 1e-8
"""-80 dB relative to full scale: what is quieter is silence, and silence is like silence."""
_TREND_S = 2.0
"""The mean over this long is subtracted: rooms and distances change levels, not onsets."""
_MOST_SD = 3.0
"""Envelopes are clipped there: a slammed door counts no more than a syllable."""
_POOLED = 5
"""Lags of an envelope among which the greatest correlation stands for all: 50 ms."""
_MOST_PIECES = 32
_PIECE_S = 30.0
"""A piece of a companion is at least so long, and there are at most so many."""
_LAG_GRID_HZ = 32768
"""Lags of one window are told on a grid of 31 us before the parabola."""
_TRIES = 4000
"""Pairs of windows that may propose a line: where 1 in 10 windows is right, 40 pairs are."""


class Envelope:
    """Gathers the loudness of a sound in four bands, 100 times a second; 1.4 MB per band and hour."""

    def __init__(self, rate_hz: int) -> None:
        """Begin with no sound at `rate_hz`."""
        self._rate_hz = rate_hz
        self._width = round(_WINDOW_S * rate_hz)
        self._shape: Floats = np.hanning(self._width + 2)[1:-1].astype(np.float32)
        bins_hz = np.fft.rfftfreq(self._width, 1 / rate_hz)
        self._edges = [int(edge) for edge in np.searchsorted(bins_hz, _BANDS_HZ)]
        self._kept: Floats = np.zeros((0, 0), dtype=np.float32)
        self._kept_from = 0
        self._count = 0
        self._bands: list[Floats] = []
        self._power: Doubles = np.zeros(0)

    def add(self, samples: Floats) -> None:
        """Add the next (N, C) samples."""
        if self._kept.shape[1] != samples.shape[1]:
            self._kept = np.zeros((0, samples.shape[1]), dtype=np.float32)
            self._power = np.zeros(samples.shape[1])
        self._power += np.square(samples, dtype=np.float64).sum(axis=0)
        held = np.concatenate([self._kept, samples])
        behind = self._kept_from + len(held)
        count = max(self._count, (behind - self._width) * ENVELOPE_HZ // self._rate_hz + 1)
        starts = np.arange(self._count, count, dtype=np.int64) * self._rate_hz // ENVELOPE_HZ - self._kept_from
        if len(starts):
            power = np.zeros((len(starts), len(_BANDS_HZ) - 1), dtype=np.float32)
            for channel in held.T:
                windows = np.lib.stride_tricks.sliding_window_view(channel, self._width)[starts] * self._shape
                spectrum = np.abs(np.fft.rfft(windows, axis=1)) ** 2  # (n, F)
                for band, (low, high) in enumerate(zip(self._edges[:-1], self._edges[1:], strict=True)):
                    power[:, band] += spectrum[:, low:high].sum(axis=1)
            power /= held.shape[1] * float(np.square(self._shape).sum()) * self._width / 2
            self._bands.append(power)
        self._count = count
        first = count * self._rate_hz // ENVELOPE_HZ - self._kept_from
        self._kept = held[first:].copy()
        self._kept_from += first

    def bands(self) -> Floats:
        """(B, n) mean square in each band."""
        empty = np.zeros((0, len(_BANDS_HZ) - 1), dtype=np.float32)
        return np.ascontiguousarray(np.concatenate([empty, *self._bands]).T)

    def loudest_channel(self) -> int:
        """The channel with the most power."""
        return int(np.argmax(self._power)) if len(self._power) else 0


def level_db(bands: Floats) -> Floats:
    """(n,) level of all bands together, relative to full scale, from (B, n)."""
    levels: Floats = 10 * np.log10(bands.sum(axis=0) + np.float32(_FLOOR_POWER))
    return levels


def _onsets(bands: Floats) -> Floats:
    """(B, n) log envelopes without their trend, of unit variance, clipped."""
    logs = np.log(bands + np.float32(_FLOOR_POWER))
    width = min(round(_TREND_S * ENVELOPE_HZ), logs.shape[1])
    result: Floats = np.zeros_like(logs)
    for band, row in enumerate(logs):
        total = np.concatenate([[0.0], np.cumsum(row, dtype=np.float64)])
        low = np.clip(np.arange(len(row)) - width // 2, 0, None)
        high = np.clip(np.arange(len(row)) + width // 2 + 1, None, len(row))
        bare = row - (total[high] - total[low]) / (high - low)
        spread = float(bare.std())
        if spread > 1e-3:
            result[band] = np.clip(bare / spread, -_MOST_SD, _MOST_SD)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """One way to lay the companion on the camera's clock: lag = offset_s + drift_ppm × 1e-6 × companion's time."""

    offset_s: float
    drift_ppm: float
    score: float
    """Correlation of the envelopes; only its ratio to another's means something."""

    def lag_s(self, time_s: float | Doubles) -> float | Doubles:
        """Lag at a time of the companion, in seconds."""
        return self.offset_s + self.drift_ppm * 1e-6 * time_s


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseSearch:
    """What the envelopes say over the full range of lags."""

    alignments: tuple[Alignment, ...]
    """The best, then others far from it, by falling score; empty: nothing in common."""
    lags_s: Doubles
    """(L,) lag in the middle of the companion."""
    scores: Doubles
    """(L,) the best score over all drifts, relative to the highest."""


def coarse_alignments(
    camera: Floats, companion: Floats, *, most_drift_ppm: float, apart_s: float, count: int
) -> CoarseSearch:
    """Where the companion's onsets fit the camera's, over all lags at which both overlap, and all drifts.

    The companion is cut into pieces; each piece's correlation with the whole camera is pooled over 50 ms, and the sum
    over the pieces is taken along every line of the allowed drifts (a Radon transform), so that a drift of a second
    over hours blurs nothing.

    Args:
        camera: (B, n) of `Envelope.bands`.
        companion: (B, m).
        most_drift_ppm: largest drift looked for.
        apart_s: two alignments nearer than this in the middle of the companion are one.
        count: how many alignments to give.
    """
    ours, theirs = _onsets(camera), _onsets(companion)
    n, m = ours.shape[1], theirs.shape[1]
    if not n or not m or not ours.any() or not theirs.any():
        return CoarseSearch(alignments=(), lags_s=np.zeros(0), scores=np.zeros(0))
    length = max(min(m, round(_PIECE_S * ENVELOPE_HZ)), -(-m // _MOST_PIECES))
    starts = range(0, m, length)
    size = _quick(n + length)
    spectra = [np.fft.rfft(row, size) for row in ours]
    grid_s = _POOLED / ENVELOPE_HZ
    n_pooled = -(-(n + m) // _POOLED) + 2  # cell c stands for lags from c × _POOLED − m
    pooled: list[Floats] = []
    for start in starts:
        piece = theirs[:, start : start + length]
        product = np.zeros(size // 2 + 1, dtype=np.complex64)
        for row, ours_there in zip(piece, spectra, strict=True):
            product += ours_there * np.conj(np.fft.rfft(row, size))
        curve = np.fft.irfft(product, size)
        # index j is lag j − start for j from −(length − 1) to n − 1
        whole = np.zeros(n_pooled * _POOLED, dtype=np.float32)
        first = m - start - (length - 1)
        skipped = max(0, -first)
        run = np.concatenate([curve[size - (length - 1) :], curve[:n]]) if length > 1 else curve[:n]
        whole[first + skipped : first + len(run)] = run[skipped : len(whole) - first]
        cells = whole.reshape(n_pooled, _POOLED).max(axis=1)
        # maxima of noise are above 0: take that away, or a longer overlap would win by itself
        inside = cells[cells != 0]
        pooled.append(np.where(cells != 0, cells - np.float32(np.median(inside) if len(inside) else 0), 0))
    middles_s = (np.arange(len(pooled)) + 0.5) * length / ENVELOPE_HZ
    centre_s = m / ENVELOPE_HZ / 2
    half_s = max(centre_s, grid_s)
    step_ppm = grid_s / half_s * 1e6
    n_steps = int(most_drift_ppm // step_ppm)
    best = np.full(n_pooled, -np.inf, dtype=np.float32)
    drift_of = np.zeros(n_pooled, dtype=np.float32)
    for step in sorted(range(-n_steps, n_steps + 1), key=abs):  # of equals, the smaller drift
        total = np.zeros(n_pooled, dtype=np.float32)
        for middle_s, cells in zip(middles_s, pooled, strict=True):
            _add_shifted(total, cells, round(step * step_ppm * 1e-6 * (middle_s - centre_s) / grid_s))
        better = total > best * (1 + 1e-6)
        best[better] = total[better]
        drift_of[better] = step * step_ppm
    lags_s = ((np.arange(n_pooled) + 0.5) * _POOLED - 0.5 - m) / ENVELOPE_HZ
    return CoarseSearch(
        alignments=tuple(
            _highest(best, drift_of, lags_s, centre_s, apart=max(1, round(apart_s / grid_s)), count=count)
        ),
        lags_s=lags_s,
        scores=np.asarray(best / max(float(best.max()), 1e-9), dtype=np.float64),
    )


def _add_shifted(total: Floats, cells: Floats, shift: int) -> None:
    """total[i] += cells[i + shift] where there is one."""
    if shift >= 0:
        total[: len(total) - shift] += cells[shift:]
    else:
        total[-shift:] += cells[:shift]


def _highest(
    best: Floats, drift_of: Floats, lags_s: Doubles, centre_s: float, *, apart: int, count: int
) -> list[Alignment]:
    left = best.copy()
    found: list[Alignment] = []
    while len(found) < count:
        at = int(np.argmax(left))
        if not left[at] > 0:
            break
        drift_ppm = float(drift_of[at])
        found.append(
            Alignment(
                offset_s=float(lags_s[at]) - drift_ppm * 1e-6 * centre_s, drift_ppm=drift_ppm, score=float(best[at])
            )
        )
        left[max(0, at - apart) : at + apart + 1] = -np.inf
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLag:
    """What one window of sound says."""

    lag_s: float
    """How much later the common sound comes in the camera's window than in the companion's."""
    strength: float
    """Height of the peak over the next one more than 2 ms away; 1: no peak at all."""
    inverted: bool
    """The companion's polarity is the other way round."""


def spectrum(samples: Floats, n_bins: int) -> npt.NDArray[np.complex64]:
    """(n_bins,) of a tapered window of (N,) mono samples; bin k holds k periods per window, whatever the rate."""
    n = len(samples)
    taper = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
    found = np.fft.rfft(samples * taper)[:n_bins]
    return np.concatenate([found, np.zeros(n_bins - len(found), dtype=found.dtype)]).astype(np.complex64)


def window_lag(
    camera: npt.NDArray[np.complex64],
    companion: npt.NDArray[np.complex64],
    *,
    window_s: float,
    low_hz: float,
    search_s: float,
) -> WindowLag | None:
    """Lag by generalised cross-correlation with phase transform (GCC-PHAT: Knapp & Carter 1976).

    Bin k of both spectra must be the same pitch: then both may have any rate, and a drift is undone by the length of
    the camera's window. The peak is sought on both signs and refined by a parabola.

    Args:
        camera: (K,) of `spectrum`.
        companion: (K,).
        window_s: length of the window on the camera's clock, in seconds.
        low_hz: bins below this are left out (hum, wind).
        search_s: peaks further out are not looked for.

    Returns:
        None where one of the windows is silent.
    """
    cross = camera.astype(np.complex128) * np.conj(companion)
    cross[: int(np.ceil(low_hz * window_s))] = 0
    size = np.abs(cross)
    if not float(size.max(initial=0.0)) > 0:
        return None
    # bins that neither hears are not made as loud as the others
    cross /= np.maximum(size, 1e-4 * float(size.max()))
    n_out = _quick(max(round(_LAG_GRID_HZ * window_s), 2 * len(cross)))
    step_s = window_s / n_out
    reach = min(round(search_s / step_s), n_out // 2 - 2)
    curve = np.fft.irfft(cross, n_out)
    near = np.concatenate([curve[-reach:], curve[: reach + 1]])  # (2 reach + 1,) lags −reach..reach
    heights = np.abs(near)
    at = int(np.argmax(heights[1:-1])) + 1
    before, here, after = heights[at - 1], heights[at], heights[at + 1]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    clear = round(0.002 / step_s)
    others = np.concatenate([heights[: max(0, at - clear)], heights[at + clear + 1 :]])
    return WindowLag(
        lag_s=(at - reach + float(shift)) * step_s,
        strength=float(here / max(float(others.max(initial=0.0)), 1e-12)),
        inverted=bool(near[at] < 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line through the lags of many windows."""

    offset_s: float
    drift_ppm: float
    agrees: npt.NDArray[np.bool_]
    """(n,) which windows lie within the tolerance of it."""
    spread_ms: float
    """Robust standard deviation of those that do (1.4826 × median absolute deviation)."""
    interval_ms: float
    """Half-width of the 95 % interval of the line where it is widest, from their scatter."""
    wander_ms: float
    """Greatest median distance from the line over ten equal stretches of time: how far the clocks are from straight."""

    @property
    def share(self) -> float:
        """Share of the windows that agree; 0 where there is none."""
        return float(self.agrees.mean()) if len(self.agrees) else 0.0


def line_through(
    times_s: Doubles, lags_s: Doubles, *, agree_ms: float, most_drift_ppm: float, rng: np.random.Generator
) -> Line:
    """The line that most windows agree with (RANSAC: Fischler & Bolles 1981), then least squares over those.

    Args:
        times_s: (n,) times of the companion, in seconds.
        lags_s: (n,).
        agree_ms: a window this close to the line agrees with it.
        most_drift_ppm: steeper lines are not tried.
        rng: draws the pairs that propose lines.
    """
    n = len(times_s)
    tolerance_s = agree_ms / 1000
    if n < 2:
        only = float(lags_s[0]) if n else 0.0
        return Line(
            offset_s=only, drift_ppm=0.0, agrees=np.ones(n, dtype=bool), spread_ms=0.0, interval_ms=0.0, wander_ms=0.0
        )
    first, second = rng.integers(0, n, (2, _TRIES))
    apart = times_s[second] - times_s[first]
    first, second, apart = first[apart > 0], second[apart > 0], apart[apart > 0]
    slopes = np.concatenate([(lags_s[second] - lags_s[first]) / apart, np.zeros(n)])
    anchors = np.concatenate([first, np.arange(n)])  # each window alone proposes a line without drift
    fair = np.abs(slopes) <= most_drift_ppm * 1e-6
    slopes, anchors = slopes[fair], anchors[fair]
    offsets = lags_s[anchors] - slopes * times_s[anchors]
    away = np.abs(lags_s - offsets[:, None] - slopes[:, None] * times_s)  # (H, n)
    # truncated squares tell apart lines with equally many windows (MSAC: Torr & Zisserman 2000)
    cost = np.minimum((away / tolerance_s) ** 2, 1).sum(axis=1)
    best = int(np.argmin(cost))
    offset, slope = float(offsets[best]), float(slopes[best])
    agrees = away[best] <= tolerance_s
    for _ in range(10):
        slope, offset = _least_squares(times_s[agrees], lags_s[agrees], most_drift_ppm)
        again = np.abs(lags_s - offset - slope * times_s) <= tolerance_s
        if not again.any() or bool((again == agrees).all()):
            break
        agrees = again
    rest = (lags_s - offset - slope * times_s)[agrees]
    spread_s = 1.4826 * float(np.median(np.abs(rest))) if len(rest) else 0.0
    at = times_s[agrees]
    scatter = float(np.square(at - at.mean()).sum())
    far = max(abs(float(times_s.min()) - float(at.mean())), abs(float(times_s.max()) - float(at.mean())))
    error_s = spread_s * float(np.sqrt(1 / len(at) + (far**2 / scatter if scatter > 0 else 0.0)))
    return Line(
        offset_s=offset,
        drift_ppm=slope * 1e6,
        agrees=agrees,
        spread_ms=1000 * spread_s,
        interval_ms=1000 * 1.96 * error_s,
        wander_ms=1000 * _wander_s(at, rest),
    )


def _least_squares(times_s: Doubles, lags_s: Doubles, most_drift_ppm: float) -> tuple[float, float]:
    centre = times_s - times_s.mean()
    scatter = float(np.square(centre).sum())
    slope = float((centre * lags_s).sum()) / scatter if scatter > 0 else 0.0
    slope = float(np.clip(slope, -most_drift_ppm * 1e-6, most_drift_ppm * 1e-6))
    return slope, float(lags_s.mean() - slope * times_s.mean())


def _wander_s(times_s: Doubles, rest: Doubles) -> float:
    edges = np.linspace(times_s.min(), times_s.max() + 1e-9, 11)
    which = np.digitize(times_s, edges)
    medians: Sequence[float] = [
        abs(float(np.median(rest[which == part]))) for part in range(1, 11) if np.count_nonzero(which == part) >= 5
    ]
    return max(medians, default=0.0)


def _quick(n: int) -> int:
    """The next size of the form 2^a × {1, 3, 5} that is at least n: quick to transform."""
    return min(factor * (1 << max(0, int(np.ceil(np.log2(max(1, n) / factor))))) for factor in (1, 3, 5))
