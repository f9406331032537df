/* tls_summary.c: puts together what the messages of a handshake said. RFC 8446 sections 2 and 4.6, RFC 5246
 * section 7.3, RFC 5077 section 3.1.
 *
 * A session is resumed when the keys of an earlier one serve again. Up to TLS 1.2 the abbreviated handshake
 * shows it: the server goes over to protected records without ServerHelloDone. That a client offers a
 * ticket, or that a session id comes back, does not. In TLS 1.3 a selected PSK does, if it is a ticket and not
 * a key from elsewhere; the session id is an echo for the sake of middleboxes. */
#include "dissectors/tls_summary.h"

#include "dissectors/psk_origin.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_extensions.h"
#include "dissectors/tls_session.h"

/* Whether |side| sent a message of |type|. */
static bool saw(const struct tls_handshake *h, unsigned side, enum tls_handshake_type type)
{
    return h->saw[side] >> type & 1;
}

/* --- what the parsers tell --- */

/* Judges the identities on offer: which one the server selects is told by its number only. */
static void judge_psks(struct tls_handshake *h, const struct tls_client_hello *hello)
{
    h->num_psks = 0;
    if (!span_seen(hello->psk_identities))
        return;
    struct reader identities = reader_of(hello->psk_identities);
    struct reader binders = reader_of(hello->psk_binders);
    while (reader_more(&identities) && h->num_psks < TLS_MAX_PSKS) {
        struct psk_offer offer = {.identity = reader_span_vec16(&identities)};
        offer.ticket_age = reader_u32(&identities);
        if (reader_more(&binders))
            offer.binder_len = number(reader_span_vec8(&binders).len);
        struct psk_identity_class class;
        h->psk_codes[h->num_psks++] = psk_origin_of(&offer, &class).code;
    }
}

static void keep_session_id(struct tls_handshake *h, unsigned side, struct span id)
{
    struct tls_session_id *kept = &h->session_id[side];
    kept->len = id.len <= sizeof kept->at ? (uint8_t)id.len : 0;
    if (kept->len > 0)
        memcpy(kept->at, id.at, kept->len);
}

static bool same_session_id(const struct tls_handshake *h)
{
    const struct tls_session_id *id = h->session_id;
    return id[0].len > 0 && id[0].len == id[1].len && memcmp(id[0].at, id[1].at, id[0].len) == 0;
}

/* Whether the server owes an answer to |hello| and has not given it: it was the first, or one that the server asked
 * for. */
static bool owes_answer(const struct tls_session *session, const struct tls_client_hello *hello)
{
    return !session->client_hello || session->handshake.retry || hello->cookie.len > 0;
}

/* Whether the server's hello answers that of the client that is seen behind it: a mirror port puts two directions
 * together as they come. The client has said nothing since that it says after an answer, and the time is too short for
 * a handshake that was given up. */
static bool was_answered(const struct tls_session *session, const struct tls_client_hello *hello,
                         const struct dissect_context *context)
{
    enum { MIX_NS = 100000000 };
    const struct tls_handshake *h = &session->handshake;
    bool silent =
        (h->saw[context->side] & ~(1u << TLS_CLIENT_HELLO)) == 0 && !h->protected[context->side];
    return session->server_hello && !h->told && silent && owes_answer(session, hello) &&
           saw(h, !context->side, TLS_SERVER_HELLO) && context->time_ns <= h->answered_ns + MIX_NS;
}

bool tls_summary_client_hello(struct tls_session *session, struct tls_client_hello *hello,
                              struct dissect_context *context)
{
    struct tls_handshake *h = &session->handshake;
    bool answered = was_answered(session, hello, context);
    if (!answered) {
        if (session->server_hello && !h->told)
            tls_session_end(session, context);
        bool retry = h->retry && !h->told;
        *h = (struct tls_handshake){.any = true, .retry = retry};
    }
    h->saw[context->side] = 1u << TLS_CLIENT_HELLO;
    keep_session_id(h, context->side, hello->session_id);
    h->ticket = hello->ticket.len > 0;
    h->renegotiation = h->renegotiation || hello->renegotiation == TRUTH_YES;
    judge_psks(h, hello);
    if (span_seen(hello->psk_identities))
        hello->psk_origins = span_of(h->psk_codes, h->num_psks);
    return answered;
}

