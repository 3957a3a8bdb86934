"""Texts as tokens, words, sentences, tags and chunks; knows no model.

corpus     texts as token ids: vocabularies, corpora, splits
catalogue  the named corpora and where their text comes from
lexicon    the words of a text, as the paper counts them
sentences  where sentences end
marks      quotation marks, brackets, capitals, lines
tags       a text into words with their exact places, and Penn tags for them
tagged     a tagged text; the word before a blank; the tags in plain words
gold_tags  texts that people tagged, in Penn tags; those of the Brown corpus at their places in its text
chunks     the chunks of a text (noun phrases ...) at the steps of its reading
conll2000  chunks from tags by rules, and how well these agree with the CoNLL-2000 corpus
ngram      n-gram models: counts, four ways to smooth them
"""
