#include "finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Brightness is 0 to 255 in steps of 1/128, so that slow learning is not rounded away.
enum { SHIFT = 7, ONE = 1 << SHIFT };

// A pixel differs if it is this far from its background, more where the scene is restless (leaves, water, noise), never more than MOST.
enum { LEAST = 13 * ONE, RESTLESS = 3, MOST = 70 * ONE };

// The background follows a lasting change in some 16 s at 8 frames a second; its restlessness in as long.
enum { LEARN = 7, STEP_MOST = 4 * ONE, DEVIATION_MOST = 40 * ONE };

// Flicker is the change from one picture to the next. What walks past flickers for a second, leaves and rain do for ever: so it is bounded, and learned
// also where the background is held.
enum { FLICKER_LEARN = 6, FLICKER_MOST = 20 * ONE };

#define INLINE static inline __attribute__((always_inline))

// Every 5th pixel of every 5th line is enough to see how the light changed.
enum { SPARSE = 5 };

struct loops;
static const struct loops *best_loops(void);

struct follow_finder {
  const struct loops *loops;
  int width, height, cols, rows;
  unsigned pictures;   // seen
  int known;           // pictures that the background was learned from, at most 1 << LEARN
  uint8_t *luma;       // [height,width] of the newest picture
  uint8_t *before;     // of the one before it
  int16_t *mean;       // the background
  int16_t *deviation;  // how far pixels usually are from it
  int16_t *flicker;    // how much they usually change from one picture to the next
  uint8_t *differs;    // 0 or 1
  uint8_t *colour;     // [height,width,3] the picture where it last did not differ
};

struct follow_finder *follow_new(int width, int height) {
  struct follow_finder *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  size_t n = (size_t)width * height;
  f->loops = best_loops();
  f->width = width, f->height = height;
  f->cols = (width + FOLLOW_CELL - 1) / FOLLOW_CELL, f->rows = (height + FOLLOW_CELL - 1) / FOLLOW_CELL;
  f->luma = calloc(n, 1), f->before = calloc(n, 1), f->differs = calloc(n, 1);
  f->mean = calloc(n, sizeof *f->mean), f->deviation = calloc(n, sizeof *f->deviation);
  f->flicker = calloc(n, sizeof *f->flicker);
  f->colour = calloc(n, 3);
  if (!f->flicker || !f->before || !f->colour || !f->luma || !f->differs || !f->mean || !f->deviation) {
    follow_free(f);
    return NULL;
  }
  return f;
}

void follow_free(struct follow_finder *f) {
  if (!f) return;
  free(f->luma), free(f->before), free(f->colour), free(f->flicker), free(f->differs), free(f->mean), free(f->deviation);
  free(f);
}

void follow_forget(struct follow_finder *f) {
  size_t n = (size_t)f->width * f->height;
  f->known = 0;
  memset(f->luma, 0, n), memset(f->before, 0, n), memset(f->colour, 0, 3 * n), memset(f->flicker, 0, n * sizeof *f->flicker), memset(f->differs, 0, n);
  memset(f->mean, 0, n * sizeof *f->mean), memset(f->deviation, 0, n * sizeof *f->deviation);
}

// The level below which share/4 of the n pixels in the histogram lie.
static int quantile(const int *histogram, int n, int share) {
  int level = 0;
  for (int seen = histogram[0]; seen * 4 < n * share && level < 510; seen += histogram[level]) level++;
  return level;
}

// The light in the picture is gain (1/256) times the background's, plus offset (1/128 steps): the medians of the change in the darker and in the
// lighter half of the sparse pixels say so. What moves covers less than half of either, so it does not count.
static void light(const struct follow_finder *f, int *gain, int *offset) {
  int levels[511] = {0}, changes[2][511] = {{0}}, n[2] = {0, 0}, change[2];
  *gain = 256, *offset = 0;
  for (int y = SPARSE / 2; y < f->height; y += SPARSE)
    for (int x = SPARSE / 2; x < f->width; x += SPARSE, n[0]++) levels[f->mean[y * f->width + x] >> SHIFT]++;
  if (n[0] < 16) return;
  int dark = quantile(levels, n[0], 1), middle = quantile(levels, n[0], 2), bright = quantile(levels, n[0], 3);
  n[0] = 0;
  for (int y = SPARSE / 2; y < f->height; y += SPARSE)
    for (int x = SPARSE / 2; x < f->width; x += SPARSE) {
      int i = y * f->width + x, was = f->mean[i] >> SHIFT, half = was > middle;
      changes[half][255 + f->luma[i] - was]++, n[half]++;
    }
  for (int half = 0; half < 2; half++) change[half] = n[half] ? quantile(changes[half], n[half], 2) - 255 : 0;
  if (n[1] < n[0] / 4 || bright - dark < 24) { // a flat picture: one shift for all
    *offset = change[0] * ONE;
    return;
  }
  int g = 256 + (change[1] - change[0]) * 256 / (bright - dark);
  *gain = g < 64 ? 64 : g > 1024 ? 1024 : g;
  *offset = (change[0] + dark) * ONE - dark * ONE / 256 * *gain;
}

