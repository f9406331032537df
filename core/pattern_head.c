/* pattern_head.c: reads the beginning of a pattern: ^, blanks, then letters, a class, or a group of some. Most patterns
 * for lines of configurations begin so, and most lines begin otherwise. */
#include "core/pattern_head.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* What \s stands for. */
static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_plain(char c)
{
    return c != '\0' && strchr("\\^$.[]|()?*+{}", c) == NULL;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* --- whether the pattern is understood: groups of known kinds, and no choice outside of them --- */

static bool known_group(const char *at)
{
    static const char *const kinds[] = {":", "=", "!", "<", ">", "J)", "-i)"};
    if (*at != '?')
        return *at != '*';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(at + 1, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* Behind a class whose [ is at |at|; NULL if it is not understood. */
static const char *behind_class(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    for (bool first = true; first || *at != ']'; first = false) {
        if (*at == '\0' || (*at == '[' && is_one_of(at[1], ":.=")))
            return NULL;
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return at + 1;
}

/* Behind what begins at |at|: an escape, a class, or a character; NULL if it is not understood. */
static const char *behind_one(const char *at)
{
    if (*at == '[')
        return behind_class(at);
    if (*at != '\\')
        return at + 1;
    return at[1] == '\0' || at[1] == 'Q' ? NULL : at + 2;
}

/* The | or ) that ends what begins at |at|, or the NUL; NULL if something is not understood. */
static const char *end_of_branch(const char *at)
{
    unsigned depth = 0;
    while (at != NULL && *at != '\0' && (depth > 0 || (*at != '|' && *at != ')'))) {
        if (*at == '(' && !known_group(at + 1))
            return NULL;
        depth += *at == '(';
        depth -= *at == ')';
        at = behind_one(at);
    }
    return at;
}

/* --- which bytes come first --- */

static void add_byte(uint64_t set[4], uint8_t c)
{
    set[c / 64] |= UINT64_C(1) << (c % 64);
}

static void add_either_case(uint64_t set[4], uint8_t c)
{
    add_byte(set, c);
    if (is_letter(c))
        add_byte(set, c ^ 0x20);
}

/* An escape: a class of bytes, or the character itself; false if it is not understood. */
static bool add_escape(uint64_t set[4], char escape)
{
    if (!is_letter((uint8_t)escape) && !is_digit((uint8_t)escape)) {
        add_byte(set, (uint8_t)escape);
        return true;
    }
    for (unsigned c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        bool word = is_letter(byte) || is_digit(byte) || byte == '_';
        if (escape == 'd' ? is_digit(byte) : escape == 's' ? is_space(byte) : word)
            add_byte(set, byte);
    }
    return escape == 'd' || escape == 's' || escape == 'w';
}

static bool add_class(uint64_t set[4], const char *at, const char *end)
{
    if (at[1] == '^')
        return false;
    for (at++; at < end - 1; at++) {
        if (*at == '\\') {
            if (!add_escape(set, *++at) || (at[1] == '-' && at + 2 < end - 1))
                return false;
            continue;
        }
        uint8_t from = (uint8_t)*at, to = from;
        if (at[1] == '-' && at + 2 < end - 1) {
            to = (uint8_t)at[2];
            at += 2;
            if (to == '\\')
                return false;
        }
        for (unsigned c = from; c <= to; c++)
            add_either_case(set, (uint8_t)c);
    }
    return true;
}

/* Which bytes a branch begins with; branches of groups are deeper. False if that is not known. */
static bool add_first(uint64_t set[4], const char *at, const char *end, unsigned depth);

/* The branches of a group; |at| is behind its kind. */
static bool add_group(uint64_t set[4], const char *at, unsigned depth)
{
    for (;;) {
        const char *end = end_of_branch(at);
        if (end == NULL || *end == '\0' || !add_first(set, at, end, depth + 1))
            return false;
        if (*end == ')')
            return true;
        at = end + 1;
    }
}

static const char *behind_group(const char *at)
{
    for (at++; at != NULL && *at != ')'; at += at != NULL && *at == '|') {
        at = end_of_branch(at);
        if (at == NULL || *at == '\0')
            return NULL;
    }
    return at != NULL ? at + 1 : NULL;
}

static bool add_one(uint64_t set[4], const char *at, const char *behind, unsigned depth)
{
    if (*at == '(' && at[1] == '?')
        return at[2] == ':' && add_group(set, at + 3, depth);
    if (*at == '(')
        return add_group(set, at + 1, depth);
    if (*at == '[')
        return add_class(set, at, behind);
    if (*at == '\\')
        return add_escape(set, at[1]);
    add_either_case(set, (uint8_t)*at);
    return is_plain(*at);
}

/* What is optional adds its bytes to those of what follows. A look ahead only narrows what follows. */
static bool add_first(uint64_t set[4], const char *at, const char *end, unsigned depth)
{
    enum { MAX_DEPTH = 8 };
    while (at < end && depth < MAX_DEPTH) {
        bool look = strncmp(at, "(?!", 3) == 0 || strncmp(at, "(?=", 3) == 0;
        const char *behind = *at == '(' ? behind_group(at) : behind_one(at);
        if (behind == NULL || behind > end || (!look && !add_one(set, at, behind, depth)))
            return false;
        bool optional = look || is_one_of(*behind, "?*");
        if (!optional)
            return *behind != '{';
        at = behind;
        while (at < end && is_one_of(*at, "?*+"))
            at++;
    }
    return false;
}

/* --- a head --- */

/* Takes blanks that may be there, or must: \s* \s+ and the like. */
static bool take_blanks(const char **at)
{
    size_t len = strncmp(*at, "\\s", 2) == 0 ? 2 : **at == ' ' ? 1 : 0;
    if (len == 0 || !is_one_of((*at)[len], "*+"))
        return false;
    *at += len + 1;
    *at += is_one_of(**at, "+?");
    return true;
}

static void take_literal(struct pattern_head *head, const char *at)
{
    while (is_plain(*at) && !is_one_of(at[1], "?*{") && head->literal_len < PATTERN_HEAD_LEN)
        head->literal[head->literal_len++] = lower((uint8_t)*at++);
}

static bool has_space(const uint64_t set[4])
{
    for (uint8_t c = 0; c <= ' '; c++)
        if (is_space(c) && set[0] >> c & 1)
            return true;
    return false;
}

struct pattern_head pattern_head_of(const char *pattern)
{
    struct pattern_head head = {.anchored = false};
    const char *at = pattern;
    if (strncmp(at, "(?J)", 4) == 0)
        at += 4;
    const char *end = end_of_branch(at);
    if (end == NULL || *end != '\0' || *at != '^')
        return head;
    at++;
    if (is_one_of(*at, "?*{"))
        return head;
    head.anchored = true;
    head.blanks = take_blanks(&at);
    head.some = add_first(head.first, at, end, 0);
    /* Blanks that are skipped are not looked for. */
    if (!head.some || (head.blanks && has_space(head.first)))
        return (struct pattern_head){.anchored = true};
    take_literal(&head, at);
    return head;
}

bool pattern_head_fits(const struct pattern_head *head, struct span text, size_t from)
{
    size_t at = 0;
    if (!head->anchored)
        return true;
    if (from > 0 || !head->some)
        return from == 0;
    while (head->blanks && at < text.len && is_space(text.at[at]))
        at++;
    if (at == text.len || text.len - at < head->literal_len)
        return false;
    if (!(head->first[text.at[at] / 64] >> (text.at[at] % 64) & 1))
        return false;
    for (size_t i = 1; i < head->literal_len; i++)
        if (lower(text.at[at + i]) != head->literal[i])
            return false;
    return true;
}
