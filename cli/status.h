/* status.h: exit statuses of perpass. A program that a signal stopped exits with 128 + the signal. */
#ifndef PERPASS_CLI_STATUS_H
#define PERPASS_CLI_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_FINDING = 1, /* a finding at or above --fail-on */
    STATUS_USAGE = 2,   /* the command line asks for what cannot be; nothing was read */
    STATUS_INPUT = 3,   /* an input could not be read whole; what was read is reported */
    STATUS_OUTPUT = 4   /* an output could not be written */
};

#endif
