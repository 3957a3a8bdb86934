"""Which states, and which words, are alike to a network.

states         HDBSCAN over the states of a run, and what is kept of it
contents       what clusters hold: words, tags, precision and recall
alternatives   other methods, parameters and samples beside our clusters
spanning_tree  the exact spanning tree of mutual reachability
distances      distances by matrix products of low precision, with bounds
word_map       words on a plane by their activations, kept
word_groups    what groups of a map hold, beside the thesis
"""
