package delegate

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]string{
		"": "xnnpack", "xnnpack": "xnnpack", "cpu": "cpu", "gpu": "gpu",
		"gpu:/opt/libgpu.so": "gpu:/opt/libgpu.so", "external:/usr/lib/teflon/libteflon.so": "external:/usr/lib/teflon/libteflon.so",
	} {
		d, err := Parse(name)
		if err != nil || d.String() != want {
			t.Errorf("%q is %q, %v; want %q", name, d, err, want)
		}
	}
	for _, name := range []string{"XNNPACK", "tpu", "external", "external:", "gpu:", "cpu:1", "xnnpack:", " cpu"} {
		if d, err := Parse(name); err == nil {
			t.Errorf("%q is taken for %q", name, d)
		}
	}
}

func TestChain(t *testing.T) {
	for name, want := range map[string][]string{
		"cpu":           {"cpu"},
		"xnnpack":       {"xnnpack", "cpu"},
		"gpu":           {"gpu", "xnnpack", "cpu"},
		"external:/a/b": {"external:/a/b", "xnnpack", "cpu"},
	} {
		d, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, next := range d.Chain() {
			got = append(got, next.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s falls back along %v, want %v", name, got, want)
		}
	}
}