void tls_summary_server_hello(struct tls_session *session, const struct tls_server_hello *hello,
                              const struct dissect_context *context)
{
    struct tls_handshake *h = &session->handshake;
    h->any = true;
    if (hello->hello_retry == TRUTH_YES) {
        h->retry = true;
        return;
    }
    h->saw[context->side] |= 1u << TLS_SERVER_HELLO;
    h->answered_ns = context->time_ns;
    keep_session_id(h, context->side, hello->session_id);
    h->selected_psk = hello->selected_psk;
    h->group = hello->key_share_group;
    h->extended_master_secret = hello->extended_master_secret == TRUTH_YES;
    h->renegotiation = h->renegotiation || hello->renegotiation == TRUTH_YES;
    h->certificate_and_psk = hello->certificate_and_psk == TRUTH_YES;
}

void tls_summary_group(struct tls_session *session, struct number group)
{
    session->handshake.group = group;
}

void tls_summary_certificate(struct tls_session *session, const struct dissect_context *context)
{
    session->handshake.certificate[context->side] = true;
}

void tls_summary_message(struct tls_session *session, uint8_t type,
                         const struct dissect_context *context)
{
    struct tls_handshake *h = &session->handshake;
    if (type < 32 && type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) {
        h->any = true;
        h->saw[context->side] |= 1u << type;
    }
}

/* --- the verdict --- */

/* What all of its parts look at. */
struct view {
    const struct tls_session *session;
    const struct tls_handshake *h;
    const struct tls_suite *suite; /* NULL when it is not known */
    unsigned client, server;
    bool tls13, ssl2;
};

static struct view view_of(const struct tls_session *session, const struct dissect_context *context)
{
    struct view view = {.session = session,
                        .h = &session->handshake,
                        .client = context->flow->client,
                        .server = !context->flow->client,
                        .tls13 = tls_session_is_13(session),
                        .ssl2 =
                            session->version.seen && session->version.value == TLS_VERSION_SSL2};
    if (session->cipher.seen && session->server_hello)
        view.suite = tls_suite_find((uint16_t)session->cipher.value);
    return view;
}

/* The server's first flight was a full one: it waits for the client's key. */
static bool is_full(const struct view *view)
{
    const struct tls_handshake *h = view->h;
    return saw(h, view->server, TLS_SERVER_HELLO_DONE) || saw(h, view->server, TLS_CERTIFICATE) ||
           saw(h, view->server, TLS_SERVER_KEY_EXCHANGE) ||
           saw(h, view->client, TLS_CLIENT_KEY_EXCHANGE);
}

static bool is_abbreviated(const struct view *view)
{
    return view->session->server_hello && view->h->protected[view->server] && !is_full(view) &&
           !view->h->cut;
}

static void judge_resumption_12(const struct view *view, struct tls_handshake_summary *summary)
{
    const struct tls_handshake *h = view->h;
    if (is_full(view)) {
        summary->resumed = TRUTH_NO;
        summary->resumed_reason = "The handshake was a full one, with a key exchange.";
        return;
    }
    if (!is_abbreviated(view))
        return;
    if (!view->session->client_hello) {
        summary->resumed = TRUTH_YES;
        summary->resumed_reason = "The handshake was abbreviated: no key exchange.";
        return;
    }
    if (h->ticket) {
        summary->resumed = TRUTH_YES;
        summary->resumed_by = "ticket";
        summary->resumed_reason =
            "The client sent a ticket, and the handshake was abbreviated: no key exchange.";
    } else if (same_session_id(h)) {
        summary->resumed = TRUTH_YES;
        summary->resumed_by = "session_id";
        summary->resumed_reason = "The server echoed the client's session id, and the handshake "
                                  "was abbreviated: no key exchange.";
    } else {
        summary->resumed_reason = "There was no key exchange, but the client had offered nothing "
                                  "to resume: a part was not seen.";
    }
}

static struct psk_origin selected_origin(const struct tls_handshake *h)
{
    bool judged = h->selected_psk.value < h->num_psks;
    return psk_origin_by_code(judged ? h->psk_codes[h->selected_psk.value] : 0);
}

