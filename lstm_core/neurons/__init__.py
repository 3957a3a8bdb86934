"""What single units do.

profile        one unit: its values over the text, where it is highest and lowest
distributions  how the values of all units of a layer are distributed, which are unlike the rest, which shape each has
correlated     units that do the same or the opposite, of a layer or of another run
features       features of a text: sentences, headings, words that speak well or ill, parts of speech
label_search   what each unit follows, held out and against chance
labels         the same, kept and told
periods        which units of a layer are periodic
chunk_tuning   units ranked by the kind of sentence chunk they follow
tuning         one unit around the chunks of a kind
compare        runs side by side on tokens that all read: scores, how active their units are
"""
