/* findings.h: the table of findings: one for each rule and subject, bounded in number and in bytes.
 */
#ifndef PERPASS_ANALYSIS_FINDINGS_H
#define PERPASS_ANALYSIS_FINDINGS_H

#include "analysis/rules.h"
#include "core/error.h"

struct findings;

/* findings_new gives a table of at most |max_findings|, which hold at most |max_bytes| of subjects
 * and evidence. Half of both is common: of it a rule takes no more than it leaves free. Every rule has a share
 * of the other half for each severity, which no other rule or severity can fill. NULL and the error when there is no
 * memory or no randomness. */
struct findings *findings_new(size_t max_findings, size_t max_bytes, struct error *error);
void findings_free(struct findings *findings);

/* findings_add takes a copy of |finding|, or counts it to the one that there is about its subject.
 * False when the subject is new and has no room. */
bool findings_add(struct findings *findings, const struct finding *finding);

/* findings_interval begins the interval |interval|, which findings that are new or counted from now on get.
 * With |forget| the table is empty then. */
void findings_interval(struct findings *findings, unsigned interval, bool forget);

/* findings_give_keys gives findings that have none their keys (struct finding_key), before they are told by these.
 * findings_sort does it, too. */
void findings_give_keys(struct findings *findings);

/* findings_copy gives |num| findings in the order of findings_sort, for the caller to free, while the table
 * goes on; their bytes are the table's, and live until findings_interval forgets them. NULL when there is no
 * memory. */
struct finding *findings_copy(struct findings *findings, enum severity min_severity, size_t *num);

size_t findings_count(const struct findings *findings);

/* findings_sort drops the findings below |min_severity| and puts the others in order: worst first,
 * then by the order of the catalogue, then by packet, then by subject. Nothing can be added
 * afterwards. */
void findings_sort(struct findings *findings, enum severity min_severity);

/* findings_all gives all of them; they live as long as the table, or until one is added. */
const struct finding *findings_all(const struct findings *findings, size_t *num);

#endif
