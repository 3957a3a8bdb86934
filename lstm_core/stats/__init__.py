"""Arrays in, figures out: knows numpy, scipy, scikit-learn and `storage` only.

ranks               AUROC and rank correlation of many units at once, and what chance gives
paired_test         is a unit better than the untrained twin's, beyond chance
permutation         a rank correlation of a few pairs, tested exactly over all their orders
intervals           the interval of the mean of a few runs
counts              values counted exactly, piece by piece
count_loops         compiled loops over values: patterns, bins, sums
compiled            how loops are compiled
patterns            the order of floats by their patterns of bits
spectrum            is a series periodic, or has it a rhythm
separation          are vectors set apart
timing              when a unit begins after events and when it forgets
linear_probe        a linear reader with its scores over folds
probe               the same beside a control task and what its places alone tell
variance_explained  how much of a unit's values a chunk explains
tsne                wide vectors on a plane
linkage             points joined bottom-up, single or Ward
"""
