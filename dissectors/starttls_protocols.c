/* starttls_protocols.c: the protocols of lines that may go over to TLS: how they begin, the client's commands, the
 * server's answers. Of arguments only keywords are read. */
#include "dissectors/starttls_text.h"
#include "dissectors/starttls_words.h"

/* --- answers of three digits: SMTP, FTP, NNTP --- */

struct code {
    unsigned number; /* 0: the line has none */
    bool last;       /* of an answer of several lines */
};

static struct code read_code(struct reader *line)
{
    struct code code = {0};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t digit = reader_u8(line);
        if (digit < '0' || digit > '9')
            return (struct code){0};
        code.number = 10 * code.number + (unsigned)(digit - '0');
    }
    code.last = reader_left(line) == 0 || reader_u8(line) != '-';
    return code;
}

static bool is_class(struct code code, unsigned class)
{
    return code.number / 100 == class;
}

static unsigned keyword(struct span word, const char *wanted)
{
    if (word_is(word, wanted))
        return LINE_OFFER;
    return word_masked(word) ? LINE_MASKED : LINE_NOTHING;
}

/* RFC 3207 section 4; EHLO: RFC 5321 section 4.1.1.1. */
static unsigned smtp_answer(struct preamble *preamble, struct span line)
{
    (void)preamble;
    struct reader r = reader_of(line);
    struct code code = read_code(&r);
    unsigned what = code.number == 250 ? keyword(word_next(&r), "STARTTLS") : LINE_NOTHING;
    if (code.number == 0 || !code.last || is_class(code, 1))
        return what;
    return what | LINE_FINAL | (is_class(code, 2) ? LINE_GOOD : 0u) |
           (code.number == 220 ? LINE_ACCEPT : 0u);
}

/* RFC 4217 section 4, RFC 2228 section 3; FEAT: RFC 2389 section 3.2. */
static unsigned ftp_answer(struct preamble *preamble, struct span line)
{
    (void)preamble;
    struct reader r = reader_of(line);
    struct code code = read_code(&r);
    if (code.number == 0) {
        struct reader feature = reader_of(line);
        struct span name = word_next(&feature), mechanism = word_next(&feature);
        bool tls = word_begins(mechanism, "TLS") || word_begins(mechanism, "SSL");
        return word_is(name, "AUTH") && tls ? LINE_OFFER : keyword(name, "AUTH-TLS");
    }
    if (!code.last || is_class(code, 1))
        return LINE_NOTHING;
    bool accepts = code.number == 234 || code.number == 334 || code.number == 235;
    return LINE_FINAL | (is_class(code, 2) ? LINE_GOOD : 0u) | (accepts ? LINE_ACCEPT : 0u);
}

/* RFC 4642 section 2; CAPABILITIES: RFC 3977 section 5.2. */
static unsigned nntp_answer(struct preamble *preamble, struct span line)
{
    struct reader r = reader_of(line);
    struct code code = read_code(&r);
    if (preamble->in_list) {
        r = reader_of(line);
        return keyword(word_next(&r), "STARTTLS");
    }
    if (code.number == 0)
        return LINE_NOTHING;
    bool good = is_class(code, 1) || is_class(code, 2);
    return LINE_FINAL | (good ? LINE_GOOD : 0u) | (code.number == 382 ? LINE_ACCEPT : 0u);
}

/* --- IMAP, POP3, ManageSieve --- */

/* RFC 9051 sections 6.2.1 and 7.2.2. */
static unsigned imap_answer(struct preamble *preamble, struct span line)
{
    (void)preamble;
    struct reader r = reader_of(line);
    struct span tag = word_next(&r), state = word_next(&r);
    unsigned what = LINE_NOTHING;
    bool list = word_is(state, "CAPABILITY");
    for (struct span word = word_next(&r); word.len > 0; word = word_next(&r)) {
        if (word.at[word.len - 1] == ']')
            word.len--;
        if (list && word_is(word, "STARTTLS"))
            what |= LINE_OFFER;
        else if (list && word_masked(word))
            what |= LINE_MASKED;
        list = list || word_is(word, "[CAPABILITY");
    }
    what |= list ? LINE_LIST_END : 0u;
    if (word_is(tag, "*") || word_is(tag, "+") || tag.len == 0)
        return what;
    return what | LINE_FINAL | (word_is(state, "OK") ? LINE_GOOD | LINE_ACCEPT : 0u);
}

