package models

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	{"motions", "built-in motions", &starter}, // eleven simple motions
}

// beside are the names of models that come with the program as files, NAME.tflite.
var beside = []string{"people-half"}

// IsName reports whether it is the name of a model that edged brings and not the path of a file.
func IsName(name string) bool { return slices.Contains(Names(), name) || slices.Contains(beside, name) }

// Names returns the names of the models in the program.
func Names() (names []string) {
	for _, b := range builtIn {
		names = append(names, b.name)
	}
	return names
}

// Load returns a model that edged brings by its name, or the model file at that path. "" is people. A Model's Path loads the same model
// again.
func Load(name string) (*Model, error) {
	for _, b := range builtIn {
		if name == b.name || name == b.path || name == "" {
			// The string lies in the program's read-only pages, which are loaded as they are touched; Data is those pages.
			return fromBytes(b.path, unsafe.Slice(unsafe.StringData(*b.data), len(*b.data)))
		}
	}
	if slices.Contains(beside, name) {
		return openBeside(name)
	}
	return Open(name)
}

var executable = os.Executable // a variable for tests

// openBeside opens a model that comes with the program as a file.
func openBeside(name string) (*Model, error) {
	program, err := executable()
	if err != nil {
		return nil, fmt.Errorf("models: %s: where is this program? %w", name, err)
	}
	dir := filepath.Dir(program)
	// Where the package puts it, beside the program, and where it is in the source.
	folders := []string{filepath.Join(dir, "../share/edged"), dir, filepath.Join(dir, "../models")}
	for _, folder := range folders {
		path := filepath.Join(folder, name+".tflite")
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			return Open(path)
		}
	}
	return nil, fmt.Errorf("models: there is no %s.tflite in %s: install edged's package, or give the path of the file", name, strings.Join(folders, ", "))
}

// Starter returns the model motions.
func Starter() (*Model, error) { return Load("motions") }
