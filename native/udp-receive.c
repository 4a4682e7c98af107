/*
 * Batched receive for HEP over UDP: one recvmmsg(2) takes many datagrams into one slab, which JavaScript reads in place.
 *
 *   socket readable ─▶ on_readable() ─▶ JavaScript ─▶ receive() ─▶ slab:  │ datagram ▒▒▒▒ │ datagram ▒▒ │ …
 *                                                                  heads: │ length, sender │ length, sender │ …
 *
 * Slab and heads belong to the caller and are used again by the next receive(). How many are taken at once is what the
 * heads have room for; each datagram gets an equal share of the slab.
 *
 * Only Node-API and libuv's stable interface are used, so one build serves every Node.js from version 20 on. There is no
 * state outside `receiver`, so several threads may load it; a thread that is terminated closes its sockets through the
 * clean-up hook.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <node_api.h>
#include <uv.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Older C libraries lack these numbers of Linux 4.6; SO_MEMINFO answers so many words, these among them. */
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
enum { MEMINFO_QUEUED = 0, MEMINFO_LIMIT = 1, MEMINFO_DROPPED = 8, MEMINFO_WORDS = 9 };

/* Integers of one head; udp-batched.ts reads them by the same numbers. */
enum { HEAD_LENGTH, HEAD_PORT, HEAD_FAMILY, HEAD_SCOPE, HEAD_ADDRESS, HEAD_INTS = HEAD_ADDRESS + 4 };
enum { MAX_BATCH = 1024, MIN_SLOT = 65536 };

typedef struct {
  uv_poll_t poll;
  int fd;
  napi_env env;
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  napi_ref on_readable;
  napi_ref slab;
  napi_ref heads;
  int32_t *head;
  unsigned batch;
  /* The memory is given back when the event loop and the garbage collector are both done with it. */
  bool closing;
  bool closed;
  bool collected;
  struct mmsghdr *messages;
  struct iovec *vectors;
  struct sockaddr_in6 *senders;
} receiver;

static void free_receiver(receiver *self) {
  free(self->messages);
  free(self->vectors);
  free(self->senders);
  free(self);
}

static napi_value throw_system_error(napi_env env, const char *call, int number) {
  char text[128];
  int translated = uv_translate_sys_error(number);
  snprintf(text, sizeof text, "%s %s: %s", call, uv_err_name(translated), uv_strerror(translated));
  napi_throw_error(env, uv_err_name(translated), text);
  return NULL;
}

static void on_closed(uv_handle_t *handle) {
  receiver *self = handle->data;
  self->closed = true;
  napi_remove_async_cleanup_hook(self->hook);
  if (self->collected) free_receiver(self);
}

static void close_receiver(receiver *self) {
  if (self->closing) return;
  self->closing = true;
  /* Takes the socket out of the event loop before its number can mean another file. */
  uv_close((uv_handle_t *)&self->poll, on_closed);
  close(self->fd);
}

static void on_environment_end(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook; /* the same as self->hook, removed when the event loop has let go */
  close_receiver(data);
}

static void on_collected(napi_env env, void *data, void *hint) {
  receiver *self = data;
  (void)env;
  (void)hint;
  self->collected = true;
  if (self->closed) free_receiver(self);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  receiver *self = poll->data;
  napi_env env = self->env;
  napi_handle_scope scope;
  napi_value global, callback, error;
  bool is_pending = false;
  (void)status; /* trouble with the socket is told by receive() */
  (void)events;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_global(env, &global) == napi_ok &&
      napi_get_reference_value(env, self->on_readable, &callback) == napi_ok &&
      napi_make_callback(env, self->context, global, callback, 0, NULL, NULL) != napi_ok &&
      napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error); /* as an exception in any other listener: the thread's "uncaughtException" */
  }
  napi_close_handle_scope(env, scope);
}

static bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Opens and binds; answers the socket, or minus the number of the error. */
static int open_socket(const char *address, const char *port, int receive_buffer, bool reuse_port) {
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
  struct addrinfo *found;
  if (getaddrinfo(address, port, &hints, &found) != 0) return -EINVAL;
  int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool is_open = fd >= 0 &&
                 /* "::" hears IPv4 too, whatever this system's default is. */
                 (found->ai_family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
                 (!reuse_port || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
                 bind(fd, found->ai_addr, found->ai_addrlen) == 0;
  int failure = errno;
  freeaddrinfo(found);
  if (!is_open) {
    if (fd >= 0) close(fd);
    return -failure;
  }
  /* Beyond the system's limit where we may (CAP_NET_ADMIN), else up to it: the caller looks at what was granted. */
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer)) set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  return fd;
}

