"""When a break is suggested: after long work without one. Never forced. The clock is passed in. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

BREAK_AFTER_S = 50 * 60
"""Work without a rest after which a break is suggested (ours)."""
REST_S = 5 * 60
"""Nothing done for so long is a break (ours)."""
AGAIN_AFTER_S = 15 * 60
"""A suggestion that was put off comes again after so long (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Work since the last break. All times are seconds of one clock that only runs forward."""

    began_s: float
    """When work began after the last break."""
    last_s: float
    """When something was done last."""
    not_before_s: float = 0.0
    """No suggestion before this."""

    def stirred(self, now_s: float) -> Activity:
        """Something is done now; after a rest, work begins anew."""
        if now_s - self.last_s >= REST_S:
            return Activity(began_s=now_s, last_s=now_s)
        return replace(self, last_s=now_s)

    def put_off(self, now_s: float) -> Activity:
        """Not now."""
        return replace(self, not_before_s=now_s + AGAIN_AFTER_S)


def break_due(activity: Activity, now_s: float) -> bool:
    """Whether a break should be suggested."""
    if now_s - activity.last_s >= REST_S:
        return False
    return now_s - activity.began_s >= BREAK_AFTER_S and now_s >= activity.not_before_s


def minutes_worked(activity: Activity) -> int:
    """Whole minutes since the last break."""
    return int(activity.last_s - activity.began_s) // 60
