# microlog: the whole build, in one non-recursive file. `make help` lists what it can do.
#
#   O=DIR             where everything is written (default: build, or build-debug, build-san-...)
#   DEBUG=1           no optimisation, full debug information
#   SAN=a,b           sanitizers for host, plugins and unit tests, e.g. SAN=address,undefined
#   PYTHON="A B"      interpreters to build the recorder for (default: python3)
#   V=1 WERROR=1      show the commands; turn warnings into errors (as every sanitized build does)
#   PREFIX= DESTDIR=  where `make install` puts things (default prefix: /usr/local)

PYTHON ?= python3
PREFIX ?= /usr/local
comma := ,
O ?= build$(if $(DEBUG),-debug)$(if $(SAN),-san-$(subst $(comma),-,$(SAN)))
output := $(abspath $(O))
CFLAGS ?= $(if $(DEBUG),-O0 -g3,-O2 -g)

WERROR ?= $(SAN)

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

quiet := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-6s %s\n' $(1) '$(patsubst $(output)/%,%,$(2))')
first_python := $(firstword $(PYTHON))

# --- Flags --------------------------------------------------------------------------------------

warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            $(if $(WERROR),-Werror)
hardening := $(if $(DEBUG)$(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) -fstack-protector-strong
plain_flags := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -fno-strict-aliasing \
               $(warnings) $(hardening) $(CPPFLAGS) $(CFLAGS)
sanitize := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
flags := $(plain_flags) $(sanitize)
hard_link := -Wl,--as-needed -Wl,-z,now -Wl,-z,relro -Wl,--exclude-libs,ALL $(LDFLAGS)

# `serve` is for those who have the library; without it the command says so.
serve_library := $(shell pkg-config --exists libmicrohttpd && echo libmicrohttpd)
left_out := $(if $(serve_library),,"microlog-analyze serve (needs libmicrohttpd)")
core_libs := -lzstd -lcjson $(if $(serve_library),$(shell pkg-config --libs $(serve_library))) -lm -ldl -lpthread

core_include := -I. -Iplugins-sdk/include \
                $(if $(serve_library),-DML_HAS_MICROHTTPD $(shell pkg-config --cflags $(serve_library)))
recorder_include := -I.

# --- What there is to build ---------------------------------------------------------------------

core_sources := $(sort $(wildcard core/*/*.c core/*/*/*.c))
shared_sources := $(filter core/base/% core/format/%,$(core_sources))
recorder_sources := $(sort $(wildcard recorder/*.c))
recorder_modules := $(sort $(wildcard recorder/microlog/*.py))
test_sources := $(sort $(wildcard tests/unit/test_*.c))
plugin_folders := $(filter-out %/common,$(patsubst %/,%,$(sort $(wildcard analyzers/*/ renderers/*/))))
asset_types := css js html svg json txt tsv

core_objects := $(core_sources:%.c=$(output)/obj/%.o)
main_object := $(output)/obj/core/cli/main.o
host := $(if $(filter core/cli/main.c,$(core_sources)),$(output)/bin/microlog-analyze)
tests := $(test_sources:tests/unit/%.c=$(output)/tests/%)
test_objects := $(patsubst %.c,$(output)/obj/%.o,$(test_sources) tests/unit/runner.c)
shared_root := $(output)/$(if $(SAN),plain,obj)
shared_objects := $(shared_sources:%.c=$(shared_root)/%.o)
objects := $(core_objects) $(test_objects) $(shared_objects)

# --- Files that remember ------------------------------------------------------------------------
# Rewritten only when their content changes: another flag recompiles, another list of files relinks.

remember = $(quiet)mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@
flags_file := $(output)/obj/flags
sources_file := $(output)/obj/sources

FORCE:
$(flags_file): FORCE
	$(call remember,$(CC) $(flags) $(core_include))
$(sources_file): FORCE
	$(call remember,$(core_sources) $(recorder_sources) $(foreach folder,$(plugin_folders),$($(folder).inputs)))

# --- Compiling and linking ----------------------------------------------------------------------

compile = $(call say,CC,$@)$(newline)$(quiet)mkdir -p $(@D) && $(CC) $(1) -MMD -MP -c -o $@ $<
define newline

	
endef

$(output)/obj/core/%.o: core/%.c $(flags_file)
	$(call compile,$(flags) $(core_include))
$(output)/obj/tests/%.o: tests/%.c $(flags_file)
	$(call compile,$(flags) $(core_include))
$(output)/plain/core/%.o: core/%.c $(flags_file)
	$(call compile,$(plain_flags) $(core_include))

$(output)/bin/microlog-analyze: $(core_objects) $(sources_file)
	$(call say,LINK,$@)
	$(quiet)mkdir -p $(@D) && $(CC) -pie $(sanitize) $(hard_link) -o $@ $(core_objects) $(core_libs)

$(tests): $(output)/tests/%: $(output)/obj/tests/unit/%.o $(output)/obj/tests/unit/runner.o $(core_objects) \
          $(sources_file)
	$(call say,LINK,$@)
	$(quiet)mkdir -p $(@D) && $(CC) -pie $(sanitize) $(hard_link) -o $@ \
		$(filter-out $(main_object),$(filter %.o,$^)) $(core_libs)

# --- Plugins: every folder of analyzers/ and renderers/ is one ------------------------------------
# A folder's plugin.mk may set LIBS to the pkg-config names of the libraries it needs (without those
# the plugin is left out, and said so), LDLIBS to what pkg-config does not know, and KIND to
# explainer. Assets (style sheets, scripts, pages, data) become arrays declared in "assets.h":
# page.css is asset_page_css and asset_page_css_length, plus a final NUL; asset_page_css_digest is their SHA-256 in
# Base64, by which a page's policy can name them. Style sheets and scripts lose their indentation, comments and the blanks at
# their punctuation: nobody reads those there.

squeeze := renderers/squeeze.py
plugin_flags := -Iplugins-sdk/include
# $(1) folder, $(2) kind
define plugin_rules
KIND := $(2)
LIBS :=
LDLIBS :=
-include $(1)/plugin.mk
$(1).file := $(output)/plugins/microlog-$$(KIND)-$(notdir $(1)).so
$(1).libs := $$(LIBS)
$(1).assets := $(sort $(foreach type,$(asset_types),$(wildcard $(1)/*.$(type) $(1)/*/*.$(type))))
$(1).sources := $(sort $(wildcard $(1)/*.c $(1)/*/*.c))
$(1).inputs := $$($(1).sources) $$($(1).assets)
$(1).generated := $$(if $$($(1).assets),$(output)/gen/$(1)/assets)
$(1).objects := $$($(1).sources:%.c=$(output)/obj/%.o) $$($(1).generated:%=%.o)
ifeq ($$(if $$($(1).libs),$$(shell pkg-config --exists $$($(1).libs) && echo yes),yes),yes)
plugins += $$($(1).file)
objects += $$($(1).objects)
$(1).cflags := $$(if $$($(1).libs),$$(shell pkg-config --cflags $$($(1).libs)))
$(1).ldlibs := $$(if $$($(1).libs),$$(shell pkg-config --libs $$($(1).libs))) $$(LDLIBS)
else
left_out += "$(1) (needs $$($(1).libs))"
endif

