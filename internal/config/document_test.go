package config

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

const document = "../../docs/configuration.md"

// The table in docs/configuration.md is made of the code: go test ./internal/config -run Document -update.
func TestDocumentIsWhatTheCodeSays(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const head, rule = "| key | type | default | |\n", "|---|---|---|---|\n"
	before, rest, found := strings.Cut(string(text), head+rule)
	if !found {
		t.Fatalf("%s has no line %q", document, head)
	}
	table, after, _ := strings.Cut(rest+"\n", "\n\n")
	want := tableOf(t)
	if *update {
		whole := before + head + rule + want + strings.TrimRight("\n"+after, "\n") + "\n"
		if err := os.WriteFile(document, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if strings.TrimSpace(table) != strings.TrimSpace(want) {
		t.Errorf("%s differs from the code; go test ./internal/config -run Document -update\ngot\n%s\nwant\n%s", document, table, want)
	}
}

// tableOf has a row for each key.
func tableOf(t *testing.T) string {
	d := describer{t: t, comments: comments(t)}
	d.describe("", reflect.ValueOf(*Default()))
	return d.table.String()
}

type describer struct {
	t        *testing.T
	comments map[string]string // Type.Field → its comment
	table    bytes.Buffer
}

func (d *describer) describe(path string, v reflect.Value) {
	d.t.Helper()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		at, comment := join(path, key), d.comments[v.Type().Name()+"."+f.Name]
		switch elem := f.Type; {
		case elem == reflect.TypeFor[Follow]():
			d.row(at, "true, false or a block", "false", comment)
			d.describe(at, reflect.ValueOf(DefaultFollow))
			continue
		case elem.Kind() == reflect.Struct:
			d.describe(at, v.Field(i))
			continue
		case elem.Kind() == reflect.Slice && elem.Elem().Kind() == reflect.Struct:
			d.row(at, "list", "", comment)
			first := reflect.Zero(elem.Elem())
			if v.Field(i).Len() > 0 {
				first = v.Field(i).Index(0)
			}
			d.describe(at+"[]", first)
			continue
		case elem.Kind() == reflect.Map && elem.Elem().Kind() == reflect.Struct:
			d.row(at, "block of names", "", comment)
			one := reflect.Zero(elem.Elem())
			if elem.Elem() == reflect.TypeFor[Rule]() {
				one = reflect.ValueOf(Rule{Within: defaultWithin})
			}
			d.describe(at+".NAME", one)
			continue
		}
		d.row(at, typeName(f.Type), defaultOf(at, v.Field(i)), comment)
	}
}

func (d *describer) row(key, kind, def, comment string) {
	if comment == "" {
		d.t.Errorf("%s: its field has no comment", key)
	}
	if def != "" && key != "node" {
		def = "`" + def + "`"
	}
	fmt.Fprintf(&d.table, "| `%s` | %s | %s | %s |\n", key, kind, def, strings.ReplaceAll(comment, "|", `\|`))
}

func typeName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem())
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t.Kind() == reflect.Slice:
		return "list"
	case t == reflect.TypeFor[Zones]():
		return "block of polygons"
	case t.Kind() == reflect.Map:
		return "block of texts"
	case isWhole(t):
		return "whole number"
	case t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Bool:
		return "true, false"
	}
	return "text"
}

func defaultOf(key string, v reflect.Value) string {
	switch {
	case key == "node":
		return "the host name"
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Slice, v.Kind() == reflect.Map:
		return ""
	case v.Kind() == reflect.String:
		return v.String()
	case v.IsZero() && isWhole(v.Type()): // the camera's or another key's choice
		return ""
	}
	return fmt.Sprint(v.Interface())
}

// comments are those of the fields of config.go, behind or above them.
func comments(t *testing.T) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					text := f.Comment.Text() + " " + strings.TrimPrefix(f.Doc.Text(), name.Name+" is ")
					text = strings.TrimPrefix(strings.TrimSpace(text), name.Name+" are ")
					out[spec.Name.Name+"."+name.Name] = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
				}
			}
		}
		return true
	})
	return out
}
