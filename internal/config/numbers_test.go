package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// numericKeys returns every key of the type whose value is a number, a duration or a list of numbers, as YAML with %s in place
// of the value.
func numericKeys(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		kind := f.Type
		for kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		switch {
		case kind == reflect.TypeFor[time.Duration](), isWhole(kind), kind.Kind() == reflect.Float64:
			keys = append(keys, fmt.Sprintf("{%s: %%s}", key))
		case kind.Kind() == reflect.Struct:
			keys = append(keys, wrap(key+": %s", numericKeys(kind))...)
		case kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct:
			keys = append(keys, wrap(key+": [%s]", numericKeys(kind.Elem()))...)
		case kind.Kind() == reflect.Map && kind.Elem().Kind() == reflect.Struct:
			keys = append(keys, wrap(key+": {wave: %s}", numericKeys(kind.Elem()))...)
		case key == "area":
			keys = append(keys, "{area: [0, 0, 1, %s]}", "{area: [%s, 0, 1, 1]}")
		case key == "masks":
			keys = append(keys, "{masks: [[[0, 0], [1, 1], [0, %s]]]}")
		case key == "zones":
			keys = append(keys, "{zones: {gate: [[0, 0], [1, 1], [0, %s]]}}")
		}
	}
	return keys
}

func wrap(in string, keys []string) (out []string) {
	for _, key := range keys {
		out = append(out, "{"+strings.Replace(in, "%s", key, 1)+"}")
	}
	return out
}

// beside adds what a key needs beside it: nothing but its number may be wrong.
var beside = strings.NewReplacer(
	"{width: %s", "{width: %s, height: 480", "{height: %s", "{width: 640, height: %s", "{zones: ", "{follow: true, zones: ",
	"views: [{", "views: [{name: left, ", "rules: {wave: {", "rules: {wave: {after: walk, then: fall, ",
)

// A number that is none, or absurd, is refused in every key, and never ends up as another number.
func TestAbsurdNumbersAreRefused(t *testing.T) {
	keys := numericKeys(reflect.TypeFor[Config]())
	if len(keys) < 40 {
		t.Fatalf("only %d keys: %v", len(keys), keys)
	}
	name := regexp.MustCompile(`\w+: [^:]*%s`)
	for _, key := range keys {
		own, _, _ := strings.Cut(name.FindString(key), ":")
		for _, value := range []string{
			".nan", ".NaN", "nan", ".inf", "-.inf", "inf", "-1", "-5s", "1e308", "1e400", "99999999999999999999", "9223372036854775807",
			"0x7fffffffffffffff", "2562047h48m", "1e9h", "-0.5", "[]", "{}", "true", "''",
		} {
			text := fmt.Sprintf(beside.Replace(key), value)
			_, err := Parse("f", []byte(text))
			problems := new(Problems)
			_ = errors.As(err, &problems)
			if !slices.ContainsFunc(problems.List, func(p Problem) bool { return strings.Contains(p.Key, "."+own) }) {
				t.Errorf("%s: error %v, want one of %s", text, err, own)
			}
		}
	}
}
