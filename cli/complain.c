/* complain.c: what went wrong, told once, on standard error. */
#include "cli/complain.h"

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

void complain(const char *format, ...)
{
    struct error sentence;
    char text[sizeof sentence.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(&sentence, "%s", text);
    fprintf(stderr, "perpass: %s\n", sentence.text);
}
