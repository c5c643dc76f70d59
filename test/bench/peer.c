/*
 * The other end of a link, for benchmarks: a scripted MQTT broker (3.1.1 and 5), and a client that measures it.
 *
 *   peer                               listens on loopback, prints "port N", and obeys orders on its standard input:
 *     flood QOS BYTES COUNT WINDOW       sends COUNT messages to the newest subscriber, to its topics that begin with "i"
 *                                        by turns, with no more than WINDOW unacknowledged; then prints "flooded"
 *     send TOPIC PAYLOAD                 sends one message of QoS 0 to the newest subscriber
 *     expect COUNT                       prints "expecting"; after COUNT messages on topics that begin with "o", "received"
 *   peer in PORT QOS COUNT TOPIC...    subscribes, prints "subscribed", takes COUNT messages, prints the nanoseconds
 *   peer out PORT QOS BYTES COUNT WINDOW TOPIC   sends COUNT messages; with QoS 1 until the last is acknowledged
 *
 * The topics of one flood have one length. License: MIT, as the package.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT = 1, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, UNSUBSCRIBE = 10, PINGREQ = 12, DISCONNECT = 14 };
enum { CHUNK = 256 * 1024, MOST_TOPICS = 20000, LARGEST_PACKET = 1024 * 1024, LARGEST_ORDER = 4096 };

typedef unsigned char byte;

static void fail(const char *what) {
  fprintf(stderr, "peer: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

static void *grown(void *old, size_t size) {
  void *new = realloc(old, size);
  if (!new) fail("out of memory");
  return new;
}

/* Bytes that wait. */
struct queue {
  byte *data;
  size_t from, to, size;
};

static void put(struct queue *queue, const void *data, size_t length) {
  if (queue->from == queue->to) queue->from = queue->to = 0;
  if (queue->to + length > queue->size) {
    queue->size = (queue->to + length) * 2;
    queue->data = grown(queue->data, queue->size);
  }
  memcpy(queue->data + queue->to, data, length);
  queue->to += length;
}

static size_t waiting(const struct queue *queue) { return queue->to - queue->from; }

/* Packets of one size with ids that count from 1, on topics by turns. */
struct block {
  byte *data;
  size_t packet;
  long packets;
};

/* The remaining length as MQTT writes it; returns how many bytes that takes. */
static size_t put_length(byte *at, size_t length) {
  size_t used = 0;
  do {
    at[used] = length & 127;
    length >>= 7;
    if (length) at[used] |= 128;
    used++;
  } while (length);
  return used;
}

static size_t encode(byte *at, const char *topic, size_t topic_length, int qos, int version, long bytes, long id) {
  size_t body = 2 + topic_length + (qos ? 2 : 0) + (version == 5 ? 1 : 0) + bytes, used = 1;
  at[0] = 0x30 | qos << 1;
  used += put_length(at + 1, body);
  at[used++] = topic_length >> 8;
  at[used++] = topic_length & 255;
  memcpy(at + used, topic, topic_length);
  used += topic_length;
  if (qos) {
    at[used++] = id >> 8;
    at[used++] = id & 255;
  }
  if (version == 5) at[used++] = 0;
  memset(at + used, 'x', bytes);
  return used + bytes;
}

static void fill(struct block *block, char **topics, long count, int qos, int version, long bytes, long window) {
  size_t length = strlen(topics[0]);
  long least = window > 512 ? window : 512;
  block->packets = count * ((least + count - 1) / count);
  if (block->packets > 65535) fail("the window is too large for packet ids");
  block->data = grown(block->data, block->packets * (length + bytes + 16));
  block->packet = 0;
  for (long at = 0; at < block->packets; at++) {
    if (strlen(topics[at % count]) != length) fail("the topics of a flood must have one length");
    byte *place = block->data + at * block->packet;
    block->packet = encode(place, topics[at % count], length, qos, version, bytes, at + 1);
  }
}

