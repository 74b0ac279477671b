package engine

// #include <stdlib.h>
// #include "plugin.h"
// #include "probe.h"
import "C"

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unsafe"

	"edged/infer/delegate"
)

// probe is the delegate that the interpreter gets. It passes everything on to the requested delegate and counts that one's nodes.
// It implements go-tflite's delegates.Delegater.
type probe struct {
	c      *C.struct_edged_probe
	plugin C.struct_edged_plugin
	cache  *C.char // the path of XNNPACK's weight cache, which XNNPACK refers to; NULL: none
}

// openProbe opens the delegate. The error is TFLite's or the plugin's reason why that fails.
func openProbe(d delegate.Delegate, o Options) (*probe, error) {
	p := &probe{}
	if d.Kind != delegate.CPU {
		if p.open(d, o); p.plugin.delegate == nil {
			p.Delete()
			return nil, errors.New(C.GoString(&p.plugin.why[0]))
		}
	}
	p.c = (*C.struct_edged_probe)(C.malloc(C.sizeof_struct_edged_probe))
	C.edged_probe_init(p.c, p.plugin.delegate)
	return p, nil
}

func (p *probe) open(d delegate.Delegate, o Options) {
	plugin := &p.plugin
	if d.Kind == delegate.XNNPACK {
		if o.WeightCache != "" && CanCacheWeights() {
			p.cache = C.CString(o.WeightCache)
		}
		C.edged_open_xnnpack(plugin, C.int(o.Threads), p.cache)
		return
	}
	path := C.CString(d.Path)
	defer C.free(unsafe.Pointer(path))
	if d.Kind == delegate.GPU {
		C.edged_open_gpu(plugin, path)
		return
	}
	keys := slices.Sorted(maps.Keys(o.Plugin))
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = o.Plugin[key]
	}
	cKeys, freeKeys := cStrings(keys)
	defer freeKeys()
	cValues, freeValues := cStrings(values)
	defer freeValues()
	C.edged_open_external(plugin, path, cKeys, cValues, C.size_t(len(keys)))
}

// cStrings copies a list of strings to C.
func cStrings(list []string) (array **C.char, free func()) {
	memory := C.calloc(C.size_t(len(list)+1), C.size_t(unsafe.Sizeof(array)))
	strings := unsafe.Slice((**C.char)(memory), len(list))
	for i, s := range list {
		strings[i] = C.CString(s)
	}
	return (**C.char)(memory), func() {
		for _, s := range strings {
			C.free(unsafe.Pointer(s))
		}
		C.free(memory)
	}
}

// Ptr returns the TfLiteDelegate.
func (p *probe) Ptr() unsafe.Pointer { return unsafe.Pointer(&p.c.delegate) }

// Delete ends the delegate. The interpreter that used it must have ended before. It may be called on nil.
func (p *probe) Delete() {
	if p == nil {
		return
	}
	if plugin := &p.plugin; plugin.delegate != nil {
		C.edged_destroy(plugin)
	}
	C.free(unsafe.Pointer(p.c))
	C.free(unsafe.Pointer(p.cache))
}

// weightCache is the file that XNNPACK maps its packed weights from; "" if there is none.
func (p *probe) weightCache() string {
	if p.cache == nil {
		return ""
	}
	return C.GoString(p.cache)
}

// refused returns an error if the delegate accepted the model but runs none of its nodes.
func (p *probe) refused(d delegate.Delegate) error {
	if d.Kind != delegate.CPU && p.delegated() == 0 {
		return fmt.Errorf("it took none of the model's %d nodes", p.total())
	}
	return nil
}

func (p *probe) total() int     { return int(p.c.total) }
func (p *probe) delegated() int { return int(p.c.total - p.c.left) }

// ops lists the model's operators, the most frequent first.
func (p *probe) ops() []OpCount {
	var ops []OpCount
	for code, n := range p.c.ops_total {
		if n > 0 {
			ops = append(ops, OpCount{Op: opName(code), Nodes: int(n), Delegated: int(n - p.c.ops_left[code])})
		}
	}
	slices.SortStableFunc(ops, func(a, b OpCount) int { return b.Nodes - a.Nodes })
	return ops
}
