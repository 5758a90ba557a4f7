# SPDX-License-Identifier: Apache-2.0
#
# make demo   see it work, without keys          make test   everything that CI tests
# make run    in front of the real APIs          make check  format and shipped configurations
# make build  one self-contained binary          make format rewrite the sources in the project's format
# make bench  load tests beside peers            make hit-ratio, make entry-size  what the cache keeps, and in how much
# make fuzz   every parser with what libFuzzer makes up

SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build run demo test check format bench hit-ratio entry-size fuzz deps clients clean help

# Without the run-time checks of exclusivity a request takes 10 % less CPU; with the Swift library inside, it is one file.
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
BINARIES = $(shell swift build $(RELEASE) --show-bin-path)
# Where only archives of the libraries can be found, so that the release binary does without them.
STATIC := $(CURDIR)/.build/static
APT = $$([ "$$(id -u)" -eq 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive apt-get
SWIFT_FILES := git ls-files -z --cached --others --exclude-standard '*.swift'

build: deps $(STATIC)/yaml-0.1.pc
	PKG_CONFIG_PATH=$(STATIC) swift build $(RELEASE) --product windbreak
	@echo "built $(BINARIES)/windbreak"

run: build
	$(BINARIES)/windbreak serve --config config.yaml

demo: build
	PKG_CONFIG_PATH=$(STATIC) swift build $(RELEASE) --product plant-api-simulator
	python3 Examples/demo.py $(BINARIES)

# The HTTP clients that tests run, those of Python in a place of their own. Where they cannot be had, tests say so.
clients:
	@command -v curl > /dev/null || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends curl; } || true
	@test -x .build/clients/bin/pip || python3 -m venv .build/clients > /dev/null 2>&1 || \
	{ $(APT) update -qq && $(APT) install -y -qq python3-venv && python3 -m venv .build/clients; } || true
	@.build/clients/bin/pip install -q --disable-pip-version-check -r Tests/Clients/requirements.txt || \
	echo 'not all HTTP clients of Python are there: tests with them are skipped' >&2

# All at once they would keep each other waiting for longer than any client waits.
test: deps clients
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 swift test --disable-xctest

check: deps
	$(SWIFT_FILES) | xargs -0 swift format lint --strict --parallel --configuration .swift-format
	swift build --product windbreak
	@set -e; for file in config.yaml Examples/*.yaml; do \
		"$$(swift build --show-bin-path)/windbreak" check --config "$$file"; \
	done

format:
	$(SWIFT_FILES) | xargs -0 swift format --in-place --parallel --configuration .swift-format

# `make fuzz FOR=3600 TARGET=json` is one parser for an hour.
fuzz: FOR = 10
fuzz: deps
	Tests/Fuzz/run $(FOR) $(TARGET)

bench: build
	Benchmarks/run $(BINARIES)/windbreak

hit-ratio entry-size: deps $(STATIC)/yaml-0.1.pc
	PKG_CONFIG_PATH=$(STATIC) swift build $(RELEASE) --product $@
	$(BINARIES)/$@

$(STATIC)/yaml-0.1.pc: Makefile | deps
	@mkdir -p $(STATIC)
	@ln -sf "$$(clang -print-file-name=libstdc++.a)" $(STATIC)/libstdc++.a
	@ln -sf "$$(clang -print-file-name=libgcc_eh.a)" $(STATIC)/libgcc_s.a
	@ln -sf "$$(pkg-config --variable=libdir yaml-0.1)/libyaml.a" $(STATIC)/libyaml.a
	@ln -sf "$$(pkg-config --variable=libdir sqlite3)/libsqlite3.a" $(STATIC)/libsqlite3.a
	@printf 'Name: LibYAML\nDescription: as an archive\nVersion: 0.1\nLibs: -L%s -lyaml -lm\n' '$(STATIC)' > $@

# Debian's packages of what Swift does not bring along; does nothing where they are there.
deps:
	@if command -v pkg-config > /dev/null && pkg-config --exists yaml-0.1 sqlite3; then exit 0; fi; \
	command -v apt-get > /dev/null || { echo 'please install libyaml and SQLite with headers, and pkg-config' >&2; exit 1; }; \
	echo 'installing libyaml-dev, libsqlite3-dev and pkg-config'; \
	$(APT) update -qq && $(APT) install -y -qq --no-install-recommends libyaml-dev libsqlite3-dev pkg-config

clean:
	rm -rf .build

help:
	@sed -n '3,7s/^# //p' Makefile
