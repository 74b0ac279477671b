package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mattn/go-tflite"

	"edged/infer/engine"
	"edged/internal/durable"
	"edged/models"
)

const (
	fileName = "tried-models"
	maxKnown = 16
	maxBytes = 64 << 10
)

// Known reports whether a trial of the model succeeded here before, with the same TFLite, delegate and options. Failures are not
// remembered: a lack of memory may have caused them. The folder "" remembers nothing.
func Known(dir string, m *models.Model, o engine.Options) bool {
	return slices.Contains(known(dir), key(m, o))
}

// Remember notes a success in the folder dir; "" is no folder. A power cut can only lose notes.
func Remember(dir string, m *models.Model, o engine.Options) error {
	if dir == "" {
		return nil
	}
	keys := append(known(dir), key(m, o))
	keys = keys[max(0, len(keys)-maxKnown):]
	if err := durable.Replace(filepath.Join(dir, fileName), []byte(strings.Join(keys, "\n")+"\n")); err != nil { // also one of another user's
		return fmt.Errorf("trial: %w", err)
	}
	return nil
}

func known(dir string) []string {
	path := filepath.Join(dir, fileName)
	if info, err := os.Stat(path); dir == "" || err != nil || info.Size() > maxBytes {
		return nil
	}
	text, _ := os.ReadFile(path)
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

func key(m *models.Model, o engine.Options) string {
	return fmt.Sprintf("%s tflite %s %q %q", m.SHA256, tflite.Version(), o.Delegate, o.Plugin)
}
