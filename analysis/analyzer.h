/* analyzer.h: what a question has to bring. One file, one row in analysis/table.def. */
#ifndef PERPASS_ANALYSIS_ANALYZER_H
#define PERPASS_ANALYSIS_ANALYZER_H

#include "analysis/analysis.h"

struct analyze_context {
    struct analysis *analysis;
    void *state; /* the analyzer's, |state_size| bytes, zeroed at the start */
    const struct observation *observation; /* the one at hand; NULL in sum_up and finish */
    size_t conversation_offset;            /* of the analyzer's part of what is remembered */
};

struct analyzer {
    const char *name;
    const char
        *family; /* "covert.": it is left out when no rule of these is selected; NULL: never */
    const struct observation_type *const *reads; /* NULL-terminated: it is called for these only */
    const struct observation_type *const
        *makes; /* that it makes itself, NULL-terminated, or NULL */
    size_t state_size;
    size_t conversation_size; /* what it remembers of a conversation while that lives; 0: nothing */
    void (*forget)(void *conversation); /* frees what its part of one holds; may be NULL */
    void (*observe)(struct analyze_context *context, const struct observation *observation);
    /* Tells the table of what it knows so far, as observations that it makes; may be NULL. */
    void (*sum_up)(struct analyze_context *context);
    void (*finish)(
        struct analyze_context *context); /* end of input; frees what |state| holds; may be NULL */
};

/* The analyzers, one row of analysis/table.def each. */
#define ANALYZER(symbol) extern const struct analyzer symbol;
#include "analysis/table.def"
#undef ANALYZER

/* analysis_totals are the statistics that an analyzer counts in. */
struct analysis_stats *analysis_totals(const struct analyze_context *context);

/* analysis_conversation gives the analyzer's part of what is remembered of the conversation at hand, all-zero when it
 * is new. analysis_conversation_known gives the same, but NULL when no analyzer began to remember it: then there is
 * nothing in it. Both live until the analyzer returns. Each exchange of a flow that holds several (struct observation)
 * is a conversation of its own. A conversation is forgotten after its flow.end or exchange.end, of which
 * analysis_conversation_ends is true, or when the table is full: the one that was quiet longest of eight
 * (table_evictions). */
void *analysis_conversation(struct analyze_context *context);
void *analysis_conversation_known(const struct analyze_context *context);
bool analysis_conversation_ends(const struct observation *observation);

/* analysis_name gives a name of |bytes| for tables in memory: a hash under a random key of the run, never 0. |kind|
 * keeps things apart that have the same bytes. analysis_random_name is for what is random all over, such as keys and
 * tickets: of long ones it reads both ends and the middle. analysis_address_name is that of the address of an |end| of the flow at
 * hand, analysis_server_name that of its server's address and port; they are worked out once for a conversation that is
 * remembered. */
uint64_t analysis_name(const struct analyze_context *context, unsigned kind, struct span bytes);
uint64_t analysis_random_name(const struct analyze_context *context, unsigned kind,
                              struct span bytes);
uint64_t analysis_address_name(const struct analyze_context *context, unsigned end);
uint64_t analysis_server_name(const struct analyze_context *context);

/* analysis_key is the random key of the run, for other hashes that are no names. */
const uint64_t *analysis_key(const struct analyze_context *context);

/* analysis_joins says whether other analyses have the same key: then analyzers tell what joins reports.
 * analysis_join_name makes a name that may leave the program (to reports/redact.h) of one that is for tables. */
bool analysis_joins(const struct analyze_context *context);
enum { ANALYSIS_JOIN_NAME = 16 };
void analysis_join_name(const struct analyze_context *context, uint64_t name,
                        uint8_t out[ANALYSIS_JOIN_NAME]);

/* analysis_home_nets are the operator's networks; none: not told. */
const struct home_nets *analysis_home_nets(const struct analyze_context *context);

/* analysis_geo knows where addresses are; NULL: no databases were given. */
const struct geo *analysis_geo(const struct analyze_context *context);

/* analysis_psk_search is what tries keys on proofs; NULL: nobody asked for it. */
struct psk_search *analysis_psk_search(const struct analyze_context *context);

/* analysis_tell hands |observation|, of a type that the analyzer makes, to whoever takes observations, and keeps it
 * for the reports; false: there is no room for it there. It lies in |block| of |size| bytes with all that it points to,
 * which is taken over. */
bool analysis_tell(struct analyze_context *context, const struct observation *observation,
                   void *block, size_t size);

/* finding_begin starts a finding of |id| at the observation at hand: client, server, times and packet are
 * filled in from its flow, severity from the rule, confidence is certain. The caller adds subject and
 * evidence, then calls finding_add. Four can be begun before the first is handed in. */
struct finding finding_begin(const struct analyze_context *context, enum rule_id id);

/* Subjects. The bytes are borrowed until finding_add has copied them. */
void finding_about_client(struct finding *finding, const struct flow *flow);
void finding_about_server(struct finding *finding, const struct flow *flow);
void finding_about_bytes(struct finding *finding, enum subject_kind kind, struct span bytes);

/* Evidence; more than FINDING_MAX_EVIDENCE is a bug (assert). |name|, |text| are static. Text that is
 * NULL and bytes that were not seen are left out. */
void finding_says_text(struct finding *finding, const char *name, const char *text);
void finding_says_number(struct finding *finding, const char *name, uint64_t number);
void finding_says_truth(struct finding *finding, const char *name, bool truth);
void finding_says_bytes(struct finding *finding, const char *name, enum privacy privacy,
                        const char *kind, enum value_type type, struct span bytes);

/* The same, but of all firings the greatest number is kept, and true if it ever was. */
void finding_says_most(struct finding *finding, const char *name, uint64_t number);
void finding_says_ever(struct finding *finding, const char *name, bool truth);

/* finding_add hands it in. Findings of one rule about one subject become one: the first keeps its
 * evidence, count and last time go on, the highest severity and confidence win. The table is bounded; when
 * it is full, further subjects are counted in the statistics, not stored. Rules that the user switched off
 * are dropped here. */
void finding_add(struct analyze_context *context, const struct finding *finding);

#endif
