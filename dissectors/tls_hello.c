/* tls_hello.c: ClientHello, ServerHello and HelloRetryRequest. RFC 8446 sections 4.1 and 4.2, RFC 5246
 * section 7.4.1, RFC 6347 section 4.2.1 (cookie), drafts of TLS 1.3. Every extension is listed; those
 * that steer the handshake are read here, the small ones by tls_extensions.c. */
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_extensions.h"
#include "dissectors/tls_session.h"

/* SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3. */
static const uint8_t hello_retry_random[TLS_RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

bool tls_is_hello_retry_random(const uint8_t random[TLS_RANDOM_LEN])
{
    return memcmp(random, hello_retry_random, TLS_RANDOM_LEN) == 0;
}

/* Reads |num|-byte items to the end: a list that ends in the middle of an item is malformed. */
static struct span whole_items(struct reader *list, size_t item_len)
{
    if (reader_left(list) % item_len != 0)
        reader_fail(list, READER_MALFORMED, NULL);
    return reader_rest(list);
}

/* opaque items<..>: a vector of |len_bytes| length bytes around items of |item_len| bytes. */
static struct span vector_of(struct reader *r, unsigned len_bytes, size_t item_len,
                             const char *field)
{
    struct reader list = len_bytes == 1 ? reader_vec8(r) : reader_vec16(r);
    struct span items = whole_items(&list, item_len);
    reader_close(r, &list, field);
    return items;
}

static bool is_draft_13(uint64_t version)
{
    return version >> 8 == 0x7f;
}

/* ServerNameList, RFC 6066 section 3: the first host_name. */
static void read_server_name(struct reader *ext, struct tls_client_hello *hello)
{
    struct reader list = reader_vec16(ext);
    struct span name = {0};
    while (reader_more(&list)) {
        uint8_t type = reader_u8(&list);
        struct span value = reader_span_vec16(&list);
        if (type == 0 && !span_seen(name))
            name = value;
    }
    reader_close(ext, &list, "client_hello.server_name");
    if (reader_ok(ext))
        hello->server_name = name;
}

/* ProtocolNameList, RFC 7301 section 3.1. */
static struct span read_alpn(struct reader *ext, const char *field)
{
    struct reader list = reader_vec16(ext);
    struct span names = span_of(list.at, reader_left(&list));
    while (reader_more(&list))
        (void)reader_span_vec8(&list);
    reader_close(ext, &list, field);
    return names;
}

/* KeyShareClientHello, RFC 8446 section 4.2.8. */
static void read_key_shares(struct reader *ext, struct tls_client_hello *hello)
{
    struct reader list = reader_vec16(ext);
    struct span shares = span_of(list.at, reader_left(&list));
    while (reader_more(&list)) {
        (void)reader_u16(&list);
        (void)reader_span_vec16(&list);
    }
    reader_close(ext, &list, "client_hello.key_share");
    if (reader_ok(ext))
        hello->key_shares = shares;
}

/* OfferedPsks, RFC 8446 section 4.2.11. */
static void read_pre_shared_key(struct reader *ext, struct tls_client_hello *hello)
{
    struct reader list = reader_vec16(ext);
    struct span identities = span_of(list.at, reader_left(&list));
    while (reader_more(&list)) {
        (void)reader_span_vec16(&list);
        (void)reader_u32(&list);
    }
    reader_close(ext, &list, "client_hello.pre_shared_key.identities");
    struct reader binder_list = reader_vec16(ext);
    struct span binders = span_of(binder_list.at, reader_left(&binder_list));
    while (reader_more(&binder_list))
        (void)reader_span_vec8(&binder_list);
    reader_close(ext, &binder_list, "client_hello.pre_shared_key.binders");
    if (reader_ok(ext)) {
        hello->psk_identities = identities;
        hello->psk_binders = binders;
    }
}

/* Sets |member| when the extension was read without a fault. */
static void set_if_ok(const struct reader *ext, struct span *member, struct span value)
{
    if (reader_ok(ext))
        *member = value;
}

/* Takes one extension of a client hello. What follows the fields of known extensions is a fault; unknown
 * extensions are passed over. */
static void read_client_extension(uint16_t type, struct reader *ext, struct tls_client_hello *hello)
{
    switch (type) {
    case EXT_SERVER_NAME:
        if (reader_more(ext))
            read_server_name(ext, hello);
        break;
    case EXT_SUPPORTED_GROUPS:
        set_if_ok(ext, &hello->groups, vector_of(ext, 2, 2, "client_hello.supported_groups"));
        break;
    case EXT_EC_POINT_FORMATS:
        set_if_ok(ext, &hello->point_formats,
                  vector_of(ext, 1, 1, "client_hello.ec_point_formats"));
        break;
    case EXT_SIGNATURE_ALGORITHMS:
        set_if_ok(ext, &hello->signature_schemes,
                  vector_of(ext, 2, 2, "client_hello.signature_algorithms"));
        break;
    case EXT_ALPN:
        set_if_ok(ext, &hello->alpn, read_alpn(ext, "client_hello.alpn"));
        break;
    case EXT_SESSION_TICKET:
        hello->ticket = reader_rest(ext);
        break;
    case EXT_DRAFT_KEY_SHARE:
    case EXT_KEY_SHARE:
        read_key_shares(ext, hello);
        break;
    case EXT_PRE_SHARED_KEY:
        read_pre_shared_key(ext, hello);
        break;
    case EXT_EARLY_DATA:
        hello->early_data = TRUTH_YES;
        (void)reader_rest(ext);
        break;
    case EXT_SUPPORTED_VERSIONS:
        set_if_ok(ext, &hello->versions, vector_of(ext, 1, 2, "client_hello.supported_versions"));
        break;
    case EXT_COOKIE:
        hello->retry_cookie = TRUTH_YES;
        (void)reader_rest(ext);
        break;
    case EXT_PSK_KEY_EXCHANGE_MODES:
        set_if_ok(ext, &hello->psk_modes,
                  vector_of(ext, 1, 1, "client_hello.psk_key_exchange_modes"));
        break;
    case EXT_DRAFT_CONNECTION_ID:
    case EXT_CONNECTION_ID:
        set_if_ok(ext, &hello->connection_id, reader_span_vec8(ext));
        break;
    default:
        tls_read_client_extension(type, ext, hello);
        break;
    }
    reader_finish(ext, "client_hello.extension");
}

/* Whether any version in the list of supported_versions is an early draft that had its key shares in
 * extension 40, now somebody else's. */
static bool offers_early_draft(struct span versions)
{
    struct reader list = reader_of(span_seen(versions) ? versions : span_of("", 0));
    while (reader_more(&list)) {
        uint16_t version = reader_u16(&list);
        if (is_draft_13(version) && (version & 0xff) <= 22)
            return true;
    }
    return false;
}

/* Walks the extensions. A fault inside one leaves that one unread and is reported; the others stand. */
static void read_client_extensions(struct tls_session *session, struct tls_client_hello *hello,
                                   struct dissect_context *context)
{
    struct reader list = reader_of(hello->extensions);
    struct reader late_key_share = {0};
    bool has_key_share = false, has_late = false;
    while (reader_more(&list)) {
        uint16_t type = reader_u16(&list);
        struct reader ext = reader_vec16(&list);
        if (type == EXT_DRAFT_KEY_SHARE) {
            late_key_share = ext;
            has_late = true;
            continue;
        }
        has_key_share = has_key_share || type == EXT_KEY_SHARE;
        read_client_extension(type, &ext, hello);
        if (!reader_ok(&ext))
            tls_session_fault(session, &ext, "client_hello.extension", context);
    }
    if (has_late && !has_key_share && offers_early_draft(hello->versions))
        read_client_extension(EXT_DRAFT_KEY_SHARE, &late_key_share, hello);
}

/* Takes the block of extensions, whose lengths must all fit; none at all is allowed. */
static struct span extension_block(struct reader *body, const char *field)
{
    if (!reader_more(body))
        return (struct span){0};
    struct reader list = reader_vec16(body);
    struct span block = span_of(list.at, reader_left(&list));
    while (reader_more(&list)) {
        (void)reader_u16(&list);
        (void)reader_span_vec16(&list);
    }
    reader_close(body, &list, field);
    return block;
}

static struct number len_of(struct span bytes)
{
    return span_seen(bytes) ? number(bytes.len) : (struct number){0};
}

/* The highest version that a client hello offers; a DTLS version is higher when its number is lower. */
static uint64_t highest_version(const struct tls_client_hello *hello)
{
    uint64_t best = hello->legacy_version.value;
    bool any = false;
    struct reader list = reader_of(span_seen(hello->versions) ? hello->versions : span_of("", 0));
    while (reader_more(&list)) {
        uint16_t version = reader_u16(&list);
        if (tls_is_grease(version))
            continue;
        bool dtls = version >> 8 == 0xfe, draft = is_draft_13(version);
        bool higher = dtls ? version < best : draft ? best < TLS_VERSION_13 : version > best;
        if (!any || higher)
            best = version;
        any = true;
    }
    return best;
}

/* struct {
 *     ProtocolVersion legacy_version; Random random; opaque legacy_session_id<0..32>;
 *     [DTLS: opaque cookie<0..2^8-1>;]
 *     CipherSuite cipher_suites<2..2^16-2>; opaque legacy_compression_methods<1..2^8-1>;
 *     Extension extensions<8..2^16-1>;
 * } ClientHello; */
void tls_read_client_hello(struct tls_session *session, struct reader body,
                           struct dissect_context *context)
{
    struct tls_client_hello hello = {.transport = session->transport,
                                     .version_protocol = session->version_protocol};
    if (context->proofs) {
        struct reader whole = body;
        hello.message = reader_rest(&whole);
        hello.message_seq = session->message_seq;
    }
    hello.legacy_version = number(reader_u16(&body));
    hello.random = reader_bytes(&body, TLS_RANDOM_LEN);
    hello.session_id = reader_span_vec8(&body);
    if (strcmp(session->version_protocol, "dtls") == 0)
        hello.cookie = reader_span_vec8(&body);
    hello.ciphers = vector_of(&body, 2, 2, "client_hello.cipher_suites");
    hello.compression = vector_of(&body, 1, 1, "client_hello.compression_methods");
    hello.extensions = extension_block(&body, "client_hello.extensions");
    reader_finish(&body, "client_hello");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "client_hello", context);
        return;
    }
    tls_client_extensions_begin(&hello);
    if (span_seen(hello.extensions))
        read_client_extensions(session, &hello, context);
    bool answered = tls_summary_client_hello(session, &hello, context);
    if (session->server_hello && !answered) { /* of a handshake that is over */
        session->version = session->cipher = (struct number){0};
        session->client_key_exchange = false;
    }
    if (!answered)
        session->server_cid_len = (struct number){0};
    session->client_hello = true;
    session->server_hello = answered;
    session->early_data = hello.early_data == TRUTH_YES;
    session->client_version = number(highest_version(&hello));
    session->client_cid_len = len_of(hello.connection_id);
    context->flow->client = (uint8_t)context->side;
    context->flow->client_certain = true;
    dissect_emit(context, &observation_tls_client_hello, &hello);
}

