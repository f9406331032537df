/* content_block.h: what goes over several lines: keys and certificates in PEM, keys of PuTTY, banners, comments. */
#ifndef PERPASS_DISSECTORS_CONTENT_BLOCK_H
#define PERPASS_DISSECTORS_CONTENT_BLOCK_H

#include "dissectors/content_lines.h"
#include "dissectors/content_secret.h"

enum content_block_type {
    BLOCK_NONE = 0,
    BLOCK_PEM,     /* up to -----END; |is_secret|: its characters are counted */
    BLOCK_PUTTY,   /* the lines of a key of PuTTY, |lines_left| of them */
    BLOCK_BANNER,  /* up to |delimiter| */
    BLOCK_EOF,     /* a banner up to a line EOF */
    BLOCK_COMMENT, /* up to |delimiter| and what follows it: --> or * / */
};

/* All-zero is outside of any. */
struct content_block {
    enum content_block_type type;
    uint8_t delimiter;
    unsigned lines_left; /* then the block is taken for over, whatever it looks like */
    bool is_secret;
    bool putty_encrypted; /* of the file that is a key of PuTTY */
    enum secret_kind kind;
    uint64_t line; /* where the secret begins */
    size_t len;
};

/* content_block_inside reads a line in a block; false when there is none. */
bool content_block_inside(struct content_block *block, const struct content_line *line,
                          struct content_secrets *secrets);

/* content_block_key looks for the beginning of a key or a certificate on a line, and reads what is of it there. */
bool content_block_key(struct content_block *block, const struct content_line *line,
                       struct content_secrets *secrets);

/* content_block_banner begins a banner; |rest| is the delimiter and what follows on the line. */
void content_block_banner(struct content_block *block, struct span rest);

/* content_block_comment begins a comment that does not end on its line. */
void content_block_comment(struct content_block *block, const struct content_line *line);

/* content_block_finish tells of a key whose end was not seen. */
void content_block_finish(struct content_block *block, struct content_secrets *secrets);

#endif
