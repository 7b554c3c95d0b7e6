"""The window's tests run without a screen; a machine without Qt's libraries skips them and says so."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