/* Takes one extension of a server hello or hello retry request. */
static void read_server_extension(uint16_t type, struct reader *ext, struct tls_server_hello *hello)
{
    switch (type) {
    case EXT_ALPN:
        set_if_ok(ext, &hello->alpn, read_alpn(ext, "server_hello.alpn"));
        break;
    case EXT_DRAFT_KEY_SHARE:
        if (!is_draft_13(hello->version.value)) {
            (void)reader_rest(ext); /* extended_random, which nobody standardised */
            break;
        }
        /* fall through */
    case EXT_KEY_SHARE: {
        uint16_t group = reader_u16(ext);
        struct span share = {.at = NULL};
        if (reader_more(ext)) /* a hello retry names the group only */
            share = reader_span_vec16(ext);
        if (reader_ok(ext)) {
            hello->key_share_group = number(group);
            hello->key_share = share;
        }
        break;
    }
    case EXT_PRE_SHARED_KEY: {
        uint16_t selected = reader_u16(ext);
        if (reader_ok(ext))
            hello->selected_psk = number(selected);
        break;
    }
    case EXT_SUPPORTED_VERSIONS: {
        uint16_t version = reader_u16(ext);
        if (reader_ok(ext))
            hello->version = number(version);
        break;
    }
    case EXT_DRAFT_CONNECTION_ID:
    case EXT_CONNECTION_ID:
        set_if_ok(ext, &hello->connection_id, reader_span_vec8(ext));
        break;
    default:
        tls_read_server_extension(type, ext, hello);
        break;
    }
    reader_finish(ext, "server_hello.extension");
}