static void judge_resumption_13(const struct view *view, struct tls_handshake_summary *summary)
{
    if (!view->session->server_hello)
        return;
    if (!view->h->selected_psk.seen) {
        summary->resumed = TRUTH_NO;
        summary->resumed_reason = "The server selected no PSK.";
        return;
    }
    switch (selected_origin(view->h).verdict) {
    case PSK_ORIGIN_TICKET:
        summary->resumed = TRUTH_YES;
        summary->resumed_by = "psk";
        summary->resumed_reason = "The server selected a PSK whose identity is a ticket.";
        break;
    case PSK_ORIGIN_EXTERNAL:
        summary->resumed = TRUTH_NO;
        summary->resumed_reason = "The server selected a PSK, but an external one.";
        break;
    case PSK_ORIGIN_UNKNOWN:
        summary->resumed_reason =
            "The server selected a PSK, which may be a ticket or an external one.";
        break;
    }
}

static void judge_psk(const struct view *view, struct tls_handshake_summary *summary)
{
    struct psk_origin origin;
    if (!view->session->server_hello)
        return;
    if (!view->tls13 && summary->resumed == TRUTH_YES) {
        summary->psk = "none";
        summary->psk_reason = "The session is resumed: whatever its keys came from is not used.";
        return;
    }
    if (view->tls13 && view->h->selected_psk.seen) {
        origin = selected_origin(view->h);
    } else if (!view->tls13 && view->suite != NULL && tls_kx_has_psk(view->suite->kx)) {
        origin = psk_origin_in_key_exchange();
    } else {
        if (view->tls13 || view->suite != NULL || view->ssl2)
            summary->psk = "none";
        return;
    }
    summary->psk = psk_origin_kind(&origin);
    summary->psk_reason = origin.reason;
}

static void judge_secrecy(const struct view *view, struct tls_handshake_summary *summary)
{
    if (!view->session->server_hello)
        return;
    if (view->tls13) {
        summary->kx = tls_kx_13_name(view->h->group, view->h->selected_psk.seen);
        if (view->h->group.seen) {
            summary->forward_secrecy = TRUTH_YES;
            summary->forward_secrecy_reason = "The server sent a key share of its own.";
        } else if (view->h->selected_psk.seen) {
            summary->forward_secrecy = TRUTH_NO;
            summary->forward_secrecy_reason = "The server selected a PSK and sent no key share.";
        }
        return;
    }
    if (view->ssl2) {
        summary->kx = tls_kx_name(TLS_KX_RSA);
        summary->forward_secrecy = TRUTH_NO;
        summary->forward_secrecy_reason = "All keys of SSL 2 are sent under the server's key.";
        return;
    }
    if (view->suite == NULL)
        return;
    summary->kx = tls_kx_name(view->suite->kx);
    if (summary->resumed == TRUTH_YES) {
        summary->forward_secrecy = TRUTH_NO;
        summary->forward_secrecy_reason = "The keys of an earlier session serve again: who learns "
                                          "them, or the key of the ticket, reads this one.";
    } else if (view->suite->secrecy != TLS_SECRECY_UNKNOWN) {
        bool forward = view->suite->secrecy == TLS_SECRECY_FORWARD;
        summary->forward_secrecy = truth(forward);
        summary->forward_secrecy_reason = forward ? "The suite has an ephemeral key exchange."
                                                  : "The suite has no ephemeral key exchange.";
    }
}

static bool is_raw_key(struct number type)
{
    return type.seen && type.value == TLS_CERTIFICATE_RAW_PUBLIC_KEY;
}

/* Up to TLS 1.2: by suite. */
static const char *server_authentication_12(const struct view *view)
{
    if (view->ssl2)
        return "certificate";
    if (view->suite == NULL)
        return NULL;
    if (view->suite->kx == TLS_KX_RSA_PSK)
        return "certificate and psk";
    if (tls_kx_has_psk(view->suite->kx))
        return "psk";
    switch (view->suite->auth) {
    case TLS_AUTH_ANON:
    case TLS_AUTH_NULL:
        return "anonymous";
    case TLS_AUTH_SRP:
    case TLS_AUTH_PASSWORD:
        return "password";
    case TLS_AUTH_KRB5:
        return "kerberos";
    case TLS_AUTH_UNKNOWN:
        return NULL;
    default:
        return is_raw_key(view->session->server_certificate_type) ? "raw_public_key"
                                                                  : "certificate";
    }
}

