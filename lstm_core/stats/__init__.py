"""Arrays in, figures out: knows numpy, scipy, scikit-learn and `storage` only.

ranks               AUROC and rank correlation of many units at once, and what chance gives
paired_test         is a unit better than the untrained twin's, beyond chance
permutation         a rank correlation of a few pairs, tested exactly over all their orders
false_discovery     many tests at once
intervals           how far means, shares and figures of samples drawn anew can be trusted
counts              values counted exactly, piece by piece
count_loops         compiled loops over values: patterns, bins, sums
compiled            how loops are compiled
spectrum            is a series periodic, or has it a rhythm
separation          are vectors set apart
timing              when a unit begins after events and when it forgets
linear_probe        linear readers: over folds beside a control task, and of a part held out
variance_explained  how much of a unit's values a chunk explains
tsne                wide vectors on a plane
linkage             points joined bottom-up, single or Ward
"""
