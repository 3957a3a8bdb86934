"""A small list of English words that speak well or ill, chosen for this program: by hand, from no other list.

Left out are words with a second meaning that says neither ("like", "kind", "mean", "fine") and forms of one word
beyond the commonest. "Killed" and "wounded" speak ill whoever says so.
"""

_POSITIVE = """
    admirable admired agreeable beautiful beauty beloved best blessed brave bright brilliant calm charming cheerful
    clever comfort dear dearest delicate delight delighted delightful eager elegant excellent friend friendly
    friends gay generous gentle glad gladly glorious good goodness graceful grateful happily happiness happy honest
    honor hope hopes joy joyful joyfully joyous laughed laughing laughter lovely loved loving merry noble peaceful
    perfect pleasant pleased pleasure pretty smile smiled smiling splendid success superb sweet tender tenderly
    tenderness triumph triumphant welcome wise wonderful
"""
_NEGATIVE = """
    afraid agony alarm anger angrily angry anguish anxious ashamed awful bad base bitter bitterly coward cried cruel
    cruelty danger dangerous dead death despair destroyed disgust disgusting dreadful dying enemy evil failed fear
    fears feared frightened gloomy grief guilty hate hated hatred horrible horror hostile ill killed malicious
    miserable misery misfortune pain painful poor repulsive ruin ruined sad sadly sadness shame sick sinister sorrow
    suffer suffered suffering tears terrible terror ugly unhappy unpleasant vile wept wicked worse worst wounded
    wretched
"""
POSITIVE, NEGATIVE = frozenset(_POSITIVE.split()), frozenset(_NEGATIVE.split())
