"""The marks of P6 to P11 on clusterings planted so that each holds, and so that each does not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lstm_core.claims import clusters as cluster_claims
from lstm_core.claims.claim import Verdict
from lstm_core.claims.clusters import MARKS, marks_of, told_marks
from lstm_core.clusters.states import CLUSTERS, NOISE, Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus

TAGS = ("MD", "VBD", "VBG", "JJ", "NN", "POS", "VBZ", "PRP")


def planted(words: list[tuple[str, str, int]], before: str = "") -> tuple[Clustering, str]:
    """A text of words with tags and clusters, each word after `before` and followed by a blank."""
    text, starts, stops = "", [], []
    for word, _, _ in words:
        text += before
        starts.append(len(text))
        text += word
        stops.append(len(text))
        text += " "
    labels = np.array([cluster for *_, cluster in words], np.int32)
    found = Clustering(
        ClusterQuery(), "run", "weights", "text", "t", (0, len(text)), np.array(stops), labels,
        np.ones(len(words), np.float32), np.zeros(labels.max() + 1), np.stack((starts, stops), axis=1),
        np.array([TAGS.index(tag) for _, tag, _ in words], np.int16), TAGS,
    )  # fmt: skip
    return found, text


def asked(words: list[tuple[str, str, int]], before: str = "") -> dict[str, bool | None]:
    marks = marks_of(*planted(words, before))
    return {name.removeprefix("P9-"): mark.holds for name, mark in marks.items()}


def marked(name: str, words: list[tuple[str, str, int]]) -> Verdict:
    return marks_of(*planted(words))[name]


def test_modal_verbs_in_two_clusters_that_hold_enough() -> None:
    good = [("would", "MD", 0)] * 9 + [("he", "PRP", 0)] + [("could", "MD", 1)] * 3 + [("may", "MD", NOISE)] * 8
    assert asked(good)["modal"]  # .9 and 1 precise, 12 of 20
    assert not asked([*good, ("might", "MD", NOISE)])["modal"]  # 12 of 21
    assert not asked([*good, *[("he", "PRP", 0)] * 2])["modal"]  # the larger one is .75 precise


def test_past_tenses() -> None:
    good = [("was", "VBD", 0)] * 19 + [("he", "PRP", 0)]
    assert asked(good)["past"]
    assert not asked([*good, ("she", "PRP", 0)])["past"]


def test_the_least_wordy_of_the_precise_clusters_is_told() -> None:
    words = [("was", "VBD", 0)] * 9 + [(word, "VBD", 1) for word in ("went", "came", "ran", "saw", "gave")]
    told = marked("P9-past", [*words, ("he", "PRP", 2), ("fell", "VBD", 2)])
    assert told.measured.startswith("100.0%, cluster 1 (5 points: went")


def test_looked_and_looking() -> None:
    good = [("looked", "VBD", 0)] * 8 + [("looking", "VBG", 0)] + [("he", "PRP", 0)]
    assert asked(good)["looking"]
    assert not asked([("looked", "VBD", 0)] * 19 + [("looking", "VBG", 0)])["looking"]
    assert not asked([*good, *[("she", "PRP", 0)] * 2])["looking"]


def test_ing_forms_alone_are_no_such_cluster() -> None:
    assert not asked([("going", "VBG", 0)] * 10)["looking"]


def test_adjectives_and_nouns_by_their_ending() -> None:
    nouns = [(word, "NN", 1) for word in ("nation", "station", "mission", "river", "vision", "notion")]
    good = asked([("old", "JJ", 0)] * 4 + [("he", "PRP", 0)] + nouns)
    assert good["adjective"] and good["nouns"]
    poor = asked([("old", "JJ", 0)] * 3 + [("he", "PRP", 0)] + [("nation", "NN", 1)] * 9)
    assert not poor["adjective"] and not poor["nouns"]  # nine times the same word is no ending


@pytest.mark.parametrize(("before", "holds"), [('"Yes," ', True), ("“Yes,” ", True), ("yes, ", False)])
def test_verbs_of_speech_after_a_quotation_mark(before: str, holds: bool) -> None:
    assert asked([("said", "VBD", 0)] * 5, before)["said"] is holds


def test_verbs_apart() -> None:
    apart = [("would", "MD", 0), ("could", "MD", 0), ("don't", "VBD", 1), ("can't", "MD", 1), ("will", "MD", 2)]
    assert marked("P9-verbs", apart).holds
    assert not marked("P9-verbs", [*apart[:-1], ("will", "MD", 0)]).holds
    assert not marked("P9-verbs", [*apart[:-1], ("will", "MD", NOISE)]).holds


def test_two_kinds_of_s() -> None:
    both = [("'s", "POS", 0)] * 9 + [("'s", "VBZ", 0)] + [("'s", "VBZ", 1)] * 3
    assert marked("P11", both).holds
    assert not marked("P11", [*both, *[("'s", "VBZ", 0)] * 2]).holds
    told = marked("P11", both[:9])
    assert not told.holds and "possessive 's: 1, of contractive 's: 0" in told.measured


def test_claims_of_a_run_with_kept_clusters(small_run, words) -> None:
    path = keep_text("story.txt", words(900).encode())
    corpus = read_corpus(str(path), "char")
    run: Run = small_run(text=corpus, weights=True)
    assert {claim.holds for claim in cluster_claims.cluster_claims(run)} == {None}  # nothing kept: nothing measured
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    blanks = np.array([at for at, character in enumerate(text) if character.isspace()])
    starts = np.array([max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1 for at in blanks.tolist()])
    query = ClusterQuery().of(run)
    found = Clustering(
        query, run.name, run.fingerprint, corpus.name, corpus.fingerprint, (0, len(text)), blanks,
        (np.arange(len(blanks)) % 50).astype(np.int32), np.ones(len(blanks), np.float32), np.ones(50),
        np.stack((starts, blanks), axis=1), np.zeros(len(blanks), np.int16), TAGS,
        {"not_followed_by_whitespace": 0.18},
    )  # fmt: skip
    CLUSTERS.keep(found)
    claims = {claim.id: claim for claim in cluster_claims.cluster_claims(run)}
    assert claims["P7"].measured == "50 (h, 0% of the points in none), not computed (o)" and claims["P7"].holds is None
    assert (claims["P10"].measured, claims["P10"].holds) == ("18.0%", False)
    assert claims["P8"].holds is False and claims["P11"].holds is False
    more = replace(found, query=replace(query, signal="o"), labels=(np.arange(len(blanks)) % 60).astype(np.int32),
                   persistence=np.ones(60))  # fmt: skip
    CLUSTERS.keep(more)
    whole = replace(found, query=replace(query, tokens=-1))
    CLUSTERS.keep(whole)
    measured = {claim.id: claim.measured for claim in cluster_claims.cluster_claims(run)}["P11"]
    assert ". Hidden state over the whole text (does not hold): clusters of possessive 's: 0" in measured
    # An older version kept what it found, in this order, with the clusters.
    CLUSTERS.keep(replace(whole, facts={"marks": [{"asks": "?", "found": "both", "holds": True}] * len(MARKS)}))
    claims = {claim.id: claim for claim in cluster_claims.cluster_claims(run)}
    assert claims["P7"].holds
    assert claims["P11"].measured.endswith("Hidden state over the whole text (holds): both") and not claims["P11"].holds
    for damaged in (5, [5], [{"found": "both"}], [{"found": "both", "holds": []}]):
        CLUSTERS.keep(replace(whole, facts={"marks": damaged}))
        assert {claim.id: claim.measured for claim in cluster_claims.cluster_claims(run)}["P11"] == measured


def test_marks_of_a_clustering_as_the_command_line_tells_them() -> None:
    told = told_marks(*planted([("'s", "POS", 0)] * 9 + [("'s", "VBZ", 1)] * 3))
    assert len({mark["asks"] for mark in told}) == len(told) == 8
    assert told[-1]["holds"] and json.loads(json.dumps(told)) == told
    assert told[0]["asks"].endswith(": clusters at least 80% precise that together hold at least 60%")


def test_word_models_have_none(small_run, words) -> None:
    from lstm_core.text.corpus import corpus_of

    assert cluster_claims.cluster_claims(small_run("w", corpus_of(words(400), "w", "word"))) == []
