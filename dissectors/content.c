/* content.c: a file as a stream: its hash, its size, and what it is, by its first bytes or by the statistics of
 * all of them. */
#include "dissectors/content.h"

#include "core/crypto.h"
#include "dissectors/content_magic.h"
#include "dissectors/content_statistics.h"
#include "dissectors/content_text.h"

#include <stdlib.h>

struct content {
    struct content_facts facts;
    struct budget *budget;
    const struct content_rules *rules;
    struct crypto_digest *digest;
    struct content_text *text; /* NULL: its lines mean nothing, or are not to be read */
    bool utf16;
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
    content_text_free(content->text);
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
    if (content->rules == NULL || content->kind.binary || content->kind.wrap != CONTENT_BARE ||
        !budget_take(content->budget, content_text_size()))
        return;
    content->text = content_text_new(content->rules, charset);
    content->utf16 = content->text != NULL && charset != CHARSET_BYTES;
    if (content->text != NULL)
        content_text_add(content->text, span_of(content->head, content->head_len));
    else
        budget_give(content->budget, content_text_size());
}

static void decide(struct content *content)
{
    content->decided = true;
    content->kind = content_magic(span_of(content->head, content->head_len));
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
    if (kind->known || kind->format != NULL)
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
    if (!content->kind.known && content->size > 0)
        read_kind(content);
    set_class(content);
    read_text(content);
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
