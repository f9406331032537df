/* siem.h: pieces for security information systems, made from the tables of the program. */
#ifndef PERPASS_REPORTS_SIEM_H
#define PERPASS_REPORTS_SIEM_H

#include <stdbool.h>
#include <stdio.h>

/* siem_clickhouse and siem_duckdb write the definition of a table of events for these engines. siem_template writes an index template of Elasticsearch and OpenSearch; siem_sigma a Sigma rule for each rule, as YAML
 * documents. False when there is no memory; the caller looks for errors of |out|. */
bool siem_clickhouse(FILE *out);
bool siem_duckdb(FILE *out);
bool siem_template(FILE *out);
bool siem_sigma(FILE *out);

#endif