/* Sends packets of a block from the one numbered `sent`, at most `room`; returns how many, the last perhaps by `rest`. */
static long send_some(int fd, const struct block *block, long sent, long room, struct queue *rest) {
  long at = sent % block->packets, most = CHUNK / block->packet + 1;
  if (room > block->packets - at) room = block->packets - at;
  if (room > most) room = most;
  if (room <= 0) return 0;
  const byte *from = block->data + at * block->packet;
  ssize_t wrote = write(fd, from, room * block->packet);
  if (wrote < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  long whole = wrote / block->packet;
  size_t cut = wrote % block->packet;
  if (!cut) return whole;
  put(rest, from + wrote, block->packet - cut);
  return whole + 1;
}

/* Splits bytes into packets for `take`; returns how many bytes were whole packets. */
static size_t split(const byte *data, size_t have, void *with, void (*take)(void *, byte, const byte *, size_t)) {
  size_t at = 0;
  while (at + 2 <= have) {
    size_t length = 0, end = at + 1;
    int shift = 0, more = 1;
    while (more && end < have && shift < 28) {
      length |= (size_t)(data[end] & 127) << shift;
      more = data[end++] & 128;
      shift += 7;
    }
    if (length > LARGEST_PACKET) fail("a packet is too large");
    if (more || end + length > have) break;
    take(with, data[at], data + end, length);
    at = end + length;
  }
  return at;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int quick(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

/* ---- the broker ---- */

struct client {
  int version;
  struct queue in, out;
};

static struct client **clients;
static struct pollfd *polls;
static int used;
static const int listener_at = 0, orders_at = 1, first_client = 2;

static char *topics[MOST_TOPICS];
static long topic_count;
static struct client *subscriber;
static struct {
  struct client *to;
  struct block block;
  int qos;
  long count, sent, acknowledged, window;
} flood;
static long received, expected;

static void say(const char *what) {
  puts(what);
  fflush(stdout);
}

static void forget_topics(void) {
  while (topic_count) free(topics[--topic_count]);
}

static void subscribed(struct client *client, const byte *body, size_t length) {
  static byte codes[MOST_TOPICS + 8];
  size_t at = 2, count = 0;
  if (client->version == 5) at += 1 + body[2];
  if (subscriber != client) forget_topics();
  subscriber = client;
  for (; at + 2 < length && count < MOST_TOPICS; count++) {
    size_t size = body[at] << 8 | body[at + 1];
    if (body[at + 2] == 'i' && topic_count < MOST_TOPICS) {
      topics[topic_count++] = strndup((const char *)body + at + 2, size);
    }
    at += 2 + size + 1;
  }
  codes[0] = 0x90;
  size_t head = 1 + put_length(codes + 1, 2 + (client->version == 5 ? 1 : 0) + count);
  put(&client->out, codes, head);
  put(&client->out, body, 2);
  memset(codes, 0, sizeof codes);
  put(&client->out, codes, (client->version == 5 ? 1 : 0) + count);
}

static void unsubscribed(struct client *client, const byte *body) {
  if (client->version == 5) put(&client->out, (byte[]){0xb0, 4, body[0], body[1], 0, 0}, 6);
  else put(&client->out, (byte[]){0xb0, 2, body[0], body[1]}, 4);
}

static void published(struct client *client, int qos, const byte *body) {
  size_t length = body[0] << 8 | body[1];
  if (qos == 1) put(&client->out, (byte[]){0x40, 2, body[2 + length], body[3 + length]}, 4);
  if (body[2] == 'o' && ++received == expected) say("received");
}

static void take(void *with, byte first, const byte *body, size_t length) {
  struct client *client = with;
  switch (first >> 4) {
    case CONNECT:
      client->version = body[6];
      if (client->version == 5) put(&client->out, (byte[]){0x20, 3, 0, 0, 0}, 5);
      else put(&client->out, (byte[]){0x20, 2, 0, 0}, 4);
      break;
    case PUBLISH:
      published(client, first >> 1 & 3, body);
      break;
    case PUBACK:
      if (client == flood.to && ++flood.acknowledged == flood.count) say("flooded");
      break;
    case SUBSCRIBE:
      subscribed(client, body, length);
      break;
    case UNSUBSCRIBE:
      unsubscribed(client, body);
      break;
    case PINGREQ:
      put(&client->out, (byte[]){0xd0, 0}, 2);
      break;
  }
}

/* Whether the connection is still there. */
static int flush(int fd, struct queue *out) {
  while (waiting(out)) {
    ssize_t wrote = write(fd, out->data + out->from, waiting(out));
    if (wrote < 0) return errno == EAGAIN || errno == EINTR;
    out->from += wrote;
  }
  return 1;
}

static int receive(int fd, struct client *client) {
  static byte buffer[LARGEST_PACKET + CHUNK + 8];
  size_t have = waiting(&client->in);
  memcpy(buffer, client->in.data + client->in.from, have);
  ssize_t got = read(fd, buffer + have, CHUNK);
  if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
  have += got;
  size_t whole = split(buffer, have, client, take);
  client->in.from = client->in.to = 0;
  if (whole < have) put(&client->in, buffer + whole, have - whole);
  return flush(fd, &client->out);
}

static long flood_room(const struct client *client) {
  if (client != flood.to || flood.sent == flood.count) return 0;
  long left = flood.count - flood.sent, room = flood.window - (flood.sent - flood.acknowledged);
  return flood.qos && room < left ? room : left;
}

static int flood_some(int fd, struct client *client) {
  for (int turn = 0; turn < 8 && !waiting(&client->out) && flood_room(client) > 0; turn++) {
    long sent = send_some(fd, &flood.block, flood.sent, flood_room(client), &client->out);
    if (sent < 0) return 0;
    if (!sent) break;
    flood.sent += sent;
    if (flood.sent == flood.count && !flood.qos) say("flooded");
  }
  return 1;
}

static void send_one(const char *topic, const char *payload) {
  size_t length = strlen(topic), bytes = strlen(payload);
  if (!subscriber) fail("nobody has subscribed");
  byte packet[LARGEST_ORDER + 16];
  size_t size = encode(packet, topic, length, 0, subscriber->version, bytes, 0);
  memcpy(packet + size - bytes, payload, bytes);
  put(&subscriber->out, packet, size);
}

static void obey(char *line) {
  long qos, bytes, count, window;
  char topic[LARGEST_ORDER], payload[LARGEST_ORDER];
  if (sscanf(line, "flood %ld %ld %ld %ld", &qos, &bytes, &count, &window) == 4) {
    if (!subscriber || !topic_count) fail("nobody has subscribed to a topic that begins with \"i\"");
    fill(&flood.block, topics, topic_count, qos, subscriber->version, bytes, window);
    flood.to = subscriber;
    flood.qos = qos;
    flood.count = count;
    flood.window = window;
    flood.sent = flood.acknowledged = 0;
  } else if (sscanf(line, "expect %ld", &count) == 1) {
    received = 0;
    expected = count;
    say("expecting");
  } else if (sscanf(line, "send %s %s", topic, payload) == 2) {
    send_one(topic, payload);
  } else {
    fail("an order is none of flood, send and expect");
  }
}

static void read_orders(void) {
  static char text[LARGEST_ORDER];
  static size_t have;
  ssize_t got = read(0, text + have, sizeof text - have - 1);
  if (got <= 0) exit(0);
  have += got;
  text[have] = 0;
  for (char *end; (end = strchr(text, '\n'));) {
    *end = 0;
    obey(text);
    have -= end + 1 - text;
    memmove(text, end + 1, have + 1);
  }
}

static void watch(int fd, struct client *client) {
  static int size;
  if (used == size) {
    size = size ? size * 2 : 64;
    polls = grown(polls, size * sizeof *polls);
    clients = grown(clients, size * sizeof *clients);
  }
  polls[used] = (struct pollfd){.fd = fd, .events = POLLIN};
  clients[used++] = client;
}

static void end(int at) {
  struct client *client = clients[at];
  close(polls[at].fd);
  if (flood.to == client) flood.to = 0;
  if (subscriber == client) subscriber = 0;
  free(client->in.data);
  free(client->out.data);
  free(client);
  polls[at] = polls[--used];
  clients[at] = clients[used];
}

static void accept_all(void) {
  for (int fd; (fd = accept(polls[listener_at].fd, 0, 0)) >= 0;) {
    struct client *client = calloc(1, sizeof *client);
    if (!client) fail("out of memory");
    watch(quick(fd), client);
  }
}

static void serve(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files)) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (void *)&address, size) || listen(fd, 4096) || getsockname(fd, (void *)&address, &size)) {
    fail("can't listen on loopback");
  }
  watch(quick(fd), 0);
  watch(0, 0);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    for (int at = first_client; at < used; at++) {
      struct client *client = clients[at];
      int blocked = waiting(&client->out) > 0;
      polls[at].events = (waiting(&client->out) < CHUNK ? POLLIN : 0) | (blocked || flood_room(client) > 0 ? POLLOUT : 0);
    }
    if (poll(polls, used, -1) < 0 && errno != EINTR) fail("can't poll");
    for (int at = used - 1; at >= first_client; at--) {
      short ready = polls[at].revents;
      struct client *client = clients[at];
      int alive = 1;
      if (ready & (POLLIN | POLLHUP | POLLERR)) alive = receive(polls[at].fd, client);
      if (alive && ready & POLLOUT) alive = flush(polls[at].fd, &client->out) && flood_some(polls[at].fd, client);
      if (!alive) end(at);
    }
    if (polls[orders_at].revents) read_orders();
    if (polls[listener_at].revents) accept_all();
  }
}

