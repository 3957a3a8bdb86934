"""What single units do.

profile        one unit: its values over the text, where it is highest and lowest
distributions  how the values of all units of a layer are distributed, which are unlike the rest
shapes         near zero, bimodal, one-sided, Laplace: the shape of a unit's distribution
correlated     units of a layer that do the same or the opposite
counterpart    the unit of another run that does what a unit of this one does
features       features of a text: sentences, headings, words that speak well or ill, parts of speech
sentiment      the words that speak well or ill
label_search   what each unit follows, held out and against chance
labels         the same, kept and told
periods        which units of a layer are periodic
chunk_tuning   units ranked by the kind of sentence chunk they follow
tuning         one unit around the chunks of a kind
passages       the tokens that several runs read, what is at hand of their reading
compare        runs side by side: scores, how active their units are
"""
