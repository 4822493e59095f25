# The few commands of lua-aws-backup; `make help` lists them.

# Each Lua whose headers this machine has gets a module of its own under build/.
LUAS       := 5.1 5.2 5.3 5.4 luajit
AVAILABLE   = $(shell for lua in $(LUAS); do pkg-config --exists $$(tools/lua-name $$lua) && echo $$lua; done)

SOURCES    := $(sort $(wildcard src/*.c))
HEADERS    := $(sort $(wildcard src/*.h))

CC         ?= cc
OPTIMIZE   ?= -O2 -g
WARNINGS   := -std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
              -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Werror
HARDENING  := -fstack-protector-strong -D_FORTIFY_SOURCE=2
# No Lua library: the interpreter that loads the module brings the symbols.
LINKING    := -shared -Wl,-z,nodelete,-z,relro,-z,now,-z,noexecstack
LIBRARIES   = $(shell pkg-config --libs libcurl libcrypto)
lua_cflags  = $(shell pkg-config --cflags $(shell tools/lua-name $(1)))

PORT       ?= 8080
REGION     ?= us-east-1
ACCOUNT    ?= 123456789012

.PHONY: help build rock demo test lint spec emulator bench bench-nginx generate model check-generated sanitize dependencies-% clean

help:
	@echo "make demo       a backup job from start to end against the emulator over HTTP"
	@echo "make test       everything that is tested: lint, C warnings, all specs on every Lua"
	@echo "make build      the C module for each Lua on this machine, under build/"
	@echo "make emulator   serve the emulator in the foreground: PORT=$(PORT) REGION=$(REGION) ACCOUNT=$(ACCOUNT) SPEED= VAULTS="
	@echo "make bench      signing, codec, a whole call and many at once, each beside its floor"
	@echo "make bench-nginx  calls in an nginx worker: beside bare sockets, under a stall, many, long, through reloads"
	@echo "make generate   rewrite what is generated from model/"
	@echo "make model      take over botocore's newest model (or VERSION=) by pip, generate, and say what changed"
	@echo "make sanitize   the C core under ASan, UBSan, valgrind and TSan"
	@echo "make clean      remove build/"

build:
	@test -n "$(AVAILABLE)" || { echo "no Lua headers found by pkg-config (lua5.1 to lua5.4, luajit)" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(AVAILABLE:%=build/%/aws/backup/core.so)

build/%/aws/backup/core.so: $(SOURCES) $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(CC) $(WARNINGS) $(OPTIMIZE) $(HARDENING) -fPIC -fvisibility=hidden $(CFLAGS) \
	  $(call lua_cflags,$*) $(SOURCES) -o $@ $(LINKING) $(LDFLAGS) $(LIBRARIES)

# What luarocks runs, with the Lua and the libraries that it has found. The compiler is its user's, so warnings are no
# errors, and not every linker knows -z.
rock:
	@mkdir -p build/rock/aws/backup
	$(CC) $(filter-out -Werror,$(WARNINGS)) -O2 $(HARDENING) -fPIC -fvisibility=hidden $(CFLAGS) \
	  $(LUA_INCDIR:%=-I%) $(CURL_INCDIR:%=-I%) $(CRYPTO_INCDIR:%=-I%) $(SOURCES) \
	  -o build/rock/aws/backup/core.so $(LIBFLAG) $(if $(filter Darwin,$(shell uname -s)),,$(LINKING)) $(LDFLAGS) \
	  $(CURL_LIBDIR:%=-L%) $(CRYPTO_LIBDIR:%=-L%) -lcurl -lcrypto

demo: dependencies-demo
	@$(MAKE) --no-print-directory build
	@tools/demo

test: dependencies-test
	@$(MAKE) --no-print-directory build build/fault_server lint
	@tools/test $(AVAILABLE)

spec: build build/fault_server
	@tools/test $(AVAILABLE)

# A second compiler sees what the first let pass; it checks only, so it needs no build folder.
lint:
	luacheck --quiet lua spec examples tools bench
	@for lua in $(AVAILABLE); do \
	  clang -fsyntax-only $(WARNINGS) $$(pkg-config --cflags $$(tools/lua-name $$lua)) $(SOURCES) || exit 1; \
	done
	@tools/check-layers

build/fault_server: spec/core/fault_server.c $(wildcard spec/core/fault_*.h)
	@mkdir -p $(@D)
	$(CC) $(WARNINGS) $(OPTIMIZE) $< -o $@ $(shell pkg-config --libs openssl)

emulator: dependencies-demo
	@$(MAKE) --no-print-directory --silent build
	@exec env PORT=$(PORT) REGION=$(REGION) ACCOUNT=$(ACCOUNT) SPEED=$(SPEED) VAULTS=$(VAULTS) ENDS_WITH=$$PPID tools/emulator

bench: build build/multi
	@tools/bench

bench-nginx: build build/multi
	@tools/bench-nginx

build/multi: bench/multi.c
	$(CC) $(WARNINGS) $(OPTIMIZE) $< -o $@ $(shell pkg-config --libs libcurl)

generate:
	lua5.4 tools/generate.lua

# The only target that asks the network for anything but packages of the system; no other one needs it.
model: build/5.4/aws/backup/core.so
	tools/model --version "$(VERSION)"
	@$(MAKE) --no-print-directory generate
	LUA_CPATH="./build/5.4/?.so;;" lua5.4 tools/golden.lua

check-generated:
	lua5.4 tools/generate.lua --check

sanitize: build/fault_server
	@tools/sanitize

dependencies-%:
	@tools/dependencies $*

clean:
	rm -rf build
