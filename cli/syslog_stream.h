/* syslog_stream.h: events as messages of syslog (RFC 5424), with their length before them (RFC 6587 section 3.4.1).
 *
 * A message is one event: facility local0; severity by event.severity (critical 2, high 3, medium 4, low 5, info and
 * what is no finding 6); its time; the name of this host; perpass; the process; event.dataset; no structured data; and
 * the event's JSON with its line feed, which counts. The length makes it one message whatever is in it. */
#ifndef PERPASS_CLI_SYSLOG_STREAM_H
#define PERPASS_CLI_SYSLOG_STREAM_H

#include <stddef.h>
#include <stdio.h>

/* syslog_stream_new gives a file for lines of events, of which messages come out on |to|, which stays the caller's.
 * NULL when there is no memory. What goes wrong on |to| stays with it. fclose ends it. */
FILE *syslog_stream_new(FILE *to);

/* syslog_stream_path gives what follows "syslog:" in |path|, NULL when it does not begin so. */
const char *syslog_stream_path(const char *path);

#endif
