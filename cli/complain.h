/* complain.h: what went wrong, told once, on standard error. */
#ifndef PERPASS_CLI_COMPLAIN_H
#define PERPASS_CLI_COMPLAIN_H

#include <stdbool.h>

/* complain prints the name by which the program was called, and the sentence. Control characters are replaced by '?'. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* complain_lacked_memory says whether the system had no memory for something, and tells it: then results are not whole. */
bool complain_lacked_memory(void);

#endif