// Light that is this much brighter or darker everywhere needs no special care: 60 of 255.
enum { LIT = 60 * ONE };

// rates say how fast a line is learned, and in which light it lies.
struct rates {
  int gain, offset;       // the light: see light()
  int deviation, flicker; // the change that is learned is divided by 2 to this power
};

// The quotient by 2 to the power of n, rounded to the nearest.
static inline int16_t shrunk(int16_t v, int n) { return (int16_t)(v + (1 << n >> 1)) >> n; }

static inline int16_t least(int16_t a, int16_t b) { return a < b ? a : b; }
static inline int16_t most(int16_t a, int16_t b) { return a > b ? a : b; }

INLINE void luma_of(uint8_t *restrict luma, const uint8_t *restrict rgb, int n) {
  for (int i = 0; i < n; i++) luma[i] = (uint16_t)(77 * rgb[3 * i] + 150 * rgb[3 * i + 1] + 29 * rgb[3 * i + 2]) >> 8;
}

// One line: which pixels differ, and what the background learns from those that may teach it. This is for light that is darker or brighter by a little
// at most (LIT), which is nearly always so. Every value is at most 255 * ONE, so that 16 bits hold it and the difference of two: twice as many pixels fit
// into a vector as with 32 bits. Off is cut where it is far beyond everything that counts.
INLINE void line(uint8_t *restrict differs, int16_t *restrict mean, int16_t *restrict deviation, int16_t *restrict flicker,
                 const uint8_t *restrict luma, const uint8_t *restrict before, const int16_t *restrict teaches, int n, struct rates r) {
  const int16_t offset = r.offset, farthest = INT16_MAX - LIT;
  for (int i = 0; i < n; i++) {
    int16_t level = luma[i] << SHIFT;
    int16_t off = level - mean[i];
    off = most(least(off, farthest), -farthest) - offset;
    int16_t far = most(off, -off);
    int16_t restless = most(deviation[i], flicker[i]);
    differs[i] = far > least(LEAST + RESTLESS * restless, MOST);
    int16_t step = most(least(off, STEP_MOST), -STEP_MOST);
    int16_t moved = mean[i] + (shrunk(step, LEARN - 3) & teaches[i]);
    mean[i] = most(least(moved, 255 * ONE), 0);
    int16_t strayed = least(far, DEVIATION_MOST) - deviation[i];
    deviation[i] += shrunk(strayed, r.deviation) & teaches[i];
    int16_t change = most(luma[i], before[i]) - least(luma[i], before[i]);
    change = least(change, FLICKER_MOST >> SHIFT) << SHIFT;
    flicker[i] += shrunk(change - flicker[i], r.flicker);
  }
}

// The same for any light.
INLINE void relit_line(uint8_t *restrict differs, int16_t *restrict mean, int16_t *restrict deviation, int16_t *restrict flicker,
                       const uint8_t *restrict luma, const uint8_t *restrict before, const int16_t *restrict teaches, int n, struct rates r) {
  for (int i = 0; i < n; i++) {
    int off = (luma[i] << SHIFT) - ((mean[i] * r.gain) >> 8) - r.offset;
    int far = off < 0 ? -off : off;
    int16_t restless = most(deviation[i], flicker[i]);
    differs[i] = far > least(LEAST + RESTLESS * restless, MOST);
    int16_t step = off > STEP_MOST ? STEP_MOST : off < -STEP_MOST ? -STEP_MOST : off;
    int16_t moved = mean[i] + (shrunk(step, LEARN - 3) & teaches[i]);
    mean[i] = most(least(moved, 255 * ONE), 0);
    int16_t bounded = far > DEVIATION_MOST ? DEVIATION_MOST : far;
    deviation[i] += shrunk(bounded - deviation[i], r.deviation) & teaches[i];
    int16_t change = most(luma[i], before[i]) - least(luma[i], before[i]);
    change = least(change, FLICKER_MOST >> SHIFT) << SHIFT;
    flicker[i] += shrunk(change - flicker[i], r.flicker);
  }
}

// The loops over pixels, compiled for one kind of processor.
struct loops {
  void (*luma)(uint8_t *luma, const uint8_t *rgb, int n);
  void (*line)(uint8_t *differs, int16_t *mean, int16_t *deviation, int16_t *flicker, const uint8_t *luma, const uint8_t *before,
               const int16_t *teaches, int n, struct rates r);
  void (*relit_line)(uint8_t *differs, int16_t *mean, int16_t *deviation, int16_t *flicker, const uint8_t *luma, const uint8_t *before,
                     const int16_t *teaches, int n, struct rates r);
};

