/* content.c: a file as a stream: its hash, its size, and what it is, by its first bytes, its lines, or the statistics of
 * all its bytes. Of a message in CMS, OpenPGP or age the beginning is kept until the end, and read then; what is signed
 * and readable is a file again. */
#include "dissectors/content.h"

#include "core/crypto.h"
#include "core/der.h"
#include "dissectors/content_envelope.h"
#include "dissectors/content_magic.h"
#include "dissectors/content_statistics.h"
#include "dissectors/content_text.h"
#include "dissectors/content_unwrap.h"

#include <stdlib.h>

enum {
    MAX_WINDOW = 128 << 10, /* bytes of a message that are kept */
    MAX_DEPTH = 4           /* messages in messages */
};

/* What is kept of a message. */
struct window {
    uint8_t *at;
    size_t len, size;
    bool cut; /* there was more */
};

struct content {
    struct content_facts facts;
    struct budget *budget;
    const struct content_rules *rules;
    struct crypto_digest *digest;
    struct content_text *text; /* NULL: its lines mean nothing, or are not to be read */
    bool utf16;
    struct window window;
    struct content_envelope *envelope; /* NULL: it is no message */
    struct content *inner;             /* what is in it; NULL: nothing that can be read */
    unsigned depth;
    struct content_statistics statistics;
    uint64_t size;
    bool gap;     /* something was lost */
    bool decided; /* |kind| is known; the head is full, or there will be no more of it */
    struct content_kind kind;
    uint8_t sha256[CRYPTO_SHA256_LEN];
    size_t head_len;
    uint8_t head[CONTENT_HEAD];
};

struct content *content_new(struct budget *budget, const struct content_rules *rules)
{
    struct error error;
    if (!budget_take(budget, sizeof(struct content)))
        return NULL;
    struct content *content = calloc(1, sizeof *content);
    if (content != NULL) {
        content->budget = budget;
        content->rules = rules;
        content->digest = crypto_digest_new(CRYPTO_SHA256, &error);
        if (content->digest != NULL)
            return content;
    }
    free(content);
    budget_give(budget, sizeof(struct content));
    return NULL;
}

void content_free(struct content *content, struct budget *budget)
{
    if (content == NULL)
        return;
    if (content->text != NULL)
        budget_give(budget, content_text_size());
    if (content->envelope != NULL)
        budget_give(budget, sizeof *content->envelope);
    budget_give(budget, content->window.size);
    content_free(content->inner, budget);
    content_text_free(content->text);
    free(content->envelope);
    if (content->window.at != NULL)
        crypto_wipe(content->window.at, content->window.size);
    free(content->window.at);
    crypto_digest_free(content->digest);
    crypto_wipe(content->head, sizeof content->head);
    free(content);
    budget_give(budget, sizeof *content);
}

static enum content_charset charset_of(const struct content *content)
{
    uint8_t first = content->head_len > 1 ? content->head[0] : 0;
    uint8_t second = content->head_len > 1 ? content->head[1] : 0;
    if (first == 0xff && second == 0xfe)
        return CHARSET_UTF16_LE;
    return first == 0xfe && second == 0xff ? CHARSET_UTF16_BE : CHARSET_BYTES;
}

static void begin_text(struct content *content)
{
    enum content_charset charset = charset_of(content);
    enum content_wrap wrap = content->kind.wrap;
    bool lines = wrap == CONTENT_BARE || wrap == CONTENT_IN_MIME || wrap == CONTENT_IN_BASE64;
    if (content->rules == NULL || content->kind.binary || !lines ||
        !budget_take(content->budget, content_text_size()))
        return;
    content->text = content_text_new(content->rules, charset);
    content->utf16 = content->text != NULL && charset != CHARSET_BYTES;
    if (content->text != NULL)
        content_text_add(content->text, span_of(content->head, content->head_len));
    else
        budget_give(content->budget, content_text_size());
}

/* Doubles the window until |len| bytes more have room, up to its limit and that of the budget. */
static void grow_window(struct content *content, size_t len)
{
    struct window *window = &content->window;
    size_t size = window->size > 0 ? window->size : (size_t)4 * CONTENT_HEAD;
    while (size < window->len + len && size < MAX_WINDOW)
        size *= 2;
    if (size == window->size || !budget_take(content->budget, size - window->size))
        return;
    uint8_t *at = malloc(size);
    if (at == NULL) {
        budget_give(content->budget, size - window->size);
        return;
    }
    if (window->at != NULL) {
        memcpy(at, window->at, window->len);
        crypto_wipe(window->at, window->size);
        free(window->at);
    }
    window->at = at;
    window->size = size;
}

