package engine

import (
	"fmt"
	"strings"
)

// Delegate names who computes the graph's nodes.
type Delegate struct {
	kind kind
	path string // of a plugin's library
}

type kind int

const (
	xnnpack kind = iota
	cpu
	gpu
	external
)

// gpuLibrary is what TensorFlow's build calls its GPU delegate.
const gpuLibrary = "libtensorflowlite_gpu_delegate.so"

// ParseDelegate reads a delegate's name:
//
//	xnnpack        TFLite's optimized CPU kernels; also ""
//	cpu            TFLite's plain kernels
//	gpu            libtensorflowlite_gpu_delegate.so, found by the dynamic loader
//	gpu:PATH       that library
//	external:PATH  a delegate plugin (an NPU vendor's library)
func ParseDelegate(name string) (Delegate, error) {
	base, path, hasPath := strings.Cut(name, ":")
	switch {
	case name == "" || name == "xnnpack":
		return Delegate{kind: xnnpack}, nil
	case name == "cpu":
		return Delegate{kind: cpu}, nil
	case name == "gpu":
		return Delegate{kind: gpu, path: gpuLibrary}, nil
	case base == "gpu" && hasPath && path != "":
		return Delegate{kind: gpu, path: path}, nil
	case base == "external" && hasPath && path != "":
		return Delegate{kind: external, path: path}, nil
	}
	return Delegate{}, fmt.Errorf("delegate %q: can be xnnpack, cpu, gpu, gpu:PATH or external:PATH", name)
}

func (d Delegate) String() string {
	switch d.kind {
	case xnnpack:
		return "xnnpack"
	case cpu:
		return "cpu"
	case gpu:
		if d.path == gpuLibrary {
			return "gpu"
		}
		return "gpu:" + d.path
	}
	return "external:" + d.path
}

// chain is the delegate and those that stand in for it, best first.
func (d Delegate) chain() []Delegate {
	switch d.kind {
	case cpu:
		return []Delegate{d}
	case xnnpack:
		return []Delegate{d, {kind: cpu}}
	}
	return []Delegate{d, {kind: xnnpack}, {kind: cpu}}
}
