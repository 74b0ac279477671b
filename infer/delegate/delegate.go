// Package delegate reads the names of TFLite delegates: which code computes a model's nodes. It is pure Go, so that a
// configuration can be checked without the C library.
package delegate

import (
	"fmt"
	"strings"
)

// Delegate says who computes the graph's nodes.
type Delegate struct {
	Kind Kind
	Path string // of the library, for GPU and External
}

// Kind is a sort of delegate.
type Kind int

const (
	XNNPACK  Kind = iota // TFLite's optimised CPU kernels
	CPU                  // TFLite's plain kernels
	GPU                  // TensorFlow's GPU delegate
	External             // a plugin, such as an NPU vendor's library
)

// gpuLibrary is the file name that TensorFlow's build gives its GPU delegate.
const gpuLibrary = "libtensorflowlite_gpu_delegate.so"

// Grammar describes the names that Parse reads.
const Grammar = "xnnpack, cpu, gpu, gpu:PATH or external:PATH"

// Parse reads a delegate's name:
//
//	xnnpack        TFLite's optimised CPU kernels; also ""
//	cpu            TFLite's plain kernels
//	gpu            libtensorflowlite_gpu_delegate.so, found by the dynamic loader
//	gpu:PATH       that library
//	external:PATH  a delegate plugin (an NPU vendor's library)
func Parse(name string) (Delegate, error) {
	base, path, hasPath := strings.Cut(name, ":")
	switch {
	case name == "" || name == "xnnpack":
		return Delegate{Kind: XNNPACK}, nil
	case name == "cpu":
		return Delegate{Kind: CPU}, nil
	case name == "gpu":
		return Delegate{Kind: GPU, Path: gpuLibrary}, nil
	case base == "gpu" && hasPath && path != "":
		return Delegate{Kind: GPU, Path: path}, nil
	case base == "external" && hasPath && path != "":
		return Delegate{Kind: External, Path: path}, nil
	}
	return Delegate{}, fmt.Errorf("delegate %q: must be %s", name, Grammar)
}

// String is the inverse of Parse.
func (d Delegate) String() string {
	switch d.Kind {
	case XNNPACK:
		return "xnnpack"
	case CPU:
		return "cpu"
	case GPU:
		if d.Path == gpuLibrary {
			return "gpu"
		}
		return "gpu:" + d.Path
	}
	return "external:" + d.Path
}

// Chain returns the delegate and those that replace it where it cannot run, best first.
func (d Delegate) Chain() []Delegate {
	switch d.Kind {
	case CPU:
		return []Delegate{d}
	case XNNPACK:
		return []Delegate{d, {Kind: CPU}}
	}
	return []Delegate{d, {Kind: XNNPACK}, {Kind: CPU}}
}