/* RFC 2595 section 4; CAPA: RFC 2449 section 5. */
static unsigned pop3_answer(struct preamble *preamble, struct span line)
{
    struct reader r = reader_of(line);
    struct span word = word_next(&r);
    if (preamble->in_list)
        return keyword(word, "STLS");
    if (word_is(word, "+OK"))
        return LINE_FINAL | LINE_GOOD | LINE_ACCEPT;
    return word_is(word, "-ERR") || word_is(word, "+") ? LINE_FINAL : LINE_NOTHING;
}

/* RFC 5804 sections 1.2, 1.7 and 2.2. */
static unsigned sieve_answer(struct preamble *preamble, struct span line)
{
    struct reader r = reader_of(line);
    struct span word = word_next(&r);
    unsigned end = preamble->greeted ? LINE_NOTHING : LINE_LIST_END;
    if (word_is(word, "OK"))
        return end | LINE_FINAL | LINE_GOOD | LINE_ACCEPT;
    if (word_is(word, "NO") || word_is(word, "BYE"))
        return LINE_FINAL;
    return word_is(word, "\"STARTTLS\"") ? LINE_OFFER : LINE_NOTHING;
}

/* --- IRC --- */

/* CAP * LS [*] :a b tls */
static unsigned irc_capabilities(struct reader words)
{
    (void)word_next(&words);
    if (!word_is(word_next(&words), "LS"))
        return LINE_NOTHING;
    unsigned what = LINE_LIST_END;
    for (struct span word = word_next(&words); word.len > 0; word = word_next(&words)) {
        if (word_is(word, "*"))
            what = LINE_NOTHING;
        else if (word_is(word, "tls") || word_is(word, ":tls"))
            what |= LINE_OFFER;
    }
    return what;
}

/* The tls extension of IRCv3: numerics 670 and 691; 001 welcomes the client, after which it is too late. */
static unsigned irc_answer(struct preamble *preamble, struct span line)
{
    struct reader words = reader_of(line);
    struct span word = word_next(&words);
    if (word_begins(word, ":"))
        word = word_next(&words);
    if (word_is(word, "CAP"))
        return irc_capabilities(words);
    if (word_is(word, "001"))
        return LINE_BULK;
    if (!preamble->ask_open)
        return LINE_NOTHING;
    if (word_is(word, "670"))
        return LINE_FINAL | LINE_ACCEPT;
    bool about = word_list_has(words, "STARTTLS");
    bool error = word_is(word, "421") || word_is(word, "451") || word_is(word, "462");
    return word_is(word, "691") || (error && about) ? LINE_FINAL : LINE_NOTHING;
}

/* --- XMPP, a line ends with '>' --- */

/* RFC 6120 section 5.4. */
static unsigned xmpp_answer(struct preamble *preamble, struct span line)
{
    struct reader r = reader_of(line);
    struct span element = word_next(&r);
    if (word_begins(element, "<starttls"))
        return LINE_OFFER;
    if (word_is(element, "</stream:features") || word_is(element, "<stream:features/") ||
        word_is(element, "</features"))
        return LINE_LIST_END;
    if (!preamble->ask_open)
        return LINE_NOTHING;
    if (word_begins(element, "<proceed"))
        return LINE_FINAL | LINE_ACCEPT;
    return word_begins(element, "<failure") ? LINE_FINAL : LINE_NOTHING;
}

/* --- HTTP CONNECT --- */

/* RFC 9110 section 9.3.6: any 2xx makes the connection a tunnel, from the end of the head on. */
static unsigned http_answer(struct preamble *preamble, struct span line)
{
    struct reader r = reader_of(line);
    if (line.len == 0 && preamble->status != 0) {
        bool accepts = preamble->status / 100 == 2;
        preamble->status = 0;
        return preamble->ask_open ? LINE_FINAL | (accepts ? LINE_ACCEPT : 0u) : LINE_NOTHING;
    }
    if (!word_begins(word_next(&r), "HTTP/"))
        return LINE_NOTHING;
    struct span status = word_next(&r);
    r = reader_of(status);
    struct code code = read_code(&r);
    preamble->status = is_class(code, 1) ? 0 : code.number;
    return LINE_NOTHING;
}

