"""Texts as tokens, words, sentences, tags and chunks; knows no model.

corpus       texts as token ids: vocabularies, corpora, splits
catalogue    the named corpora and where their text comes from
lexicon      the words of a text, as the paper counts them
sentences    where sentences end
marks        quotation marks, brackets, capitals, lines
tags         a text into words with their exact places, and Penn tags for them
tagged       a tagged text; the word before a blank
penn_tags    the tags in plain words
gold_tags    texts that people tagged, in Penn tags; those of the Brown corpus at their places in its text
chunks       the chunks of a text (noun phrases ...) at the steps of its reading
chunk_rules  chunks from tags, by rules
conll2000    the CoNLL-2000 corpus, how well rules agree with it
ngram        n-gram models: counts, four ways to smooth them
"""