#define LOOPS(name, processor)                                                                                                                       \
  processor static void name##_luma(uint8_t *luma, const uint8_t *rgb, int n) { luma_of(luma, rgb, n); }                                             \
  processor static void name##_line(uint8_t *differs, int16_t *mean, int16_t *deviation, int16_t *flicker, const uint8_t *luma,                      \
                                    const uint8_t *before, const int16_t *teaches, int n, struct rates r) {                                          \
    line(differs, mean, deviation, flicker, luma, before, teaches, n, r);                                                                            \
  }                                                                                                                                                  \
  processor static void name##_relit_line(uint8_t *differs, int16_t *mean, int16_t *deviation, int16_t *flicker, const uint8_t *luma,                \
                                          const uint8_t *before, const int16_t *teaches, int n, struct rates r) {                                    \
    relit_line(differs, mean, deviation, flicker, luma, before, teaches, n, r);                                                                      \
  }                                                                                                                                                  \
  static const struct loops name = {name##_luma, name##_line, name##_relit_line};

LOOPS(for_all, )
#ifdef __x86_64__
// Debian's amd64 has no instruction that takes every third byte, and vectors of half the width. Nearly every processor since 2013 has AVX2.
LOOPS(for_avx2, __attribute__((target("avx2"))))
#endif

static const struct loops *best_loops(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return &for_avx2;
#endif
  return &for_all;
}

// The loops that the others must agree with: 32 bits everywhere.
static const struct loops plain = {for_all_luma, for_all_relit_line, for_all_relit_line};

void follow_plain(struct follow_finder *f) { f->loops = &plain; }

// Adds a line's pixels that differ to their cells.
static void count(uint8_t *counts, const uint8_t *differs, int n) {
  int x = 0;
  for (; x + FOLLOW_CELL <= n; x += FOLLOW_CELL) {
    uint32_t four;
    memcpy(&four, differs + x, sizeof four);
    counts[x / FOLLOW_CELL] += four * 0x01010101u >> 24; // the sum of the four bytes
  }
  for (; x < n; x++) counts[x / FOLLOW_CELL] += differs[x];
}

// The background's colours are only for painting: they need not be of the newest picture.
enum { REMEMBER_EVERY = 4 };

// Keeps the colours of cells in which nothing differs, nor in the cells beside them.
static void remember(struct follow_finder *f, const uint8_t *rgb, const uint8_t *hold, const uint8_t *counts) {
  for (int r = 0; r < f->rows; r++)
    for (int c = 0; c < f->cols; c++) {
      int at = r * f->cols + c;
      if (counts[at] || hold[at]) continue;
      if ((c && counts[at - 1]) || (c + 1 < f->cols && counts[at + 1]) || (r && counts[at - f->cols]) || (r + 1 < f->rows && counts[at + f->cols])) continue;
      int x = c * FOLLOW_CELL, y = r * FOLLOW_CELL;
      size_t w = x + FOLLOW_CELL > f->width ? f->width - x : FOLLOW_CELL;
      int h = y + FOLLOW_CELL > f->height ? f->height - y : FOLLOW_CELL;
      for (int j = 0; j < h; j++) {
        size_t from = 3 * ((size_t)(y + j) * f->width + x);
        memcpy(f->colour + from, rgb + from, 3 * w);
      }
    }
}

static void begin(struct follow_finder *f, const uint8_t *rgb) {
  int n = f->width * f->height;
  for (int i = 0; i < n; i++) f->mean[i] = f->luma[i] << SHIFT, f->deviation[i] = 2 * ONE, f->flicker[i] = ONE, f->differs[i] = 0;
  memcpy(f->colour, rgb, (size_t)n * 3);
  f->known = 1;
}

int follow_find(struct follow_finder *f, const uint8_t *rgb, const uint8_t *hold, uint8_t *counts) {
  uint8_t *before = f->luma;
  f->luma = f->before, f->before = before;
  f->loops->luma(f->luma, rgb, f->width * f->height);
  memset(counts, 0, (size_t)f->cols * f->rows);
  if (!f->known) {
    begin(f, rgb);
    return -1;
  }
  // The first pictures teach fast.
  struct rates r = {.deviation = 1, .flicker = 1};
  while (r.deviation < LEARN && 2 << r.deviation <= f->known) r.deviation++;
  r.flicker = r.deviation < FLICKER_LEARN ? r.deviation : FLICKER_LEARN;
  if (f->known < 1 << LEARN) f->known++;
  light(f, &r.gain, &r.offset);
  int lit = r.gain == 256 && abs(r.offset) <= LIT;
  int16_t teaches[f->cols * FOLLOW_CELL]; // all bits where the background learns
  for (int y = 0; y < f->height; y++) {
    const uint8_t *held = hold + y / FOLLOW_CELL * f->cols;
    if (y % FOLLOW_CELL == 0)
      for (int x = 0; x < f->cols * FOLLOW_CELL; x++) teaches[x] = held[x / FOLLOW_CELL] ? 0 : -1;
    size_t at = (size_t)y * f->width;
    (lit ? f->loops->line : f->loops->relit_line)(f->differs + at, f->mean + at, f->deviation + at, f->flicker + at, f->luma + at, f->before + at, teaches, f->width, r);
    count(counts + y / FOLLOW_CELL * f->cols, f->differs + at, f->width);
  }
  if (f->pictures++ % REMEMBER_EVERY == 0) remember(f, rgb, hold, counts);
  return f->known < FOLLOW_LEARNING ? -1 : 0;
}

static int row_differs(const struct follow_finder *f, int x, int y, int w) {
  return memchr(f->differs + (size_t)y * f->width + x, 1, w) != NULL;
}

static int column_differs(const struct follow_finder *f, int x, int y, int h) {
  for (int i = 0; i < h; i++)
    if (f->differs[(size_t)(y + i) * f->width + x]) return 1;
  return 0;
}

void follow_tighten(const struct follow_finder *f, int b[4]) {
  while (b[3] > 1 && !row_differs(f, b[0], b[1], b[2])) b[1]++, b[3]--;
  while (b[3] > 1 && !row_differs(f, b[0], b[1] + b[3] - 1, b[2])) b[3]--;
  while (b[2] > 1 && !column_differs(f, b[0], b[1], b[3])) b[0]++, b[2]--;
  while (b[2] > 1 && !column_differs(f, b[0] + b[2] - 1, b[1], b[3])) b[2]--;
}

int follow_likeness(const struct follow_finder *f, const int b[4]) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int y = b[1]; y < b[1] + b[3]; y++)
    for (int x = b[0]; x < b[0] + b[2]; x++) {
      size_t i = (size_t)y * f->width + x;
      if (!f->differs[i]) continue;
      double p = f->luma[i], q = f->mean[i] * (1.0 / ONE);
      n++, sa += p, sb += q, saa += p * p, sbb += q * q, sab += p * q;
    }
  if (n < 1) return 1000;
  double va = saa - sa * sa / n, vb = sbb - sb * sb / n, cov = sab - sa * sb / n;
  // Flat on flat, such as a lamp's spot on a wall: nothing has come, only light.
  if (va < 9 * n && vb < 9 * n) return 1000;
  if (va < 4 * n || vb < 4 * n) return 0;
  double r = cov / sqrt(va * vb);
  return r < 0 ? 0 : (int)(1000 * r);
}

