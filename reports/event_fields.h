/* event_fields.h: the fields of events that do not come from a protocol: who, when, where, which rule. */
#ifndef PERPASS_REPORTS_EVENT_FIELDS_H
#define PERPASS_REPORTS_EVENT_FIELDS_H

#include "core/geo.h"
#include "reports/community_id.h"
#include "reports/event_id.h"
#include "reports/json_path.h"
#include "reports/sink.h"
#include "reports/text.h"
#include "reports/text_memo.h"

/* What an event is about; the bits are for struct event_common. */
enum event_class {
    EVENT_OBSERVATION = 1,
    EVENT_FLOW = 2, /* flow.end */
    EVENT_FINDING = 4,
    EVENT_STATS = 8
};

/* The JSON of a field, for the schema. */
enum event_shape {
    SHAPE_TEXT = 1,
    SHAPE_NUMBER, /* whole, not negative */
    SHAPE_TRUTH,
    SHAPE_TIME, /* RFC 3339 */
    SHAPE_IP,
    SHAPE_TEXTS,    /* array */
    SHAPE_EVIDENCE, /* object: name to text, number or truth */
    SHAPE_INPUTS    /* array of objects */
};

enum { EVENT_ADDRESS_SIZE = 46 };

/* One end of the conversation as it may be shown. */
struct event_end {
    const struct endpoint *end;
    struct event_last *last; /* how the addresses of this end were written lately */
    bool prepared;           /* what is below is there; else only |is_pseudonym| */
    char address[EVENT_ADDRESS_SIZE];
    size_t address_len; /* 0: not shown */
    bool is_pseudonym;
    struct geo_place place; /* all-zero: not known */
};

/* What a piece of an event (event_steps.h) was written as last, and from what. */
enum { EVENT_LAST_KEY = 96, EVENT_LAST_TEXT = 640 };
struct event_last {
    size_t key_len, len; /* 0 bytes of key: nothing yet */
    struct text_memo_note note;
    uint8_t key[EVENT_LAST_KEY];
    char text[EVENT_LAST_TEXT];
};

/* An event that is being written. */
struct event {
    enum event_class class;
    struct json_path path;
    struct redactor *redactor;
    const struct geo *geo; /* NULL: not known */
    struct crypto_digest *sha1;
    struct text_clock *clock;
    struct text_memo *memo;
    const struct json_packed_step *step; /* the field that is being written */
    const char *dataset;                 /* "perpass.finding" */
    const char *version;                 /* of perpass */
    char id[EVENT_ID_SIZE];
    uint64_t time_ns, packet;
    struct event_end client, server; /* |end| is NULL in EVENT_STATS */
    uint8_t ip_version, protocol;
    const struct encapsulation *around;    /* NULL in EVENT_STATS */
    const char *protocol_name;             /* "tls", or NULL */
    const struct flow *flow;               /* EVENT_OBSERVATION, _FLOW */
    const struct observation *observation; /* the same */
    const struct finding *finding;         /* EVENT_FINDING */
    const struct result *result;           /* EVENT_FINDING, _STATS */
};

/* The event_put functions write a value of |event->step|; without them the field is absent. */
void event_put_text(struct event *event, const char *text);
void event_put_number(struct event *event, uint64_t number);
void event_put_truth(struct event *event, bool truth);
void event_put_time(struct event *event, uint64_t time_ns);
/* event_put_shown writes what the policy shows; nothing when it shows nothing. */
void event_put_shown(struct event *event, const struct shown *shown);

/* The same as items of an array that has been begun. */
void event_item_shown(struct event *event, const struct shown *shown);
void event_item_time(struct event *event, uint64_t time_ns);

/* event_begin_value begins the value of |event->step|, for arrays and objects. */
struct json_writer *event_begin_value(struct event *event);

/* What a field is written from, and from nothing else; fields of one source that follow each other are written as one
 * text, which is remembered (text_memo.h). */
enum event_source {
    FROM_EVENT = 0, /* anything */
    FROM_PLAN, /* what struct event has of the plan and the run: the same in all events of a plan */
    FROM_WAY,  /* versions and protocols, what is around, and whether the ends are pseudonyms */
    FROM_CLIENT, /* the client's addresses */
    FROM_SERVER
};

/* One field that events have whatever their protocol. */
struct event_common {
    const char *path;
    enum event_shape shape;
    unsigned classes;     /* of events that can have it: enum event_class, or-ed */
    unsigned always;      /* of events that always have it */
    enum privacy privacy; /* class of what it shows */
    void (*write)(struct event *event);
    const char *about;
    enum event_source source;
};

/* All of them, |num|, in no particular order. */
const struct event_common *event_common_fields(size_t *num);

/* event_finding_fields and event_stats_fields: the part that is about findings and statistics. */
const struct event_common *event_finding_fields(size_t *num);
const struct event_common *event_stats_fields(size_t *num);

/* event_prepare_end fills what is shown of an end, if it is not yet. */
void event_prepare_end(struct event *event, struct event_end *end);

#endif
