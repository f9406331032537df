/* signals.h: SIGINT and SIGTERM end the reading, and what was read is still reported. */
#ifndef PERPASS_CLI_SIGNALS_H
#define PERPASS_CLI_SIGNALS_H

/* signals_prepare makes SIGPIPE and SIGXFSZ errors of the write that met them. */
void signals_prepare(void);

/* signals_serve notes SIGHUP and SIGUSR1, too, as they come. */
void signals_serve(void);

/* signals_asked says whether |signal_number|, one of these, came since it was asked for last. */
int signals_asked(int signal_number);

/* signals_begin lets the first SIGINT or SIGTERM be noted; a second one ends the program at once. */
void signals_begin(void);

/* signals_stopped gives the signal that asked to stop, 0 if none did. */
int signals_stopped(void);

#endif
