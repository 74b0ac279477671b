// A delegate plugin for tests, compiled by them. Its kernel writes 0, 1, 2 ... into its first output. Options:
//   op CODE      takes the nodes of that builtin operator only, not all
//   scribble 1   its kernel overwrites its input
//   fail TEXT    its Prepare reports that and fails
//   refuse TEXT  it reports that instead of making a delegate
#include <stdlib.h>
#include <string.h>

#include "../abi.h"

// What follows get_node_and_registration in TfLiteContext.
struct registration {
  struct edged_registration begin;
  void *rest[8];  // custom_name, version ...: all zero
};
struct context {
  struct edged_context begin;
  int (*replace_nodes)(struct edged_context *, struct registration, const struct edged_ints *, struct edged_delegate *);
};

// Opaque in TFLite's C API, the classic structs in truth.
void *TfLiteOpaqueContextGetOpaqueTensor(const void *context, int index);
void *TfLiteTensorData(const void *tensor);
size_t TfLiteTensorByteSize(const void *tensor);

struct plugin {
  struct edged_delegate delegate;
  int op;
  bool scribble;
  char *failure;
};

static void *init(struct edged_context *context, const char *params, size_t length) {
  (void)context, (void)length;
  struct edged_delegate *const *first = (const void *)params;  // TfLiteDelegateParams begins with the delegate
  return (*first)->data;
}

static int kernel(struct edged_context *context, struct edged_node *node) {
  const struct plugin *plugin = node->user_data;
  void *output = TfLiteOpaqueContextGetOpaqueTensor(context, node->outputs->data[0]);
  int8_t *values = TfLiteTensorData(output);
  for (size_t i = 0; i < TfLiteTensorByteSize(output); i++) values[i] = (int8_t)i;
  for (int i = 0; plugin->scribble && i < node->inputs->size; i++) {
    void *input = TfLiteOpaqueContextGetOpaqueTensor(context, node->inputs->data[i]);
    if (TfLiteTensorByteSize(input) == 96 * 96 * 48) memset(TfLiteTensorData(input), 0x55, TfLiteTensorByteSize(input));
  }
  return EDGED_OK;
}

static int prepare(struct edged_context *context, struct edged_delegate *delegate) {
  const struct plugin *plugin = delegate->data;
  if (plugin->failure != NULL) {
    context->report_error(context, "plugin: %s", plugin->failure);
    return EDGED_ERROR;
  }
  struct edged_ints *plan;
  if (context->get_execution_plan(context, &plan) != EDGED_OK) return EDGED_ERROR;
  struct edged_ints *mine = calloc(1, sizeof *mine + (size_t)plan->size * sizeof mine->data[0]);
  for (int i = 0; i < plan->size; i++) {
    struct edged_node *node;
    struct edged_registration *op;
    if (context->get_node_and_registration(context, plan->data[i], &node, &op) != EDGED_OK) return EDGED_ERROR;
    if (plugin->op < 0 || plugin->op == op->builtin_code) mine->data[mine->size++] = plan->data[i];
  }
  const struct registration registration = {.begin = {.init = init, .invoke = kernel}};
  const int status = ((struct context *)context)->replace_nodes(context, registration, mine, delegate);
  free(mine);
  return status;
}

struct edged_delegate *tflite_plugin_create_delegate(const char *const *keys, const char *const *values, size_t options,
                                                     void (*report)(const char *)) {
  struct plugin *plugin = calloc(1, sizeof *plugin);
  plugin->op = -1;
  plugin->delegate.data = plugin;
  plugin->delegate.prepare = prepare;
  for (size_t i = 0; i < options; i++) {
    if (strcmp(keys[i], "op") == 0) plugin->op = atoi(values[i]);
    if (strcmp(keys[i], "scribble") == 0) plugin->scribble = true;
    if (strcmp(keys[i], "fail") == 0) plugin->failure = strdup(values[i]);
    if (strcmp(keys[i], "refuse") == 0) {
      report(values[i]);
      free(plugin);
      return NULL;
    }
  }
  return &plugin->delegate;
}

void tflite_plugin_destroy_delegate(struct edged_delegate *delegate) {
  struct plugin *plugin = delegate->data;
  free(plugin->failure);
  free(plugin);
}
