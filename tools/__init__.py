"""For maintainers: what makes files that ship, and what measures the house. The program does not need it.

perceptron  the weights of the part-of-speech tagger: python -m tools.perceptron
taggers     networks that label text, and the figures beside them: python -m tools.taggers
trips       the modules that a query passes on its way to the picture: python -m tools.trips
"""
