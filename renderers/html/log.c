#include "markup.h"
#include "page.h"

enum { SHOWN_MOST = 1000, SERIOUS_MOST = 500, TEXT_MOST = 2000 };

static int is_serious(const ml_messages *messages, uint64_t row)
{
    return messages->kind[row] == ML_MESSAGE_EXCEPTION || messages->level[row] >= 30;
}

/* Which messages are shown: errors and warnings first, then the earliest of the others. */
static uint8_t *choose(page *to, uint64_t *shown)
{
    const ml_messages *messages = to->model->messages;
    uint8_t *chosen = (uint8_t *)ml_alloc(to->host, (size_t)messages->count, 1);
    *shown = 0;
    for (int serious = 1; chosen && serious >= 0; serious--) {
        uint64_t most = serious ? SERIOUS_MOST : SHOWN_MOST;
        for (uint64_t i = 0; i < messages->count && *shown < most; i++)
            if (is_serious(messages, i) == serious) {
                chosen[i] = 1;
                ++*shown;
            }
    }
    return chosen;
}

static const char *word_of(const ml_messages *messages, uint64_t row)
{
    switch (messages->kind[row]) {
    case ML_MESSAGE_EXCEPTION: return "exception";
    case ML_MESSAGE_PRINT: return "print";
    case ML_MESSAGE_MARK:
        return messages->level[row] ? value_log_level_word(messages->level[row]) : "mark";
    default: return value_log_level_word(messages->level[row]);
    }
}

static void put_where(page *to, uint64_t row)
{
    const ml_model *model = to->model;
    const ml_messages *messages = model->messages;
    uint32_t frame = ml_stack_own_frame(model, messages->stack[row]);
    const char *function = "";
    sink_text(to->out, "<span class=\"place\">");
    if (frame)
        function = ml_function_name(model, ml_stack_function(model, frame));
    if (messages->file[row] != ML_NONE && ml_text_of(model, messages->file[row])[0])
        markup_place(to->out, ml_text_of(model, messages->file[row]), messages->line[row],
                     function);
    else if (frame)
        markup_place(to->out, ml_function_file(model, ml_stack_function(model, frame)),
                     ml_stack_line(model, frame), function);
    if (messages->thread[row] < model->threads->count) {
        sink_text(to->out, "<span class=\"thread\">");
        markup_clipped(to->out, ml_text_of(model, model->threads->name[messages->thread[row]]), 40);
        sink_text(to->out, "</span>");
    }
    sink_text(to->out, "</span>");
}

/* 3 errors, 2 warnings, 1 anything else; the script filters by it. */
static int rank_of(const ml_messages *messages, uint64_t row)
{
    if (messages->kind[row] == ML_MESSAGE_EXCEPTION || messages->level[row] >= 40)
        return 3;
    return messages->level[row] >= 30 ? 2 : 1;
}

static void put_message(page *to, uint64_t row)
{
    const ml_model *model = to->model;
    const ml_messages *messages = model->messages;
    const char *text = ml_text_of(model, messages->text[row]);
    const char *word = word_of(messages, row);
    char time[ML_NUMBER_MAX];
    sink_format(
        to->out,
        "<li class=\"%s\" data-row=\"%llu\" data-time=\"%llu\" data-rank=\"%d\"><span class=\"time\">%s</span> "
        "<span class=\"word\">%s</span> <span class=\"source\">",
        word, (unsigned long long)row, (unsigned long long)messages->time_ns[row],
        rank_of(messages, row), ml_format_time(time, messages->time_ns[row]), word);
    markup_clipped(to->out, ml_text_of(model, messages->source[row]), 60);
    sink_text(to->out, "</span> <div class=\"text\">");
    if (messages->kind[row] == ML_MESSAGE_MARK && strlen(text) <= TEXT_MOST)
        markup_markdown(to->out, text);
    else
        markup_clipped(to->out, text, TEXT_MOST);
    sink_text(to->out, "</div>");
    put_where(to, row);
    sink_text(to->out, "</li>\n");
}

void page_log(page *to)
{
    const ml_messages *messages = to->model ? to->model->messages : NULL;
    uint64_t shown = 0;
    uint8_t *chosen;
    char count[ML_NUMBER_MAX], all[ML_NUMBER_MAX];
    if (!messages)
        return;
    sink_text(to->out, "<section id=\"log\"><h2>Log</h2>\n");
    chosen = choose(to, &shown);
    if (!messages->count)
        sink_text(to->out, "<p class=\"none\">The program logged and printed nothing.</p>\n");
    else
        sink_text(
            to->out,
            "<p class=\"filter\" hidden><label>Show lines with <input type=\"search\" id=\"filter\"></label></p>\n"
            "<ol class=\"log\">\n");
    for (uint64_t i = 0; chosen && i < messages->count; i++)
        if (chosen[i])
            put_message(to, i);
    if (messages->count)
        sink_text(to->out, "</ol>\n");
    if (shown < messages->count)
        sink_format(
            to->out,
            "<p class=\"remark rest\">%s of %s messages are shown: errors and warnings, then the earliest.</p>\n",
            ml_format_count(count, shown), ml_format_count(all, messages->count));
    sink_text(to->out, "</section>\n");
}
