/* socket_broker.h: connects a socket anew when the program itself may not any more.
 *
 * The sandbox forbids to connect, and cannot forbid it for all sockets but one. So a process that is made before the
 * sandbox is entered, knows one path and does nothing else, connects to it when it is asked to by a byte, and hands the
 * descriptor over. It ends when the program does. */
#ifndef PERPASS_CLI_SOCKET_BROKER_H
#define PERPASS_CLI_SOCKET_BROKER_H

#include "core/error.h"

struct socket_broker;

/* socket_broker_new makes that process, for the stream socket |path|, of which the name was used before. Call it before
 * there are threads. NULL and |error| when it cannot be made. */
struct socket_broker *socket_broker_new(const char *path, struct error *error);

/* socket_broker_ask asks for a connection, unless it was asked before and has not answered; socket_broker_take gives the
 * descriptor of one, which is the caller's, or -1 when there is none (yet). Neither waits. */
void socket_broker_ask(struct socket_broker *broker);
int socket_broker_take(struct socket_broker *broker);

void socket_broker_free(struct socket_broker *broker);

#endif
