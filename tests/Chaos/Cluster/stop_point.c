/*
 * Preloaded into a process, this stops it (SIGSTOP) at a point that nobody outside can hit: right before it opens a connection to a port, or right before it sends the first
 * encrypted record of a request to it, with nothing of it on the way. STOP_POINT_FILE names a file with the port and the point, each a 32-bit number; whoever writes a point
 * other than none sets it while the process runs. It is hit once, and the file says so.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NONE, CONNECT, SEND, HIT };

/* The type of a TLS record with data of the application (RFC 8446, 5.1). */
static const uint8_t APPLICATION_DATA = 23;

struct point {
  int32_t port;
  int32_t kind;
};

static struct point *point;

/* The connection on which a thread was stopped and has not sent yet; none below zero. */
static volatile int held = -1;

__attribute__((constructor)) static void map_point(void)
{
  const char *path = getenv("STOP_POINT_FILE");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *point, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) point = mapped;
  close(file);
}

static int is_target(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET) return ntohs(((const struct sockaddr_in *)address)->sin_port) == point->port;
  if (address->sa_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)address)->sin6_port) == point->port;
  return 0;
}

/* To this thread alone, which then takes all others with it: none of them goes on from here. */
static void stop_once(int32_t kind)
{
  if (!__atomic_compare_exchange_n(&point->kind, &kind, HIT, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGSTOP);
}

/* All threads go on at the same moment, and others find the time of the request over: whoever ends its connection does so after the send, as if it had come a moment later. */
static void after_sending(int socket)
{
  while (held == socket) usleep(100);
}

static void before_sending(int socket, const void *data, size_t length)
{
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  if (!point || point->kind != SEND || length == 0 || *(const uint8_t *)data != APPLICATION_DATA) return;
  if (getpeername(socket, (struct sockaddr *)&peer, &size) || !is_target((struct sockaddr *)&peer)) return;
  held = socket;
  stop_once(SEND);
}

int connect(int socket, const struct sockaddr *address, socklen_t length)
{
  static int (*real)(int, const struct sockaddr *, socklen_t);
  if (!real) real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
  if (point && point->kind == CONNECT && is_target(address)) stop_once(CONNECT);
  if (address->sa_family == AF_UNSPEC) after_sending(socket);
  return real(socket, address, length);
}

ssize_t send(int socket, const void *data, size_t length, int flags)
{
  static ssize_t (*real)(int, const void *, size_t, int);
  if (!real) real = (ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
  before_sending(socket, data, length);
  ssize_t sent = real(socket, data, length, flags);
  if (held == socket) held = -1;
  return sent;
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
  static ssize_t (*real)(int, const struct msghdr *, int);
  if (!real) real = (ssize_t (*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
  if (message->msg_iovlen > 0) before_sending(socket, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
  ssize_t sent = real(socket, message, flags);
  if (held == socket) held = -1;
  return sent;
}

int shutdown(int socket, int how)
{
  static int (*real)(int, int);
  if (!real) real = (int (*)(int, int))dlsym(RTLD_NEXT, "shutdown");
  after_sending(socket);
  return real(socket, how);
}

int setsockopt(int socket, int level, int option, const void *value, socklen_t length)
{
  static int (*real)(int, int, int, const void *, socklen_t);
  if (!real) real = (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
  if (level == SOL_SOCKET && option == SO_LINGER) after_sending(socket);
  return real(socket, level, option, value, length);
}
