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

int pixel_reserve(struct pixel_decoder *d, struct room *room, size_t size) {
  if (size <= room->size) return PIXEL_OK;
  free(room->data);
  room->data = malloc(size);
  room->size = room->data ? size : 0;
  return room->data ? PIXEL_OK : pixel_fail(d, PIXEL_FAILED, "no memory for a picture of %zu bytes", size);
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
  d->scaled[0] = malloc(7 * size);
  if (!d->jpeg || !d->scaled[0]) {
    pixel_free(d);
    return NULL;
  }
  d->scaled[1] = d->scaled[0] + size;
  d->scaled[2] = d->scaled[1] + size;
  d->rgba = d->scaled[2] + size;
  return d;
}

void pixel_free(struct pixel_decoder *d) {
  if (!d) return;
  if (d->jpeg) tjDestroy(d->jpeg);
  free(d->scaled[0]);
  free(d->planes.data);
  free(d->halves[0].data);
  free(d->halves[1].data);
  free(d);
}

void pixel_source(const struct pixel_decoder *d, int *width, int *height) {
  *width = d->source_width;
  *height = d->source_height;
}

struct pixel_area pixel_shown(const struct pixel_decoder *d, int area) { return d->shown[area]; }

const char *pixel_message(const struct pixel_decoder *d) { return d->message; }

void pixel_timing(struct pixel_decoder *d, int on) { d->timed = on; }

void pixel_times(const struct pixel_decoder *d, uint64_t *decode_ns, uint64_t *scale_ns) {
  *decode_ns = d->decode_ns;
  *scale_ns = d->scale_ns;
}

int pixel_decode(struct pixel_decoder *d, uint32_t fourcc, int width, int height, int stride, int colour,
                 const uint8_t *src, size_t src_size, uint32_t wanted, uint8_t *dst, size_t dst_size) {
  size_t result = 3 * (size_t)d->width * d->height;
  if (dst_size != d->count * result) {
    return pixel_fail(d, PIXEL_FAILED, "result buffer of %zu bytes for %d of %dx%d RGB", dst_size, d->count, d->width, d->height);
  }
  d->wanted = wanted;
  int jpeg = fourcc == FOURCC('M', 'J', 'P', 'G') || fourcc == FOURCC('J', 'P', 'E', 'G');
  struct raw raw = {fourcc, width, height, stride};
  struct planes p = {0};
  d->source_width = width;
  d->source_height = height;
  uint64_t start = cpu_ns(d);
  int status = jpeg ? pixel_jpeg_planes(d, src, src_size, &p) : pixel_raw_planes(d, &raw, src, src_size, &p);
  if (status) return status;
  uint64_t decoded = cpu_ns(d);
  for (int i = 0; i < d->count && !status; i++) {
    if (wanted >> i & 1) status = pixel_planes_to_rgb(d, i, &p, jpeg ? PIXEL_FULL_RANGE : colour, dst + i * result);
  }
  d->decode_ns += decoded - start;
  d->scale_ns += cpu_ns(d) - decoded;
  return status;
}
