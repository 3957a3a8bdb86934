"""Weights, states and LSTMVis projects in and out, and runs that ship.

weights        models of other programs, in and out
states         states of models that are not here, made a run without weights
state_files    such states and their tokens as files
lstmvis        projects of LSTMVis, in and out
lstmvis_files  lstm.yml, HDF5, dictionaries
quarantine     files that nobody vouches for, read in a process of their own
ship           making a run part of models/
"""