static receiver *new_receiver(uint8_t *slab, size_t slab_octets, int32_t *heads, unsigned batch) {
  receiver *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->head = heads;
  self->batch = batch;
  self->messages = calloc(batch, sizeof *self->messages);
  self->vectors = calloc(batch, sizeof *self->vectors);
  self->senders = calloc(batch, sizeof *self->senders);
  if (self->messages == NULL || self->vectors == NULL || self->senders == NULL) {
    free_receiver(self);
    return NULL;
  }
  size_t slot = slab_octets / batch;
  for (unsigned n = 0; n < batch; n++) {
    self->vectors[n].iov_base = slab + n * slot;
    self->vectors[n].iov_len = slot;
    self->messages[n].msg_hdr.msg_iov = &self->vectors[n];
    self->messages[n].msg_hdr.msg_iovlen = 1;
    self->messages[n].msg_hdr.msg_name = &self->senders[n];
  }
  return self;
}

/* Joins the event loop of this thread. On failure nothing of it remains. */
static bool watch(napi_env env, receiver *self, napi_value slab, napi_value heads, napi_value callback) {
  uv_loop_t *loop;
  napi_value name;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok || uv_poll_init(loop, &self->poll, self->fd) != 0) {
    close(self->fd);
    free_receiver(self);
    return false;
  }
  self->poll.data = self;
  self->env = env;
  if (napi_create_reference(env, slab, 1, &self->slab) == napi_ok &&
      napi_create_reference(env, heads, 1, &self->heads) == napi_ok &&
      napi_create_reference(env, callback, 1, &self->on_readable) == napi_ok &&
      napi_create_string_utf8(env, "HEP over UDP", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_async_init(env, NULL, name, &self->context) == napi_ok &&
      napi_add_async_cleanup_hook(env, on_environment_end, self, &self->hook) == napi_ok &&
      uv_poll_start(&self->poll, UV_READABLE, on_readable) == 0) {
    return true;
  }
  self->collected = true;
  close_receiver(self);
  return false;
}

/* open(address, port, receiveBufferBytes, reusePort, slab, heads, onReadable) → receiver */
static napi_value open_receiver(napi_env env, napi_callback_info info) {
  napi_value arguments[7], external;
  size_t count = 7, slab_octets, head_ints;
  char address[128], port[8];
  int32_t port_number, receive_buffer;
  bool reuse_port;
  void *slab, *heads;
  napi_typedarray_type type;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count < 7 ||
      napi_get_value_string_utf8(env, arguments[0], address, sizeof address, NULL) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &port_number) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &receive_buffer) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &reuse_port) != napi_ok ||
      napi_get_buffer_info(env, arguments[4], &slab, &slab_octets) != napi_ok ||
      napi_get_typedarray_info(env, arguments[5], &type, &head_ints, &heads, NULL, NULL) != napi_ok ||
      type != napi_int32_array) {
    return throw_system_error(env, "open", EINVAL);
  }
  size_t batch = head_ints / HEAD_INTS;
  if (batch == 0 || batch > MAX_BATCH || slab_octets / batch < MIN_SLOT) return throw_system_error(env, "open", EINVAL);
  snprintf(port, sizeof port, "%u", (unsigned)(uint16_t)port_number);
  int fd = open_socket(address, port, receive_buffer, reuse_port);
  if (fd < 0) return throw_system_error(env, "bind", -fd);
  receiver *self = new_receiver(slab, slab_octets, heads, (unsigned)batch);
  if (self == NULL) {
    close(fd);
    return throw_system_error(env, "open", ENOMEM);
  }
  self->fd = fd;
  if (!watch(env, self, arguments[4], arguments[5], arguments[6])) return throw_system_error(env, "poll", EIO);
  if (napi_create_external(env, self, on_collected, NULL, &external) != napi_ok) {
    self->collected = true;
    close_receiver(self);
    return throw_system_error(env, "open", ENOMEM);
  }
  return external;
}

static receiver *receiver_of(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  void *self = NULL;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (count < 1 || napi_get_value_external(env, argument, &self) != napi_ok) throw_system_error(env, "receiver", EINVAL);
  return self;
}

