"""What a study found, as JSON and in words."""

from dataclasses import asdict
from typing import Any

from lstm_core.probes.studies import StudyResult


def counts(found: StudyResult) -> dict[str, Any]:
    """How many units a study found, as JSON: what stands beside another run's."""
    return {
        "run": found.run,
        "matched": found.matched,
        "selective": found.selective,
        "on_three_phrases": found.of_phrases(3),
        "chosen": len(found.telling),
        "confirmed": len(found.confirmed),
        "null": dict(found.null),
        "expected_by_chance": asdict(found.expected_by_chance),
    }


def summary(found: StudyResult) -> dict[str, Any]:
    """A study's result as JSON."""
    return {
        "study": found.study.name,
        "run": found.run,
        "text": found.text,
        "positives": found.positives,
        "negatives": found.negatives,
        "phrases": [
            {"phrase": one.phrase, "places": one.places, "units": [list(unit) for unit in one.units]}
            for one in found.phrases
        ],
        "matched": found.matched,
        "selective": found.selective,
        "on_three_phrases": found.of_phrases(3),
        "tells_apart": [asdict(one) for one in found.telling],
        "confirmed": len(found.confirmed),
        "smallest_chance": found.smallest,
        "null": dict(found.null),
        "expected_by_chance": asdict(found.expected_by_chance),
    }


def told(found: StudyResult) -> str:
    """The same for people."""
    chance = found.expected_by_chance
    lines = [f"{found.study.name}: {found.study.question}", f"{found.run} on {found.text}"]
    if found.phrases:
        lines.append(phrases_line(found))
        lines += [f"{len(one.units):6} neurons  {one.places:5} places  {one.phrase}" for one in found.phrases]
    if found.study.positive:
        verdicts = [one.verdict for one in found.telling]
        lines.append(
            f"{found.positives} places against {found.negatives}: {len(found.telling)} neurons chosen on the first "
            f"half, {verdicts.count('confirmed')} confirmed on the second (by chance {chance.confirmed:.2f}), "
            f"{verdicts.count('too few to tell')} too few to tell; so few places reach a chance of "
            f"{found.smallest:.1g} at best"
        )
        lines += [
            f"layer {one.layer} neuron {one.unit:5} {'higher' if one.sign > 0 else 'lower '} {one.chosen_with:.2f} "
            f"{one.confirmed_with:.2f}  p {one.chance:.2g}  {one.verdict}"
            for one in found.telling[:20]
        ]
    lines += [f"{count} neurons confirmed for {word!r}, dealt out in turn" for word, count in found.null]
    return "\n".join(lines)


def phrases_line(found: StudyResult) -> str:
    """How many units are on through its phrases, beside chance."""
    chance = found.expected_by_chance
    return (
        f"{found.matched} neurons are on through a phrase (by chance {chance.matched:.1f}), {found.selective} of "
        f"them through one phrase alone (by chance {chance.selective:.1f}), {found.of_phrases(3)} through three"
    )
