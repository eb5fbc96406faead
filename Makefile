# ICE. `make help` lists what can be made.
#
#   make deps all          install what is missing, build build/ice, build/facilities-manager, build/printer-fleet
#   make SAN=address,undefined ...   the same, sanitized, in build/san

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
SAN     ?=
WERROR  ?= $(if $(CI),1,)
V       ?=
VERSION := 0.1.0

B := build$(if $(SAN),/san,)

# As many jobs as processors, unless told; and where packages are installed, that comes before anything is compiled.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
FIRST := $(if $(filter deps demo,$(MAKECMDGOALS)),deps)

PACKAGES := libevent_core libevent_extra libevent_openssl netsnmp libcurl inih jansson sqlite3 zlib openssl
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 $(if $(WERROR),-Werror,)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2) \
            $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full -fstack-clash-protection,)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,)
# Asked of pkg-config once, and only by a build: `make deps` must work before it exists.
PC_CFLAGS = $(eval PC_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES)))$(PC_CFLAGS)
PC_LIBS   = $(eval PC_LIBS := $$(shell pkg-config --libs $(PACKAGES)) -lm)$(PC_LIBS)
CPPFLAGS += -Iinclude -Isrc -I$(B)/gen -D_GNU_SOURCE -DICE_VERSION='"$(VERSION)"'
# Each file is a piece of its own to the compiler, but for those of HOT, below.
PIECES    = -fno-lto
COMPILE   = $(CC) -std=c11 $(PIECES) $(CPPFLAGS) $(PC_CFLAGS) $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS) -MMD -MP
LINK      = $(CC) $(PIECES) $(HARDEN) $(SANFLAGS) $(CFLAGS) -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
Q        := $(if $(V),,@)