$(output)/obj/$(1)/%.o: $(1)/%.c $(flags_file) | $$($(1).generated:%=%.h)
	$$(call compile,$$(flags) $$(plugin_flags) -I$(1) -I$(dir $(1)) -I$(output)/gen/$(1) $$($(1).cflags))
$(output)/gen/$(1)/assets.o: $(output)/gen/$(1)/assets.c $(output)/gen/$(1)/assets.h $(flags_file)
	$$(call compile,$$(flags))
$(output)/gen/$(1)/assets.c $(output)/gen/$(1)/assets.h: $$($(1).assets) $(squeeze) $(sources_file)
	$$(call say,EMBED,$$@)
	$$(quiet)mkdir -p $$(@D) && { $$(write_assets$$(suffix $$@)) ; } > $$@
$$($(1).file): $$($(1).objects) $(sources_file)
	$$(call say,LINK,$$@)
	$$(quiet)mkdir -p $$(@D) && $$(CC) -shared $$(sanitize) $$(hard_link) -Wl,-z,defs -o $$@ \
		$$($(1).objects) $$($(1).ldlibs) -lm
endef

each_asset = for file in $(filter-out %/sources %.py,$^); do name=asset_$$(basename $$file | tr -c 'A-Za-z0-9\n' '_'); $(1); done
asset_bytes = case $$file in *.css) sed 's/^ *//; s/\([{;:,]\) /\1/g; s/ \([{}]\)/\1/g' $$file ;; *.js) $(first_python) $(squeeze) < $$file ;; *) cat $$file ;; esac
digest_text := import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode())
write_assets.h = echo '\#include <stddef.h>'; $(call each_asset,\
	echo "extern const unsigned char $$name[]; extern const size_t $${name}_length; extern const char $${name}_digest[];")
