/* login_kind.h: what a login in clear shows, by its protocol and the kind that a dissector tells. */
#ifndef PERPASS_ANALYSIS_LOGIN_KIND_H
#define PERPASS_ANALYSIS_LOGIN_KIND_H

enum login_kind {
    LOGIN_NAME = 1,   /* a name, perhaps of nobody */
    LOGIN_PROTECTING, /* by a mechanism that may protect what follows by itself */
    LOGIN_PROOF, /* a proof of a password, against which passwords can be tried; or a password */
    LOGIN_WELL_KNOWN, /* a password that everybody knows */
    LOGIN_PASSWORD    /* a password, or what serves as one */
};

/* login_kind_of_preamble judges starttls.session; login_kind_of_http the scheme of http.login. */
enum login_kind login_kind_of_preamble(const char *protocol, const char *kind);
enum login_kind login_kind_of_http(const char *scheme);

#endif
