# make build   builds bin/edged, with its TFLite library beside it
# make run     builds edged, installs what it needs and starts it without a configuration
# make check   runs the quick checks, for each commit: under a minute, once built
# make test    installs what the tests need and runs all of them, for each pull request; .ci/run calls it
#     test/README.md has a table of the targets below: what each shows, and how long it takes
# make test-asan       tests the C code under AddressSanitizer and UndefinedBehaviorSanitizer; part of make test
# make test-torch      tests the training in models/; not part of make test, because PyPI has torch with CUDA only (7 GB)
# make test-homeassistant  teaches edged an action through a real Home Assistant; not part of make test, because it takes 700 MB
# make test-faults     makes the table of docs/mqtt.md: what a broker, a disk and the power can do; power cuts of clips too
# make test-system     installs the package in a booted Debian 12 arm64: faults, power cuts, purge (CUTS=3)
# make test-mutations  damages 10,000 models and tries each (MUTATIONS=10000)
# make test-cameras    makes the tables of docs/cameras.md: every fault of a camera in the arm64 guest, 200 replugs
# make bench           measures edged beside the Python programs that it replaces (BENCH="--rounds 5")
# make bench-teach     measures how well actions are taught, beside what else one could do: docs/teaching.md (TEACH="--draws 40")
# make bench-networks  measures SqueezeTime beside the networks of its paper: docs/peers.md
# make packages  builds the .debs of all three architectures, in dist/
# make images    builds OCI images of all three, without and with ffmpeg; needs root
# make app       makes the Home Assistant app of the packages, a folder for /addons
# make release-notes VERSION=1.2.3  prints that version's part of CHANGELOG.md
# make picture   draws docs/page.png, the README's picture of the page
# make env     prints the environment that plain go commands need: eval "$(make -s env)"

export EDGED_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/edged
ARCH   := $(shell dpkg --print-architecture)
TFLITE := $(EDGED_CACHE)/tflite-2.17.1/$(ARCH)

# build/deps.sh puts a Go toolchain there if the system has none or an older one than go.mod asks for.
export PATH := $(EDGED_CACHE)/go/bin:$(PATH)
export CGO_ENABLED := 1
export CGO_CFLAGS  := -O2 "-I$(CURDIR)/build/include"
export CGO_LDFLAGS := "-L$(TFLITE)" -Wl,-rpath,$$ORIGIN -Wl,-rpath,$$ORIGIN/../lib/edged
# Test binaries run in a temporary folder: they do not find the library beside them.
export LD_LIBRARY_PATH := $(TFLITE)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(shell git rev-parse HEAD 2>/dev/null) \
  -X main.date=$(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)

test-faults test-cameras test-homeassistant test-mutations: SHELL := /bin/bash
.PHONY: picture build run check test test-asan test-faults test-homeassistant test-mutations test-system test-cameras test-torch bench bench-teach bench-networks packages images app release-notes env deps
build:
	@build/deps.sh compiler go tflite
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/edged ./cmd/edged
	@cp "$(TFLITE)/libtensorflowlite_c.so" bin/

# Without a usable camera edged plays real footage, which needs ffmpeg. It prints a mosquitto_sub command to try.
run: build
	@bin/edged probe --json | sed '/"delegates"/q' | grep -q '"usable": true' || build/deps.sh walkers
	@build/deps.sh subscriber
	exec bin/edged run --record "$(EDGED_CACHE)/clips" --fallback "$(EDGED_CACHE)/footage/walkers.mkv"

check: deps
	@build/deps.sh lint actionlint >/dev/null
	@build/check.sh

test:
	@build/test.sh

# libjpeg and libyuv are not compiled with the sanitizers. So PIXEL_GUARDED puts what they work on before pages that nobody may touch.
# Skipped are tests that compare pictures, count allocations or search all memory: they run no other C. Nor does
# EmptyScenes, which would take minutes.
test-asan: CGO_CFLAGS += -g -fsanitize=undefined -fno-sanitize-recover=undefined -DPIXEL_GUARDED
test-asan: CGO_LDFLAGS += -fsanitize=undefined
test-asan:
	go test -asan -skip 'Golden|Photograph|DecodeJPEG|Subsamplings|Alloc|Wipe|LeaksNothing|Python|Crossing|Deterministic' \
		./capture/pixel ./infer/squeeze ./infer/engine
	go test -asan -short -skip 'Alloc|Wipe|EmptyScenes' ./follow

test-faults: deps
	@set -o pipefail; EDGED_FAULTS=long go test -tags powercut ./publish ./record ./cmd/edged -count 1 -parallel 8 -timeout 25m -run 'Fault|KilledAtRandom|KilledWhileTaught|EveryTwoSeconds|UnderLoad|PowerCuts' -v \
	  | sed -n 's/^ *[a-z]*_test.go:[0-9]*: |/|/p; /^---/p; /^ok/p; /FAIL/p; /panic/p'

test-homeassistant: deps
	@build/deps.sh homeassistant walkers
	@set -o pipefail; go test -tags homeassistant ./cmd/edged -count 1 -run HomeAssistant -v | grep -vE 'run_test.go|^===|level='

test-mutations: deps
	@set -o pipefail; EDGED_MUTATIONS=$(or $(MUTATIONS),10000) go test ./infer/trial -count 1 -timeout 2h -run Mutated -v | grep -E '^ +trial_test|^(---|ok|FAIL|panic)'

test-system: deps
	test/vm/system.sh $(CUTS)

test-cameras: deps
	@set -o pipefail; show='^\||^ +[a-z_]*_test.go:|^(---|FAIL|panic)|Oops'; \
	EDGED_CAMERAS=long EDGED_VM_TIMEOUT=900 test/vm/e2e.sh -test.run 'Faults|Colours' | grep -aE "$$show" && \
	EDGED_REPLUGS=200 EDGED_VM_TIMEOUT=1500 test/vm/e2e.sh -test.run ManyReplugs | grep -aE "$$show"

test-torch:
	@build/deps.sh torch
	KERAS_BACKEND=tensorflow PYTHONPATH=models "$(EDGED_CACHE)/venv/bin/python" -m pytest -q --durations=10 models/tests/with_torch

bench: build
	@build/deps.sh footage test python bench
	test/bench/run.sh $(BENCH)

bench-teach:
	@build/deps.sh compiler go tflite footage test tensorflow stills
	nice -n 10 test/teachbench/run.sh $(TEACH)

bench-networks:
	@build/deps.sh tensorflow
	PYTHONPATH=models:test "$(EDGED_CACHE)/venv/bin/python" -m networks

packages:
	./cross-build.sh

images:
	build/image.sh
	build/image.sh --ffmpeg

app:
	build/app.sh

release-notes:
	@awk -v version="$(VERSION)" '/^## / { inside = $$2 == version } inside' CHANGELOG.md | grep . || \
	  { echo "CHANGELOG.md has no version $(VERSION)" >&2; exit 1; }

# 256 colours: photographs make a PNG large.
picture: deps
	go test ./web/browsertest -count 1 -run 'TestPicture$$'
	ffmpeg -v error -y -i "$(EDGED_CACHE)/screens/page.png" -vf 'split[a][b];[a]palettegen=max_colors=255[p];[b][p]paletteuse=dither=sierra2_4a' docs/page.png

deps:
	@build/deps.sh compiler go tflite footage walkers test browser python

env:
	@for v in PATH EDGED_CACHE CGO_ENABLED CGO_CFLAGS CGO_LDFLAGS LD_LIBRARY_PATH; do \
		eval "printf \"export %s='%s'\\n\" $$v \"\$$$$v\""; done
