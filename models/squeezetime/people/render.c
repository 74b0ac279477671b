// Draws triangles into a picture with a depth buffer. Compiled on demand by render.py.
// Pictures are uint8 [H,W,3], depth float [H,W]; a camera is R[9] t[3] fx fy cx cy, y up, z ahead.
#include <math.h>
#include <stdint.h>
#include <string.h>

#define NEAREST 0.05f // metres from the camera; a triangle that comes nearer is left out

typedef struct { float x, y, z; } Point;

// The pixels whose centres may lie in the triangle; 0 where there are none.
static int bounds(const float *a, const float *b, const float *c, int W, int H, int box[4]) {
    if (a[2] < NEAREST || b[2] < NEAREST || c[2] < NEAREST) return 0;
    float x0 = fminf(a[0], fminf(b[0], c[0])), x1 = fmaxf(a[0], fmaxf(b[0], c[0]));
    float y0 = fminf(a[1], fminf(b[1], c[1])), y1 = fmaxf(a[1], fmaxf(b[1], c[1]));
    if (!(x0 < W && x1 > 0 && y0 < H && y1 > 0)) return 0; // also where one is not a number
    box[0] = x0 < 0 ? 0 : (int)ceilf(x0 - .5f);
    box[1] = x1 > W ? W - 1 : (int)floorf(x1 - .5f);
    box[2] = y0 < 0 ? 0 : (int)ceilf(y0 - .5f);
    box[3] = y1 > H ? H - 1 : (int)floorf(y1 - .5f);
    return box[0] <= box[1] && box[2] <= box[3];
}

// Calls INSIDE with w0, w1, w2, x, y for each pixel in the triangle (a, b, c).
#define EACH_PIXEL(a, b, c, W, H, INSIDE) do { \
    int box[4]; \
    if (!bounds(a, b, c, W, H, box)) break; \
    float area = (b[0]-a[0])*(c[1]-a[1]) - (c[0]-a[0])*(b[1]-a[1]); \
    if (area == 0) break; \
    float scale = 1 / area; \
    for (int y = box[2]; y <= box[3]; y++) for (int x = box[0]; x <= box[1]; x++) { \
        float px = x + .5f, py = y + .5f; \
        float w0 = ((b[0]-px)*(c[1]-py) - (c[0]-px)*(b[1]-py)) * scale; \
        float w1 = ((c[0]-px)*(a[1]-py) - (a[0]-px)*(c[1]-py)) * scale; \
        float w2 = 1 - w0 - w1; \
        if (w0 < 0 || w1 < 0 || w2 < 0) continue; \
        INSIDE; \
    } \
} while (0)

// Colours [V,3] are 0..255 and shaded already; points [V,3] are pixels and depth.
void fill(const float *points, const int32_t *triangles, int count, const float *colours, int W, int H, float *depth, uint8_t *picture) {
    for (int i = 0; i < count; i++) {
        const int32_t *t = triangles + 3 * i;
        const float *a = points + 3 * t[0], *b = points + 3 * t[1], *c = points + 3 * t[2];
        const float *ca = colours + 3 * t[0], *cb = colours + 3 * t[1], *cc = colours + 3 * t[2];
        EACH_PIXEL(a, b, c, W, H, {
            float z = w0 * a[2] + w1 * b[2] + w2 * c[2];
            int at = y * W + x;
            if (z >= depth[at]) continue;
            depth[at] = z;
            for (int k = 0; k < 3; k++) {
                float v = w0 * ca[k] + w1 * cb[k] + w2 * cc[k];
                picture[3 * at + k] = v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
            }
        });
    }
}

// Sets every pixel of mask that a triangle covers.
static void cover(const float *points, const int32_t *triangles, int count, int W, int H, uint8_t *mask) {
    for (int i = 0; i < count; i++) {
        const int32_t *t = triangles + 3 * i;
        const float *a = points + 3 * t[0], *b = points + 3 * t[1], *c = points + 3 * t[2];
        EACH_PIXEL(a, b, c, W, H, { (void)w2; mask[y * W + x] = 1; });
    }
}

