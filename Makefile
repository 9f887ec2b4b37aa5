# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
DEV = $(VENV)/.ready-dev

.PHONY: demo test check bench fuzz fuzz-images tools oracle fixtures clean

demo: $(READY)           ## run the main job on a benign exhibit
	$(BIN)/hashmatch demo hashmatch-demo --replace

test: check              ## everything that must hold: style, types, layers, tests, coverage
	COVERAGE_FILE=$(CURDIR)/.coverage $(BIN)/pytest -n 3 -rs --cov --cov-report=term

check: $(DEV)            ## what needs no test run: format, lint, types, layers, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry hashmatch

bench: $(READY)          ## measure memory and speed; see benchmarks/README.md
	$(BIN)/python benchmarks/run.py

fuzz: $(DEV)             ## damage lists of every format for SECONDS_EACH (60)
	mkdir -p fuzz
	cd fuzz && for name in $$(../$(BIN)/python -c \
		"from hashmatch.formats import registry; print(*registry.names())"); do \
		mkdir -p $$name && ../$(BIN)/python ../tests/fuzz/fuzz_formats.py $$name $$name \
			-max_total_time=$${SECONDS_EACH:-60} -rss_limit_mb=1024 || exit 1; done

fuzz-images: $(DEV)      ## damage COUNT (300) images of each file system, for SECONDS_EACH (600)
	$(BIN)/python tests/fuzz/fuzz_images.py --count $${COUNT:-300} \
		--seconds $${SECONDS_EACH:-600}

fixtures: $(DEV)         ## draw the synthetic test files again
	$(BIN)/python fixtures/make.py

tools:                   ## Debian packages that some tests compare against (they skip without)
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends chromium fonts-noto-core fonts-thai-tlwg \
		dosfstools e2fsprogs ewf-tools g++ genisoimage hashdeep jq libarchive13 mtools ntfs-3g openssl \
		poppler-utils python3-dev python3-venv qemu-utils rhash sleuthkit sqlite3 unar xfsprogs

# A Debian without python3-venv has no ensurepip: as root it is installed, otherwise said.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		[ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv python3-dev \
		&& $(PYTHON) -m venv $(VENV); } \
		|| { echo "install python3-venv first: sudo apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"
	$(BIN)/python -m pip install -q --editable '.[archives,disk,documents]'
	touch $(READY)

$(DEV): $(READY)
	$(BIN)/python -m pip install -q --group dev
	-$(MAKE) --no-print-directory oracle
	touch $(DEV)

oracle:                  ## build Meta's PDQ to compare with; needs a C++ compiler
	@$(BIN)/python -m pip install -q --group oracle \
		|| echo "Meta's PDQ was not built (no C++ compiler?): its comparisons will be skipped"

clean:
	rm -rf $(VENV) hashmatch-demo .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
