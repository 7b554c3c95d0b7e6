"""From recordings of game sessions to a published audio-visual micro-expression dataset."""

__version__ = "0.1.0"
