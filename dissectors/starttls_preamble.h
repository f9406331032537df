/* starttls_preamble.h: what the readers of single protocols and the dissector that drives them share.
 *
 * The dissector finds the protocol, offers it the bytes of both sides message by message, and looks for TLS where
 * a message must begin. The protocol's row tells the dissector what it has read through struct preamble. */
#ifndef PERPASS_DISSECTORS_STARTTLS_PREAMBLE_H
#define PERPASS_DISSECTORS_STARTTLS_PREAMBLE_H

#include "dissectors/starttls.h"

struct preamble;

/* What reading one message led to. */
enum preamble_step {
    PREAMBLE_NEXT,    /* a message was read */
    PREAMBLE_WAIT,    /* the message is not whole yet: nothing was read */
    PREAMBLE_END,     /* no upgrade can follow, or none that is worth waiting for */
    PREAMBLE_NOT_MINE /* this protocol it is not */
};

/* Where the bytes of a beginning can come from. */
enum preamble_from { PREAMBLE_FROM_CLIENT, PREAMBLE_FROM_SERVER };

/* One protocol. */
struct preamble_protocol {
    const char *name;
    uint16_t ports[3]; /* that tell it from another one with the same beginning */
    bool tunnel;       /* what follows the answer may be anything, not TLS only */
    /* Reads one message of context->side. */
    enum preamble_step (*read)(struct preamble *preamble, struct reader *bytes,
                               const struct dissect_context *context);
    const struct text_protocol *text; /* for those that are read by lines: starttls_text.h */
};

/* One conversation. */
struct preamble {
    const struct preamble_protocol *protocol;
    struct starttls_session session; /* what is known for sure so far */
    uint64_t bytes[2];               /* by sender */
    uint64_t after_ask;              /* clear bytes of the client since it asked */
    uint64_t after_answer;           /* clear bytes of the server since it accepted */
    uint64_t idle;                   /* bytes behind commands of the client that do nothing */
    uint16_t messages, commands;
    bool begun;    /* the protocol was found */
    bool ask_open; /* asked, not answered */
    bool lost;     /* bytes were lost: what was not seen may have been said */
    bool lost_since_ask;
    bool strayed; /* what followed is neither of the protocol nor TLS */
    bool told;    /* the observation is made */
    /* for the readers of protocols */
    uint32_t candidates; /* text: bits of the protocols that it may still be */
    uint16_t outstanding, ask_after,
        list_after;                   /* text: answers that come before the one waited for */
    bool greeted, list_open, in_list; /* text */
    bool aside;                       /* text: what was just read means nothing */
    bool anonymous;                   /* text: it is no user's name that was told */
    uint8_t strange;                  /* text: lines of the client that nobody knows */
    bool in_lines;                    /* text: not TLS was asked for */
    bool asking;                      /* HTTP: in the head of a request */
    uint32_t status;                  /* HTTP: of the answer whose head is read */
    bool broken_line[2];              /* text: in the middle of a line that is not read */
    uint8_t step;                     /* binary */
    uint32_t message_id;              /* LDAP */
};

/* What the readers say. */
void preamble_command(struct preamble *preamble);
void preamble_ask(struct preamble *preamble, const char *request);
void preamble_answer(struct preamble *preamble, bool accepted);
void preamble_credentials(struct preamble *preamble, const char *kind);

/* preamble_text_recognise tells the protocols, as bits of preamble->candidates, of which |bytes| may be the
 * beginning, and who says it. */
enum recognise preamble_text_recognise(struct reader bytes, uint32_t *candidates,
                                       enum preamble_from *from);

/* preamble_text_first gives the likeliest of |candidates|: by its |port|, else in the order of the table. */
const struct preamble_protocol *preamble_text_first(uint32_t candidates, uint16_t port);

/* preamble_binary_recognise does the same for the protocols that are not read by lines. */
enum recognise preamble_binary_recognise(struct reader bytes,
                                         const struct preamble_protocol **protocol,
                                         enum preamble_from *from);

/* LDAP, for the table of these. */
enum recognise preamble_ldap_recognise(struct reader bytes);
enum preamble_step preamble_ldap_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context);

#endif
