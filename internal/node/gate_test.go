package node

import (
	"fmt"
	"strings"
	"testing"

	"edged/internal/config"
	"edged/models"
)

// A model with nothing to compare has no motion gate: by default it goes without, and who asks for one is told which camera's.
func TestAModelWithoutAMotionGate(t *testing.T) {
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	m.Manifest.Frames = 1
	for _, c := range []struct{ views, want string }{
		{"[{name: a}, {name: b}]", ""},
		{"[{name: a}, {name: b, motion_gate: true}]", "cameras: gate/b: infer: motion gate for 1 frames"},
	} {
		cfg, err := config.Parse("edged.yaml", []byte("cameras: [{name: gate, source: 'pattern:', views: "+c.views+"}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := New(Inputs{Config: cfg, Model: m})
		if err == nil {
			n.Close()
		}
		if fmt.Sprint(err) != "<nil>" && c.want == "" || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: error %v, want %q", c.views, err, c.want)
		}
	}
}
