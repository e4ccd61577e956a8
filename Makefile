# `make run` and `make test` are the only set-up on a fresh Debian 12 with Swift 6.3.

MODEL ?= models/sensorium-base
HOST  ?= 127.0.0.1
PORT  ?= 8080

# Numeric Swift is 8 to 100 times slower without optimisation, so the tests are built in release too,
# in a folder of their own: `make run` and `make test` never undo each other's build.
TESTING := -c release -Xswiftc -enable-testing --scratch-path .build-test

# What is given away: Swift's libraries are in it, and it says from which commit it is. In a folder of its own, too.
RELEASE := .build-release/release/sensorium
PREFIX  ?= /usr/local

.PHONY: run build test lint format bench contract release install dist deb deb-test packages swift

run: build  ## build what is missing and serve $(MODEL) on $(HOST):$(PORT)
	exec .build/release/sensorium serve --model $(MODEL) --host $(HOST) --port $(PORT)

build: swift packages
	swift build -c release --product sensorium

# With one arena, what lies behind an allocation is mapped. Foundation's Process.run reads 280 bytes for every entry of /proc/self/fd,
# the last one of a full buffer too: with 1,365 open files, in the arena of a thread, that ended the tests in memcpy.
test: swift packages  ## every test
	MALLOC_ARENA_MAX=1 swift test $(TESTING)

lint: swift packages  ## format, import direction, file sizes and the other rules of Tests/ProjectTests
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	swift test $(TESTING) --filter ProjectTests

format: swift  ## lay the sources out as `make lint` wants them
	swift format --in-place --recursive --parallel Package.swift Sources Tests

bench: build  ## every figure of the README, against its peers; see scripts/bench/README.md
	scripts/bench/run.sh

contract: build  ## ask a server everything that openapi.yaml promises; see scripts/contract/run.sh
	scripts/contract/run.sh

release: swift packages  ## the program in one file that needs no Swift
	SENSORIUM_COMMIT=$${SENSORIUM_COMMIT:-$$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)} \
	swift build -c release --static-swift-stdlib --product sensorium --scratch-path .build-release

$(RELEASE):
	$(MAKE) release

install: | $(RELEASE)  ## program, model, manual, completions and systemd unit below $(DESTDIR)$(PREFIX)
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' scripts/package/stage.sh $(RELEASE)

dist: release  ## all that in dist/*.tar.gz, with its SHA-256 and a bill of materials
	scripts/package/dist.sh $(RELEASE)

deb: release  ## the same as a Debian package in dist/
	scripts/package/deb.sh $(RELEASE)

deb-test: release  ## that package in a Debian that has never seen Swift; as root, with debootstrap
	scripts/package/test.sh $(RELEASE)

packages:  ## Debian packages that are missing
	@scripts/install-packages.sh

swift:
	@command -v swift >/dev/null || { echo "Swift 6.3 is needed, and there is no \"swift\" on the PATH. Install it as \
	https://www.swift.org/install/linux/ says for Debian 12, open a new shell, and run make again." >&2; exit 1; }
