"""Networks that label words or whole texts.

settings   shape and recipe of a network that labels
words      texts that people labelled, and their words as numbers, in batches
model      the network and its training
label_run  the folder of such a network
reports    how well it does, on held-out texts; mistakes and logs that were kept
tag        a text tagged, with the probability of every tag
classify   whole texts by kind, with one direction and two
recorded   what its neurons do: kept as a recording, and over one sentence
"""
