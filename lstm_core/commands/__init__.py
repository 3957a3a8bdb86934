"""The verbs of the command line, by theme: the only place that prints. Only these files and `__main__` know typer.

told           results on stdout, progress and questions on stderr
options        options that several verbs share
training       runs, train, evaluate, generate, tensorboard
models         import, export, ship
outside        import-states, import-lstmvis, export-lstmvis
sweeps         sweep, compare
recordings     record, recordings, remove, verify
texts          corpora, baseline, tags, vocabulary
analyses       findings, units, cluster, rivals
labels         label
maps           wordmap
probes         match, similar-units, study
verification   periods, and a study put to the test
senses         senses, word-class
chunks         chunks
words          embed, neighbours, words, similarity
tagging        tag, classify, train-tagger, tagger-states
tag_report     the tags of a whole text, counted
unit_table     the units of a layer as a table
study_told     a study for people
verified_told  a verification for people
"""
