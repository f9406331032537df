/* reference.c: addresses of RFCs (rfc-editor.org) and of drafts (datatracker.ietf.org). */
#include "reports/reference.h"

#include <stdio.h>
#include <string.h>

static const char section_word[] = "section ", appendix_word[] = "appendix ";

/* "section 6.1.1" becomes "#section-6.1.1", "appendix A.2" "#appendix-A.2"; nothing becomes nothing. */
static void put_anchor(const char *text, size_t len, char anchor[64])
{
    const char *word = NULL;
    size_t skip = 0;
    anchor[0] = '\0';
    if (len > sizeof section_word - 1 && memcmp(text, section_word, sizeof section_word - 1) == 0) {
        word = "section";
        skip = sizeof section_word - 1;
    } else if (len > sizeof appendix_word - 1 &&
               memcmp(text, appendix_word, sizeof appendix_word - 1) == 0) {
        word = "appendix";
        skip = sizeof appendix_word - 1;
    }
    size_t number = word != NULL ? strspn(text + skip, "0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
    if (word != NULL && number > 0 && number < 32)
        snprintf(anchor, 64, "#%s-%.*s", word, (int)number, text + skip);
}

bool reference_uri(const char *references, char uri[REFERENCE_SIZE])
{
    char anchor[64];
    size_t len = strcspn(references, ";");
    bool rfc = strncmp(references, "RFC ", 4) == 0;
    if (!rfc && strncmp(references, "draft-", 6) != 0)
        return false;
    const char *name = rfc ? references + 4 : references;
    size_t name_len = rfc ? strspn(name, "0123456789") : strcspn(name, " ;");
    const char *behind = name + name_len;
    if (name_len == 0 || name_len > 64)
        return false;
    behind += *behind == ' ';
    put_anchor(behind, (size_t)(references + len - behind), anchor);
    snprintf(uri, REFERENCE_SIZE, "https://%s%.*s%s",
             rfc ? "www.rfc-editor.org/rfc/rfc" : "datatracker.ietf.org/doc/html/", (int)name_len,
             name, anchor);
    return true;
}