/* A certificate of the client counts once the client has proved that it is its own. */
static const char *client_authentication_12(const struct view *view, const char *server)
{
    const struct tls_handshake *h = view->h;
    if (view->ssl2 || server == NULL || !h->protected[view->client] || h->cut)
        return NULL;
    if (saw(h, view->client, TLS_CERTIFICATE_VERIFY))
        return is_raw_key(view->session->client_certificate_type) ? "raw_public_key"
                                                                  : "certificate";
    if (strcmp(server, "certificate and psk") == 0 || strcmp(server, "psk") == 0)
        return "psk";
    if (strcmp(server, "password") == 0 || strcmp(server, "kerberos") == 0)
        return server;
    return h->certificate[view->client] ? "certificate" : "none";
}

static void judge_authentication(const struct view *view, struct tls_handshake_summary *summary)
{
    const struct tls_handshake *h = view->h;
    if (!view->session->server_hello)
        return;
    if (view->tls13) {
        bool resumed = summary->resumed == TRUTH_YES;
        if (!h->selected_psk.seen)
            summary->server_authentication = "certificate";
        else if (h->certificate_and_psk)
            summary->server_authentication = "certificate and psk";
        else
            summary->server_authentication = resumed ? "resumption" : "psk";
        if (h->selected_psk.seen && !h->certificate_and_psk)
            summary->client_authentication = summary->server_authentication;
        return;
    }
    if (saw(h, view->server, TLS_SERVER_HELLO_DONE))
        summary->certificate_requested = truth(saw(h, view->server, TLS_CERTIFICATE_REQUEST));
    if (summary->resumed == TRUTH_YES) {
        summary->server_authentication = summary->client_authentication = "resumption";
        return;
    }
    summary->server_authentication = server_authentication_12(view);
    summary->client_authentication = client_authentication_12(view, summary->server_authentication);
}

/* How a handshake ended that was not brought to its end. */
static void judge_failure(const struct view *view, const struct flow *flow,
                          struct tls_handshake_summary *summary)
{
    const struct tls_handshake *h = view->h;
    bool from_client = h->saw[view->client] != 0 || h->protected[view->client];
    bool from_server = h->saw[view->server] != 0 || h->protected[view->server] || h->retry;
    if (h->alerted) {
        summary->established = TRUTH_NO;
        summary->outcome = "alert";
        summary->outcome_reason = "A fatal alert in clear ended it.";
    } else if (h->cut) {
        summary->outcome = "cut";
        summary->outcome_reason = "The capture lacks a part of it.";
    } else if (flow->packets[!flow->client] == 0 || flow->packets[flow->client] == 0) {
        summary->outcome = "one-sided";
        summary->outcome_reason = "The capture has one direction only.";
    } else if (view->ssl2) {
        summary->outcome = NULL; /* what follows the hellos of SSL 2 is left unread */
    } else if (flow->ended == FLOW_END_INPUT || flow->ended == FLOW_END_EVICTED || !from_client) {
        summary->outcome = "cut";
        summary->outcome_reason = from_client ? "The input ended, or the flow was let go, first."
                                              : "Its beginning is not in the capture.";
    } else {
        bool closed = flow->ended == FLOW_END_CLOSED;
        summary->established = closed ? TRUTH_NO : TRUTH_UNKNOWN;
        summary->outcome = from_server ? "unfinished" : "unanswered";
        if (from_server)
            summary->outcome_reason =
                closed ? "The flow was closed before both sides protected what they sent."
                       : "The flow fell silent before both sides protected what they sent.";
        else
            summary->outcome_reason = "The server answered nothing that is TLS.";
    }
}

/* How the end of a handshake was noticed. */
enum notice { BOTH_PROTECTED, HIDDEN_ALERT, NO_MORE };

static void judge_outcome(const struct view *view, enum notice notice, const struct flow *flow,
                          struct tls_handshake_summary *summary)
{
    switch (notice) {
    case BOTH_PROTECTED:
        summary->established = TRUTH_YES;
        summary->outcome = "completed";
        summary->outcome_reason = "Both sides went over to protected records.";
        break;
    case HIDDEN_ALERT:
        summary->established = TRUTH_NO;
        summary->outcome = "alert";
        summary->outcome_reason = "The client's first protected record is too short for anything "
                                  "but an alert.";
        break;
    case NO_MORE:
        judge_failure(view, flow, summary);
        break;
    }
}

