package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"edged/internal/plaintext"
	"edged/internal/printable"
)

// Problem is one thing wrong with a configuration file.
type Problem struct {
	Line int    // 0 where the key is absent from the file
	Key  string // as in cameras[0].source
	Text string // what it must be
}

// Problems is everything wrong with a configuration file.
type Problems struct {
	File    string
	List    []Problem
	Unknown bool // there are keys that this edged does not know
}

func (p *Problems) Error() string {
	var b strings.Builder
	for i, q := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.File)
		if q.Line > 0 {
			fmt.Fprintf(&b, ":%d", q.Line)
		}
		b.WriteString(": ")
		if q.Key != "" {
			b.WriteString(q.Key + ": ")
		}
		b.WriteString(q.Text)
	}
	return b.String()
}

// decoder fills a Config from YAML key by key, because a decoder that stops at its first error would make the user
// mend the file one line a run.
type decoder struct {
	problems []Problem
	lines    map[string]int // key path → line
	unknown  bool           // as in Problems

	variables map[string]string // key path → the variable of the environment that set it

	protected bool // by protect
	data      []byte
}

// maxFile bounds the file; a real one has a few hundred bytes.
const maxFile = 1 << 20

func decode(data []byte, c *Config) *decoder {
	d := &decoder{lines: map[string]int{}, variables: map[string]string{}}
	if len(data) > maxFile {
		d.problem("", "the file has %d bytes; %d are allowed", len(data), maxFile)
		return d
	}
	data = plaintext.Clean(data)
	d.data = data
	text := protect(data)
	d.protected = len(text) != len(data)
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.syntax(err, data)
		return d
	}
	if len(file.Docs) > 1 {
		d.problem("", "the file holds %d documents separated by ---; only one is allowed", len(file.Docs))
	}
	if len(file.Docs) > 0 && file.Docs[0].Body != nil {
		d.value("", file.Docs[0].Body, reflect.ValueOf(c).Elem())
	}
	return d
}

func (d *decoder) syntax(err error, data []byte) {
	p := Problem{Text: err.Error()}
	var y yaml.Error
	if errors.As(err, &y) {
		p.Text = "not YAML: " + y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			p.Line = t.Position.Line
			p.Text += missingQuotes(lineOf(data, p.Line))
		}
	}
	d.problems = append(d.problems, p)
}

func (d *decoder) problem(key, format string, args ...any) {
	p := Problem{Line: d.lines[key], Key: key, Text: d.fromVariable(key, fmt.Sprintf(format, args...))}
	if printable.Check(key) != nil || plaintext.Find(key) != "" {
		p.Key = strconv.Quote(key)
	}
	d.problems = append(d.problems, p)
}

// err returns the problems, in the file's own order.
func (d *decoder) err(name string) error {
	if len(d.problems) == 0 {
		return nil
	}
	for i := range d.problems {
		p := &d.problems[i]
		if name := d.invisible(p.Line); name != "" && !strings.Contains(p.Text, name) {
			p.Text += fmt.Sprintf(" (this line has %s in it)", name)
		}
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Problems{File: name, List: d.problems, Unknown: d.unknown}
}

// invisible names a character in the line that nobody sees, outside of a comment: it is likely to be what is wrong.
func (d *decoder) invisible(line int) string {
	return plaintext.Find(comment.ReplaceAllString(lineOf(d.data, line), ""))
}

// value stores the node at path into v.
func (d *decoder) value(path string, n ast.Node, v reflect.Value) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		if _, known := d.lines[path]; !known {
			d.lines[path] = t.Position.Line
		}
	}
	switch n.(type) {
	case *ast.NullNode:
		return // "key:" with nothing after it means the default
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.problem(path, "anchors, aliases and tags are not allowed here; write the value itself")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, n, v.Elem())
	case reflect.Struct:
		if f, ok := v.Addr().Interface().(*Follow); ok {
			d.follow(path, n, f)
			return
		}
		d.fields(path, n, v)
	case reflect.Slice:
		d.list(path, n, v)
	case reflect.Map:
		if rules, ok := v.Interface().(map[string]Rule); ok {
			d.rules(path, n, rules)
			return
		}
		d.dict(path, n, v)
	default:
		if err := scalar(n, v); err != nil {
			d.problem(path, "must be %s, not %s", kindName(v.Type()), d.restore(oneLine(n)))
		}
		if v.Kind() == reflect.String {
			v.SetString(d.restore(v.String()))
			if err := plaintext.CheckEnds(v.String()); err != nil {
				d.problem(path, "%v", err)
			}
		}
	}
}