static void read_server_extensions(struct tls_session *session, struct tls_server_hello *hello,
                                   struct dissect_context *context)
{
    struct reader list = reader_of(hello->extensions);
    while (reader_more(&list)) {
        uint16_t type = reader_u16(&list);
        struct reader ext = reader_vec16(&list);
        read_server_extension(type, &ext, hello);
        if (!reader_ok(&ext))
            tls_session_fault(session, &ext, "server_hello.extension", context);
    }
}

/* Keeps what the rest of the session needs to know, and hands the hello on. */
static void accept_server_hello(struct tls_session *session, struct tls_server_hello *hello,
                                struct dissect_context *context)
{
    tls_server_extensions_begin(hello);
    if (span_seen(hello->extensions))
        read_server_extensions(session, hello, context);
    hello->client_version = session->client_version;
    session->version = hello->version;
    if (hello->hello_retry != TRUTH_YES) {
        session->server_hello = true;
        session->server_cid_len = len_of(hello->connection_id);
        session->cipher = hello->cipher;
        session->client_certificate_type = hello->client_certificate_type;
        session->server_certificate_type = hello->server_certificate_type;
    }
    context->flow->client = (uint8_t)!context->side;
    context->flow->client_certain = true;
    tls_summary_server_hello(session, hello, context);
    dissect_emit(context, &observation_tls_server_hello, hello);
}

