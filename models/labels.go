package models

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"edged/internal/bounds"
	"edged/internal/plaintext"
	"edged/internal/printable"
)

const maxLabels = 10000

// parseLabels reads labels.txt: one label a line, UTF-8, no empty line, no label twice.
func parseLabels(text []byte) ([]string, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s: not UTF-8", labelsName)
	}
	trimmed := strings.TrimSuffix(string(text), "\n")
	if trimmed == "" {
		return nil, fmt.Errorf("%s: empty; write one label a line, in the order of the model's output", labelsName)
	}
	labels := strings.Split(trimmed, "\n")
	if len(labels) > maxLabels {
		return nil, fmt.Errorf("%s: %d labels; at most %d", labelsName, len(labels), maxLabels)
	}
	var errs []error
	lineOf := make(map[string]int, len(labels))
	for i, label := range labels {
		line := i + 1
		switch {
		case strings.TrimSpace(label) == "":
			errs = append(errs, fmt.Errorf("%s:%d: empty label", labelsName, line))
		case label != strings.Trim(label, " \t"):
			errs = append(errs, fmt.Errorf("%s:%d: label %.100q has blanks around it; remove them", labelsName, line, label))
		case plaintext.CheckEnds(label) != nil:
			errs = append(errs, fmt.Errorf("%s:%d: label %.100q: %w", labelsName, line, label, plaintext.CheckEnds(label)))
		case len(label) > bounds.MaxLabelBytes:
			errs = append(errs, fmt.Errorf("%s:%d: label %.20q... has %d bytes; at most %d", labelsName, line, label, len(label), bounds.MaxLabelBytes))
		case printable.Check(label) != nil:
			errs = append(errs, fmt.Errorf("%s:%d: label %q: %w", labelsName, line, label, printable.Check(label)))
		case lineOf[label] != 0:
			errs = append(errs, fmt.Errorf("%s:%d: label %q is already in line %d", labelsName, line, label, lineOf[label]))
		default:
			lineOf[label] = line
		}
	}
	return labels, errors.Join(errs...)
}
