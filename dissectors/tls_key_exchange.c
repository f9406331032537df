/* tls_key_exchange.c: ServerKeyExchange and ClientKeyExchange of TLS and DTLS up to 1.2.
 *
 * RFC 5246 sections 7.4.3 and 7.4.7; RFC 8422 sections 5.4 and 5.7 (EC); RFC 4279 sections 2 to 4 (PSK,
 * DHE_PSK, RSA_PSK); RFC 5489 section 2 (ECDHE_PSK). In all PSK exchanges hint and identity come before
 * the Diffie-Hellman values. Signatures are checked for their length only; SRP, KRB5, GOST and ECCPWD
 * exchanges are left unread. */
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_session.h"

static enum tls_kx session_kx(const struct tls_session *session)
{
    if (!session->cipher.seen)
        return TLS_KX_UNKNOWN;
    const struct tls_suite *suite = tls_suite_find((uint16_t)session->cipher.value);
    return suite != NULL ? suite->kx : TLS_KX_UNKNOWN;
}

/* struct { opaque dh_p<1..2^16-1>; opaque dh_g<1..2^16-1>; opaque dh_Ys<1..2^16-1>; } ServerDHParams; */
static void read_dh_params(struct reader *body, struct tls_server_key_exchange *exchange)
{
    exchange->dh_p = reader_span_vec16(body);
    exchange->dh_g = reader_span_vec16(body);
    exchange->public_value = reader_span_vec16(body);
    exchange->dh_bits = number(span_bits(exchange->dh_p));
}

/* struct { ECCurveType curve_type; [named_curve(3): NamedCurve; explicit_prime(1), explicit_char2(2): the
 * curve's parameters] } ECParameters; then opaque point<1..2^8-1>. Explicit curves are left unread. */
static bool read_ec_params(struct reader *body, struct tls_server_key_exchange *exchange)
{
    if (reader_u8(body) != 3) {
        (void)reader_rest(body);
        return false;
    }
    exchange->group = number(reader_u16(body));
    exchange->public_value = reader_span_vec8(body);
    return true;
}

/* From TLS 1.2 on, the algorithm comes before the signature: RFC 5246 section 4.7. */
static void read_signature(const struct tls_session *session, struct reader *body,
                           struct tls_server_key_exchange *exchange)
{
    uint64_t version = session->version.value;
    if (version == TLS_VERSION_12 || version == 0xfefd)
        exchange->signature_scheme = number(reader_u16(body));
    (void)reader_span_vec16(body);
}

static void read_server_params(const struct tls_session *session, enum tls_kx kx,
                               struct reader *body, struct tls_server_key_exchange *exchange)
{
    if (tls_kx_has_psk(kx))
        exchange->psk_hint = reader_span_vec16(body);
    switch (kx) {
    case TLS_KX_PSK:
    case TLS_KX_RSA_PSK:
        break;
    case TLS_KX_DHE:
        read_dh_params(body, exchange);
        read_signature(session, body, exchange);
        break;
    case TLS_KX_DHE_PSK:
    case TLS_KX_DH_ANON:
        read_dh_params(body, exchange);
        break;
    case TLS_KX_ECDHE:
        if (read_ec_params(body, exchange))
            read_signature(session, body, exchange);
        break;
    case TLS_KX_ECDHE_PSK:
    case TLS_KX_ECDH_ANON:
        (void)read_ec_params(body, exchange);
        break;
    default:
        (void)reader_rest(body);
        break;
    }
}

void tls_read_server_key_exchange(struct tls_session *session, struct reader body,
                                  struct dissect_context *context)
{
    enum tls_kx kx = session_kx(session);
    if (kx == TLS_KX_UNKNOWN)
        return; /* without the suite nobody can tell what the bytes are */
    struct tls_server_key_exchange exchange = {
        .transport = session->transport, .cipher = session->cipher, .kx = tls_kx_name(kx)};
    read_server_params(session, kx, &body, &exchange);
    reader_finish(&body, "server_key_exchange");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "server_key_exchange", context);
        return;
    }
    tls_summary_group(session, exchange.group);
    dissect_emit(context, &observation_tls_server_key_exchange, &exchange);
}

/* ClientKeyExchange: [PSK: opaque psk_identity<0..2^16-1>;] then by exchange: EncryptedPreMasterSecret (in
 * SSL 3 without a length), ClientDiffieHellmanPublic (empty when the key is in the certificate), ECPoint. */
static void read_client_params(enum tls_kx kx, struct reader *body,
                               struct tls_client_key_exchange *exchange)
{
    if (tls_kx_has_psk(kx))
        exchange->psk_identity = reader_span_vec16(body);
    switch (kx) {
    case TLS_KX_PSK:
        break;
    case TLS_KX_RSA_PSK:
        (void)reader_span_vec16(body);
        break;
    case TLS_KX_DH:
    case TLS_KX_DHE:
    case TLS_KX_DHE_PSK:
    case TLS_KX_DH_ANON:
        if (reader_more(body))
            exchange->public_value = reader_span_vec16(body);
        break;
    case TLS_KX_ECDH:
    case TLS_KX_ECDHE:
    case TLS_KX_ECDHE_PSK:
    case TLS_KX_ECDH_ANON:
        if (reader_more(body))
            exchange->public_value = reader_span_vec8(body);
        break;
    default:
        (void)reader_rest(body);
        break;
    }
}

void tls_read_client_key_exchange(struct tls_session *session, struct reader body,
                                  struct dissect_context *context)
{
    enum tls_kx kx = session_kx(session);
    if (kx == TLS_KX_UNKNOWN)
        return;
    struct tls_client_key_exchange exchange = {
        .transport = session->transport, .cipher = session->cipher, .kx = tls_kx_name(kx)};
    read_client_params(kx, &body, &exchange);
    reader_finish(&body, "client_key_exchange");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "client_key_exchange", context);
        return;
    }
    dissect_emit(context, &observation_tls_client_key_exchange, &exchange);
}
