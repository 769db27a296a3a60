# plugin.mk: builds one microlog plugin anywhere. Its Makefile is three lines:
#
#     PLUGIN := analyzer-com.example.hello        kind and id
#     SDK ?= /usr/local/share/microlog/sdk        the folder of this file
#     include $(SDK)/plugin.mk
#
# All *.c, *.cc and *.cpp beside the Makefile become ID.so. Set before the include, if needed:
#     LIBS := zlib        libraries by their pkg-config names
#     SOURCES, CFLAGS, CXXFLAGS, LDFLAGS, LDLIBS as everywhere
#
#     make                the plugin                  make clean      away with what was built
#     make check          does it keep the contract   make install    into FOLDER, where it is found
#                                                     make uninstall  by its id

KIND := $(firstword $(subst -, ,$(PLUGIN)))
ID := $(PLUGIN:$(KIND)-%=%)
ifeq ($(and $(filter analyzer explainer renderer,$(KIND)),$(filter-out $(PLUGIN),$(ID))),)
$(error PLUGIN is "$(PLUGIN)"; it is a kind and an id, as in analyzer-com.example.hello)
endif
INCLUDE := $(firstword $(wildcard $(SDK)/include $(SDK)/../../../include))
ifeq ($(INCLUDE),)
$(error There is no microlog SDK in $(SDK); say where it is: make SDK=/usr/local/share/microlog/sdk)
endif
MICROLOG_ANALYZE ?= $(firstword $(wildcard $(patsubst %/,%,$(dir $(SDK)))/bin/microlog-analyze \
                      $(SDK)/../../../bin/microlog-analyze) microlog-analyze)
FOLDER ?= $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/microlog/plugins
SOURCES ?= $(sort $(wildcard *.c *.cc *.cpp))
CFLAGS ?= -O2 -g -Wall -Wextra
CXXFLAGS ?= -O2 -g -Wall -Wextra

plugin_objects := $(addsuffix .o,$(SOURCES))
plugin_flags := -I$(INCLUDE) -fPIC -fvisibility=hidden -MMD -MP \
                $(if $(LIBS),$(shell pkg-config --cflags $(LIBS)))
plugin_link := $(if $(filter %.cc %.cpp,$(SOURCES)),$(CXX),$(CC))

.PHONY: all check install uninstall clean
all: $(ID).so
$(ID).so: $(plugin_objects)
	$(plugin_link) -shared -Wl,-z,defs -Wl,-z,now $(LDFLAGS) -o $@ $^ \
		$(if $(LIBS),$(shell pkg-config --libs $(LIBS))) $(LDLIBS) -lm
%.c.o: %.c
	$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(plugin_flags) -c -o $@ $<
%.cc.o: %.cc
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(plugin_flags) -c -o $@ $<
%.cpp.o: %.cpp
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(plugin_flags) -c -o $@ $<

check: $(ID).so
	$(MICROLOG_ANALYZE) check ./$(ID).so
install: $(ID).so
	install -d $(DESTDIR)$(FOLDER)
	install -m 644 $(ID).so $(DESTDIR)$(FOLDER)/microlog-$(KIND)-$(ID).so
uninstall:
	rm -f $(DESTDIR)$(FOLDER)/microlog-$(KIND)-$(ID).so
clean:
	rm -f $(ID).so $(plugin_objects) $(plugin_objects:.o=.d)

-include $(plugin_objects:.o=.d)