/* ---- the client that measures the broker ---- */

static struct {
  int fd, qos, greeted, granted;
  long messages, acknowledged;
  struct queue out;
} own;

static void take_own(void *with, byte first, const byte *body, size_t length) {
  (void)with;
  (void)length;
  switch (first >> 4) {
    case 2:
      own.greeted = 1;
      break;
    case 9:
      own.granted = 1;
      break;
    case PUBLISH:
      own.messages++;
      if (own.qos) {
        size_t size = body[0] << 8 | body[1];
        put(&own.out, (byte[]){0x40, 2, body[2 + size], body[3 + size]}, 4);
      }
      break;
    case PUBACK:
      own.acknowledged++;
      break;
  }
}

/* Waits for the socket, and takes what came. */
static void turn(short events) {
  static byte buffer[LARGEST_PACKET + CHUNK];
  static size_t have;
  struct pollfd one = {.fd = own.fd, .events = POLLIN | events | (waiting(&own.out) ? POLLOUT : 0)};
  if (poll(&one, 1, -1) < 0) fail("can't poll");
  if (one.revents & (POLLIN | POLLHUP | POLLERR)) {
    ssize_t got = read(own.fd, buffer + have, CHUNK);
    if (got == 0 || (got < 0 && errno != EAGAIN)) fail("the broker is gone");
    if (got > 0) have += got;
    size_t whole = split(buffer, have, 0, take_own);
    have -= whole;
    memmove(buffer, buffer + whole, have);
  }
  if (!flush(own.fd, &own.out)) fail("the broker is gone");
}

