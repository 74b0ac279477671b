#include "cut.h"

#include <string.h>

enum { UNIT = 256, TAPS = 32 };

// taps says which source pixels make one result pixel, and with what weight. The weights' sum is UNIT.
struct taps {
  int first, count;
  uint16_t weight[TAPS];
};

static void cover(struct taps *t, double from, double to, int limit) {
  t->first = (int)from;
  int last = (int)to;
  if (last >= limit) last = limit - 1;
  if (last < t->first) last = t->first;
  if (last - t->first >= TAPS) last = t->first + TAPS - 1;
  t->count = last - t->first + 1;
  int left = UNIT, heaviest = 0;
  for (int i = 0; i < t->count; i++) {
    double a = t->first + i, b = a + 1;
    double part = (b < to ? b : to) - (a > from ? a : from);
    int w = part > 0 ? (int)(part / (to - from) * UNIT + 0.5) : 0;
    t->weight[i] = w;
    left -= w;
    if (w > t->weight[heaviest]) heaviest = i;
  }
  t->weight[heaviest] += left;
}

static void interpolate(struct taps *t, double at, int limit) {
  at = at < 0 ? 0 : at > limit - 1 ? limit - 1 : at;
  t->first = (int)at;
  if (t->first > limit - 2) t->first = limit > 1 ? limit - 2 : 0;
  t->count = limit > 1 ? 2 : 1;
  int w = (int)((at - t->first) * UNIT + 0.5);
  t->weight[0] = UNIT - w, t->weight[1] = w;
  if (t->count == 1) t->weight[0] = UNIT;
}

static void plan(struct taps *t, double from, double step, int size, int limit) {
  for (int i = 0; i < size; i++, t++) {
    if (step >= 1)
      cover(t, from + i * step, from + (i + 1) * step, limit);
    else
      interpolate(t, from + (i + 0.5) * step - 0.5, limit);
  }
}

static void shrink_row(uint8_t *restrict out, const uint8_t *restrict row, const struct taps *columns, int size) {
  for (int i = 0; i < size; i++) {
    const struct taps *t = &columns[i];
    const uint8_t *p = row + 3 * t->first;
    int r = UNIT / 2, g = UNIT / 2, b = UNIT / 2;
    for (int k = 0; k < t->count; k++, p += 3) r += t->weight[k] * p[0], g += t->weight[k] * p[1], b += t->weight[k] * p[2];
    out[3 * i] = r / UNIT, out[3 * i + 1] = g / UNIT, out[3 * i + 2] = b / UNIT;
  }
}

void follow_cut(const uint8_t *rgb, int width, int height, double x, double y, double side, uint8_t *out, int size) {
  static _Thread_local struct taps columns[FOLLOW_CUT_MAX];
  static _Thread_local uint8_t row[3 * FOLLOW_CUT_MAX];
  static _Thread_local uint32_t sum[3 * FOLLOW_CUT_MAX];
  double step = side / size;
  plan(columns, x, step, size, width);
  int done = -1; // the picture's row that lies in row
  for (int j = 0; j < size; j++) {
    struct taps rows;
    if (step >= 1)
      cover(&rows, y + j * step, y + (j + 1) * step, height);
    else
      interpolate(&rows, y + (j + 0.5) * step - 0.5, height);
    for (int i = 0; i < 3 * size; i++) sum[i] = UNIT / 2;
    for (int k = 0; k < rows.count; k++) {
      if (rows.first + k != done) {
        done = rows.first + k;
        shrink_row(row, rgb + (size_t)done * width * 3, columns, size);
      }
      for (int i = 0; i < 3 * size; i++) sum[i] += (uint32_t)rows.weight[k] * row[i];
    }
    for (int i = 0; i < 3 * size; i++) out[(size_t)j * size * 3 + i] = sum[i] / UNIT;
  }
}
