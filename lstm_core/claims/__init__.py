"""What the sources say beside what we measure: one module an analysis.

training  claims about training
labels    claims about single units, beside their labels
chunks    claims about sentence chunks
studies   claims about units on through phrases
clusters  claims about clusters of states
word_map  claims about maps of words
words     claims about word vectors
dropout   claims about dropout
marks     claims about brackets and quotation marks over dropout
tagging   claims about networks that tag
"""
