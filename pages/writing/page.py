"""Let the model write: give it a beginning and watch it go on, letter by letter."""

import streamlit as st

from app import controls
from app.cached import model
from lstm_core.runs.generate import MAX_PROMPT, MAX_TOKENS, GenerateQuery, generate

TEMPERATURE, TOKENS, SEED = "writing-temperature", "writing-tokens", "writing-seed"

st.title("Writing")
st.caption("The model guesses the next letter, takes its guess as read, and guesses again. Nothing else happens.")
run = controls.current_run()
controls.only_with_weights(run, "To write, the model itself is needed: choose another one")
if run.untrained_twin_of:
    st.caption("This is the untrained control: it has read nothing, so it writes noise.")
prompt = st.text_area("Beginning", "Prince Andrew looked at", max_chars=MAX_PROMPT, key="writing-prompt")
columns, bound = st.columns(3), controls.bound
temperature = columns[0].slider(
    "Temperature: low plays safe, high dares", 0.0, 2.0, 0.7, 0.05, key=TEMPERATURE, bind=bound(TEMPERATURE)
)
tokens = columns[1].number_input("How much to write", 50, MAX_TOKENS, 600, 50, key=TOKENS, bind=bound(TOKENS))
seed = columns[2].number_input("Dice (same number, same text)", 0, 10_000, 1, key=SEED, bind=bound(SEED))
if not st.button("Write", type="primary", key="writing-go"):
    st.stop()

try:
    query = GenerateQuery(prompt, int(tokens), float(temperature), int(seed))
except ValueError as error:
    st.error(str(error))
    st.stop()
encoding = run.vocabulary.encode(prompt)
if encoding.unknown:
    st.caption(
        f"{len(encoding.unknown)} characters or words of the beginning are not among those the model knows; "
        "it read the nearest it has."
    )
joint = "" if run.kind == "char" else " "
written, shown = [prompt], st.empty()
for number, token in enumerate(generate(model(run), run.vocabulary, query)):
    written.append(token)
    if number % 25 == 0:
        shown.code(joint.join(written), language=None, wrap_lines=True)
shown.code(joint.join(written), language=None, wrap_lines=True)
st.caption(f"{query.tokens:,} tokens at temperature {query.temperature:g}, dice {query.seed}.")
