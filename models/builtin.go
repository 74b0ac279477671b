package models

import (
	_ "embed"
	"slices"
	"unsafe"
)

var (
	//go:embed starter.tflite
	starter string
	//go:embed people-nano.tflite
	people string
)

// builtIn are the models in the program, first the one that is meant where none is named. Users write the name; path stands in a Model
// for the path of a file.
var builtIn = []struct {
	name, path string
	data       *string
}{
	{"people", "built-in people", &people},
	{"motions", "built-in starter", &starter}, // eleven simple motions
}

// IsBuiltIn reports whether it is the name of a model in the program and not the path of a file.
func IsBuiltIn(name string) bool { return slices.Contains(Names(), name) }

// Names returns the names of the models in the program.
func Names() (names []string) {
	for _, b := range builtIn {
		names = append(names, b.name)
	}
	return names
}

// Load returns a model of the program by its name, or the model file at that path. "" is people. A Model's Path loads the same model
// again.
func Load(name string) (*Model, error) {
	for _, b := range builtIn {
		if name == b.name || name == b.path || name == "" {
			// The string lies in the program's read-only pages, which are loaded as they are touched; Data is those pages.
			return fromBytes(b.path, unsafe.Slice(unsafe.StringData(*b.data), len(*b.data)))
		}
	}
	return Open(name)
}

// Starter returns the model motions.
func Starter() (*Model, error) { return Load("motions") }
