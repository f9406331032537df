/* telnet.c: Telnet, RFC 854, as far as the login: looks for what asks for names and passwords, and for the beginning of
 * encryption (RFC 2946; START_TLS, draft-altman-telnet-starttls). Options are passed over. Recognised by the commands
 * that a side begins with; a server that sends none is not. */
#include "dissectors/telnet.h"

#include "dissectors/field_rows.h"
#include "dissectors/starttls_words.h"

enum {
    IAC = 255,
    DONT = 254,
    WILL = 251,
    SB = 250,
    SE = 240,
    OPTION_ENCRYPT = 38,
    OPTION_START_TLS = 46,
    OPTION_LAST = 50,
    ENCRYPT_START = 3,
    TLS_FOLLOWS = 1,
    PROMPT_LEN = 16,
    MAX_BYTES = 16 << 10 /* of a side, in which a login is looked for */
};

enum place { IN_TEXT, IN_COMMAND, IN_OPTION, IN_BLOCK, IN_BLOCK_COMMAND };

struct side {
    uint8_t place, option, first; /* |option| and |first| byte of a block */
    uint8_t in_block;             /* bytes of it read, at most 2 */
    uint32_t bytes;
};

enum asked { ASKED_NOTHING, ASKED_NAME, ASKED_PASSWORD };

struct telnet {
    struct side sides[2];
    uint8_t prompt[PROMPT_LEN]; /* the last characters that the server showed, in lower case */
    enum asked asked;
    bool typed, user, password, encrypted, told;
};

static enum recognise telnet_recognises(struct reader bytes)
{
    size_t there = reader_left(&bytes);
    uint8_t iac = reader_u8(&bytes);
    if (there == 0 || iac != IAC)
        return RECOGNISE_NO;
    uint8_t command = reader_u8(&bytes), option = reader_u8(&bytes);
    if (there >= 2 && (command < WILL || command > DONT))
        return RECOGNISE_NO;
    if (there < 3)
        return bytes.cut == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
    if (option > OPTION_LAST)
        return RECOGNISE_NO;
    /* Another command follows, or text. */
    return RECOGNISE_YES;
}

static bool ends_with(const struct telnet *telnet, const char *word)
{
    size_t len = strlen(word);
    return memcmp(telnet->prompt + PROMPT_LEN - len, word, len) == 0;
}

static void on_shown(struct telnet *telnet, uint8_t c)
{
    if (c == ' ' || c == 0)
        return;
    memmove(telnet->prompt, telnet->prompt + 1, PROMPT_LEN - 1);
    telnet->prompt[PROMPT_LEN - 1] = ascii_lower(c);
    enum asked asked = telnet->asked;
    if (ends_with(telnet, "password:") || ends_with(telnet, "passcode:") ||
        ends_with(telnet, "passwd:"))
        asked = ASKED_PASSWORD;
    else if (ends_with(telnet, "login:") || ends_with(telnet, "username:") ||
             ends_with(telnet, "user:") || ends_with(telnet, "username>"))
        asked = ASKED_NAME;
    if (asked != telnet->asked)
        telnet->typed = false;
    telnet->asked = asked;
}

static void on_typed(struct telnet *telnet, uint8_t c)
{
    if (telnet->asked == ASKED_NOTHING)
        return;
    if (c != '\r' && c != '\n' && c != 0) {
        telnet->typed = true;
        return;
    }
    if (telnet->typed && telnet->asked == ASKED_NAME)
        telnet->user = true;
    if (telnet->typed && telnet->asked == ASKED_PASSWORD)
        telnet->password = true;
    telnet->typed = false;
    telnet->asked = ASKED_NOTHING;
}

static void on_block(struct telnet *telnet, const struct side *side)
{
    if ((side->option == OPTION_ENCRYPT && side->first == ENCRYPT_START) ||
        (side->option == OPTION_START_TLS && side->first == TLS_FOLLOWS))
        telnet->encrypted = true;
}

static void on_text(struct telnet *telnet, uint8_t c, bool client)
{
    if (client)
        on_typed(telnet, c);
    else
        on_shown(telnet, c);
}

