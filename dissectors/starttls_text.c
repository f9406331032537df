/* starttls_text.c: reads the lines of a preamble and counts answers against commands, so that the one to the request
 * for TLS is known among others that were sent with it. What a line means stands in the protocol's table. */
#include "dissectors/starttls_text.h"

#include "dissectors/starttls_words.h"

enum {
    MAX_LINE = 4 << 10,    /* bytes; of a longer line only this beginning is read */
    MAX_CONNECT = 1 << 10, /* bytes before the version of a CONNECT */
    MAX_STRANGE = 4        /* lines of a client before it says something that its protocol knows */
};

/* --- beginnings --- */

/* Whether |text| is the beginning of |whole|. */
static bool begins_so(struct span text, const char *whole)
{
    struct span all = span_text(whole);
    return text.len < all.len && memcmp(text.at, all.at, text.len) == 0;
}

/* XMPP: RFC 6120 section 4.2; the XML declaration alone may begin anything. */
static enum recognise recognise_stream(struct reader bytes)
{
    static const char declaration[] = "<?xml", stream[] = "<stream:stream";
    struct span start = span_of(bytes.at, reader_left(&bytes));
    if (word_begins(start, declaration)) {
        while (reader_left(&bytes) > 0 && reader_u8(&bytes) != '>')
            ;
        while (reader_left(&bytes) > 0 && is_blank(*bytes.at))
            reader_skip(&bytes, 1);
        start = span_of(bytes.at, reader_left(&bytes));
    }
    if (word_begins(start, stream))
        return RECOGNISE_YES;
    bool possible = begins_so(start, stream) || begins_so(start, declaration);
    return possible ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* RFC 9112 section 3: others have a CONNECT of their own. */
static enum recognise recognise_connect(struct reader bytes)
{
    bool open = reader_left(&bytes) < MAX_CONNECT;
    (void)word_next(&bytes);
    (void)word_next(&bytes);
    struct span version = word_next(&bytes);
    if (word_begins(version, "HTTP/1."))
        return RECOGNISE_YES;
    open = open && reader_left(&bytes) == 0 && version.len < 7;
    return open ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static bool may_begin(uint8_t first)
{
    switch (first) {
    case '2':
    case '*':
    case '+':
    case '"':
    case '<':
    case 'A':
    case 'C':
    case 'E':
    case 'H':
    case 'L':
    case 'N':
    case 'S':
        return true;
    default:
        return false;
    }
}

enum recognise preamble_text_recognise(struct reader bytes, uint32_t *candidates,
                                       enum preamble_from *from)
{
    struct span start = span_of(bytes.at, reader_left(&bytes));
    enum recognise answer = RECOGNISE_NO;
    if (start.len == 0 || !may_begin(*start.at))
        return RECOGNISE_NO;
    if (*start.at == '<') {
        *candidates = 1u << TEXT_XMPP;
        *from = PREAMBLE_FROM_CLIENT;
        return recognise_stream(bytes);
    }
    for (const struct text_beginning *b = preamble_text_beginnings; b->prefix != NULL; b++) {
        if (b->prefix[0] != (char)*start.at)
            continue;
        struct span prefix = span_text(b->prefix);
        size_t len = start.len < prefix.len ? start.len : prefix.len;
        if (memcmp(start.at, prefix.at, len) != 0)
            continue;
        if (start.len >= prefix.len) {
            *candidates = b->candidates;
            *from = b->from;
            return b->candidates == 1u << TEXT_HTTP ? recognise_connect(bytes) : RECOGNISE_YES;
        }
        if (bytes.cut == 0)
            answer = RECOGNISE_MAYBE;
    }
    return answer;
}

const struct preamble_protocol *preamble_text_first(uint32_t candidates, uint16_t port)
{
    const struct preamble_protocol *first = NULL;
    for (unsigned i = 0; i < TEXT_PROTOCOLS; i++) {
        const struct preamble_protocol *protocol = &preamble_text_protocols[i];
        if (!(candidates & 1u << i))
            continue;
        if (port != 0 && (protocol->ports[0] == port || protocol->ports[1] == port ||
                          protocol->ports[2] == port))
            return protocol;
        first = first == NULL ? protocol : first;
    }
    return first;
}

/* --- the client --- */

/* Passes over the words of a command; false: it is another one. */
static bool take_words(struct reader *line, const char *words)
{
    struct reader expected = reader_of(span_text(words));
    for (struct span word = word_next(&expected); word.len > 0; word = word_next(&expected)) {
        if (!word_same(word_next(line), word))
            return false;
    }
    return true;
}

/* Gives the command, and what stands behind it in |arguments|. */
static const struct text_command *find_command(const struct text_protocol *text, struct span line,
                                               struct reader *arguments)
{
    struct reader words = reader_of(line);
    if (text->tagged)
        (void)word_next(&words);
    for (const struct text_command *command = text->commands; command->words != NULL; command++) {
        *arguments = words;
        if (take_words(arguments, command->words))
            return command;
    }
    return NULL;
}

/* Of protocols with the same beginning, the client's first command tells; best one that asks for TLS. */
static void narrow(struct preamble *preamble, struct span line)
{
    uint32_t fit = 0, asks = 0;
    struct reader arguments;
    for (unsigned i = 0; i < TEXT_PROTOCOLS; i++) {
        const struct text_command *command =
            find_command(preamble_text_protocols[i].text, line, &arguments);
        if (command == NULL || !(preamble->candidates & 1u << i))
            continue;
        fit |= 1u << i;
        asks |= (command->what & LINE_ASK) ? 1u << i : 0;
    }
    fit = asks != 0 ? asks : fit;
    if (fit == 0)
        return;
    for (unsigned i = 0; i < TEXT_PROTOCOLS; i++)
        if (preamble->protocol == &preamble_text_protocols[i] && (fit & 1u << i))
            fit = 1u << i;
    preamble->candidates = fit;
    preamble->protocol = preamble_text_first(fit, 0);
}

static bool is_masked_command(const struct text_protocol *text, struct span line)
{
    struct reader words = reader_of(line);
    if (text->tagged)
        (void)word_next(&words);
    return word_masked(word_next(&words));
}

/* A command that says the password as it is, or the name of a mechanism that sends it so (RFC 4616). */
static bool is_password(const char *kind, struct span first_argument)
{
    if (kind == NULL)
        return true;
    return strncmp(kind, "auth", 4) == 0 && (word_same(first_argument, span_text("PLAIN")) ||
                                             word_same(first_argument, span_text("LOGIN")));
}

/* The name by which a server of files serves everybody, and what follows it, give nobody away (RFC 1635). */
static void note_credentials(struct preamble *preamble, const char *kind, struct span first)
{
    if (kind != NULL && strcmp(kind, "user") == 0)
        preamble->anonymous = word_is(first, "anonymous") || word_is(first, "ftp");
    if (!preamble->anonymous)
        preamble_credentials(preamble, is_password(kind, first) ? "password" : kind);
}

static enum preamble_step read_client_line(struct preamble *preamble, struct span line)
{
    if (preamble->candidates & (preamble->candidates - 1))
        narrow(preamble, line);
    const struct text_protocol *text = preamble->protocol->text;
    struct reader arguments;
    const struct text_command *command = find_command(text, line, &arguments);
    unsigned what = command != NULL ? command->what | LINE_COMMAND : LINE_NOTHING;
    const char *kind = command != NULL ? command->kind : NULL;
    if (text->more != NULL)
        what |= text->more(preamble, line);
    if (what & LINE_COMMAND)
        preamble_command(preamble);
    else if (preamble->commands == 0 && ++preamble->strange >= MAX_STRANGE)
        return PREAMBLE_NOT_MINE;
    if (command == NULL && is_masked_command(text, line))
        preamble->session.stripped = TRUTH_YES;
    struct span first = {.at = NULL};
    if (what & (LINE_CREDENTIALS | LINE_IDLE))
        first = word_next(&arguments);
    if (first.len > 0 && (what & LINE_CREDENTIALS))
        note_credentials(preamble, kind, first);
    if (what & LINE_IDLE)
        preamble->idle += first.len + reader_left(&arguments);
    if (what & LINE_LIST) {
        preamble->list_open = true;
        preamble->list_after = preamble->outstanding;
    }
    if (what & LINE_ASK) {
        preamble_ask(preamble, kind != NULL ? kind : "connect");
        preamble->ask_after = preamble->outstanding;
        preamble->in_lines = what & LINE_IN_LINES;
    }
    bool answered = !text->asynchronous && (command != NULL || !text->tagged);
    preamble->outstanding = (uint16_t)(preamble->outstanding + answered);
    return what & LINE_BULK ? PREAMBLE_END : PREAMBLE_NEXT;
}

/* --- the server --- */

static void end_list(struct preamble *preamble)
{
    struct starttls_session *session = &preamble->session;
    preamble->in_list = preamble->list_open = false;
    if (session->offered == TRUTH_UNKNOWN)
        session->offered = truth(false);
    if (session->stripped == TRUTH_UNKNOWN)
        session->stripped = truth(false);
}

/* An answer to the oldest command that waits for one. */
static void take_answer(struct preamble *preamble, unsigned what)
{
    const struct text_protocol *text = preamble->protocol->text;
    if (!preamble->greeted && text->greets) {
        preamble->greeted = true;
        return;
    }
    preamble->greeted = true;
    if (preamble->list_open && preamble->list_after-- == 0) {
        preamble->list_open = false;
        preamble->list_after = 0;
        preamble->in_list = (what & LINE_GOOD) && text->dot;
        if ((what & LINE_GOOD) && !text->dot)
            end_list(preamble);
    }
    if (preamble->ask_open && preamble->ask_after-- == 0) {
        preamble->ask_after = 0;
        preamble_answer(preamble, what & LINE_ACCEPT);
    }
    if (preamble->outstanding > 0)
        preamble->outstanding--;
}

static enum preamble_step read_server_line(struct preamble *preamble, struct span line)
{
    const struct text_protocol *text = preamble->protocol->text;
    unsigned what = text->answer(preamble, line);
    if (what & LINE_OFFER)
        preamble->session.offered = TRUTH_YES;
    if (what & LINE_MASKED)
        preamble->session.stripped = TRUTH_YES;
    if ((what & LINE_LIST_END) || (preamble->in_list && word_is(line, ".")))
        end_list(preamble);
    if (what & LINE_FINAL)
        take_answer(preamble, what);
    return what & LINE_BULK ? PREAMBLE_END : PREAMBLE_NEXT;
}

/* --- lines --- */

/* Takes a line without its mark. False: it is not whole yet. */
static bool take_line(struct preamble *preamble, struct reader *bytes, unsigned side,
                      struct span *line, bool *whole)
{
    struct reader at = *bytes;
    uint8_t mark = preamble->protocol->text->mark, last = 0;
    size_t len = 0;
    while (reader_left(&at) > 0 && len < MAX_LINE && last != mark) {
        last = reader_u8(&at);
        len += last != mark;
    }
    bool broken = preamble->broken_line[side];
    if (last != mark && len < MAX_LINE && !broken)
        return false;
    *line = reader_bytes(bytes, len);
    *whole = !broken;
    preamble->broken_line[side] = last != mark;
    if (last == mark)
        reader_skip(bytes, 1);
    return true;
}

static bool skip_blanks(struct reader *bytes)
{
    const uint8_t *before = bytes->at;
    while (reader_left(bytes) > 0 && is_blank(*bytes->at))
        reader_skip(bytes, 1);
    return bytes->at != before;
}

static struct span trimmed(struct span line)
{
    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    return line;
}

enum preamble_step preamble_text_read(struct preamble *preamble, struct reader *bytes,
                                      const struct dissect_context *context)
{
    struct span line;
    bool whole;
    preamble->aside = preamble->protocol->text->mark != '\n' && skip_blanks(bytes);
    if (preamble->aside)
        return PREAMBLE_NEXT;
    if (!take_line(preamble, bytes, context->side, &line, &whole))
        return PREAMBLE_WAIT;
    if (!whole)
        return PREAMBLE_NEXT;
    if (line.len > 0 && memchr(line.at, 0, line.len) != NULL)
        return PREAMBLE_NOT_MINE;
    line = trimmed(line);
    preamble->aside = word_begins(line, "</");
    return context->side == context->flow->client ? read_client_line(preamble, line)
                                                  : read_server_line(preamble, line);
}
