"""Word vectors from states, and what they know.

vectors           word vectors from a run's states, kept and exported
means             the mean state of each word
neighbours        nearest words, analogies
spelling          vectors for words that a text does not have
rare_words        words seen once, words held out
similarity        rank correlations, cross-fitting, intervals
benchmarks        the word similarity benchmarks and the paper's scores
benchmark_scores  the benchmarks of a run, measured and kept, beside other methods' vectors of the same text
report            the paper's Table 3, words seen once and never, of a run
sample            the commonest words of a run: vectors, tags, places on a map
"""
