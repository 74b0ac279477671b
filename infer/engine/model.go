package engine

// #include "report.h"
import "C"

import (
	"runtime"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// cModel is a model whose file TFLite reads in place. Weights that no delegate repacks are used from there.
type cModel struct {
	tflite.Model
	pinner runtime.Pinner
}

// alignment is that of the weights in a flatbuffer, counted from its first byte.
const alignment = 16

// loadModel keeps data in place until Delete. (tflite.NewModel would copy it.)
func loadModel(data []byte, r *report) (*cModel, error) {
	if uintptr(unsafe.Pointer(&data[0]))%alignment != 0 { // an embedded file may lie at any address
		data = append(make([]byte, 0, len(data)), data...)
	}
	m := &cModel{}
	m.pinner.Pin(&data[0])
	c := C.edged_model(unsafe.Pointer(&data[0]), C.size_t(len(data)), r.c)
	if c == nil {
		m.pinner.Unpin()
		return nil, r.err("load the model")
	}
	*handle(&m.Model) = unsafe.Pointer(c)
	return m, nil
}

// Delete frees TFLite's part of the model. It may be called on nil.
func (m *cModel) Delete() {
	if m != nil {
		m.Model.Delete()
		m.pinner.Unpin()
	}
}

// handle returns the C pointer in a go-tflite object. It is unexported, but the first field of each of these types (TestHandles).
// go-tflite itself offers no way to set a reporter that works, to load a model in place, or to run a loop in C.
func handle[T tflite.Model | tflite.InterpreterOptions | tflite.Interpreter](wrapper *T) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(wrapper))
}