write_assets.c = echo '\#include "assets.h"'; $(call each_asset,\
	echo "const unsigned char $$name[] = {"; $(asset_bytes) | od -An -v -tx1 | sed 's/[0-9a-f][0-9a-f]/0x&$(comma)/g'; \
	echo "0}; const size_t $${name}_length = sizeof $$name - 1;"; \
	echo "const char $${name}_digest[] = \"$$($(asset_bytes) | $(first_python) -c '$(digest_text)')\";")

$(foreach folder,$(plugin_folders),$(eval $(call plugin_rules,$(folder),$(patsubst %s/,%,$(dir $(folder))))))

# --- The recorder, once per interpreter -----------------------------------------------------------
# Never sanitized: an interpreter that is not cannot load it.

ask := import sys, sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"), sysconfig.get_path("include"), sys.version.split()[0])
# $(1) interpreter, $(2) suffix, $(3) include folder, $(4) version
define recorder_rules
ifneq ($(filter %/_microlog$(2),$(extensions)),)
$$(error PYTHON names two interpreters whose modules have the same name, _microlog$(2): build them into two O= folders)
endif
extensions += $(output)/python/microlog/_microlog$(2)
recorder$(2).objects := $(recorder_sources:%.c=$(output)/obj/$(2:.%.so=%)/%.o)
objects += $$(recorder$(2).objects)
$(output)/obj/$(2:.%.so=%)/interpreter: FORCE
	$(quiet)test -f "$(3)/Python.h" || { echo "error: $(1) cannot build extension modules: $(3)/Python.h is missing." >&2; \
		echo "  Install the headers of that interpreter (Debian's own: sh install-deps.sh), or name another:" >&2; \
		echo "  make PYTHON=/usr/bin/python3" >&2; exit 1; }
	$$(call remember,$(3) $(4))
$(output)/obj/$(2:.%.so=%)/recorder/%.o: recorder/%.c $(flags_file) $(output)/obj/$(2:.%.so=%)/interpreter
	$$(call compile,$$(plain_flags) $$(recorder_include) -isystem $(3) -isystem $(3)/internal)
$(output)/python/microlog/_microlog$(2): $$(recorder$(2).objects) $(shared_objects) $(sources_file)
	$$(call say,LINK,$$@)
	$$(quiet)mkdir -p $$(@D) && $$(CC) -shared $$(hard_link) -o $$@ $$(filter %.o,$$^) -lzstd -lpthread
endef

# $(1) interpreter, $(2) what it answered
recorder_for = $(if $(2),$(eval $(call recorder_rules,$(1),$(word 1,$(2)),$(word 2,$(2)),$(word 3,$(2)))),\
	$(error The interpreter $(1) does not run: install it (sh install-deps.sh) or name another by PYTHON=))
