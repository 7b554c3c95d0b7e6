"""Votes of strangers on the emotions that actors played, CREMA-D: measured by `mmed agreement`, refused by the gate."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from builders.gates import a_clip, a_report

from mmed_curate.cli.main import main