static void add_to_window(struct content *content, struct span bytes)
{
    struct window *window = &content->window;
    if (content->kind.wrap == CONTENT_BARE || window->cut || bytes.len == 0)
        return;
    if (window->size - window->len < bytes.len)
        grow_window(content, bytes.len);
    size_t room = window->size - window->len;
    window->cut = room < bytes.len;
    size_t len = window->cut ? room : bytes.len;
    if (len > 0)
        memcpy(window->at + window->len, bytes.at, len);
    window->len += len;
}

static void decide(struct content *content)
{
    content->decided = true;
    content->kind = content_magic(span_of(content->head, content->head_len));
    add_to_window(content, span_of(content->head, content->head_len));
    begin_text(content);
}

/* Gives what does not belong to the head. */
static struct span add_to_head(struct content *content, struct span bytes)
{
    size_t room = CONTENT_HEAD - content->head_len;
    size_t len = bytes.len < room ? bytes.len : room;
    memcpy(content->head + content->head_len, bytes.at, len);
    content->head_len += len;
    if (content->head_len == CONTENT_HEAD)
        decide(content);
    return span_of(bytes.at + len, bytes.len - len);
}

void content_add(struct content *content, struct span bytes)
{
    if (bytes.len == 0)
        return;
    content->size += bytes.len;
    if (!content->gap)
        (void)crypto_digest_add(content->digest, bytes);
    content_statistics_add(&content->statistics, bytes);
    if (!content->decided)
        bytes = add_to_head(content, bytes);
    add_to_window(content, bytes);
    if (content->text != NULL)
        content_text_add(content->text, bytes);
}

void content_gap(struct content *content, uint64_t len)
{
    (void)len;
    content->gap = true;
    /* Behind a gap there is no head: what the file is can be told by what came before it only. */
    if (!content->decided)
        decide(content);
    content->window.cut = true;
    if (content->text != NULL)
        content_text_gap(content->text);
}

static const char *class_name(enum content_class class)
{
    static const char *const names[] = {[CONTENT_UNKNOWN] = NULL,
                                        [CONTENT_EMPTY] = "empty",
                                        [CONTENT_CONFIGURATION] = "configuration",
                                        [CONTENT_SCRIPT] = "script",
                                        [CONTENT_IMAGE] = "image",
                                        [CONTENT_ARCHIVE] = "archive",
                                        [CONTENT_ENCRYPTED] = "encrypted",
                                        [CONTENT_SIGNED] = "signed",
                                        [CONTENT_KEY] = "key",
                                        [CONTENT_CERTIFICATE] = "certificate",
                                        [CONTENT_OPAQUE] = "opaque"};
    return names[class];
}

/* Without a mark of its own the lines tell what it is, else how its bytes are spread. */
static void read_kind(struct content *content)
{
    struct content_kind *kind = &content->kind;
    bool text = content->utf16 || content_statistics_text(&content->statistics);
    const struct content_dialect *dialect =
        text && content->text != NULL ? content_text_dialect(content->text) : NULL;
    if (dialect != NULL) {
        kind->class = dialect->class;
        kind->format = dialect->name;
        kind->encrypted = truth(dialect->class == CONTENT_ENCRYPTED);
        kind->known = true;
    } else if (text) {
        kind->format = "text";
        kind->encrypted = TRUTH_NO;
    } else if (content_statistics_opaque(&content->statistics)) {
        kind->class = CONTENT_OPAQUE;
    }
}

static void set_class(struct content *content)
{
    struct content_facts *facts = &content->facts;
    const struct content_kind *kind = &content->kind;
    facts->class = kind->class;
    facts->format = kind->format;
    facts->encoding = kind->encoding == NULL && content->utf16 ? "utf-16" : kind->encoding;
    facts->cipher = kind->cipher;
    facts->encrypted = kind->encrypted;
    bool told = facts->is_signed != TRUTH_UNKNOWN || kind->wrap == CONTENT_IN_PGP ||
                (kind->format != NULL && strcmp(kind->format, "pgp") == 0);
    if (!told && kind->format != NULL)
        facts->is_signed = truth(kind->class == CONTENT_SIGNED);
}