// scalar stores a text as it stands in the file, even where YAML would read it as a number (010 as 8), and takes only whole
// numbers for whole numbers.
func scalar(n ast.Node, v reflect.Value) (err error) {
	number := false
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		number = true
	}
	switch text := n.GetToken().Value; {
	case v.Kind() == reflect.String && number:
		v.SetString(text)
	case isWhole(v.Type()):
		var i int64
		if _, ok := n.(*ast.IntegerNode); !ok {
			return strconv.ErrSyntax
		}
		i, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
	default:
		err = yaml.NodeToValue(n, v.Addr().Interface())
	}
	return err
}

// isWhole reports whether the type is one of whole numbers.
func isWhole(t reflect.Type) bool {
	return (t.Kind() == reflect.Int || t.Kind() == reflect.Int64) && t != reflect.TypeFor[time.Duration]()
}

func (d *decoder) fields(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.problem(path, "must be a block of keys (%s), not %s", strings.Join(keys(v.Type()), ", "), oneLine(n))
		return
	}
	for it := m.MapRange(); it.Next(); {
		key := keyOf(it.Key())
		at := join(path, key)
		d.lines[at] = it.Key().GetToken().Position.Line
		switch f := field(v, key); {
		case f.IsValid():
			d.value(at, it.Value(), f)
		case at == "mqtt.password":
			d.problem(at, "no secret may stand in this file; put it into one of its own and name that in mqtt.password_file, or set EDGED_MQTT_PASSWORD")
		default:
			d.unknown = true
			if isAddress(key) {
				at = path
			}
			d.problem(at, "no such key; allowed here: %s", strings.Join(keys(v.Type()), ", "))
		}
	}
}

func (d *decoder) list(path string, n ast.Node, v reflect.Value) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(path, "must be a list (lines that begin with -), not %s", oneLine(n))
		return
	}
	def := reflect.Zero(v.Type().Elem())
	if v.Len() > 0 {
		def = v.Index(0) // what Default put there holds for every element
	}
	out := reflect.MakeSlice(v.Type(), 0, len(s.Values))
	for i, e := range s.Values {
		item := reflect.New(v.Type().Elem()).Elem()
		item.Set(def)
		d.value(fmt.Sprintf("%s[%d]", path, i), e, item)
		out = reflect.Append(out, item)
	}
	v.Set(out)
}

func (d *decoder) dict(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.problem(path, "must be a block of names, not %s", oneLine(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for it := m.MapRange(); it.Next(); {
		key := keyOf(it.Key())
		item := reflect.New(v.Type().Elem()).Elem()
		d.lines[join(path, key)] = it.Key().GetToken().Position.Line
		d.value(join(path, key), it.Value(), item)
		out.SetMapIndex(reflect.ValueOf(key), item)
	}
	v.Set(out)
}

func keyOf(k ast.MapKeyNode) string { return k.GetToken().Value }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func field(v reflect.Value, key string) reflect.Value {
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "" && tag == key {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func keys(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" {
			out = append(out, tag)
		}
	}
	return out
}

func kindName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 500ms or 5s"
	case isWhole(t):
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a text"
	}
}

// isAddress says whether the text looks like one, which no message repeats: there may be a password in it.
func isAddress(s string) bool { return strings.Contains(s, "@") || strings.Contains(s, "://") }

// oneLine is the node as the user wrote it, short enough for a message.
func oneLine(n ast.Node) string {
	s := strings.Join(strings.Fields(n.String()), " ")
	if isAddress(s) {
		return "an address"
	}
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return fmt.Sprintf("%q", s)
}