int follow_sharpness(const struct follow_finder *f, const int b[4]) {
  int64_t picture = 0, background = 0;
  for (int y = b[1]; y + 1 < b[1] + b[3]; y++)
    for (int x = b[0]; x + 1 < b[0] + b[2]; x++) {
      size_t i = (size_t)y * f->width + x;
      if (!f->differs[i] && !f->differs[i + 1] && !f->differs[i + f->width]) continue;
      picture += abs(f->luma[i] - f->luma[i + 1]) + abs(f->luma[i] - f->luma[i + f->width]);
      background += (abs(f->mean[i] - f->mean[i + 1]) + abs(f->mean[i] - f->mean[i + f->width])) >> SHIFT;
    }
  if (background == 0) return 1000000;
  return (int)(1000 * picture / background);
}

void follow_accept(struct follow_finder *f, const int b[4]) {
  for (int y = b[1]; y < b[1] + b[3]; y++)
    for (int x = b[0]; x < b[0] + b[2]; x++) {
      size_t i = (size_t)y * f->width + x;
      f->mean[i] = f->luma[i] << SHIFT;
      f->deviation[i] = 3 * ONE;
      f->differs[i] = 0;
    }
}

void follow_columns(const struct follow_finder *f, const int b[4], uint16_t *counts) {
  memset(counts, 0, b[2] * sizeof *counts);
  for (int y = b[1]; y < b[1] + b[3]; y++)
    for (int x = 0; x < b[2]; x++) counts[x] += f->differs[(size_t)y * f->width + b[0] + x];
}

void follow_paint(const struct follow_finder *f, const int b[4], uint8_t *out) {
  for (int y = b[1]; y < b[1] + b[3]; y++) {
    size_t from = 3 * ((size_t)y * f->width + b[0]);
    memcpy(out + from, f->colour + from, 3 * (size_t)b[2]);
  }
}
