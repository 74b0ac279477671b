package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"edged/internal/printable"
)

// values are the values of a node, a camera or a view as /status has them. A key that is missing has the value zero: the daemon may be
// of another version than the command that asks it.
type values map[string]any

func (v values) text(key string) string {
	s, _ := v[key].(string)
	return printable.Line(s)
}

func (v values) is(key string) bool {
	b, _ := v[key].(bool)
	return b
}

func (v values) number(key string) float64 {
	n, _ := v[key].(json.Number)
	f, _ := n.Float64()
	return f
}

func (v values) count(key string) int64 {
	n, _ := v[key].(json.Number)
	i, _ := n.Int64()
	return i
}

func (v values) texts(key string) (all []string) {
	list, _ := v[key].([]any)
	for _, item := range list {
		s, _ := item.(string)
		all = append(all, printable.Line(s))
	}
	return all
}

func (v values) objects(key string) (all []values) {
	list, _ := v[key].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		all = append(all, o)
	}
	return all
}

func (v values) object(key string) values {
	o, _ := v[key].(map[string]any)
	return o
}

// StatusText is a node's status for a person. The JSON is the body of /status.
func StatusText(status []byte) (string, error) {
	var v values
	decoder := json.NewDecoder(bytes.NewReader(status))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return "", err
	}
	if _, ok := v["cameras"]; !ok {
		return "", errors.New("it has no cameras")
	}
	var b strings.Builder
	printLines(&b, v)
	if models := v.objects("models"); len(models) > 0 {
		printTable(&b, "MODEL", shownModelRows, func(yield func(string, values)) {
			for _, m := range models {
				yield(m.text("name"), m)
			}
		})
	}
	cameras := v.object("cameras")
	printTable(&b, "CAMERA", cameraRows, func(yield func(string, values)) {
		for _, name := range slices.Sorted(maps.Keys(cameras)) {
			yield(name, cameras.object(name))
		}
	})
	printTable(&b, "VIEW", viewRows, func(yield func(string, values)) {
		for _, name := range slices.Sorted(maps.Keys(cameras)) {
			views := cameras.object(name).object("views")
			for _, path := range slices.Sorted(maps.Keys(views)) {
				yield(path, views.object(path))
			}
		}
	})
	return b.String(), nil
}

// printLines prints the node's lines: what rows of the same line show, in the order of the rows.
func printLines(w io.Writer, v values) {
	var names []string
	texts := map[string]string{}
	for _, row := range nodeRows {
		if row.Line == "" {
			continue
		}
		text := show(row, v)
		switch before := texts[row.Line]; {
		case text == "":
		case before == "":
			names, texts[row.Line] = append(names, row.Line), text
		default:
			texts[row.Line] = before + ", " + text
		}
	}
	for _, name := range names {
		fmt.Fprintf(w, "%-9s%s\n", name, texts[name])
	}
}

// printTable prints a table with a line for each name that all yields.
func printTable[S any](w io.Writer, heading string, rows []Row[S], all func(yield func(name string, v values))) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\n%s\t", heading)
	for _, row := range rows {
		if row.Column != "" {
			fmt.Fprintf(table, "%s\t", row.Column)
		}
	}
	fmt.Fprintln(table)
	all(func(name string, v values) {
		var notes []string
		fmt.Fprintf(table, "%s\t", printable.Line(name))
		for _, row := range rows {
			switch {
			case row.Column != "":
				fmt.Fprintf(table, "%s\t", show(row, v))
			case row.Note && show(row, v) != "":
				notes = append(notes, show(row, v))
			}
		}
		fmt.Fprintln(table, strings.Join(notes, "; "))
	})
	table.Flush()
}

func show[S any](row Row[S], v values) string {
	if row.Show != nil {
		return row.Show(v)
	}
	if value, ok := v[row.Key]; ok {
		return printable.Line(fmt.Sprint(value))
	}
	return ""
}