static bool holds_private_key(const struct content_facts *facts)
{
    for (size_t i = 0; i < facts->num_secrets; i++)
        if (strncmp(facts->secret_list[i].kind, "private-key", 11) == 0)
            return true;
    return false;
}

static void read_text(struct content *content)
{
    struct content_facts *facts = &content->facts;
    if (content->text == NULL)
        return;
    content_text_facts(content->text, facts);
    if (!content->utf16 && !content_statistics_text(&content->statistics))
        facts->lines = (struct number){0};
    if (facts->class == CONTENT_CERTIFICATE && holds_private_key(facts))
        facts->class = CONTENT_KEY;
}

/* --- messages --- */

/* Reads the content of a signed message as a file. */
static void read_inner(struct content *content, struct cms *cms)
{
    struct span piece;
    if (!cms->has_content || content->depth >= MAX_DEPTH)
        return;
    content->inner = content_new(content->budget, content->rules);
    if (content->inner == NULL)
        return;
    content->inner->depth = content->depth + 1;
    while (cms_next_content(cms, &piece))
        content_add(content->inner, piece);
    (void)content_finish(content->inner, reader_ok(&cms->content) && cms->content.cut == 0);
}

static void take_secrets(struct content_facts *facts, const struct content_facts *from)
{
    facts->lines = from->lines;
    facts->secrets = from->secrets;
    facts->reversible = from->reversible;
    facts->unread = from->unread;
    facts->secret_list = from->secret_list;
    facts->num_secrets = from->num_secrets;
    facts->secret_kinds = from->secret_kinds;
    facts->secret_lines = from->secret_lines;
    facts->secret_lengths = from->secret_lengths;
}

static void take_encryption(struct content_facts *facts, const struct content_facts *from)
{
    facts->encrypted = from->encrypted;
    facts->cipher = from->cipher;
    facts->key_bits = from->key_bits;
    facts->key_transport = from->key_transport;
    facts->recipients = from->recipients;
    facts->recipient_ids = from->recipient_ids;
    memcpy(facts->recipient_list, from->recipient_list, sizeof facts->recipient_list);
    facts->num_recipients = from->num_recipients;
}

/* What is in the message is what the file is: encrypted, or readable. */
static void take_inner(struct content *content)
{
    struct content_facts *facts = &content->facts;
    const struct content_facts *inner = content->inner != NULL ? &content->inner->facts : NULL;
    content->kind.class = CONTENT_SIGNED;
    content->kind.encrypted = TRUTH_NO;
    if (inner == NULL)
        return;
    take_secrets(facts, inner);
    facts->inner = inner->format;
    if (facts->unread.seen && content->window.cut)
        facts->unread.value++;
    if (inner->class == CONTENT_ENCRYPTED) {
        take_encryption(facts, inner);
        content->kind.class = CONTENT_ENCRYPTED;
        content->kind.encrypted = TRUTH_YES;
        content->kind.cipher = inner->cipher;
    }
}

static void read_signed(struct content *content, struct cms *cms)
{
    bool nobody = cms->num_signers.seen && cms->num_signers.value == 0;
    if (!cms->has_content && nobody && span_seen(cms->certificates)) {
        content->kind.class = CONTENT_CERTIFICATE;
        content->kind.format = "pkcs7";
        return;
    }
    read_inner(content, cms);
    take_inner(content);
    if (!nobody)
        content->facts.is_signed = TRUTH_YES;
}

static bool read_cms(struct content *content, struct span message)
{
    static const size_t unknown = (size_t)1 << 40;
    struct content_envelope *envelope = content->envelope;
    if (!content_envelope_cms(envelope, message, content->window.cut ? unknown : 0,
                              &content->facts))
        return false;
    switch (envelope->cms.type) {
    case CMS_SIGNED:
        read_signed(content, &envelope->cms);
        break;
    case CMS_ENVELOPED:
    case CMS_AUTH_ENVELOPED:
    case CMS_ENCRYPTED:
        content->kind.class = CONTENT_ENCRYPTED;
        content->kind.encrypted = TRUTH_YES;
        content->kind.cipher = content->facts.cipher;
        break;
    case CMS_DATA:
        read_inner(content, &envelope->cms);
        take_inner(content);
        content->kind.class =
            content->inner != NULL ? content->inner->facts.class : CONTENT_UNKNOWN;
        break;
    case CMS_OTHER:
        content->kind.encrypted = TRUTH_UNKNOWN;
        break;
    }
    return true;
}

