#include "markup.h"

#include "common/escape.h"

void markup_clipped(sink *to, const char *text, size_t characters)
{
    escape_clipped(to, text, characters);
}

void markup_text(sink *to, const char *text)
{
    markup_clipped(to, text, (size_t)-1);
}

void markup_bytes(sink *to, const char *text, size_t length)
{
    char part[256];
    while (length) {
        size_t size = length < sizeof part ? length : sizeof part - 1;
        while (size < length && size > sizeof part - 5 &&
               ((unsigned char)text[size] & 0xC0u) == 0x80u)
            size--;
        memcpy(part, text, size);
        part[size] = '\0';
        markup_text(to, part);
        text += size;
        length -= size;
    }
}

void markup_element(sink *to, const char *tag, const char *name, const char *text)
{
    if (name)
        sink_format(to, "<%s class=\"%s\">", tag, name);
    else
        sink_format(to, "<%s>", tag);
    markup_text(to, text);
    sink_format(to, "</%s>", tag);
}

void markup_place(sink *to, const char *file, uint64_t line, const char *function)
{
    if (file[0]) {
        sink_text(to, "<code title=\"");
        markup_clipped(to, file, 1000);
        sink_text(to, "\">");
        markup_clipped(to, ml_base_name(file), 80);
        if (line)
            sink_format(to, ":%llu", (unsigned long long)line);
        sink_text(to, "</code> ");
    }
    if (function[0]) {
        sink_text(to, "<code>");
        markup_clipped(to, function, 160);
        sink_text(to, "</code>");
    }
}

void markup_percent(sink *to, double share)
{
    long long thousandths = (long long)(share * 100000 + 0.5);
    sink_format(to, "%lld.%03lld%%", thousandths / 1000, thousandths % 1000);
}

void markup_level_icon(sink *to, uint32_t level)
{
    static const char *const shapes[] = {
        "<circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path class=\"cut\" d=\"M8 7v5M8 4v1.5\"/>",
        "<path d=\"M8 1 15.5 14.5H.5z\"/><path class=\"cut\" d=\"M8 6v4M8 11.5V13\"/>",
        "<path d=\"M5 1h6l4 4v6l-4 4H5l-4-4V5z\"/><path class=\"cut\" d=\"M5.5 5.5l5 5M10.5 5.5l-5 5\"/>"};
    unsigned shape = level == ML_LEVEL_ERROR ? 2 : level == ML_LEVEL_WARNING ? 1 : 0;
    sink_format(to, "<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">%s</svg>",
                shapes[shape]);
}
