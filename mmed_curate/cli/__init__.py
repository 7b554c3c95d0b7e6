"""The curator's door: one module per verb group; thin."""