/* The lines of the file are there, whatever its length: they tell more than those of the part that was kept. */
static void drop_readable(struct content *content)
{
    if (content->text == NULL || content->kind.class == CONTENT_ENCRYPTED)
        return;
    content_free(content->inner, content->budget);
    content->inner = NULL;
}

/* What is signed beside its signature can be read as lines of the file, unless it is a message itself. */
static bool read_mime(struct content *content)
{
    struct span body;
    struct cms part = {.has_content = true, .content_tag = DER_OCTET_STRING};
    switch (content_unwrap_mime(content->window.at, content->window.len, &body)) {
    case MIME_CMS:
        return read_cms(content, body);
    case MIME_SIGNED:
        part.content = reader_of_cut(body, content->window.cut ? 1 : 0);
        read_inner(content, &part);
        take_inner(content);
        drop_readable(content);
        content->facts.is_signed = TRUTH_YES;
        return true;
    case MIME_NONE:
        break;
    }
    return false;
}

static bool read_message(struct content *content)
{
    struct window *window = &content->window;
    struct span bytes = span_of(window->at, window->len);
    if (content->kind.wrap == CONTENT_IN_PEM)
        bytes = content_unwrap_pem(window->at, window->len);
    switch (content->kind.wrap) {
    case CONTENT_IN_MIME:
        return read_mime(content);
    case CONTENT_IN_BASE64:
        return read_cms(content, content_unwrap_base64(window->at, window->len));
    case CONTENT_IN_CMS:
        return read_cms(content, bytes);
    case CONTENT_IN_PEM:
        if (strcmp(content->kind.format, "cms") == 0)
            return read_cms(content, bytes);
        if (strcmp(content->kind.format, "age") == 0)
            content_envelope_age(content->envelope, bytes, &content->facts);
        else
            content_envelope_pgp(content->envelope, bytes, &content->facts);
        break;
    case CONTENT_IN_PGP:
        content_envelope_pgp(content->envelope, bytes, &content->facts);
        break;
    case CONTENT_IN_AGE:
        content_envelope_age(content->envelope, bytes, &content->facts);
        break;
    case CONTENT_BARE:
        return false;
    }
    content->kind.cipher = content->facts.cipher;
    return true;
}

/* Takes the message apart; what turns out to be none is told by its lines. */
static void unwrap(struct content *content, bool complete)
{
    struct content_kind *kind = &content->kind;
    if (content->window.len == 0 || !budget_take(content->budget, sizeof *content->envelope))
        return;
    content->envelope = calloc(1, sizeof *content->envelope);
    if (content->envelope == NULL) {
        budget_give(content->budget, sizeof *content->envelope);
        return;
    }
    content->window.cut |= !complete;
    kind->known = read_message(content);
    if (!kind->known)
        *kind = (struct content_kind){.encoding = kind->encoding};
    else if (kind->format == NULL)
        kind->format = "cms";
}

static void finish_text(struct content *content)
{
    if (content->text == NULL)
        return;
    /* Lines of base64 are not those of what it stands for. */
    bool decoded = content->inner != NULL || content->facts.class == CONTENT_ENCRYPTED;
    if (!decoded)
        read_text(content);
}

const struct content_facts *content_finish(struct content *content, bool ended)
{
    struct content_facts *facts = &content->facts;
    bool complete = ended && !content->gap;
    if (!content->decided)
        decide(content);
    if (content->text != NULL)
        content_text_finish(content->text);
    facts->size = number(content->size);
    facts->complete = truth(complete);
    if (complete && crypto_digest_finish(content->digest, content->sha256))
        facts->sha256 = span_of(content->sha256, sizeof content->sha256);
    if (content->kind.wrap != CONTENT_BARE)
        unwrap(content, complete);
    if (!content->kind.known && content->size > 0)
        read_kind(content);
    set_class(content);
    finish_text(content);
    if (content->size == 0 && complete)
        facts->class = CONTENT_EMPTY;
    facts->class_name = class_name(facts->class);
    return facts;
}

/* --- for the rows --- */

void content_next_recipient(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec16(list);
}

void content_next_number(struct reader *list, struct value *item)
{
    item->number = reader_u32(list);
}

const char *content_secret_kind(uint64_t code)
{
    static const char *const kinds[] = {
#define SECRET_KIND(symbol, name, about) name,
#include "dissectors/content_secret_kinds.def"
#undef SECRET_KIND
    };
    return code < sizeof kinds / sizeof *kinds ? kinds[code] : NULL;
}
