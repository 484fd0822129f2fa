# exercise-cds: what a person types. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help serve test lint format docs chart image lock clean bench soak speed

PORT ?= 8080
ARGS ?=
JOBS ?= 2
BIN := .venv/bin

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

serve:  ## set up, then serve on http://127.0.0.1:$PORT (8080) without authentication, for trying; edited rules are taken up
	@tools/set-up --port "$(PORT)"
	@EXERCISE_CDS_PORT="$(PORT)" EXERCISE_CDS_AUTHENTICATION=none EXERCISE_CDS_NAMED_SERVICES=low-back-pain-orders-sign \
		EXERCISE_CDS_HTTP_FHIR_SERVERS=true EXERCISE_CDS_WORKBENCH__ENABLED=true EXERCISE_CDS_RELOAD_SECONDS=2 exec $(BIN)/exercise-cds serve $(ARGS)

test:  ## set up, then run all tests, JOBS=2 files at a time; ARGS="-k duration" chooses
	@tools/set-up
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint:  ## ruff and mypy
	@tools/set-up
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy tools

format:  ## put the code into its one form
	@tools/set-up
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

chart:  ## check the Helm chart (with Go: by Helm 3 and Helm 4)
	@tools/chart-lane

image:  ## build the image without docker and prove that it runs (root on Debian or Ubuntu)
	@tools/image-proof

docs:  ## write the pages that are made from the code
	@tools/set-up
	@$(BIN)/python tools/settings_page.py
	@$(BIN)/python tools/findings_page.py
	@$(BIN)/python tools/metrics_page.py
	@$(BIN)/python tools/chart_settings.py
	@$(BIN)/python tools/chart_readme.py

bench:  ## ours beside its ceiling and its peer (15 minutes; ARGS=--quick: 5); writes docs/performance.md
	@tools/set-up
	@$(BIN)/python tests/bench/run.py --peer "$$(tools/tool-venv bench)" $(ARGS)
	@$(BIN)/python tests/bench/page.py

soak:  ## 300,000 requests (15 minutes and more): memory stays flat, the engines agree; ARGS="--requests 20000" for fewer
	@tools/set-up
	@$(BIN)/python tests/bench/soak.py $(ARGS)

speed:  ## instructions of the hot path against the baseline; ARGS=--renew takes the present ones
	@tools/set-up
	@tools/speed-lane $(ARGS)

lock:  ## choose versions anew and pin them with their hashes (needs network)
	@tools/set-up
	@tools/lock $(ARGS)

clean:  ## remove what set-up and tests made; .cache keeps the built wheel
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis service/*.egg-info build
