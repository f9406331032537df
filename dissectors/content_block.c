/* content_block.c: PEM (RFC 7468, RFC 1421 for encrypted keys, OpenSSH, OpenVPN), PuTTY's keys, banners and comments. */
#include "dissectors/content_block.h"

enum { MAX_PEM_LINES = 2000, MAX_BANNER_LINES = 300, MAX_COMMENT_LINES = 2000 };

static const uint8_t *find(struct span in, const char *text)
{
    return memmem(in.at, in.len, text, strlen(text));
}

static bool begins(struct span text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.at, with, len) == 0;
}

static struct span line_span(const struct content_line *line)
{
    return span_of(line->at, line->len);
}

static struct span behind(struct span in, const uint8_t *at, size_t len)
{
    size_t offset = (size_t)(at - in.at) + len;
    return span_of(in.at + offset, in.len - offset);
}

static struct span trimmed(struct span text)
{
    while (text.len > 0 && (*text.at == ' ' || *text.at == '\t'))
        text = span_of(text.at + 1, text.len - 1);
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Characters of base64, or of hexadecimal; "\n" of a string in JSON is none. */
static size_t count_encoded(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '\\' && i + 1 < text.len)
            i++;
        else
            count += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '+' || c == '/' || c == '=';
    }
    return count;
}

static void end_block(struct content_block *block, struct content_secrets *secrets)
{
    enum secret_form form =
        block->kind == SECRET_PRIVATE_KEY_ENCRYPTED ? FORM_PROTECTED : FORM_CLEAR;
    if (block->is_secret && block->len > 0)
        content_secrets_add(secrets, block->kind, form, block->line, block->len);
    *block = (struct content_block){.putty_encrypted = block->putty_encrypted};
}

/* --- PEM --- */

/* Reads what is of the block on a line; false at its end. */
static bool read_pem(struct content_block *block, struct span text)
{
    static const char not_encrypted[] = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"; /* of OpenSSH */
    const uint8_t *end = find(text, "-----END");
    struct span body = span_of(text.at, end != NULL ? (size_t)(end - text.at) : text.len);
    if (find(body, "Proc-Type: 4,ENCRYPTED") != NULL)
        block->kind = SECRET_PRIVATE_KEY_ENCRYPTED;
    if (find(body, not_encrypted) != NULL)
        block->kind = SECRET_PRIVATE_KEY;
    if (find(body, ": ") == NULL)
        block->len += count_encoded(body);
    return end == NULL;
}

static bool is_private(struct span label, enum secret_kind *kind)
{
    *kind = SECRET_PRIVATE_KEY;
    if (find(label, "OpenVPN Static key") != NULL) {
        *kind = SECRET_VPN;
        return true;
    }
    /* OpenSSH's and OpenPGP's are under a passphrase unless they say otherwise, which OpenPGP's cannot. */
    if (find(label, "ENCRYPTED PRIVATE") != NULL || find(label, "OPENSSH PRIVATE") != NULL)
        *kind = SECRET_PRIVATE_KEY_ENCRYPTED;
    return find(label, "PRIVATE KEY") != NULL;
}

static bool begin_pem(struct content_block *block, const struct content_line *line,
                      struct content_secrets *secrets)
{
    static const char begin[] = "-----BEGIN ", dashes[] = "-----";
    struct span all = line_span(line);
    const uint8_t *at = find(all, begin);
    if (at == NULL)
        return false;
    struct span label = behind(all, at, sizeof begin - 1);
    const uint8_t *end = find(label, dashes);
    if (end == NULL)
        return false;
    struct span body = behind(label, end, sizeof dashes - 1);
    label.len = (size_t)(end - label.at);
    block->type = BLOCK_PEM;
    block->lines_left = MAX_PEM_LINES;
    block->is_secret = is_private(label, &block->kind);
    block->line = content_line_number(line, (size_t)(at - all.at));
    block->len = 0;
    if (!read_pem(block, body))
        end_block(block, secrets);
    return true;
}

