"""Questions by example: which units are on through a phrase, which tell two kinds of places apart.

active             which units are on when
match              where else units are on as they are in a span; units of a phrase alone, beside chance
match_loops        compiled loops over bits
similar_units      units that are on when a unit is on, or some steps earlier or later
studies            units that tell two kinds of places apart, chosen on one half, confirmed on the other
verification       a study put to the test: a linear reader, vectors, timing, the untrained twin
kept_studies       the figures of studies, kept with a run, over seeds
word_classes       units of a class of words; words as vectors beside words as frequent
sense_sets         sets of labelled meanings
senses             what neurons know of labelled meanings, from their states at labelled places
senses_over_seeds  the same over several runs
"""
