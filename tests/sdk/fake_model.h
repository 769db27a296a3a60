/* fake_model: a model from a few lines of text, so that a test can say exactly what a plugin sees.
 *
 * A line is a table and its fields, separated by '|'; rows are numbered from 0 as they come (stacks from 1).
 *   run|name|command|duration_ns|period_ns|problem
 *   process|pid|cpu_ns|end_ns
 *   module|name|file|flags
 *   function|name|module|line
 *   stack|parent|function|line
 *   thread|process|name|is_main|start_ns|end_ns|cpu_ns
 *   sample|thread|stack|state|taken|start_ns|wall_ns|cpu_ns      (by thread, then time)
 *   message|time_ns|kind|level|thread|stack|source|text|file|line
 *   counter|name|unit|process      and its points:      point|time_ns|value
 *   call|function|thread|depth|stack|parent|start_ns|end_ns|samples
 *                                       (pre-order in a thread; parent -1: none; samples 0 or left out: one a period)
 *   import|time_ns|thread|stack|module|duration_us               (an event "py.import")
 *   python|version
 *   quality|method|ticks|ticks_missed|recorder_cpu_ns|damaged|clean_end      (at most once)
 *                                                             (clean_end 2: no end, but a journal)
 *   gap|start_ns|end_ns|cause|system_error|ticks|samples|events
 *   resource|what|process|number|open_ns|close_ns|stack|label|inherited|times      (close_ns -1: never)
 *   source|module|line|text                                   (by module, then line)
 * In text, \n is a newline and \e an escape character. */
#ifndef MICROLOG_TESTS_FAKE_MODEL_H
#define MICROLOG_TESTS_FAKE_MODEL_H

#include <microlog/plugin.h>

/* Lives until the process ends. Ends the process with a message if the file is not as above. */
const ml_model *fake_model_read(const char *path);

#endif