static void write_head(int32_t *head, const struct mmsghdr *message, const struct sockaddr_in6 *sender) {
  head[HEAD_LENGTH] = (int32_t)message->msg_len;
  if (sender->sin6_family == AF_INET6) {
    uint32_t words[4];
    memcpy(words, &sender->sin6_addr, sizeof words);
    head[HEAD_FAMILY] = 6;
    head[HEAD_PORT] = ntohs(sender->sin6_port);
    head[HEAD_SCOPE] = (int32_t)sender->sin6_scope_id;
    for (int n = 0; n < 4; n++) head[HEAD_ADDRESS + n] = (int32_t)ntohl(words[n]);
    return;
  }
  const struct sockaddr_in *sender4 = (const struct sockaddr_in *)(const void *)sender;
  head[HEAD_FAMILY] = 4;
  head[HEAD_PORT] = ntohs(sender4->sin_port);
  head[HEAD_SCOPE] = 0;
  head[HEAD_ADDRESS] = 0;
  head[HEAD_ADDRESS + 1] = 0;
  head[HEAD_ADDRESS + 2] = 0xffff;
  head[HEAD_ADDRESS + 3] = (int32_t)ntohl(sender4->sin_addr.s_addr);
}

/* receive(receiver) → number of datagrams now in slab and heads; throws what the socket has to report */
static napi_value receive(napi_env env, napi_callback_info info) {
  receiver *self = receiver_of(env, info);
  napi_value result;
  int received = 0;
  if (self == NULL) return NULL;
  if (!self->closing) {
    for (unsigned n = 0; n < self->batch; n++) self->messages[n].msg_hdr.msg_namelen = sizeof *self->senders;
    do {
      received = recvmmsg(self->fd, self->messages, self->batch, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) return throw_system_error(env, "recvmmsg", errno);
      received = 0;
    }
    for (int n = 0; n < received; n++) {
      write_head(self->head + (size_t)n * HEAD_INTS, &self->messages[n], &self->senders[n]);
    }
  }
  return napi_create_int32(env, received, &result) == napi_ok ? result : NULL;
}

static napi_value set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_value number;
  if (napi_create_double(env, value, &number) == napi_ok) napi_set_named_property(env, object, name, number);
  return object;
}

/* local(receiver) → { port, receiveBufferBytes } as the kernel granted them */
static napi_value local(napi_env env, napi_callback_info info) {
  receiver *self = receiver_of(env, info);
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  int octets = 0;
  socklen_t octets_length = sizeof octets;
  napi_value result;
  if (self == NULL || self->closing || napi_create_object(env, &result) != napi_ok) return NULL;
  if (getsockname(self->fd, (struct sockaddr *)&address, &length) != 0 ||
      getsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &octets, &octets_length) != 0) {
    return throw_system_error(env, "getsockname", errno);
  }
  /* Both families have their port in the same place. Linux doubles what it grants, for its own bookkeeping. */
  set_number(env, result, "port", ntohs(address.sin6_port));
  return set_number(env, result, "receiveBufferBytes", octets / 2);
}

/* load(receiver) → { dropped, queued, limit }, of this socket since it was opened, or undefined where the kernel cannot say */
static napi_value load(napi_env env, napi_callback_info info) {
  receiver *self = receiver_of(env, info);
  uint32_t words[MEMINFO_WORDS] = {0};
  socklen_t length = sizeof words;
  napi_value result;
  if (self == NULL || self->closing || getsockopt(self->fd, SOL_SOCKET, SO_MEMINFO, words, &length) != 0 ||
      length < sizeof words || napi_create_object(env, &result) != napi_ok) {
    return NULL;
  }
  set_number(env, result, "dropped", words[MEMINFO_DROPPED]);
  set_number(env, result, "queued", words[MEMINFO_QUEUED]);
  return set_number(env, result, "limit", words[MEMINFO_LIMIT]);
}

/* close(receiver): the port is free when this returns */
static napi_value close_from_script(napi_env env, napi_callback_info info) {
  receiver *self = receiver_of(env, info);
  if (self == NULL || self->closing) return NULL;
  close_receiver(self);
  napi_delete_reference(env, self->slab);
  napi_delete_reference(env, self->heads);
  napi_delete_reference(env, self->on_readable);
  napi_async_destroy(env, self->context);
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {.utf8name = "open", .method = open_receiver, .attributes = napi_enumerable},
      {.utf8name = "receive", .method = receive, .attributes = napi_enumerable},
      {.utf8name = "local", .method = local, .attributes = napi_enumerable},
      {.utf8name = "load", .method = load, .attributes = napi_enumerable},
      {.utf8name = "close", .method = close_from_script, .attributes = napi_enumerable},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