ifneq ($(if $(filter-out help clean format format-check metrics check-deps sdist,$(or $(MAKECMDGOALS),all)),$(recorder_sources)),)
$(foreach python,$(PYTHON),$(call recorder_for,$(python),$(shell $(python) -c '$(ask)' 2>/dev/null)))
endif
examples := $(sort $(wildcard recorder/examples/*.py))
example_files := $(examples:recorder/%=$(output)/python/microlog/%)
python_files := $(recorder_modules:recorder/%=$(output)/python/%)

$(output)/python/microlog/%.py: recorder/microlog/%.py
	$(quiet)mkdir -p $(@D) && cp $< $@
$(output)/python/microlog/examples/%.py: recorder/examples/%.py
	$(quiet)mkdir -p $(@D) && cp $< $@

# --- The SDK: `new` finds it beside bin/, here as in an installation ------------------------------

sdk_files := $(patsubst plugins-sdk/%,%,$(wildcard plugins-sdk/plugin.mk plugins-sdk/GUIDE.md \
               plugins-sdk/template/* plugins-sdk/examples/*))

$(output)/sdk: plugins-sdk
	$(quiet)mkdir -p $(@D) && ln -sfnr plugins-sdk $@

# --- Targets ----------------------------------------------------------------------------------------

.PHONY: all host plugins recorder units demo gallery quick check check-unit check-deps check-symbols lint \
        metrics format format-check install sdist uninstall clean help sanitized bench-overhead bench-web bench-peers

all: host plugins recorder ## build the host, the bundled plugins and the recorder (default)
	@$(if $(left_out),printf 'Left out for want of a library: %s\n' $(left_out),:)
host: $(host) $(output)/sdk ## build microlog-analyze
plugins: $(plugins) ## build the bundled plugins
	@rm -f $(filter-out $(plugins),$(wildcard $(output)/plugins/*.so))
recorder: $(extensions) $(python_files) $(example_files) ## build the Python package, for each interpreter in PYTHON
units: $(tests)

demo: all ## record a real program, analyse it, say where the report is
	$(quiet)mkdir -p $(output)/demo
	PYTHONPATH=$(output)/python $(first_python) -m microlog -o $(output)/demo/run.mlog recorder/examples/demo.py
	cd $(output)/demo && $(host) run.mlog --plugins all
	@test -s $(output)/demo/run.html && printf '\nThe report: %s\n' $(output)/demo/run.html

gallery: all ## example reports and pictures of them, in the output folder
	MICROLOG_BUILD=$(output) PYTHONPATH=tests $(first_python) tests/renderers/gallery.py $(output)/gallery

# Unit tests run in a sanitized build beside the normal one, in which warnings are errors.
sanitized_output := $(if $(SAN),$(output),$(output)-san-address-undefined)
sanitized:
	$(quiet)$(MAKE) --no-print-directory O=$(sanitized_output) SAN=$(or $(SAN),address$(comma)undefined) all units
suite = MICROLOG_PYTHON='$(PYTHON)' $(first_python) tests/run.py --build $(output) --sanitized $(sanitized_output)

quick: all sanitized check-deps check-symbols metrics ## everything worth knowing before a commit, under a minute
	$(quiet)$(suite) --quick
check: all units sanitized check-deps check-symbols metrics lint ## every test and check there is
	$(quiet)$(suite)
check-unit: sanitized ## the unit tests, sanitized; T=pattern narrows
	$(quiet)$(suite) --unit $(if $(T),--match '$(T)')
check-deps: ## read every #include against tests/include-table.txt
	$(quiet)$(first_python) tests/check_deps.py
check-symbols: all ## host, plugins and recorder export what they must and nothing else
	$(quiet)sh tests/check_symbols.sh $(output)
lint: ## banned functions, cppcheck, scripts, prose
	$(quiet)sh tests/lint.sh
metrics: ## lengths of functions and files, with their limits
	$(quiet)$(first_python) tests/metrics.py

bench-overhead: recorder ## slowdown of a recorded program, less a control; BENCH= its options
	MICROLOG_BUILD=$(output) $(first_python) tests/bench/overhead.py --python '$(PYTHON)' $(BENCH)
bench-web: recorder ## CPU of a loaded web server with all that is recorded; BENCH= its options
	MICROLOG_BUILD=$(output) $(first_python) tests/bench/web_cost.py --python $(first_python) $(BENCH)
bench-peers: recorder ## CPU beside other profilers; BENCH= its options
	MICROLOG_BUILD=$(output) $(first_python) tests/bench/peers.py --python $(first_python) $(BENCH)

c_files = $(shell find core recorder analyzers renderers plugins-sdk tests -name '*.[ch]' 2>/dev/null)
format: ## rewrite every C file in the project's style
	clang-format -i $(c_files)
format-check: ## say which C files are not in the project's style
	@! clang-format --dry-run $(c_files) 2>&1 | sed -n 's/:[0-9].*clang-formatted.*/: run make format/p' | uniq -c | grep .

library := $(DESTDIR)$(PREFIX)/lib/microlog
headers := $(wildcard plugins-sdk/include/microlog/*.h)
sdk := $(DESTDIR)$(PREFIX)/share/microlog/sdk
pkgconfig := $(DESTDIR)$(PREFIX)/share/pkgconfig
tool_version := $(shell sed -n 's/.*ML_TOOL_VERSION "\(.*\)"/\1/p' core/plugin/version.h)
install: all ## copy everything under DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include/microlog $(library)/plugins $(library)/python/microlog
	install -m 755 $(host) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(plugins) $(library)/plugins
	install -m 644 $(headers) $(DESTDIR)$(PREFIX)/include/microlog
	install -m 644 $(extensions) $(python_files) $(library)/python/microlog
	install -d $(library)/python/microlog/examples
	install -m 644 $(example_files) $(library)/python/microlog/examples
	install -d $(sdk)/template $(sdk)/examples $(pkgconfig)
	for file in $(sdk_files); do install -m 644 plugins-sdk/$$file $(sdk)/$$file || exit 1; done
	sed 's|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(tool_version)|' plugins-sdk/microlog-plugin.pc.in \
		> $(pkgconfig)/microlog-plugin.pc
# What pip installs from, self-contained: the recorder, the sources of core/ that it shares, and PKG-INFO.
sdist_version := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' recorder/microlog/__init__.py)
sdist_name := microlog-$(sdist_version)
sdist_files := $(recorder_sources) $(wildcard recorder/*.h) $(recorder_modules) $(examples) recorder/pyproject.toml recorder/setup.py \
               $(shared_sources) $(wildcard core/base/*.h core/format/*.h) core/format/FORMAT.md LICENSE
sdist: ## pack the recorder's sources for pip, into the output folder
	rm -rf $(output)/sdist/$(sdist_name)
	$(quiet)for file in $(sdist_files); do \
		install -D -m 644 $$file $(output)/sdist/$(sdist_name)/$${file#recorder/} || exit 1; done
	$(quiet){ printf 'Metadata-Version: 2.1\nName: microlog\nVersion: %s\n' '$(sdist_version)'; \
		sed -n 's/^description = "\(.*\)"/Summary: \1/p; s/^requires-python = "\(.*\)"/Requires-Python: \1/p' \
		recorder/pyproject.toml; } > $(output)/sdist/$(sdist_name)/PKG-INFO
	tar -C $(output)/sdist --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$(or $(SOURCE_DATE_EPOCH),0) -czf \
		$(output)/sdist/$(sdist_name).tar.gz $(sdist_name)
uninstall: ## remove what install copied
	rm -f $(DESTDIR)$(PREFIX)/bin/microlog-analyze $(addprefix $(library)/plugins/,$(notdir $(plugins)))
	rm -rf $(library)/python/microlog $(DESTDIR)$(PREFIX)/include/microlog
	rm -rf $(sdk) $(pkgconfig)/microlog-plugin.pc
	-rmdir $(library)/plugins $(library)/python $(library) $(dir $(sdk))
clean: ## remove the output folder
	rm -rf $(output)
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@sed -n '/^#   [A-Z]/s/^#//p' Makefile

-include $(objects:.o=.d)
