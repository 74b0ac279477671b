#ifndef EDGED_PLUGIN_H
#define EDGED_PLUGIN_H
#include "abi.h"

// A delegate that a library made, and that library's function to end it.
struct edged_plugin {
  struct edged_delegate *delegate;
  void (*destroy)(struct edged_delegate *);
  char why[512];  // why there is no delegate
};

// Each opens one kind of delegate. If that fails, plugin->delegate stays NULL and why is set. XNNPACK packs its weights into the
// file weight_cache, or maps them from it if it is there; NULL: it packs them in memory. The delegate keeps that pointer.
void edged_open_xnnpack(struct edged_plugin *plugin, int threads, const char *weight_cache);
void edged_open_gpu(struct edged_plugin *plugin, const char *library);
void edged_open_external(struct edged_plugin *plugin, const char *library, const char *const *keys,
                         const char *const *values, size_t options);

void edged_destroy(struct edged_plugin *plugin);
#endif
