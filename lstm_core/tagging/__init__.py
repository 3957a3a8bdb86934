"""Networks that label text: a tag for each word (sequence tagging), or one class for a whole text (classification).

A package of its own: `settings`, `words` (what a network reads), `texts` (what people labelled), `model`, `train`,
`taggers` (their folders), `tag`, `classify`, `states` (what their neurons do, as recordings).
"""
