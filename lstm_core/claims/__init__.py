"""What the sources say beside what we measure: texts in claims.toml, one module an analysis for the measuring.

claim     a row of claims.toml, and the verdict on it
training  claims about training
labels    claims about single units: what they follow, and sentence chunks
studies   claims about units on through phrases
clusters  claims about clusters of states
word_map  claims about maps of words
words     claims about word vectors
dropout   claims about dropout, and about brackets and quotation marks over it
tagging   claims about networks that tag
"""
