"""The researcher's side: manifest, verify, load, folds."""
