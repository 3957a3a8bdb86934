# make app       install what the program needs, prepare the demo, start the workbench and print its address
# make test      install what tests need too, then style, types and the fast tests
# make test-avx2 the numeric ones of them again, with the arithmetic of a processor without AVX-512 and bfloat16
# make test-all  make test, then the slow, kill and browser tests (the last need /usr/bin/chromium)
#
# PYTHON       the interpreter that .venv is made from, 3.11 to 3.13
# TORCH_INDEX  where torch comes from; https://download.pytorch.org/whl/cpu saves gigabytes where there is no GPU
# WORKERS      how many processes share the fast tests; as many as there are cores when left out
# ARGS         passed on, for example: make app ARGS="--port 9000"

PYTHON ?= python3
TORCH_INDEX ?=
WORKERS ?= auto
ARGS ?=
BIN = .venv/bin
PROGRAM = .venv/.program
STAMP = .venv/.ready
export OMP_WAIT_POLICY = PASSIVE

# What a processor with no more than AVX2 makes of it: torch, its oneDNN and MKL, the BLAS of NumPy, NumPy, numba.
AVX2 = ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 OPENBLAS_CORETYPE=Haswell \
	NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR" NUMBA_CPU_NAME=haswell

.PHONY: setup app check test test-avx2 test-slow test-all clean

setup: $(STAMP)

# What the program needs, and then what tests, checks and benchmarks need besides: each installed again only when what it
# requires has changed.
$(PROGRAM): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit(f"Python 3.11 to 3.13 is needed, $(PYTHON) is {sys.version.split()[0]}: make setup PYTHON=python3.13")'
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install --index-url $(TORCH_INDEX) "$$(grep '^torch==' requirements.txt)")
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps -e .
	@touch $@

$(STAMP): $(PROGRAM) requirements-dev.txt
	$(BIN)/pip install -r requirements-dev.txt
	@touch $@

app: $(PROGRAM)
	@$(BIN)/python -m app $(ARGS)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest -m "not slow and not kill and not browser" -n $(WORKERS) --dist loadfile $(ARGS)

test-avx2: setup
	$(AVX2) $(BIN)/python -m pytest -m "numeric and not slow and not kill and not browser" -n $(WORKERS) --dist loadfile $(ARGS)

test-slow: setup
	$(BIN)/python -m pytest -m "slow or kill or browser" $(ARGS)

test-all: test test-slow

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
