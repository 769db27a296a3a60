LIBS := libgvc libcgraph
# The layout itself is one of Graphviz's plugins. Linked in, it needs no search at run time.
LDLIBS := $(foreach folder,$(shell pkg-config --variable=libdir libgvc)/graphviz,\
            -L$(folder) -Wl,-rpath,$(folder) -lgvplugin_dot_layout)
