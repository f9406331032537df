/* negotiated.c: what a server hello settles: RFC 8446 sections 2.2 and 4.1.3, RFC 5246
 * section 7.4.1.3, SSL 2 (RFC 6101 appendix E). */
#include "analysis/negotiated.h"

#include "dissectors/tls_session.h"

/* In 1.3 the suite says nothing: the server's key_share is what makes the keys fresh. */
static enum tls_secrecy secrecy_1_3(const struct tls_server_hello *hello)
{
    if (hello->key_share_group.seen)
        return TLS_SECRECY_FORWARD;
    return hello->selected_psk.seen ? TLS_SECRECY_NONE : TLS_SECRECY_UNKNOWN;
}

/* An SSL 2 server tells the suites that both sides have; the client chooses one of them afterwards.
 */
static void read_ssl2(struct negotiated *session)
{
    struct span ciphers = session->hello->ssl2_ciphers;
    struct reader list = reader_of(ciphers);
    size_t count = 0;
    session->kx = TLS_KX_RSA;
    session->secrecy = TLS_SECRECY_NONE;
    while (reader_more(&list)) {
        const struct tls_suite *suite = tls_ssl2_cipher_find(reader_u24(&list));
        uint16_t flags = suite != NULL ? suite->flags : 0;
        session->flags = count == 0 ? flags : (uint16_t)(session->flags & flags);
        session->suite = count == 0 ? suite : NULL;
        count++;
    }
}

bool negotiated_read(const struct observation *observation, struct negotiated *session)
{
    const struct tls_server_hello *hello = observation->data;
    if (hello->hello_retry == TRUTH_YES)
        return false;
    *session = (struct negotiated){.hello = hello,
                                   .ssl2 = hello->ssl2 == TRUTH_YES,
                                   .version = hello->version.seen ? hello->version
                                                                  : hello->legacy_version};
    if (session->ssl2) {
        session->version = number(0x0002);
        read_ssl2(session);
        return true;
    }
    session->tls13 = session->version.seen && tls_version_is_13(session->version.value);
    if (hello->cipher.seen)
        session->suite = tls_suite_find((uint16_t)hello->cipher.value);
    if (session->suite != NULL) {
        session->kx = session->suite->kx;
        session->flags = session->suite->flags;
        session->secrecy = session->suite->secrecy;
    }
    if (session->tls13)
        session->secrecy = secrecy_1_3(hello);
    return true;
}

struct finding negotiated_finding(const struct analyze_context *context,
                                  const struct negotiated *session, enum rule_id id)
{
    struct finding finding = finding_begin(context, id);
    finding.transport = session->hello->transport;
    finding_about_server(&finding, context->observation->flow);
    if (session->suite != NULL)
        finding_says_text(&finding, "cipher", session->suite->name);
    else if (session->hello->cipher.seen)
        finding_says_number(&finding, "cipher_code", session->hello->cipher.value);
    if (session->version.seen) {
        const char *name = tls_version_name(session->version.value);
        if (name != NULL)
            finding_says_text(&finding, "version", name);
        else
            finding_says_number(&finding, "version_code", session->version.value);
    }
    return finding;
}
