#include "decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

int pixel_fail(struct pixel_decoder *d, int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(d->message, sizeof d->message, format, args);
  va_end(args);
  return status;
}

static uint64_t cpu_ns(const struct pixel_decoder *d) {
  struct timespec t;
  if (!d->timed) return 0;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct pixel_decoder *pixel_new(int width, int height, int count, const struct pixel_area *areas) {
  struct pixel_decoder *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  size_t size = (size_t)width * height;
  d->width = width;
  d->height = height;
  d->count = count;
  memcpy(d->areas, areas, count * sizeof *areas);
  d->jpeg = tjInitDecompress();
  if (!d->jpeg || pixel_reserve(d, &d->results, 10 * size)) {
    pixel_free(d);
    return NULL;
  }
  for (int i = 0; i < 3; i++) d->scaled[i] = d->results.data + i * size;
  d->lying = d->results.data + 3 * size;
  d->rgba = d->results.data + 6 * size;
  return d;
}

void pixel_free(struct pixel_decoder *d) {
  if (!d) return;
  if (d->jpeg) tjDestroy(d->jpeg);
  pixel_release(&d->results);
  pixel_release(&d->planes);
  pixel_release(&d->sums);
  free(d);
}

void pixel_wipe(struct pixel_decoder *d) {
  struct room rooms[] = {d->results, d->planes, d->sums};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    if (rooms[i].data) memset(rooms[i].data, 0, rooms[i].size);
  }
}

struct pixel_area pixel_shown(const struct pixel_decoder *d, int area) { return d->shown[area]; }

const char *pixel_message(const struct pixel_decoder *d) { return d->message; }

void pixel_timing(struct pixel_decoder *d, int on) { d->timed = on; }

void pixel_times(const struct pixel_decoder *d, uint64_t *decode_ns, uint64_t *scale_ns) {
  *decode_ns = d->decode_ns;
  *scale_ns = d->scale_ns;
}

int pixel_decode(struct pixel_decoder *d, const struct pixel_format *format, const uint8_t *src, size_t src_size, uint32_t selected,
                 uint8_t *dst, size_t dst_size) {
  size_t result = 3 * (size_t)d->width * d->height;
  if (dst_size != d->count * result) {
    return pixel_fail(d, PIXEL_FAILED, "result buffer of %zu bytes for %d of %dx%d RGB", dst_size, d->count, d->width, d->height);
  }
  d->selected = selected;
  d->format = *format;
  int jpeg = format->fourcc == FOURCC('M', 'J', 'P', 'G') || format->fourcc == FOURCC('J', 'P', 'E', 'G');
  struct planes p = {0};
  uint64_t start = cpu_ns(d);
  int status = jpeg ? pixel_jpeg_planes(d, src, src_size, &p) : pixel_raw_planes(d, src, src_size, &p);
  if (status) return status;
  uint64_t decoded = cpu_ns(d);
  for (int i = 0; i < d->count && !status; i++) {
    if (selected >> i & 1) status = pixel_planes_to_rgb(d, i, &p, jpeg ? PIXEL_FULL_RANGE : format->colour, dst + i * result);
  }
  d->decode_ns += decoded - start;
  d->scale_ns += cpu_ns(d) - decoded;
  return status;
}
