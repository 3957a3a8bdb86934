"""The verbs of the command line, by theme: the only place that prints. Only these files and `__main__` know typer.

report         JSON documents, lines and tables on stdout, progress and questions on stderr
options        options that several verbs share
training       runs, train, evaluate, generate, tensorboard
models         import, export, ship, import-states, import-lstmvis, export-lstmvis
sweeps         sweep, compare
recordings     record, recordings, remove, verify
texts          corpora, baseline, tags, vocabulary
analyses       findings, units, label
maps           cluster, rivals, wordmap
probes         match, similar-units, study, chunks
verification   periods, and a study put to the test
senses         senses, word-class
words          embed, neighbours, words, similarity
tagging        tag, classify, train-tagger, tagger-states
"""
