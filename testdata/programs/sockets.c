// Sockets: pairs, Unix and TCP servers, messages with descriptors and credentials, options, addresses.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void pair(void) {
    int ends[2], type;
    char text[32] = {0};
    socklen_t size = sizeof type;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK(send(ends[0], "hello", 5, 0) == 5 && recv(ends[1], text, 3, MSG_PEEK) == 3 && recv(ends[1], text, 5, MSG_WAITALL) == 5);
    CHECK(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM && size == sizeof type);
    CHECK(recv(ends[1], text, 5, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(shutdown(ends[0], SHUT_WR) == 0 && recv(ends[1], text + 10, 5, 0) == 0);
    close(ends[0]);
    CHECK(send(ends[1], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    close(ends[1]);
    printf("pair '%s'\n", text);
}

static void descriptors(void) {
    int ends[2], pipe_ends[2], got = -1, on = 1;
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0 && pipe(pipe_ends) == 0);
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct iovec parts[] = {{"with ", 5}, {"a pipe", 6}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &pipe_ends[1], sizeof(int));
    CHECK(sendmsg(ends[0], &message, 0) == 11);

    char text[32] = {0};
    union { struct cmsghdr header; char bytes[256]; } received = {0};
    struct iovec into = {text, sizeof text};
    message = (struct msghdr){.msg_iov = &into, .msg_iovlen = 1, .msg_control = &received, .msg_controllen = sizeof received};
    CHECK(recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC) == 11);
    for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_type == SCM_RIGHTS) memcpy(&got, CMSG_DATA(header), sizeof got);
        if (header->cmsg_type != SCM_CREDENTIALS) continue;
        struct ucred who;
        memcpy(&who, CMSG_DATA(header), sizeof who);
        CHECK(who.pid == getpid() && who.uid == getuid());
    }
    CHECK(got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC && write(got, "through", 7) == 7 && read(pipe_ends[0], text + 16, 7) == 7);
    printf("message '%s', '%s'\n", text, text + 16);

    struct mmsghdr many[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = parts + 1, .msg_iovlen = 1}}};
    int sent = sendmmsg(ends[0], many, 2, 0);
    printf("many %d: %d %d\n", sent, many[0].msg_len, many[1].msg_len);
}

static void tcp(void) {
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, status;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, peer;
    socklen_t size = sizeof address;
    CHECK(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    CHECK(bind(server, (void *)&address, sizeof address) == 0 && listen(server, 5) == 0);
    CHECK(getsockname(server, (void *)&address, &size) == 0 && size == sizeof address && address.sin_port != 0);
    pid_t child = fork();
    if (child == 0) {
        char text[16] = {0};
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (void *)&address, sizeof address) || write(client, "ping", 4) != 4 || read(client, text, 4) != 4) _exit(1);
        _exit(strcmp(text, "pong") == 0 ? 8 : 2);
    }
    char text[16] = {0};
    size = sizeof peer;
    int connection = accept4(server, (void *)&peer, &size, SOCK_CLOEXEC);
    CHECK(connection >= 0 && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    struct timeval limit = {5, 250000}, back;
    size = sizeof back;
    CHECK(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(getsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &back, &size) == 0 && back.tv_sec == 5);
    CHECK(read(connection, text, 4) == 4 && write(connection, "pong", 4) == 4);
    waitpid(child, &status, 0);
    printf("tcp '%s' child %d\n", text, WEXITSTATUS(status));
    close(connection), close(server);
}

static void named(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/transom-socket-%d", getpid());
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (void *)&address, sizeof address) == 0 && listen(server, 1) == 0);
    CHECK(connect(client, (void *)&address, sizeof address) == 0);
    struct ucred who;
    socklen_t size = sizeof who;
    CHECK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid == getpid());
    CHECK(connect(server, (void *)&address, 3) == -1);
    unlink(address.sun_path);
    close(server), close(client);
    puts("named");
}

int main(void) {
    pair(), descriptors(), tcp(), named();
    DONE();
}
