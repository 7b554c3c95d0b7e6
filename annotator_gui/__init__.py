"""The annotation desk in a window: where coders, adjudicators and experts judge clips.

What it knows of a clip it has from a ticket (`mmed_curate.annotation`); what is said of it is on disk before the window
shows it. `session` holds a sitting and knows no Qt; widgets draw and forward; `window` joins them.
"""