// Vertices [V,3] follow up to three bones each: matrices [17,3,4].
void skin(const float *vertices, const int32_t *bones, const float *weights, const float *matrices, int count, float *skinned) {
    for (int i = 0; i < count; i++) {
        float x = vertices[3*i], y = vertices[3*i+1], z = vertices[3*i+2], sum[3] = {0, 0, 0};
        for (int k = 0; k < 3; k++) {
            float w = weights[3*i+k];
            const float *m = matrices + 12 * bones[3*i+k];
            if (w == 0) continue;
            for (int r = 0; r < 3; r++) sum[r] += w * (m[4*r]*x + m[4*r+1]*y + m[4*r+2]*z + m[4*r+3]);
        }
        memcpy(skinned + 3 * i, sum, sizeof sum);
    }
}

// Places in the world -> pixels and depth.
void project(const float *world, int count, const float *C, float *points) {
    for (int i = 0; i < count; i++) {
        float x = world[3*i], y = world[3*i+1], z = world[3*i+2];
        float X = C[0]*x + C[1]*y + C[2]*z + C[9];
        float Y = C[3]*x + C[4]*y + C[5]*z + C[10];
        float Z = C[6]*x + C[7]*y + C[8]*z + C[11];
        float q = Z > NEAREST ? Z : NEAREST * .99f;
        points[3*i] = C[14] + C[12] * X / q;
        points[3*i+1] = C[15] - C[13] * Y / q;
        points[3*i+2] = Z;
    }
}

// A body in light that comes from `light` and, as much as `ambient`, from the sky. scratch: [9*V].
void body(const float *world, int count, const int32_t *triangles, int faces, const float *colours, const float *C, const float *light, float ambient, int W, int H, float *depth, uint8_t *picture, float *scratch) {
    float *normals = scratch, *points = scratch + 3 * count, *shaded = scratch + 6 * count;
    memset(normals, 0, 12 * (size_t)count);
    for (int i = 0; i < faces; i++) {
        const float *a = world + 3*triangles[3*i], *b = world + 3*triangles[3*i+1], *c = world + 3*triangles[3*i+2];
        float u[3] = {b[0]-a[0], b[1]-a[1], b[2]-a[2]}, v[3] = {c[0]-a[0], c[1]-a[1], c[2]-a[2]};
        float n[3] = {u[1]*v[2] - u[2]*v[1], u[2]*v[0] - u[0]*v[2], u[0]*v[1] - u[1]*v[0]};
        for (int k = 0; k < 3; k++) for (int q = 0; q < 3; q++) normals[3*triangles[3*i+k] + q] += n[q];
    }
    for (int i = 0; i < count; i++) {
        const float *n = normals + 3 * i;
        float length = sqrtf(n[0]*n[0] + n[1]*n[1] + n[2]*n[2]) + 1e-12f;
        float facing = (n[0]*light[0] + n[1]*light[1] + n[2]*light[2]) / length;
        float sky = .5f + .5f * n[1] / length;
        float shade = ambient * (.7f + .3f * sky) + (1 - ambient) * (facing > 0 ? facing : 0);
        for (int k = 0; k < 3; k++) shaded[3*i+k] = colours[3*i+k] * shade;
    }
    project(world, count, C, points);
    fill(points, triangles, faces, shaded, W, H, depth, picture);
}

// The shadow of a body on the floor, y = 0, as a mask. light[1] > 0. scratch: [6*V].
void shadow(const float *world, int count, const int32_t *triangles, int faces, const float *C, const float *light, int W, int H, uint8_t *mask, float *scratch) {
    float *flat = scratch, *points = scratch + 3 * count;
    for (int i = 0; i < count; i++) {
        float y = world[3*i+1] > 0 ? world[3*i+1] : 0, k = y / light[1];
        flat[3*i] = world[3*i] - light[0] * k;
        flat[3*i+1] = 0;
        flat[3*i+2] = world[3*i+2] - light[2] * k;
    }
    project(flat, count, C, points);
    cover(points, triangles, faces, W, H, mask);
}
