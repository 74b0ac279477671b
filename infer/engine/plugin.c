#define _GNU_SOURCE
#include "plugin.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef void destroy_fn(struct edged_delegate *);

static void fail(struct edged_plugin *plugin, const char *reason) {
  // A plugin may have reported a reason itself.
  if (plugin->why[0] == 0) snprintf(plugin->why, sizeof plugin->why, "%s", reason);
}

// The delegate has to be one of the classic kind, whose prepare the probe can call.
static void finish(struct edged_plugin *plugin, struct edged_delegate *delegate, destroy_fn *destroy, const char *creator) {
  if (delegate == NULL) {
    char reason[128];
    snprintf(reason, sizeof reason, "%s refused (returned NULL)", creator);
    fail(plugin, reason);
    return;
  }
  if (delegate->prepare == NULL) {
    destroy(delegate);
    fail(plugin, "the plugin's delegate has no Prepare (an opaque delegate); build it against the TfLiteDelegate API");
    return;
  }
  plugin->delegate = delegate;
  plugin->destroy = destroy;
  plugin->why[0] = 0;
}

// The options struct has 32 bytes in TFLite 2.17 and more in later versions. A struct above 16 bytes is returned through a
// pointer to the caller's memory, so this larger one receives any version. num_threads comes first in all of them.
union xnnpack_options {
  int32_t num_threads;
  struct {  // TFLite 2.17, on 64 bits
    int32_t num_threads;
    uint32_t flags;
    void *weights_cache;
    bool handle_variable_ops;
    const char *weight_cache_file;
  } v2_17;
  uint8_t bytes[256];
};

void edged_open_xnnpack(struct edged_plugin *plugin, int threads, const char *weight_cache) {
  union xnnpack_options (*defaults)(void) = dlsym(RTLD_DEFAULT, "TfLiteXNNPackDelegateOptionsDefault");
  struct edged_delegate *(*create)(const void *) = dlsym(RTLD_DEFAULT, "TfLiteXNNPackDelegateCreate");
  destroy_fn *destroy = dlsym(RTLD_DEFAULT, "TfLiteXNNPackDelegateDelete");
  if (defaults == NULL || create == NULL || destroy == NULL) {
    fail(plugin, "this TFLite library was built without XNNPACK");
    return;
  }
  union xnnpack_options options = defaults();
  options.num_threads = threads;
  if (weight_cache != NULL) options.v2_17.weight_cache_file = weight_cache;
  finish(plugin, create(&options), destroy, "TfLiteXNNPackDelegateCreate");
}

// The library is never closed: GPU drivers register exit handlers and thread-local destructors, whose code would be gone.
static void *open_library(struct edged_plugin *plugin, const char *library) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) fail(plugin, dlerror());
  return handle;
}

// The plugin interface reports errors without saying which delegate they are about. Only the creating thread tells.
static _Thread_local struct edged_plugin *creating;

static void report(const char *text) {
  if (creating != NULL) snprintf(creating->why, sizeof creating->why, "%s", text);
}

static void create_by_plugin_abi(struct edged_plugin *plugin, void *handle, const char *const *keys,
                                 const char *const *values, size_t options) {
  struct edged_delegate *(*create)(const char *const *, const char *const *, size_t, void (*)(const char *)) =
      dlsym(handle, "tflite_plugin_create_delegate");
  destroy_fn *destroy = dlsym(handle, "tflite_plugin_destroy_delegate");
  if (create == NULL || destroy == NULL) {
    fail(plugin, "no delegate plugin: it lacks tflite_plugin_create_delegate or tflite_plugin_destroy_delegate");
    return;
  }
  creating = plugin;
  struct edged_delegate *delegate = create(keys, values, options, report);
  creating = NULL;
  finish(plugin, delegate, destroy, "tflite_plugin_create_delegate");
}

void edged_open_external(struct edged_plugin *plugin, const char *library, const char *const *keys,
                         const char *const *values, size_t options) {
  void *handle = open_library(plugin, library);
  if (handle != NULL) create_by_plugin_abi(plugin, handle, keys, values, options);
}

void edged_open_gpu(struct edged_plugin *plugin, const char *library) {
  void *handle = open_library(plugin, library);
  if (handle == NULL) return;
  struct edged_delegate *(*create)(const void *) = dlsym(handle, "TfLiteGpuDelegateV2Create");
  destroy_fn *destroy = dlsym(handle, "TfLiteGpuDelegateV2Delete");
  if (create == NULL || destroy == NULL) {
    create_by_plugin_abi(plugin, handle, NULL, NULL, 0);
    return;
  }
  // NULL stands for the default options, which accept quantized models.
  finish(plugin, create(NULL), destroy, "TfLiteGpuDelegateV2Create");
}

void edged_destroy(struct edged_plugin *plugin) { plugin->destroy(plugin->delegate); }
