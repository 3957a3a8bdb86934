"""The verbs as they are written, and the program that is made of them."""

from importlib import import_module
from inspect import isfunction, signature
from pkgutil import iter_modules

from lstm_core import commands
from lstm_core.__main__ import VERBS, verb
from lstm_core.commands.report import Told, command


def test_every_verb_that_was_written_can_be_typed_and_takes_json() -> None:
    written = set()
    for one in iter_modules(commands.__path__):
        module = import_module(f"lstm_core.commands.{one.name}")
        own = [value for value in vars(module).values() if isfunction(value) and value.__module__ == module.__name__]
        written |= {function for function in own if not function.__name__.startswith("_")}
    verbs = {function for function in written if signature(function).return_annotation in (Told, Told | None)}
    assert len(verbs) > 20
    assert verbs == set(map(verb, VERBS))
    assert all("as_json" in signature(command(one)).parameters for one in verbs)
