/* siem_sigma.c: docs/siem/sigma.yml: a Sigma rule (specification 2) for each rule of the catalogue, over finding events.
 *
 * The id of each is a UUID of version 8 (RFC 9562) made of the rule's id, so that it is the same for ever. */
#include "analysis/rules.h"
#include "core/crypto.h"
#include "reports/reference.h"
#include "reports/siem.h"

/* YAML in double quotes: text of the program's own. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *at = text; *at != '\0'; at++)
        fprintf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    fputc('"', out);
}

static void put_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s: ", name);
    put_quoted(out, text);
    fputc('\n', out);
}

static bool put_id(FILE *out, const struct rule *rule)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    char name[128];
    int len = snprintf(name, sizeof name, "perpass sigma %s", rule->id);
    if (!crypto_sha256(span_of(name, (size_t)len), hash))
        return false;
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80);
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
    fputs("id: ", out);
    for (size_t i = 0; i < 16; i++)
        fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", hash[i]);
    fputc('\n', out);
    return true;
}

static const char *level_of(enum severity severity)
{
    return severity == SEVERITY_INFO ? "informational" : severity_name(severity);
}

static void put_references(FILE *out, const char *references)
{
    char uri[REFERENCE_SIZE];
    fputs("references:\n", out);
    for (const char *at = references; *at != '\0';) {
        if (reference_uri(at, uri))
            fprintf(out, "  - %s\n", uri);
        while (*at != '\0' && *at != ';')
            at++;
        while (*at == ';' || *at == ' ')
            at++;
    }
}

static bool put_rule(FILE *out, const struct rule *rule)
{
    put_member(out, "title", rule->title);
    if (!put_id(out, rule))
        return false;
    fputs("status: stable\n", out);
    put_member(out, "description", rule->meaning);
    put_references(out, rule->references);
    fprintf(out,
            "author: perpass\n"
            "tags:\n  - perpass.%s\n"
            "logsource:\n  product: perpass\n  service: finding\n"
            "detection:\n  selection:\n    event.dataset: perpass.finding\n    rule.id: %s\n"
            "  condition: selection\n"
            "falsepositives:\n  - ",
            attack_class_id(rule->attack), rule->id);
    put_quoted(out, rule->doubts);
    fprintf(out, "\nlevel: %s\n", level_of(rule->severity));
    return true;
}

bool siem_sigma(FILE *out)
{
    bool ok = true;
    fputs("# Made by perpass-docs sigma from analysis/rules.def: change it there.\n", out);
    for (int id = 0; ok && id < (int)NUM_RULES; id++) {
        fputs("---\n", out);
        ok = put_rule(out, rule_get((enum rule_id)id));
    }
    return ok;
}