static void greet(int port, int qos) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
  own.fd = socket(AF_INET, SOCK_STREAM, 0);
  own.qos = qos;
  if (connect(own.fd, (void *)&address, sizeof address)) fail("can't connect");
  quick(own.fd);
  put(&own.out, "\x10\x10\0\4MQTT\4\2\0\0\0\4peer", 18);
  while (!own.greeted) turn(0);
}

static void take_in(int port, int qos, long count, char **names, int name_count) {
  greet(port, qos);
  for (int at = 0; at < name_count; at++) {
    size_t length = strlen(names[at]), head;
    byte packet[8] = {0x82};
    head = 1 + put_length(packet + 1, 2 + 2 + length + 1);
    put(&own.out, packet, head);
    put(&own.out, (byte[]){0, 1, length >> 8, length & 255}, 4);
    put(&own.out, names[at], length);
    put(&own.out, (byte[]){qos}, 1);
    own.granted = 0;
    while (!own.granted) turn(0);
  }
  say("subscribed");
  while (own.messages == 0) turn(0);
  long long start = now();
  while (own.messages < count) turn(0);
  printf("%lld\n", now() - start);
  while (waiting(&own.out)) turn(0);
}

static void send_out(int port, int qos, long bytes, long count, long window, char *topic) {
  struct block block = {0};
  greet(port, qos);
  fill(&block, &topic, 1, qos, 4, bytes, window);
  long long start = now();
  for (long sent = 0; qos ? own.acknowledged < count : sent < count || waiting(&own.out);) {
    long left = count - sent, room = window - (sent - own.acknowledged);
    if (qos && room < left) left = room;
    if (!waiting(&own.out) && left > 0) {
      long more = send_some(own.fd, &block, sent, left, &own.out);
      if (more < 0) fail("the broker is gone");
      sent += more;
      left -= more;
    }
    if (qos || left > 0 || waiting(&own.out)) turn(left > 0 ? POLLOUT : 0);
  }
  printf("%lld\n", now() - start);
  fflush(stdout);
  char line[8];
  while (read(0, line, sizeof line) > 0) continue;
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  if (count == 1) serve();
  if (count > 5 && !strcmp(words[1], "in")) {
    take_in(atoi(words[2]), atoi(words[3]), atol(words[4]), words + 5, count - 5);
  } else if (count == 8 && !strcmp(words[1], "out")) {
    send_out(atoi(words[2]), atoi(words[3]), atol(words[4]), atol(words[5]), atol(words[6]), words[7]);
  } else {
    fail("the arguments are none that peer.c lists at its top");
  }
  return 0;
}
