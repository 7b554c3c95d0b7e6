"""How often somebody may ask: a bucket that fills again, and a wait that doubles with each wrong token.

Counted in the memory of one process: `mmed serve` runs one, and two beside each other would let twice as much through.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from mmed_curate.serving.recipe import Failures, Rate

_MOST_KEYS = 100_000
"""Whoever comes from many addresses must not fill the memory; who was quiet longest is forgotten first."""


class Buckets:
    """One bucket for each key: a token or an address."""

    def __init__(self, rate: Rate, now_s: Callable[[], float]) -> None:
        self._rate = rate
        self._now_s = now_s
        self._turn = threading.Lock()
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Take one; 0 where there was one, else the seconds until there is."""
        per_s = self._rate.requests_per_minute / 60
        now_s = self._now_s()
        with self._turn:
            there, since_s = self._filled.pop(key, (float(self._rate.burst), now_s))
            there = min(float(self._rate.burst), there + (now_s - since_s) * per_s)
            self._filled[key] = (there - 1 if there >= 1 else there, now_s)
            if len(self._filled) > _MOST_KEYS:
                self._filled.popitem(last=False)
        return 0.0 if there >= 1 else (1 - there) / per_s


@dataclass(frozen=True, slots=True)
class _Mistakes:
    count: int
    last_s: float
    open_again_s: float


class Mistakes:
    """Wrong tokens by address."""

    def __init__(self, rules: Failures, now_s: Callable[[], float]) -> None:
        self._rules = rules
        self._now_s = now_s
        self._turn = threading.Lock()
        self._made: OrderedDict[str, _Mistakes] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until a wrong token of this address is told that it is wrong; 0: now."""
        made = self._made.get(address)
        return 0.0 if made is None else max(0.0, made.open_again_s - self._now_s())

    def made(self, address: str) -> None:
        """One more."""
        rules, now_s = self._rules, self._now_s()
        with self._turn:
            before = self._made.pop(address, None)
            count = 1 if before is None or now_s - before.last_s > rules.forgotten_after_s else before.count + 1
            over = count - rules.free
            wait_s = 0.0 if over <= 0 else min(rules.longest_wait_s, rules.first_wait_s * 2.0 ** min(over - 1, 60))
            self._made[address] = _Mistakes(count, now_s, now_s + wait_s)
            if len(self._made) > _MOST_KEYS:
                self._made.popitem(last=False)


def key_of(address: str) -> str:
    """An address as one person's: of IPv6 the network of 64 bits, which one household or lab has whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
