/* content_secret.h: secrets, one by one: how a value is written, and the list of those that were found. */
#ifndef PERPASS_DISSECTORS_CONTENT_SECRET_H
#define PERPASS_DISSECTORS_CONTENT_SECRET_H

#include "dissectors/content_rule.h"

/* content_secret_form tells how |value| is written; |type| is the word or number before or behind it, if there is
 * one. */
enum secret_form content_secret_form(struct span value, struct span type);

/* What was found. All-zero is nothing. The lists are for the rows: a byte, four bytes, four bytes an item. */
struct content_secrets {
    uint64_t total, reversible;
    size_t num;
    struct content_secret list[CONTENT_MAX_SECRETS];
    uint8_t kinds[CONTENT_MAX_SECRETS], lines[4 * CONTENT_MAX_SECRETS],
        lengths[4 * CONTENT_MAX_SECRETS];
};

/* content_secrets_add counts a secret of |len| bytes; a login's password that is a hash is of that kind. */
void content_secrets_add(struct content_secrets *secrets, enum secret_kind kind,
                         enum secret_form form, uint64_t line, size_t len);

#endif
