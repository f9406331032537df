/* content.c: a file as a stream: its hash, its size, and what it is, by its first bytes or by the statistics of
 * all of them. */
#include "dissectors/content.h"

#include "core/crypto.h"
#include "dissectors/content_magic.h"
#include "dissectors/content_statistics.h"

#include <stdlib.h>

struct content {
    struct content_facts facts;
    const struct content_rules *rules;
    struct crypto_digest *digest;
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
    crypto_digest_free(content->digest);
    crypto_wipe(content->head, sizeof content->head);
    free(content);
    budget_give(budget, sizeof *content);
}

static void decide(struct content *content)
{
    content->decided = true;
    content->kind = content_magic(span_of(content->head, content->head_len));
}

static void add_to_head(struct content *content, struct span bytes)
{
    size_t room = CONTENT_HEAD - content->head_len;
    size_t len = bytes.len < room ? bytes.len : room;
    memcpy(content->head + content->head_len, bytes.at, len);
    content->head_len += len;
    if (content->head_len == CONTENT_HEAD)
        decide(content);
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
        add_to_head(content, bytes);
}

void content_gap(struct content *content, uint64_t len)
{
    (void)len;
    content->gap = true;
    /* Behind a gap there is no head: what the file is can be told by what came before it only. */
    if (!content->decided)
        decide(content);
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

static void set_class(struct content *content, bool complete)
{
    struct content_facts *facts = &content->facts;
    const struct content_kind *kind = &content->kind;
    facts->class = kind->class;
    facts->format = kind->format;
    facts->encoding = kind->encoding;
    facts->cipher = kind->cipher;
    facts->encrypted = kind->encrypted;
    facts->is_signed = kind->known ? truth(kind->class == CONTENT_SIGNED) : TRUTH_UNKNOWN;
    if (content->size == 0 && complete)
        facts->class = CONTENT_EMPTY;
    else if (!kind->known && content_statistics_opaque(&content->statistics))
        facts->class = CONTENT_OPAQUE;
    facts->class_name = class_name(facts->class);
}

const struct content_facts *content_finish(struct content *content, bool ended)
{
    struct content_facts *facts = &content->facts;
    bool complete = ended && !content->gap;
    if (!content->decided)
        decide(content);
    facts->size = number(content->size);
    facts->complete = truth(complete);
    if (complete && crypto_digest_finish(content->digest, content->sha256))
        facts->sha256 = span_of(content->sha256, sizeof content->sha256);
    set_class(content, complete);
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
