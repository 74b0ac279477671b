#include "probe.h"

// Counts the nodes of the plan that stand for themselves into total and by_op, those that stand for a delegated part
// into kernels.
static int count(struct edged_context *context, int32_t *total, int32_t *by_op, int32_t *kernels) {
  struct edged_ints *plan = NULL;
  if (context->get_execution_plan(context, &plan) != EDGED_OK || plan == NULL) return EDGED_ERROR;
  for (int32_t i = 0; i < plan->size; i++) {
    struct edged_node *node = NULL;
    struct edged_registration *op = NULL;
    if (context->get_node_and_registration(context, plan->data[i], &node, &op) != EDGED_OK) return EDGED_ERROR;
    if (node->delegate != NULL) {
      ++*kernels;
      continue;
    }
    ++*total;
    const bool known = op->builtin_code >= 0 && op->builtin_code < EDGED_OPS;
    by_op[known ? op->builtin_code : EDGED_OPS - 1]++;
  }
  return EDGED_OK;
}

// The interpreter calls it once for each subgraph.
static int prepare(struct edged_context *context, struct edged_delegate *self) {
  struct edged_probe *probe = self->data;
  int32_t none = 0;
  if (count(context, &probe->total, probe->ops_total, &none) != EDGED_OK) return EDGED_ERROR;
  if (probe->inner != NULL) {
    const int status = probe->inner->prepare(context, probe->inner);
    if (status != EDGED_OK) return status;
  }
  return count(context, &probe->left, probe->ops_left, &probe->kernels);
}

void edged_probe_init(struct edged_probe *probe, struct edged_delegate *inner) {
  *probe = (struct edged_probe){.inner = inner};
  probe->delegate.data = probe;
  probe->delegate.prepare = prepare;
  // Tensors carry the inner delegate, so its buffer functions are called on itself. Its flags are asked of the probe.
  probe->delegate.flags = inner != NULL ? inner->flags : 0;
  // A tensor whose size follows from the data moves, and may move others, whenever the model runs; the engine keeps
  // pointers into the tensors. So TFLite is made to refuse such a model.
  probe->delegate.flags &= ~(int64_t)EDGED_ALLOW_DYNAMIC_TENSORS;
}
