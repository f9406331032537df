/* starttls_text.h: what a protocol of lines has to bring: how it begins, its commands, and what its answers say. */
#ifndef PERPASS_DISSECTORS_STARTTLS_TEXT_H
#define PERPASS_DISSECTORS_STARTTLS_TEXT_H

#include "dissectors/starttls_preamble.h"

/* What a line says; or-ed. */
enum text_line {
    LINE_NOTHING = 0,
    LINE_COMMAND = 0x01,     /* client: a command that the protocol knows */
    LINE_LIST = 0x02,        /* client: asks what the server can do; XMPP: opens the stream */
    LINE_ASK = 0x04,         /* client: asks for TLS */
    LINE_CREDENTIALS = 0x08, /* client: authenticates */
    LINE_BULK = 0x10,        /* either: from here on no upgrade is to be expected */
    LINE_FINAL = 0x20,       /* server: ends the answer to a command */
    LINE_GOOD = 0x40,        /* server: the command was done */
    LINE_ACCEPT = 0x80,      /* server: TLS may begin, if this answers LINE_ASK */
    LINE_OFFER = 0x100,      /* server: lists TLS */
    LINE_MASKED = 0x200,     /* server: lists a word that is nothing but X */
    LINE_LIST_END = 0x400,   /* server: the list of what it can do was whole */
    LINE_IN_LINES = 0x800,   /* client: asks for what goes on as lines, and is not TLS */
    LINE_IDLE = 0x1000       /* client: a command that does nothing, whatever stands behind it */
};

struct text_command {
    const char *words; /* "AUTH TLS" */
    unsigned what;     /* enum text_line */
    const char *kind;  /* of LINE_ASK and LINE_CREDENTIALS */
};

struct text_protocol {
    const struct text_command *commands; /* ends with one without words */
    bool tagged;                         /* a tag comes before the command */
    bool greets;                         /* the first answer is the server's greeting */
    bool asynchronous;                   /* answers are not counted: LINE_ACCEPT says all */
    bool dot;                            /* a list ends with a dot on a line of its own */
    uint8_t mark;                        /* ends a line: '\n', for XMPP '>' */
    unsigned (*answer)(struct preamble *preamble,
                       struct span line); /* reads a line of the server */
    unsigned (*more)(struct preamble *preamble,
                     struct span line); /* the client, beside its commands; or NULL */
};

/* What a conversation may begin with. */
struct text_beginning {
    const char *prefix;
    enum preamble_from from;
    uint32_t candidates; /* bits of enum text_protocol_number */
};

enum text_protocol_number {
    TEXT_SMTP,
    TEXT_FTP,
    TEXT_IMAP,
    TEXT_POP3,
    TEXT_NNTP,
    TEXT_SIEVE,
    TEXT_IRC,
    TEXT_XMPP,
    TEXT_HTTP,
    TEXT_PROTOCOLS
};

/* The tables: starttls_protocols.c. */
extern const struct preamble_protocol preamble_text_protocols[TEXT_PROTOCOLS];
extern const struct text_beginning preamble_text_beginnings[]; /* ends with one without prefix */

/* preamble_text_read reads a line: struct preamble_protocol. */
enum preamble_step preamble_text_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context);

#endif
