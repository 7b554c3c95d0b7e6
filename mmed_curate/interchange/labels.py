"""Label tables of published micro-expression datasets: CASME II, SAMM, CAS(ME)³, DFME, MEGC 2019 and others.

Real tables hold real errors. Each becomes a finding with its row, counted as a spreadsheet shows it; nothing is
mended. A mark that cannot be read is missing, its row stays, and what stood there is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.interchange.facs import FacsText
from mmed_curate.interchange.labels_layout import Layout, layout_names, load_layout
from mmed_curate.interchange.labels_rows import RowReader, table_findings
from mmed_curate.interchange.labels_sheet import Sheet, read_sheets
