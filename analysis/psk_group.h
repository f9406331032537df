/* psk_group.h: more nodes with one external PSK than the two it is for: RFC 9257 sections 4, 4.1 and 6. */
#ifndef PERPASS_ANALYSIS_PSK_GROUP_H
#define PERPASS_ANALYSIS_PSK_GROUP_H

#include "analysis/analyzer.h"
#include "analysis/psk_handshake.h"
#include "analysis/psk_users.h"

/* psk_group_use notes that the two ends of the flow at hand used the identity of |user|, in |handshake|, and reports
 * what follows. |established| is whether both were seen to agree on the key. */
void psk_group_use(struct analyze_context *context, struct psk_user *user,
                   const struct psk_handshake *handshake, const char *transport, bool established);

/* What such a finding says, beside where it is; also for those who know users from elsewhere. Evidence has room for 9
 * facts more. |before| is the node in the other role. */
void psk_group_say_clients(struct finding *finding, const struct psk_user *user,
                           const struct psk_node *client, const struct psk_signs *signs);
void psk_group_say_servers(struct finding *finding, const struct psk_user *user,
                           const struct psk_node *server, const struct psk_signs *signs);
void psk_group_say_switch(struct finding *finding, const struct psk_user *user,
                          const struct psk_node *node, const struct psk_node *before);

#endif
