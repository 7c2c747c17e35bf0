# Everything runs in .venv, made from constraints.txt; only Python >= 3.11 and make are needed.
PYTHON ?= python3
BIN := .venv/bin
# As variables the constraints hold for what builds the package, too: the first for pip < 25.3, the second from then on.
INSTALL = PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Many tests wait for processes and servers: twice as many as there are cores keep the cores busy.
TEST = $(BIN)/pytest -n $(or $(WORKERS),$(shell $(PYTHON) -c 'import os; print(2 * len(os.sched_getaffinity(0)))')) --dist worksteal

# A broken link is an error.
DOCS = $(BIN)/zensical build --strict --clean

.PHONY: demo demo-cluster test test-brokers check bench bench-quick docs soak soak-cluster fuzz format constraints clean

demo: .venv/installed
	$(BIN)/ingestd demo $(if $(ONCE),--once)

# Three nodes on a temporary PostgreSQL, or with DATABASE_URL=postgresql://... on one whose user may create databases.
demo-cluster: .venv/installed-demo
	$(BIN)/ingestd demo --nodes $(or $(NODES),3) $(if $(ONCE),--once) $(if $(DATABASE_URL),--server '$(DATABASE_URL)')

test: .venv/installed-test
	$(TEST)

# Needs root and apt where Debian's rabbitmq-server and redis-server are not installed; leaves no service running.
test-brokers: .venv/installed-test
	tests/support/brokers/install
	BROKERS=1 $(BIN)/pytest -n 2 -rs tests/delivery/kinds/test_nats.py tests/delivery/kinds/test_kafka.py \
		tests/delivery/kinds/test_rabbitmq.py tests/delivery/kinds/test_redis.py tests/daemon/test_brokers.py

check: .venv/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(DOCS)
	$(TEST)

# The tests that are small in `make test`, in full: takes about an hour. tests/support/soak.py has the sizes.
SOAK_TESTS = tests/articles/test_hostile_pages.py tests/daemon/test_agency.py tests/daemon/test_deliveries.py \
	tests/daemon/test_faults.py \
	tests/formats/syndication/test_well_formed.py \
	tests/daemon/test_folder_watch.py tests/daemon/test_process.py tests/daemon/test_siege.py \
	tests/pipeline/test_hostile.py tests/store/events/test_event_log.py tests/test_wheel.py

soak: .venv/installed-test
	SOAK=1 SOAK_KILLS=$(or $(KILLS),100) SOAK_ITEMS=$(or $(ITEMS),10000) $(BIN)/pytest -n 2 $(SOAK_TESTS)

# A cluster under every fault, SECONDS for all of them (20 minutes by default, and what starts and ends them).  Nodes get
# network namespaces where root may make them, and clocks of their own where Debian's package faketime is installed.
soak-cluster: .venv/installed-test
	SOAK_CLUSTER=1 CLUSTER_SECONDS=$(or $(SECONDS),1200) $(BIN)/pytest -s tests/cluster

# Takes a quarter of an hour at most; writes benchmarks/results.json and the table of benchmarks/README.md.
bench: .venv/installed-test .venv/peers/installed
	$(BIN)/python benchmarks/suite.py

# Fails when a ratio of CPU times is under its floor (benchmarks/floors.json).
bench-quick: .venv/installed-test
	$(BIN)/python benchmarks/quick.py

# Bytes to Feed, guided by coverage; ends by itself, with the input that broke a promise in a file crash-*.
fuzz: .venv/installed-test
	$(INSTALL) -e '.[fuzz]'
	$(BIN)/python -m tests.formats.fuzz $(or $(SECONDS),600)

# Updates the tables of settings and commands from the program, and builds the site into site/.
docs: .venv/installed-test
	$(BIN)/python -m tests.docs.reference
	$(DOCS)

format: .venv/installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Asks for the newest of everything, the build's own parts included, and writes down what came.
constraints:
	rm -rf .venv/fresh
	$(PYTHON) -m venv .venv/fresh
	.venv/fresh/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip hatchling -e '.[test]'
	{ sed '/^#/!d' constraints.txt; \
	  .venv/fresh/bin/python -m pip freeze --exclude-editable | LC_ALL=C sort --ignore-case; } > .venv/constraints.txt
	mv .venv/constraints.txt constraints.txt
	rm -rf .venv/fresh

clean:
	rm -rf .venv build dist site .cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ingestd needs Python 3.11 or newer, this is %s; name another with: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e .
	touch $@

.venv/installed-demo: .venv/installed
	$(INSTALL) -e '.[demo]'
	touch $@

.venv/installed-test: .venv/installed
	$(INSTALL) -e '.[test]'
	touch $@

# The programs that `make bench` compares with have an environment of their own.
.venv/peers/installed: benchmarks/constraints-peers.txt | .venv/bin/python
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/constraints-peers.txt
	touch $@
