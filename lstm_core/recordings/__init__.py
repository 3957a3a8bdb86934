"""A recording is a folder with the signals of one run over one text.

recording    the folder of a recording, opened
record       a text read with a run, kept on disk or in memory
reader       reading exactly and parallel in time
writer       the folder of a recording while it is made
find         which recordings are at hand, the untrained twin's beside one; runs removed with theirs
annotations  what others say of each token, kept with a recording
tags         the part-of-speech tags of what was read, kept with a recording, and its sentence chunks
"""
