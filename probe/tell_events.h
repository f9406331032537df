/* tell_events.h: what was found about targets, as events in the Elastic Common Schema. */
#ifndef PERPASS_PROBE_TELL_EVENTS_H
#define PERPASS_PROBE_TELL_EVENTS_H

#include "probe/probe.h"
#include "reports/sink.h"

/* tell_events writes an event for each check that was asked for. The writer has to write observations. */
void tell_events(struct event_writer *writer, const struct probe *probe);

#endif
