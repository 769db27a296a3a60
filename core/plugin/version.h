/* version: of the tool, as --version, reports and plugins see it. */
#ifndef ML_PLUGIN_VERSION_H
#define ML_PLUGIN_VERSION_H

#define ML_TOOL_NAME "microlog-analyze"
#define ML_TOOL_VERSION "0.1.0"

#endif
