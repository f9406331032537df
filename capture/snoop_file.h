/* snoop_file.h: the capture format of Solaris. */
#ifndef PERPASS_CAPTURE_SNOOP_FILE_H
#define PERPASS_CAPTURE_SNOOP_FILE_H

#include "capture/source_ops.h"

/* snoop_file_knows tells by its first SOURCE_SNIFF_LEN bytes whether an input is of this format. */
bool snoop_file_knows(struct span start);

/* snoop_file_open opens it on source->input and fills ops, state, format and first_link. */
bool snoop_file_open(struct source *source, struct error *error);

#endif
