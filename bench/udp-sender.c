/*
 * Sends packets over UDP at a given rate, from several sockets, many with one call of the kernel: so little is spent on
 * sending that a collector on the same machine is what is measured.
 *
 *   udp-sender PORT PACKETS_PER_SECOND SECONDS FILE
 *
 * FILE holds packets, each behind its length in four octets, little-endian. They are sent over and over; wherever a packet
 * holds "~~~~", four digits of the round stand instead, so that every round brings new calls. Prints what was sent as JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SOCKETS = 8, BATCH = 32, MOST_MARKS = 16, MARK_OCTETS = 4, SLICE_NS = 250000 };

struct packet {
  uint8_t *octets;
  uint32_t length;
  uint16_t marks[MOST_MARKS];
  uint16_t mark_count;
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(path);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *octets = malloc(*size);
  if (octets == NULL || fread(octets, 1, *size, file) != *size) fail(path);
  fclose(file);
  return octets;
}

static struct packet *find_packets(uint8_t *octets, size_t size, size_t *count) {
  struct packet *packets = calloc(size / 5 + 1, sizeof *packets);
  if (packets == NULL) fail("calloc");
  *count = 0;
  for (size_t at = 0; at + 4 <= size;) {
    struct packet *packet = &packets[(*count)++];
    packet->length = octets[at] | octets[at + 1] << 8 | octets[at + 2] << 16;
    packet->octets = octets + at + 4;
    at += 4 + packet->length;
    for (uint32_t n = 0; n + MARK_OCTETS <= packet->length && packet->mark_count < MOST_MARKS; n++) {
      if (memcmp(packet->octets + n, "~~~~", MARK_OCTETS) == 0) packet->marks[packet->mark_count++] = (uint16_t)n;
    }
  }
  return packets;
}

static int open_socket(uint16_t port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  const int64_t rate = atoll(argv[2]);
  const int64_t total = rate * atoll(argv[3]);
  size_t size, count;
  uint8_t *file = read_file(argv[4], &size);
  struct packet *packets = find_packets(file, size, &count);
  int sockets[SOCKETS];
  for (int n = 0; n < SOCKETS; n++) sockets[n] = open_socket((uint16_t)atoi(argv[1]));

  struct mmsghdr messages[BATCH] = {0};
  struct iovec vectors[BATCH];
  for (int n = 0; n < BATCH; n++) messages[n].msg_hdr = (struct msghdr){.msg_iov = &vectors[n], .msg_iovlen = 1};
  const int64_t most_at_once = rate * SLICE_NS * 4 / 1000000000 + BATCH;
  int64_t sent = 0, failed = 0, batches = 0;
  const int64_t begin = now_ns();
  for (int64_t wake = begin; sent < total; wake += SLICE_NS) {
    int64_t due = rate * (now_ns() - begin) / 1000000000;
    /* What a slice could not send is sent by the next ones, but never as one burst. */
    if (due > sent + most_at_once) due = sent + most_at_once;
    if (due > total) due = total;
    while (sent < due) {
      int batch = due - sent < BATCH ? (int)(due - sent) : BATCH;
      for (int n = 0; n < batch; n++) {
        struct packet *packet = &packets[(sent + n) % (int64_t)count];
        char round[8];
        snprintf(round, sizeof round, "%04x", (unsigned)((sent + n) / (int64_t)count) & 0xffff);
        for (int mark = 0; mark < packet->mark_count; mark++) {
          memcpy(packet->octets + packet->marks[mark], round, MARK_OCTETS);
        }
        vectors[n] = (struct iovec){packet->octets, packet->length};
      }
      int done = sendmmsg(sockets[batches++ % SOCKETS], messages, (unsigned)batch, 0);
      if (done < 0 && errno != EINTR) failed++, done = batch;
      if (done > 0) sent += done;
    }
    struct timespec until = {.tv_sec = wake / 1000000000, .tv_nsec = wake % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  printf("{\"sent\":%lld,\"failed\":%lld,\"elapsed\":%.6f}\n", (long long)sent, (long long)failed,
         (double)(now_ns() - begin) / 1e9);
  return 0;
}
