"""How anything is kept on disk: written whole or not at all, checked when it is read.

files      paths, hashes, writing whole or not at all
arrays     named arrays in one checked file
documents  frozen results from the JSON they were kept as, checked by their types
tiles      an array on disk, quick to write by position and to read by unit
progress   how long work says how far it is
results    results of analyses: named, kept, checked, found again
frames     results as tables of pandas
jobs       work in processes of their own
"""
