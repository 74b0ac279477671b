package engine

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// compile makes a shared library.
func compile(t *testing.T, args ...string) {
	t.Helper()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	command := exec.CommandContext(t.Context(), cc, append([]string{"-shared", "-fPIC", "-O1"}, args...)...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
}

// plugin compiles testdata/plugin.c.
func plugin(t *testing.T) string {
	t.Helper()
	library := filepath.Join(t.TempDir(), "plugin.so")
	compile(t, "-o", library, "testdata/plugin.c")
	return library
}

func TestExternalDelegate(t *testing.T) {
	library := plugin(t)
	total := open(t, Options{Delegate: "cpu"}).Info().NodesTotal
	for _, c := range []struct {
		what      string
		options   map[string]string
		delegated int
		kept      bool
	}{
		{"all nodes", nil, total, true},
		{"all nodes, input overwritten", map[string]string{"scribble": "1"}, total, false},
		{"the last node alone", map[string]string{"op": "9"}, 1, true}, // FULLY_CONNECTED
	} {
		t.Run(c.what, func(t *testing.T) {
			e := open(t, Options{Delegate: "external:" + library, Plugin: c.options, Strict: true})
			i := e.Info()
			if i.Delegate != "external:"+library || i.NodesTotal != total || i.NodesDelegated != c.delegated || i.Partitions != 1 {
				t.Errorf("%s runs %d of %d nodes in %d partitions", i.Delegate, i.NodesDelegated, i.NodesTotal, i.Partitions)
			}
			if i.InputKept != c.kept {
				t.Errorf("input kept: %t, want %t", i.InputKept, c.kept)
			}
			if got := scores(t, e, 0); !slices.IsSorted(got) || got[0] == got[11] {
				t.Errorf("scores %v are not those of the plugin's kernel", got)
			}
			// The next window is made from this one, whatever the plugin wrote into its input.
			first := clip(t, e)
			first.Push(make([]byte, 96*96*3))
			window := e.input
			if first.own != nil {
				window = first.own
			}
			before := bytes.Clone(window)
			if err := first.Invoke(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(window, before) {
				t.Error("the window is overwritten")
			}
		})
	}
}

func TestFallbackSaysWhy(t *testing.T) {
	library := plugin(t)
	noPlugin := filepath.Join(t.TempDir(), "no-plugin.so")
	compile(t, "-o", noPlugin, "-x", "c", "/dev/null")
	for _, c := range []struct {
		what     string
		delegate string
		options  map[string]string
		reason   string
	}{
		{"no GPU library", "gpu", nil, "libtensorflowlite_gpu_delegate.so: cannot open"},
		{"no such file", "external:/none.so", nil, "/none.so: cannot open"},
		{"no library", "external:testdata/plugin.c", nil, "plugin.c"},
		{"a library that is no plugin", "external:" + noPlugin, nil, "tflite_plugin_create_delegate"},
		{"a library that is no GPU delegate", "gpu:" + noPlugin, nil, "tflite_plugin_create_delegate"},
		{"the plugin refuses", "external:" + library, map[string]string{"refuse": "no NPU found"}, "no NPU found"},
		{"the plugin fails", "external:" + library, map[string]string{"fail": "out of NPU memory"}, "plugin: out of NPU memory"},
		{"the plugin takes nothing", "external:" + library, map[string]string{"op": "200"}, "none of the model's"},
	} {
		t.Run(c.what, func(t *testing.T) {
			o := Options{Delegate: c.delegate, Plugin: c.options}
			i := open(t, o).Info()
			if i.Delegate != "xnnpack" || i.Requested != c.delegate || i.NodesDelegated != i.NodesTotal {
				t.Errorf("asked for %s, runs %s with %d of %d nodes", i.Requested, i.Delegate, i.NodesDelegated, i.NodesTotal)
			}
			if len(i.Fallbacks) != 1 || i.Fallbacks[0].Delegate != c.delegate || !strings.Contains(i.Fallbacks[0].Reason, c.reason) {
				t.Errorf("fallbacks %+v, want one for %q", i.Fallbacks, c.reason)
			}
			o.Strict = true
			if e, err := New(starter(t), o); err == nil {
				e.Close()
				t.Error("strict, and yet it runs")
			} else if !strings.Contains(err.Error(), c.reason) {
				t.Errorf("the strict error lacks %q: %v", c.reason, err)
			}
		})
	}
}
