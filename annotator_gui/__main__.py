"""`python -m annotator_gui`."""

from __future__ import annotations

import sys

from annotator_gui.entry import main

sys.exit(main())
