/* socket_broker.c: a process that connects to one socket for another process. */
#include "cli/socket_broker.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct socket_broker {
    int channel;
    bool asked;
};

/* --- the process --- */

static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One byte; with it the descriptor, if there is one. */
static bool answer(int channel, int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte = fd >= 0 ? 'y' : 'n';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(channel, &message, MSG_NOSIGNAL) == 1;
}

/* Until the other end of |channel| is closed. Signals for the whole group are for the other process. */
__attribute__((noreturn)) static void serve(int channel, const struct sockaddr_un *address)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t none;
    char byte;
    bool ok = true;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* Nothing but the channel: not the descriptors of others, and no terminal. */
    dup2(channel, 0);
    close_range(1, ~0U, 0);
    while (ok && recv(0, &byte, 1, 0) == 1) {
        int fd = connect_to(address);
        ok = answer(0, fd);
        if (fd >= 0)
            close(fd);
    }
    _exit(0);
}

/* --- who asks --- */

/* A child's child, so that nobody has to wait for its end. */
static bool start(int channels[2], const struct sockaddr_un *address)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        pid_t server = fork();
        if (server == 0)
            serve(channels[1], address);
        _exit(server > 0 ? 0 : 1);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct socket_broker *socket_broker_new(const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct socket_broker *broker = calloc(1, sizeof *broker);
    int channels[2] = {-1, -1};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bool ok = broker != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channels) == 0;
    ok = ok && start(channels, &address);
    if (!ok) {
        error_set(error, "no process can be made that connects to %s again: %s", path,
                  strerror(errno));
        if (channels[0] >= 0)
            close(channels[0]);
        free(broker);
        broker = NULL;
    } else {
        broker->channel = channels[0];
    }
    if (channels[1] >= 0)
        close(channels[1]);
    return broker;
}

void socket_broker_ask(struct socket_broker *broker)
{
    if (!broker->asked)
        broker->asked = send(broker->channel, "?", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

int socket_broker_take(struct socket_broker *broker)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte = 'n';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int fd = -1;
    if (!broker->asked || recvmsg(broker->channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    broker->asked = false;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (byte == 'y' && head != NULL && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

void socket_broker_free(struct socket_broker *broker)
{
    if (broker == NULL)
        return;
    close(broker->channel);
    free(broker);
}
