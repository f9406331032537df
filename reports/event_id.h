/* event_id.h: event.id: the same for the same fact of the same input, in every run.
 *
 * It hashes where the fact is (numbers of packets, packet times, which rule or type, and which of several
 * in one packet), and no address, name or identity: nothing can be found by trying values. */
#ifndef PERPASS_REPORTS_EVENT_ID_H
#define PERPASS_REPORTS_EVENT_ID_H

#include "reports/sink.h"

enum { EVENT_ID_SIZE = 33 };

/* event_id_of_finding gives the id of a finding: the same whenever it is seen again. */
void event_id_of_finding(struct redactor *redactor, const struct finding *finding,
                         char id[EVENT_ID_SIZE]);

/* event_id_of_observation: |nth| counts the observations of one type, packet, flow and row, from 0. */
void event_id_of_observation(struct redactor *redactor, const struct observation *observation,
                             uint64_t nth, char id[EVENT_ID_SIZE]);

/* event_id_of_stats gives the id of the statistics of a result. */
void event_id_of_stats(struct redactor *redactor, const struct result *result,
                       char id[EVENT_ID_SIZE]);

#endif