# What the program ice is made of, besides the library.
ICE_PARTS := engine service proof window agent
LIB_SRC   := $(sort $(wildcard $(addsuffix /*.c,$(addprefix src/,base snmp printer sweep delivery settings))))
PROG_SRC  := $(sort $(wildcard $(addsuffix /*.c,$(addprefix src/,$(ICE_PARTS) server fleet))))
LIB_OBJ   := $(LIB_SRC:%.c=$(B)/obj/%.o)
objects    = $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard src/$(1)/*.c)))
# What a program is made of besides its main: linked into the unit tests too.
PART_OBJ  := $(filter-out %/main.o,$(foreach d,$(ICE_PARTS),$(call objects,$(d))) $(call objects,server) $(call objects,fleet))
PROGRAMS  := $(B)/ice $(B)/facilities-manager $(B)/printer-fleet
TESTS     := $(patsubst tests/%.c,$(B)/tests/%,$(sort $(wildcard tests/unit/test_*.c tests/replay/test_*.c)))
FUZZERS   := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCHES   := $(patsubst bench/%.c,$(B)/bench/%,$(sort $(wildcard bench/*.c)))

.PHONY: valgrind all help deps demo test check kills powercuts soak bench fuzz lint format install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)

help:
	@sed -n 's/^#> //p' Makefile

#> make deps     installs the Debian packages that building and testing need (root, or sudo)
deps:
	@bash tests/deps.sh

#> make all      build/ice, build/facilities-manager, build/printer-fleet
$(B)/ice: $(foreach d,$(ICE_PARTS),$(call objects,$(d))) $(B)/libice.a
$(B)/facilities-manager: $(call objects,server) $(B)/libice.a
$(B)/printer-fleet: $(call objects,fleet) $(B)/libice.a
# A datagram's way from the range to the socket, and an answer's to the record, is one piece to gcc where the program is linked (a sweep goes along
# it up to a million times a second; a collection costs a tenth less), and parts where others are, which put something in their place.
HOT   := $(patsubst %.c,$(B)/obj/%.o,$(wildcard src/sweep/*.c src/snmp/*.c src/printer/*.c) $(addprefix src/engine/,channel.c sweep.c walk.c marks.c))
WHOLE := $(if $(SAN)$(findstring clang,$(shell $(CC) --version 2>/dev/null)),-fno-lto,-flto=auto -ffat-lto-objects)
$(HOT): PIECES = $(WHOLE)
$(B)/ice: private PIECES = $(WHOLE)
$(PROGRAMS):
	@echo "  LINK  $@"
	$(Q)$(LINK) -o $@ $^ $(PC_LIBS)

$(B)/libice.a: $(LIB_OBJ)
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libparts.a: $(PART_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/obj/%.o: %.c Makefile | $(FIRST)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -c -o $@ $<

# The pages of the configuration window, as C.
PAGES := $(sort $(wildcard src/window/pages/*))
$(B)/obj/src/window/asset.o: $(B)/gen/window_pages.h
$(B)/gen/window_pages.h: src/window/embed.sh $(PAGES)
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	$(Q)sh src/window/embed.sh $(PAGES) >$@

$(B)/tests/%: tests/%.c $(B)/libparts.a $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -Itests -Isrc -o $@ $< $(B)/libparts.a $(B)/libice.a -pie $(LDFLAGS) -lcmocka $(PC_LIBS)

# Where the simulation puts virtual time, timers, datagrams, POSTs and its own witness in the place of the real ones.
WORLD := ice_clock_now ice_clock_wall ice_random_system ice_neighbours_new ice_neighbours_connect event_new event_add event_del event_free \
	$(addprefix ice_udp_,new free ask flush queued receive fds counters)
POSTS := $(addprefix ice_upload_post,_carrier_new _carrier_free) ice_upload_post
SEAMS := $(WORLD) $(POSTS) ice_outbox_put
$(B)/tests/replay/test_simulation: LDFLAGS += $(SEAMS:%=-Wl,--wrap=%)
$(B)/tests/replay/test_pace: LDFLAGS += $(WORLD:%=-Wl,--wrap=%)
$(B)/tests/replay/test_lanes: LDFLAGS += $(WORLD:%=-Wl,--wrap=%) -Wl,--wrap=ice_scanner_new,--wrap=ice_scanner_free,--wrap=ice_scanner_asks
$(B)/tests/replay/test_year: LDFLAGS += $(WORLD:%=-Wl,--wrap=%) $(POSTS:%=-Wl,--wrap=%)

$(B)/bench/%: bench/%.c $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -Itests -o $@ $< $(B)/libice.a -pie $(LDFLAGS) $(PC_LIBS)

# The fuzz targets with a plain main that runs the files it is given: no clang needed.
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/run_corpus.c $(B)/libparts.a $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -Isrc -o $@ $< tests/fuzz/run_corpus.c $(B)/libparts.a $(B)/libice.a -pie $(LDFLAGS) $(PC_LIBS)

# Engines and servers made wrong on purpose at link time, which the tests must notice, one that takes notes, one whose frames can be told
# from others', and what stands in for a disk or a clock that fails.
WRONG := $(addprefix $(B)/kills/,ice-tapped ice-witness ice-delete-before-ack ice-sync-normal ice-sync-full ice-broken-promise \
         facilities-manager-ack-before-commit facilities-manager-sync-normal powercut.so faultydisk.so clockstep.so smallbuffer.so turns.so)
.PHONY: wrong
wrong: $(WRONG)
$(B)/kills/ice-%: $(foreach d,$(ICE_PARTS),$(call objects,$(d))) $(B)/obj/tests/kills/with_%.o $(B)/obj/tests/kills/with_tapped.o $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK) -o $@ $^ $(WRAP) $(PC_LIBS)
$(B)/kills/facilities-manager-%: $(call objects,server) $(B)/obj/tests/kills/with_%.o $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK) -o $@ $^ $(WRAP) $(PC_LIBS)
$(B)/kills/%.so: $(B)/obj/tests/kills/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -ldl
$(B)/obj/tests/kills/%.o: CFLAGS += -fPIC
$(B)/kills/ice-witness: WRAP = -Wl,--wrap=ice_outbox_put
$(B)/kills/ice-broken-promise: WRAP = -Wl,--wrap=ice_confinement_server
$(B)/kills/ice-delete-before-ack: WRAP = -Wl,--wrap=ice_outbox_next
$(B)/kills/%-sync-normal $(B)/kills/%-sync-full: WRAP = -Wl,--wrap=sqlite3_exec
$(B)/kills/%-ack-before-commit: WRAP = -Wl,--wrap=sqlite3_step,--wrap=sqlite3_close

# What sees the frames of the engines that test scripts run (tests/wiretap/under.sh).
WIRETAP := $(B)/tests/wiretap/wiretap
$(WIRETAP): $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/wiretap/*.c))) $(B)/libparts.a $(B)/libice.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(LINK) -o $@ $^ $(PC_LIBS)

#> make demo     deps and all, then: a simulated site, a sweep, a fleet table, an upload, and the proof that all of it arrived
demo: deps all
	@B=$(B) bash tests/e2e/demo.sh

#> make check    the ten-second subset: layers, unit tests, scenarios in virtual time, fuzz corpora
check: all $(TESTS) $(addprefix $(B)/fuzz/,$(FUZZERS))
	@B=$(B) bash tests/run.sh check

.PHONY: sanitized-tests
sanitized-tests: $(TESTS) $(addprefix $(B)/fuzz/,$(FUZZERS)) $(addprefix $(B)/kills/ice-,tapped broken-promise) $(WIRETAP)

#> make test     everything CI runs: check, the sanitized build, end to end, real peers
test: all $(TESTS) $(addprefix $(B)/fuzz/,$(FUZZERS)) $(WRONG) $(WIRETAP)
	@B=$(B) bash tests/run.sh test

#> make bench    figures and ratios against the machine's limit and the peers
bench: all $(BENCHES)
	@B=$(B) bash bench/run.sh

#> make kills    engines and server killed N=1000 times while they sweep and deliver; readings lost and doubled
kills: all
	@python3 tests/kills/kills.py --build $(B) -n $(or $(N),1000) --seed $(or $(SEED),1)

#> make powercuts the same, and each kill is a power cut: what was not synced survives in part or not at all
powercuts: all $(B)/kills/powercut.so $(B)/kills/ice-witness
	@python3 tests/kills/kills.py --build $(B) -n $(or $(N),1000) --seed $(or $(SEED),1) --power $(B)/kills/powercut.so \
		--engine $(B)/kills/ice-witness

#> make soak     kills, power cuts, simulated histories and years and the service's memory in turns, other ones in each, for MINUTES=30 or N=rounds
soak: all $(B)/tests/replay/test_simulation $(B)/tests/replay/test_year $(B)/kills/powercut.so $(B)/kills/ice-witness
	@B=$(B) MINUTES=$(if $(N),,$(or $(MINUTES),30)) N=$(N) SEED=$(or $(SEED),1) bash tests/soak.sh

#> make fuzz     libFuzzer on every parser, or on TARGETS="conf post", MINUTES=1 in all unless told (needs clang)
fuzz:
	@MINUTES=$(or $(MINUTES),1) PACKAGES="$(PACKAGES)" bash tests/fuzz/run.sh $(TARGETS)

#> make valgrind  a sweep, an upload, the server and a replay under valgrind (when it is installed)
valgrind: all
	@B=$(B) bash tests/e2e/valgrind.sh

#> make lint     layers, clang-format, cppcheck
lint:
	@bash tests/lint.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# Manual pages, from what the programs and the sample files say of themselves.
MAN := $(patsubst config/man/%.in,$(B)/man/%,$(sort $(wildcard config/man/*.in)))
.PHONY: man
#> make man      the manual pages, in build/man
man: $(MAN)
$(B)/man/%: config/man/%.in $(wildcard config/man/*.awk config/man/*.sh config/*.ini) $(PROGRAMS)
	@mkdir -p $(@D)
	@echo "  MAN   $@"
	$(Q)sh config/man/page.sh $< $(B) $(VERSION) >$@

#> make install  to PREFIX (/usr/local), below DESTDIR
SHARE = $(DESTDIR)$(PREFIX)/share
install: all man
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/ice/profiles" "$(SHARE)/ice/examples"
	install -m 755 $(PROGRAMS) "$(DESTDIR)$(PREFIX)/bin"
	install -m 644 config/profiles/*.ini "$(SHARE)/ice/profiles"
	install -m 644 config/ice.ini config/facilities-manager.ini "$(SHARE)/ice/examples"
	install -d "$(SHARE)/ice/demo/printers" "$(SHARE)/ice/demo/devices"
	install -m 644 config/demo/printers/*.snmprec "$(SHARE)/ice/demo/printers"
	install -m 644 config/demo/devices/*.snmprec "$(SHARE)/ice/demo/devices"
	install -d "$(SHARE)/man/man1" "$(SHARE)/man/man5"
	install -m 644 $(filter %.1,$(MAN)) "$(SHARE)/man/man1"
	install -m 644 $(filter %.5,$(MAN)) "$(SHARE)/man/man5"
	install -d "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions"
	install -m 644 config/completion/ice.bash "$(SHARE)/bash-completion/completions/ice"
	ln -sf ice "$(SHARE)/bash-completion/completions/facilities-manager"
	ln -sf ice "$(SHARE)/bash-completion/completions/printer-fleet"
	install -m 644 config/completion/_ice "$(SHARE)/zsh/site-functions"
	install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system"
	for unit in config/*.service; do \
		sed 's|@PREFIX@|$(PREFIX)|g' $$unit > "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$unit)"; \
	done

uninstall:
	rm -f $(PROGRAMS:$(B)/%="$(DESTDIR)$(PREFIX)/bin/%")
	rm -f "$(DESTDIR)$(PREFIX)/lib/systemd/system/ice.service"
	rm -f "$(DESTDIR)$(PREFIX)/lib/systemd/system/facilities-manager.service"
	rm -f $(patsubst $(B)/man/%,"$(SHARE)/man/man1/%",$(filter %.1,$(MAN)))
	rm -f $(patsubst $(B)/man/%,"$(SHARE)/man/man5/%",$(filter %.5,$(MAN)))
	rm -f $(PROGRAMS:$(B)/%="$(SHARE)/bash-completion/completions/%") "$(SHARE)/zsh/site-functions/_ice"
	rm -rf "$(SHARE)/ice"

.PHONY: deb
#> make deb      Debian packages of engine and server, in build/deb
deb: all man
	@rm -rf $(B)/deb
	@env -u MAKEFLAGS -u MFLAGS $(MAKE) --no-print-directory PREFIX=/usr DESTDIR="$(CURDIR)/$(B)/deb/root" install >/dev/null
	@bash config/debian/build.sh $(B)/deb/root $(B)/deb $(VERSION)

clean:
	rm -rf build

-include $(shell find build -type f -name '*.d' 2>/dev/null)
