"""What makes the files that ship, for maintainers; the program does not need it.

perceptron  the weights of the part-of-speech tagger: python -m tools.perceptron
"""