/* A byte behind IAC. */
static void on_command(struct telnet *telnet, struct side *side, uint8_t c, bool client)
{
    side->place = IN_TEXT;
    if (c == IAC)
        on_text(telnet, c, client);
    else if (c == SB)
        *side = (struct side){.place = IN_BLOCK, .bytes = side->bytes};
    else if (c >= WILL)
        side->place = IN_OPTION;
}

static void on_byte(struct telnet *telnet, struct side *side, uint8_t c, bool client)
{
    switch ((enum place)side->place) {
    case IN_TEXT:
        if (c == IAC)
            side->place = IN_COMMAND;
        else
            on_text(telnet, c, client);
        break;
    case IN_COMMAND:
        on_command(telnet, side, c, client);
        break;
    case IN_OPTION:
        side->place = IN_TEXT;
        break;
    case IN_BLOCK:
        if (c == IAC) {
            side->place = IN_BLOCK_COMMAND;
            break;
        }
        if (side->in_block == 0)
            side->option = c;
        else if (side->in_block == 1)
            side->first = c;
        side->in_block = (uint8_t)(side->in_block < 2 ? side->in_block + 1 : 2);
        break;
    case IN_BLOCK_COMMAND:
        if (c == SE)
            on_block(telnet, side);
        side->place = c == SE ? IN_TEXT : IN_BLOCK;
        break;
    }
}

static void tell(struct telnet *telnet, struct dissect_context *context)
{
    if (telnet->told)
        return;
    telnet->told = true;
    bool whole = context->flow->saw_start;
    const struct telnet_session said = {.user = telnet->user ? TRUTH_YES
                                                : whole      ? TRUTH_NO
                                                             : TRUTH_UNKNOWN,
                                        .password = telnet->password ? TRUTH_YES
                                                    : whole          ? TRUTH_NO
                                                                     : TRUTH_UNKNOWN,
                                        .encrypted = telnet->encrypted ? TRUTH_YES
                                                     : whole           ? TRUTH_NO
                                                                       : TRUTH_UNKNOWN};
    dissect_emit(context, &observation_telnet_session, &said);
}

static enum dissect telnet_dissect(struct reader *bytes, void *state,
                                   struct dissect_context *context)
{
    struct telnet *telnet = state;
    struct side *side = &telnet->sides[context->side];
    bool client = context->side == context->flow->client;
    if (context->gap)
        *side = (struct side){.place = IN_TEXT, .bytes = side->bytes};
    while (reader_left(bytes) > 0 && !telnet->encrypted && !telnet->password) {
        on_byte(telnet, side, reader_u8(bytes), client);
        side->bytes++;
    }
    if (!telnet->encrypted && !telnet->password && side->bytes < MAX_BYTES) {
        reader_skip(bytes, reader_wire_left(bytes));
        return DISSECT_MORE;
    }
    tell(telnet, context);
    return DISSECT_DONE;
}

static void telnet_end(void *state, struct dissect_context *context)
{
    tell(state, context);
}

#define STRUCT struct telnet_session
static const struct field session_fields[] = {
    ROW("perpass.telnet.user", FIELD_TRUTH, user,
        "the server asked for a name, and something was typed", IS_PUBLIC),
    ROW("perpass.telnet.password", FIELD_TRUTH, password,
        "the server asked for a password, and something was typed", IS_PUBLIC),
    ROW("perpass.telnet.encrypted", FIELD_TRUTH, encrypted,
        "encryption began, by the option for it or by TLS", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_telnet_session, "telnet.session", session_fields, telnet_session,
     "A conversation of Telnet, up to a password, to encryption, or to its end.");

static const struct observation_type *const observations[] = {&observation_telnet_session, NULL};

const struct dissector dissector_telnet = {
    .name = "telnet",
    .spec = "RFC 854, RFC 2946",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct telnet),
    .recognises = telnet_recognises,
    .dissect = telnet_dissect,
    .end = telnet_end,
    .observations = observations,
};