/* struct {
 *     ProtocolVersion legacy_version; Random random; opaque legacy_session_id_echo<0..32>;
 *     CipherSuite cipher_suite; uint8 legacy_compression_method; Extension extensions<6..2^16-1>;
 * } ServerHello;
 * In drafts of TLS 1.3 before the 22nd, without session id and compression method. */
void tls_read_server_hello(struct tls_session *session, struct reader body,
                           struct dissect_context *context)
{
    struct tls_server_hello hello = {.transport = session->transport,
                                     .version_protocol = session->version_protocol};
    uint16_t version = reader_u16(&body);
    hello.legacy_version = number(version);
    hello.version = hello.legacy_version;
    hello.random = reader_bytes(&body, TLS_RANDOM_LEN);
    if (!is_draft_13(version))
        hello.session_id = reader_span_vec8(&body);
    hello.cipher = number(reader_u16(&body));
    if (!is_draft_13(version))
        hello.compression = number(reader_u8(&body));
    hello.extensions = extension_block(&body, "server_hello.extensions");
    reader_finish(&body, "server_hello");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "server_hello", context);
        return;
    }
    hello.hello_retry = truth(tls_is_hello_retry_random(hello.random.at));
    accept_server_hello(session, &hello, context);
}

/* struct { ProtocolVersion server_version; CipherSuite cipher_suite; [from draft 19 on]
 *          Extension extensions<2..2^16-1>; } HelloRetryRequest; */
void tls_read_draft_hello_retry(struct tls_session *session, struct reader body,
                                struct dissect_context *context)
{
    struct tls_server_hello hello = {.transport = session->transport,
                                     .version_protocol = session->version_protocol,
                                     .hello_retry = TRUTH_YES};
    uint16_t version = reader_u16(&body);
    hello.legacy_version = number(version);
    hello.version = hello.legacy_version;
    if (is_draft_13(version) && (version & 0xff) >= 19)
        hello.cipher = number(reader_u16(&body));
    hello.extensions = extension_block(&body, "hello_retry_request.extensions");
    reader_finish(&body, "hello_retry_request");
    if (!reader_ok(&body)) {
        tls_session_fault(session, &body, "hello_retry_request", context);
        return;
    }
    accept_server_hello(session, &hello, context);
}

bool tls_list_has_u16(struct span items, uint16_t wanted)
{
    for (struct reader list = reader_of(items); reader_more(&list);)
        if (reader_u16(&list) == wanted && reader_ok(&list))
            return true;
    return false;
}

bool tls_has_extension(struct span extensions, uint16_t wanted)
{
    for (struct reader list = reader_of(extensions); reader_more(&list);) {
        const uint16_t type = reader_u16(&list);
        (void)reader_span_vec16(&list);
        if (reader_ok(&list) && type == wanted)
            return true;
    }
    return false;
}