static void emit_summary(struct tls_session *session, enum notice notice,
                         struct dissect_context *context)
{
    struct tls_handshake *h = &session->handshake;
    struct view view = view_of(session, context);
    struct tls_handshake_summary summary = {
        .transport = session->transport,
        .version_protocol = session->version_protocol,
        .hello_retry = truth(h->retry),
    };
    if (session->server_hello) {
        summary.version = session->version;
        summary.cipher = session->cipher;
        summary.group = h->group;
        if (!view.tls13 && !view.ssl2)
            summary.extended_master_secret = truth(h->extended_master_secret);
    }
    if (session->client_hello) {
        summary.psk_offered = truth(h->num_psks > 0);
        summary.early_data = truth(session->early_data);
        summary.renegotiation = truth(h->renegotiation);
    }
    if (view.tls13)
        judge_resumption_13(&view, &summary);
    else if (!view.ssl2)
        judge_resumption_12(&view, &summary);
    if (saw(h, view.server, TLS_NEW_SESSION_TICKET))
        summary.ticket_issued = TRUTH_YES;
    judge_psk(&view, &summary);
    judge_secrecy(&view, &summary);
    judge_authentication(&view, &summary);
    judge_outcome(&view, notice, context->flow, &summary);
    if (h->alerted) {
        summary.alert = number(h->alert);
        summary.alert_from = h->client_alerted ? "client" : "server";
    }
    h->told = true;
    dissect_emit(context, &observation_tls_handshake_summary, &summary);
}

/* --- when it is emitted --- */

/* Levels mean nothing in TLS 1.3, where all alerts but two are fatal. */
void tls_summary_alert(struct tls_session *session, uint8_t level, uint8_t description,
                       struct dissect_context *context)
{
    enum { CLOSE_NOTIFY = 0, USER_CANCELED = 90, FATAL = 2 };
    struct tls_handshake *h = &session->handshake;
    bool fatal = level == FATAL || (tls_session_is_13(session) && description != CLOSE_NOTIFY &&
                                    description != USER_CANCELED);
    if (!fatal || h->told || !h->any)
        return;
    h->alerted = true;
    h->alert = description;
    h->client_alerted = context->side == context->flow->client;
    emit_summary(session, NO_MORE, context);
}

/* Bytes that a suite of TLS 1.3 adds to a record: RFC 8446 appendix B.4, RFC 9150 section 5. */
static size_t tag_len(const struct tls_session *session)
{
    enum { CCM_8 = 0x1305, SHA256_ONLY = 0xc0b4, SHA384_ONLY = 0xc0b5 };
    switch (session->cipher.value) {
    case CCM_8:
        return 8;
    case SHA256_ONLY:
        return 32;
    case SHA384_ONLY:
        return 48;
    default:
        return 16;
    }
}

/* In TLS 1.3 the first protected record of the client has its Finished or, where it is asked for a certificate and
 * has none, a message of four bytes behind a header of four. A shorter one can only be an alert, but behind early
 * data. */
static bool is_hidden_alert(const struct tls_session *session, size_t len,
                            const struct dissect_context *context)
{
    enum { EMPTY_CERTIFICATE = 4 + 4, CONTENT_TYPE = 1 };
    return len > 0 && session->server_hello && tls_session_is_13(session) && !session->early_data &&
           context->side == context->flow->client &&
           len < EMPTY_CERTIFICATE + CONTENT_TYPE + tag_len(session);
}

void tls_session_protected(struct tls_session *session, size_t len, struct dissect_context *context)
{
    struct tls_handshake *h = &session->handshake;
    if (h->protected[context->side])
        return;
    h->protected[context->side] = true;
    if (h->told || !h->any)
        return;
    if (is_hidden_alert(session, len, context))
        emit_summary(session, HIDDEN_ALERT, context);
    else if (h->protected[!context->side])
        emit_summary(session, BOTH_PROTECTED, context);
}

void tls_session_end(struct tls_session *session, struct dissect_context *context)
{
    if (session->handshake.any && !session->handshake.told)
        emit_summary(session, NO_MORE, context);
}
