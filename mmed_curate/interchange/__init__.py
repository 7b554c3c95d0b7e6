"""Other people's formats and our records: ELAN, BORIS, Praat and plain tables in, and back out."""
