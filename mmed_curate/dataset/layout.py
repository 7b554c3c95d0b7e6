"""Where what lies in a release: names of its files, relative to its folder."""

from __future__ import annotations

CLIPS = "clips.csv"
JUDGEMENTS = "judgements.csv"
JUDGED_CLIPS = "judged-clips.csv"
CODEBOOK = "codebook.yaml"
PROTOCOL = "protocol.yaml"
POLICY = "policy.yaml"
AGREEMENT = "agreement.json"
GATE = "gate.json"
ATTEMPTS = "attempts.json"
TRANSCRIPTS = "transcripts.csv"
"""Where anything that was said may be read; older releases have none."""
SUBJECTS = "subjects.csv"
"""Older releases have none."""
