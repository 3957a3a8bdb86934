"""A run is a folder with a model: settings, vocabulary, weights, log, results.

settings     shape, recipe, presets
cells        each kind of recurrent cell: signals, state, step, parameters
layers       recurrent layers as modules, and their products
model        the language model, and its reader that keeps every signal
evaluate     the loss over a range of a text
train        training, one report at a time
generate     sampled text
folder       the folder of a trained network: settings, weights, manifest, lock
run          the folder of a run
store        runs found, made and made longer
sweep        one configuration trained at several dropouts
cost         what a training will cost
card         the card that a shipped run comes with
baseline     the n-gram models of a corpus with their scores, kept
tensorboard  the training log for TensorBoard
"""