static unsigned http_more(struct preamble *preamble, struct span line)
{
    if (word_begins(line, "CONNECT ")) {
        preamble->asking = true;
        return LINE_NOTHING;
    }
    if (line.len > 0)
        return preamble->asking ? LINE_NOTHING : LINE_BULK;
    bool asks = preamble->asking;
    preamble->asking = false;
    return asks ? LINE_ASK : LINE_NOTHING;
}

/* --- the tables --- */

#define PLAIN(text_words)                                                                          \
    {                                                                                              \
        .words = text_words                                                                        \
    }
#define LISTS(text_words)                                                                          \
    {                                                                                              \
        .words = text_words, .what = LINE_LIST                                                     \
    }
#define ASKS(text_words, text_kind)                                                                \
    {                                                                                              \
        .words = text_words, .what = LINE_ASK, .kind = text_kind                                   \
    }
#define BULK(text_words)                                                                           \
    {                                                                                              \
        .words = text_words, .what = LINE_BULK                                                     \
    }
#define IDLE(text_words)                                                                           \
    {                                                                                              \
        .words = text_words, .what = LINE_IDLE                                                     \
    }
#define LOGIN(text_words, text_kind)                                                               \
    {                                                                                              \
        .words = text_words, .what = LINE_CREDENTIALS, .kind = text_kind                           \
    }

static const struct text_command smtp_commands[] = {
    LISTS("EHLO"),         LISTS("LHLO"), PLAIN("HELO"), ASKS("STARTTLS", "starttls"),
    LOGIN("AUTH", "auth"), PLAIN("MAIL"), PLAIN("RCPT"), IDLE("RSET"),
    IDLE("NOOP"),          PLAIN("HELP"), PLAIN("VRFY"), PLAIN("EXPN"),
    PLAIN("QUIT"),         BULK("DATA"),  BULK("BDAT"),  {0},
};

static const struct text_command ftp_commands[] = {
    ASKS("AUTH TLS", "auth tls"),
    ASKS("AUTH TLS-C", "auth tls"),
    ASKS("AUTH TLS-P", "auth tls"),
    ASKS("AUTH SSL", "auth ssl"),
    {.words = "AUTH GSSAPI", .what = LINE_ASK | LINE_IN_LINES, .kind = "auth gssapi"},
    LISTS("FEAT"),
    LOGIN("USER", "user"),
    LOGIN("PASS", "password"),
    LOGIN("ACCT", "account"),
    PLAIN("AUTH"),
    PLAIN("ADAT"),
    PLAIN("SYST"),
    PLAIN("OPTS"),
    PLAIN("HOST"),
    PLAIN("CLNT"),
    PLAIN("HELP"),
    IDLE("NOOP"),
    PLAIN("PBSZ"),
    PLAIN("PROT"),
    PLAIN("QUIT"),
    BULK("PWD"),
    BULK("CWD"),
    BULK("TYPE"),
    BULK("PASV"),
    BULK("EPSV"),
    BULK("PORT"),
    BULK("EPRT"),
    BULK("RETR"),
    BULK("STOR"),
    BULK("LIST"),
    {0},
};

static const struct text_command imap_commands[] = {
    LISTS("CAPABILITY"),
    ASKS("STARTTLS", "starttls"),
    LOGIN("LOGIN", "login"),
    LOGIN("AUTHENTICATE", "authenticate"),
    PLAIN("ID"),
    IDLE("NOOP"),
    PLAIN("ENABLE"),
    PLAIN("NAMESPACE"),
    PLAIN("LOGOUT"),
    BULK("SELECT"),
    BULK("EXAMINE"),
    BULK("LIST"),
    BULK("LSUB"),
    BULK("STATUS"),
    BULK("APPEND"),
    BULK("IDLE"),
    BULK("UID"),
    BULK("FETCH"),
    {0},
};