/* --- PuTTY --- */

static bool begin_putty(struct content_block *block, const struct content_line *line)
{
    static const char lines[] = "Private-Lines: ", encryption[] = "Encryption: ";
    struct span text = line_span(line);
    if (begins(text, "PuTTY-User-Key-File-"))
        block->putty_encrypted = false;
    if (begins(text, encryption))
        block->putty_encrypted =
            !span_equal(trimmed(behind(text, text.at, sizeof encryption - 1)), span_text("none"));
    if (!begins(text, lines))
        return false;
    unsigned count = 0;
    struct span number = trimmed(behind(text, text.at, sizeof lines - 1));
    for (size_t i = 0; i < number.len && i < 3 && number.at[i] >= '0' && number.at[i] <= '9'; i++)
        count = 10 * count + (unsigned)(number.at[i] - '0');
    if (count == 0)
        return false;
    block->type = BLOCK_PUTTY;
    block->lines_left = count;
    block->is_secret = true;
    block->kind = block->putty_encrypted ? SECRET_PRIVATE_KEY_ENCRYPTED : SECRET_PRIVATE_KEY;
    block->line = content_line_number(line, 0);
    block->len = 0;
    return true;
}

bool content_block_key(struct content_block *block, const struct content_line *line,
                       struct content_secrets *secrets)
{
    return (line->marks & MARK_DASH && begin_pem(block, line, secrets)) || begin_putty(block, line);
}

/* --- banners and comments --- */

void content_block_banner(struct content_block *block, struct span rest)
{
    struct span text = trimmed(rest);
    uint8_t first = text.len > 0 ? *text.at : 0;
    bool word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                (first >= '0' && first <= '9');
    if (text.len == 0) {
        *block = (struct content_block){.type = BLOCK_EOF, .lines_left = MAX_BANNER_LINES};
        return;
    }
    /* Some write the text behind the word, a line a command. */
    if (word)
        return;
    /* ETX is written ^C. */
    size_t delimiter_len = first == '^' && text.len > 1 && text.at[1] == 'C' ? 2 : 1;
    struct span body = span_of(text.at + delimiter_len, text.len - delimiter_len);
    if (body.len > 0 && memchr(body.at, first, body.len) != NULL)
        return;
    *block = (struct content_block){
        .type = BLOCK_BANNER, .delimiter = first, .lines_left = MAX_BANNER_LINES};
}

void content_block_comment(struct content_block *block, const struct content_line *line)
{
    if (!(line->marks & (MARK_ANGLE | MARK_SLASH)))
        return;
    struct span text = trimmed(line_span(line));
    bool xml = find(text, "<!--") != NULL && find(text, "-->") == NULL;
    bool c = begins(text, "/*") && find(text, "*/") == NULL;
    if (xml || c)
        *block = (struct content_block){
            .type = BLOCK_COMMENT, .delimiter = xml ? '-' : '*', .lines_left = MAX_COMMENT_LINES};
}

static bool goes_on(struct content_block *block, struct span text)
{
    switch (block->type) {
    case BLOCK_PEM:
        return read_pem(block, text);
    case BLOCK_PUTTY:
        block->len += count_encoded(text);
        return true;
    case BLOCK_BANNER:
        return memchr(text.at, block->delimiter, text.len) == NULL;
    case BLOCK_EOF:
        return !span_equal(trimmed(text), span_text("EOF"));
    case BLOCK_COMMENT:
        return find(text, block->delimiter == '-' ? "-->" : "*/") == NULL;
    case BLOCK_NONE:
        break;
    }
    return false;
}

bool content_block_inside(struct content_block *block, const struct content_line *line,
                          struct content_secrets *secrets)
{
    if (block->type == BLOCK_NONE)
        return false;
    block->lines_left--;
    if (!goes_on(block, line_span(line)) || block->lines_left == 0)
        end_block(block, secrets);
    return true;
}

void content_block_finish(struct content_block *block, struct content_secrets *secrets)
{
    end_block(block, secrets);
}
