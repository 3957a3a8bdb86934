"""Charts: pure functions from a result to a plotly figure, for pages and notebooks; only `draw` knows Streamlit.

figure: what all charts share: colours, axes with units, rows of values, level lines, hover, margins
draw: a figure on a page, with a title for screen readers and a picture to keep; dots that a person draws around
neurons: how often a neuron takes each value; its values over a text, around parts of sentences, around places
training: scores over epochs, of language models and of taggers
sweep: runs over dropout; how often each run takes which values
maps: dots on a plane: moments by cluster, words by kind, a few among many, places of two kinds
words: clusters of few words; correlation with people's judgement
"""