static const struct text_command pop3_commands[] = {
    LISTS("CAPA"),
    ASKS("STLS", "stls"),
    LOGIN("USER", "user"),
    LOGIN("PASS", "password"),
    LOGIN("APOP", "apop"),
    LOGIN("AUTH", "auth"),
    IDLE("NOOP"),
    PLAIN("STAT"),
    PLAIN("QUIT"),
    BULK("LIST"),
    BULK("UIDL"),
    BULK("RETR"),
    BULK("TOP"),
    BULK("DELE"),
    {0},
};

static const struct text_command nntp_commands[] = {
    LISTS("CAPABILITIES"),
    ASKS("STARTTLS", "starttls"),
    LOGIN("AUTHINFO", "authinfo"),
    PLAIN("MODE"),
    PLAIN("DATE"),
    PLAIN("QUIT"),
    BULK("HELP"),
    BULK("LIST"),
    BULK("GROUP"),
    BULK("LISTGROUP"),
    BULK("ARTICLE"),
    BULK("HEAD"),
    BULK("BODY"),
    BULK("STAT"),
    BULK("OVER"),
    BULK("XOVER"),
    BULK("NEWNEWS"),
    BULK("NEWGROUPS"),
    BULK("POST"),
    BULK("IHAVE"),
    BULK("CHECK"),
    BULK("TAKETHIS"),
    {0},
};

static const struct text_command sieve_commands[] = {
    LISTS("CAPABILITY"),
    ASKS("STARTTLS", "starttls"),
    LOGIN("AUTHENTICATE", "authenticate"),
    PLAIN("NOOP"),
    PLAIN("LOGOUT"),
    BULK("LISTSCRIPTS"),
    BULK("GETSCRIPT"),
    BULK("PUTSCRIPT"),
    BULK("HAVESPACE"),
    {0},
};

static const struct text_command irc_commands[] = {
    LISTS("CAP LS"),
    ASKS("STARTTLS", "starttls"),
    LOGIN("PASS", "password"),
    LOGIN("AUTHENTICATE", "authenticate"),
    PLAIN("CAP"),
    PLAIN("NICK"),
    PLAIN("USER"),
    PLAIN("PING"),
    PLAIN("PONG"),
    PLAIN("QUIT"),
    BULK("JOIN"),
    BULK("PRIVMSG"),
    BULK("MODE"),
    {0},
};

static const struct text_command xmpp_commands[] = {
    LISTS("<stream:stream"),
    ASKS("<starttls", "starttls"),
    ASKS("<starttls/", "starttls"),
    LOGIN("<auth", "sasl"),
    LOGIN("<authenticate", "sasl"),
    LOGIN("<query xmlns='jabber:iq:auth'", "iq-auth"),
    LOGIN("<query xmlns=\"jabber:iq:auth\"", "iq-auth"),
    PLAIN("<iq"),
    BULK("<presence"),
    BULK("<presence/"),
    BULK("<message"),
    {0},
};

static const struct text_command http_commands[] = {
    PLAIN("CONNECT"),
    LOGIN("Proxy-Authorization:", "proxy-authorization"),
    {0},
};

static const struct text_protocol smtp = {
    .commands = smtp_commands, .greets = true, .mark = '\n', .answer = smtp_answer};
static const struct text_protocol ftp = {
    .commands = ftp_commands, .greets = true, .mark = '\n', .answer = ftp_answer};
static const struct text_protocol imap = {
    .commands = imap_commands, .tagged = true, .mark = '\n', .answer = imap_answer};
static const struct text_protocol pop3 = {
    .commands = pop3_commands, .greets = true, .dot = true, .mark = '\n', .answer = pop3_answer};
static const struct text_protocol nntp = {
    .commands = nntp_commands, .greets = true, .dot = true, .mark = '\n', .answer = nntp_answer};
static const struct text_protocol sieve = {
    .commands = sieve_commands, .greets = true, .mark = '\n', .answer = sieve_answer};
static const struct text_protocol irc = {
    .commands = irc_commands, .asynchronous = true, .mark = '\n', .answer = irc_answer};
static const struct text_protocol xmpp = {
    .commands = xmpp_commands, .asynchronous = true, .mark = '>', .answer = xmpp_answer};
