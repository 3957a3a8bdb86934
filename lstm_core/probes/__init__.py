"""Queries by example: which units are on in a phrase, where else, and which units are on together.

Source: the article and LSTMVis, whose matching is carried out as PROTOCOLS says. Knows recordings; knows nothing of
models or pages.
"""
