package weightcache

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edged/infer/engine"
	"edged/models"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func committed(t *testing.T, dir, model, content string) *Cache {
	t.Helper()
	c := at(dir, model, "machine")
	write(t, c.Unfinished(), content)
	if err := c.Commit(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommittedAndDamaged(t *testing.T) {
	dir := t.TempDir()
	c := at(dir, "model", "machine")
	if c.Check() == nil || c.File() != "" {
		t.Error("there is a cache before any was written")
	}
	write(t, c.Unfinished(), "half")
	if c.Check() == nil || c.File() != "" {
		t.Error("an unfinished file counts")
	}
	committed(t, dir, "model", "packed weights")
	if err := c.Check(); err != nil || c.File() != c.path {
		t.Errorf("a complete one: %v, %q", err, c.File())
	}
	for _, damage := range []string{"packed weighty", "packed weight", "packed weights.", ""} {
		write(t, c.path, damage)
		if err := c.Check(); err == nil {
			t.Errorf("%q is not noticed", damage)
		}
	}
	committed(t, dir, "model", "written anew")
	if err := c.Check(); err != nil {
		t.Errorf("rebuilt: %v", err)
	}
	c.Discard()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("Discard leaves %v", left)
	}
}

// Wherever a power cut interrupts Commit, what it leaves is either checked or not used.
func TestInterruptedCommit(t *testing.T) {
	dir := t.TempDir()
	c := committed(t, dir, "model", "the old weights")
	if err := os.Remove(c.path + sumSuffix); err != nil { // Commit's first step
		t.Fatal(err)
	}
	if c.Check() == nil || c.File() != "" {
		t.Error("weights without their checksum are used")
	}
	write(t, c.path, "the new weights") // renamed, but the checksum is not there yet
	write(t, c.path+sumSuffix+partSuffix, "15 00000000\n")
	if c.Check() == nil || c.File() != "" {
		t.Error("weights are used before their checksum is there")
	}
	if err := at(dir, "other", "machine").Commit(); err == nil {
		t.Error("nothing was committed without an error")
	}
}

func TestAnotherModelOrMachineHasAnotherPlace(t *testing.T) {
	paths := []string{at("d", "a", "x").path, at("d", "b", "x").path, at("d", "a", "y").path}
	slices.Sort(paths)
	if len(slices.Compact(paths)) != 3 {
		t.Errorf("%v", paths)
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	kept, old := committed(t, dir, "kept", "k"), committed(t, dir, "old", "o")
	write(t, at(dir, "broken off", "machine").Unfinished(), "b")
	write(t, filepath.Join(dir, "settings.json"), "{}")
	Prune(dir, nil, kept)
	if kept.Check() != nil || old.File() != "" {
		t.Error("the wrong one is gone")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%v, %v are left", left, err)
	}
}

func TestForWhom(t *testing.T) {
	large := &models.Model{Data: make([]byte, minBytes), SHA256: "a"}
	for what, c := range map[string]*Cache{
		"no folder":      For("", large, engine.Options{}),
		"a small model":  For("d", &models.Model{Data: make([]byte, minBytes-1)}, engine.Options{}),
		"plain kernels":  For("d", large, engine.Options{Delegate: "cpu"}),
		"a plugin":       For("d", large, engine.Options{Delegate: "external:/lib.so"}),
		"no such engine": For("d", large, engine.Options{Delegate: "tpu"}),
	} {
		if c != nil || c.File() != "" || c.Unfinished() != "" {
			t.Errorf("%s: %v", what, c)
		}
	}
	if c := For("d", large, engine.Options{}); c == nil || !strings.HasPrefix(c.path, "d/weights-") {
		t.Errorf("a large model: %v", c)
	}
}

func TestCPUKinds(t *testing.T) {
	const one, two = "processor : 0\nFeatures : fp asimd\nCPU part : 0xd08\nBogoMIPS : 108\n", "processor : 1\nFeatures : fp asimd\nCPU part : 0xd03\n"
	kinds := func(text string) string {
		got, err := cpuKinds([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if kinds(one+two) != kinds(two+one) || kinds(one+one) != kinds(one) {
		t.Error("the order or number of cores matters")
	}
	if kinds(one) == kinds(one+two) || kinds(one) == kinds(strings.Replace(one, "asimd", "asimd dotprod", 1)) {
		t.Error("another CPU looks the same")
	}
	if _, err := cpuKinds(nil); err == nil {
		t.Error("no CPU at all is accepted")
	}
	if machine, err := fingerprint(); err != nil || !strings.Contains(machine, "tflite 2.") {
		t.Errorf("this machine: %q, %v", machine, err)
	}
}