static const struct text_protocol http = {.commands = http_commands,
                                          .asynchronous = true,
                                          .mark = '\n',
                                          .answer = http_answer,
                                          .more = http_more};

const struct preamble_protocol preamble_text_protocols[TEXT_PROTOCOLS] = {
    [TEXT_SMTP] = {.name = "smtp", .ports = {25, 587}, .read = preamble_text_read, .text = &smtp},
    [TEXT_FTP] = {.name = "ftp", .ports = {21, 2811}, .read = preamble_text_read, .text = &ftp},
    [TEXT_IMAP] = {.name = "imap", .ports = {143}, .read = preamble_text_read, .text = &imap},
    [TEXT_POP3] = {.name = "pop3", .ports = {110}, .read = preamble_text_read, .text = &pop3},
    [TEXT_NNTP] = {.name = "nntp", .ports = {119, 433}, .read = preamble_text_read, .text = &nntp},
    [TEXT_SIEVE] = {.name = "managesieve",
                    .ports = {4190, 2000},
                    .read = preamble_text_read,
                    .text = &sieve},
    [TEXT_IRC] = {.name = "irc",
                  .ports = {6667, 6665, 6666},
                  .read = preamble_text_read,
                  .text = &irc},
    [TEXT_XMPP] = {.name = "xmpp",
                   .ports = {5222, 5269},
                   .read = preamble_text_read,
                   .text = &xmpp},
    [TEXT_HTTP] = {.name = "http-connect",
                   .tunnel = true,
                   .read = preamble_text_read,
                   .text = &http},
};

enum {
    SMTP_OR_FTP = 1 << TEXT_SMTP | 1 << TEXT_FTP,
    ANY_STARTTLS = 1 << TEXT_SMTP | 1 << TEXT_NNTP | 1 << TEXT_SIEVE | 1 << TEXT_IRC
};

const struct text_beginning preamble_text_beginnings[] = {
    {"220 ", PREAMBLE_FROM_SERVER, SMTP_OR_FTP},
    {"220-", PREAMBLE_FROM_SERVER, SMTP_OR_FTP},
    {"* OK ", PREAMBLE_FROM_SERVER, 1 << TEXT_IMAP},
    {"* PREAUTH ", PREAMBLE_FROM_SERVER, 1 << TEXT_IMAP},
    {"+OK ", PREAMBLE_FROM_SERVER, 1 << TEXT_POP3},
    {"200 ", PREAMBLE_FROM_SERVER, 1 << TEXT_NNTP},
    {"201 ", PREAMBLE_FROM_SERVER, 1 << TEXT_NNTP},
    {"\"IMPLEMENTATION\" ", PREAMBLE_FROM_SERVER, 1 << TEXT_SIEVE},
    {"NOTICE AUTH ", PREAMBLE_FROM_SERVER, 1 << TEXT_IRC},
    {"EHLO", PREAMBLE_FROM_CLIENT, 1 << TEXT_SMTP},
    {"HELO", PREAMBLE_FROM_CLIENT, 1 << TEXT_SMTP},
    {"LHLO", PREAMBLE_FROM_CLIENT, 1 << TEXT_SMTP},
    {"STARTTLS\r\n", PREAMBLE_FROM_CLIENT, ANY_STARTTLS},
    {"AUTH TLS\r\n", PREAMBLE_FROM_CLIENT, 1 << TEXT_FTP},
    {"AUTH SSL\r\n", PREAMBLE_FROM_CLIENT, 1 << TEXT_FTP},
    {"STLS\r\n", PREAMBLE_FROM_CLIENT, 1 << TEXT_POP3},
    {"CAPA\r\n", PREAMBLE_FROM_CLIENT, 1 << TEXT_POP3},
    {"CAPABILITIES\r\n", PREAMBLE_FROM_CLIENT, 1 << TEXT_NNTP},
    {"CONNECT ", PREAMBLE_FROM_CLIENT, 1 << TEXT_HTTP},
    {"CAP LS", PREAMBLE_FROM_CLIENT, 1 << TEXT_IRC},
    {"CAP REQ ", PREAMBLE_FROM_CLIENT, 1 << TEXT_IRC},
    {"NICK ", PREAMBLE_FROM_CLIENT, 1 << TEXT_IRC},
    {0},
};
