"""The words of the house: time, records, codebook, protocol, findings. Imports nothing from above."""
