#include <string.h>

#include "internal.h"

// What has to be done to a picture to show it: swap rows and columns first, then mirror in either direction.
struct turn {
  int swap, mirror_x, mirror_y;
};

// turn_of takes an orientation of EXIF (2.32, section 4.6.4).
static struct turn turn_of(int orientation) {
  static const struct turn turns[9] = {{0, 0, 0}, {0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 0, 1}};
  return turns[orientation];
}

static int ratio_fits(int n) { return n >= 0 && n <= PIXEL_MAX_ASPECT; }

int pixel_look(struct pixel_decoder *d) {
  struct pixel_format *f = &d->format;
  if (f->orientation < 0 || f->orientation > 8) return pixel_fail(d, PIXEL_UNSUPPORTED, "orientation %d; 1 to 8", f->orientation);
  if (!ratio_fits(f->pixel_width) || !ratio_fits(f->pixel_height)) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "pixels of the shape %d:%d; at most %d", f->pixel_width, f->pixel_height, PIXEL_MAX_ASPECT);
  }
  if (!f->pixel_width || !f->pixel_height) f->pixel_width = f->pixel_height = 1;
  int64_t width = f->width - (int64_t)f->crop_left - f->crop_right, height = f->height - (int64_t)f->crop_top - f->crop_bottom;
  if (f->crop_left < 0 || f->crop_top < 0 || f->crop_right < 0 || f->crop_bottom < 0 || width < 1 || height < 1) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "a crop of %d, %d, %d and %d pixels of %dx%d leaves no picture", f->crop_left, f->crop_top,
                      f->crop_right, f->crop_bottom, f->width, f->height);
  }
  d->visible = (struct pixel_area){(double)f->crop_left / f->width, (double)f->crop_top / f->height, (double)width / f->width,
                                   (double)height / f->height};
  int swap = turn_of(f->orientation).swap;
  d->lying_width = swap ? d->height : d->width;
  d->lying_height = swap ? d->width : d->height;
  return PIXEL_OK;
}

void pixel_source(const struct pixel_decoder *d, int *width, int *height) {
  const struct pixel_format *f = &d->format;
  int w = f->width - f->crop_left - f->crop_right, h = f->height - f->crop_top - f->crop_bottom;
  int swap = turn_of(f->orientation).swap;
  *width = swap ? h : w;
  *height = swap ? w : h;
}

// lie finds the part of the planes, in fractions of them, for a part of the picture as it is shown.
static struct pixel_area lie(const struct pixel_decoder *d, struct pixel_area a) {
  struct turn t = turn_of(d->format.orientation);
  if (t.mirror_x) a.x = 1 - a.x - a.width;
  if (t.mirror_y) a.y = 1 - a.y - a.height;
  if (t.swap) a = (struct pixel_area){a.y, a.x, a.height, a.width};
  const struct pixel_area v = d->visible;
  return (struct pixel_area){v.x + a.x * v.width, v.y + a.y * v.height, a.width * v.width, a.height * v.height};
}

struct pixel_area pixel_place(const struct pixel_decoder *d, struct rect r, int width, int height) {
  struct turn t = turn_of(d->format.orientation);
  const struct pixel_area v = d->visible;
  struct pixel_area a = {((double)r.x / width - v.x) / v.width, ((double)r.y / height - v.y) / v.height,
                         (double)r.width / width / v.width, (double)r.height / height / v.height};
  if (t.swap) a = (struct pixel_area){a.y, a.x, a.height, a.width};
  if (t.mirror_x) a.x = 1 - a.x - a.width;
  if (t.mirror_y) a.y = 1 - a.y - a.height;
  return a;
}

// within gives the pixels of a side that a part of it covers, at least one.
static void within(int side, double at, double part, int *first, int64_t *length) {
  *first = (int)(at * side + 0.5);
  if (*first > side - 1) *first = side - 1;
  if (*first < 0) *first = 0;
  *length = (int64_t)((at + part) * side + 0.5) - *first;
  if (*length > side - *first) *length = side - *first;
  if (*length < 1) *length = 1;
}

// align moves the beginning of a rectangle's side to a whole chroma sample, towards 0 where the crop allows it.
static void align(int sub, double visible, int side, int *first, int *length) {
  int moved = *first / sub * sub;
  if (moved < (int)(visible * side + 0.5) && moved + sub < side) {
    moved += sub;
    if (*length > 1 && moved > *first) *length -= 1;
  }
  *first = moved;
  if (*length > side - *first) *length = side - *first;
}

struct rect pixel_centre(const struct pixel_decoder *d, int area, int width, int height, int hsub, int vsub) {
  int x, y;
  int64_t aw, ah;
  struct pixel_area a = lie(d, d->areas[area]);
  within(width, a.x, a.width, &x, &aw);
  within(height, a.y, a.height, &y, &ah);
  // How many pixels across and down make up the result's aspect.
  int64_t across = (int64_t)d->lying_width * d->format.pixel_height, down = (int64_t)d->lying_height * d->format.pixel_width;
  int64_t w = aw, h = ah;
  if (w * down > h * across) {
    w = (h * across + down / 2) / down;
  } else {
    h = (w * down + across / 2) / across;
  }
  if (w < 1) w = 1;
  if (h < 1) h = 1;
  struct rect r = {x + (int)(aw - w) / 2, y + (int)(ah - h) / 2, (int)w, (int)h};
  align(hsub, d->visible.x, width, &r.x, &r.width);
  align(vsub, d->visible.y, height, &r.y, &r.height);
  return r;
}

struct rect pixel_bounds(const struct pixel_decoder *d, int width, int height, int hsub, int vsub) {
  int left = width, top = height, right = 0, bottom = 0;
  for (int i = 0; i < d->count; i++) {
    if (!(d->selected >> i & 1)) continue;
    struct rect r = pixel_centre(d, i, width, height, hsub, vsub);
    if (r.x < left) left = r.x;
    if (r.y < top) top = r.y;
    if (r.x + r.width > right) right = r.x + r.width;
    if (r.y + r.height > bottom) bottom = r.y + r.height;
  }
  if (right <= left) return (struct rect){0, 0, 1, 1};  // no area is selected
  return (struct rect){left, top, right - left, bottom - top};
}

void pixel_turn(const struct pixel_decoder *d, const uint8_t *lying, uint8_t *dst) {
  struct turn t = turn_of(d->format.orientation);
  for (int y = 0; y < d->height; y++) {
    for (int x = 0; x < d->width; x++, dst += 3) {
      int column = t.mirror_x ? d->width - 1 - x : x, row = t.mirror_y ? d->height - 1 - y : y;
      size_t at = t.swap ? (size_t)column * d->lying_width + row : (size_t)row * d->lying_width + column;
      memcpy(dst, lying + 3 * at, 3);
    }
  }
}
