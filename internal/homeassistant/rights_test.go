package homeassistant

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"edged/internal/testkit"
)

// A process that has given its rights away does not get them back: so a child does it.
func TestRightsAreDropped(t *testing.T) {
	testkit.Root(t) // others have nothing to give away
	if state := os.Getenv("EDGED_TEST_DROP"); state != "" {
		dropAndReport(state)
		return
	}
	state, err := os.MkdirTemp("", "drop") // not t.TempDir: other users must get there
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(state)
	if err := os.Chmod(state, 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	kept := filepath.Join(state, "edged", "settings.json")
	if err := os.Mkdir(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, kept, "{}")
	outside := filepath.Join(state, "options.json")
	write(t, outside, "{}")
	if err := os.Symlink(outside, filepath.Join(state, "edged", "link")); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRightsAreDropped$") //nolint:gosec // this program
	child.Env = append(os.Environ(), "EDGED_TEST_DROP="+state)
	out, err := child.CombinedOutput()
	if want := "user 990, group 44; settings <nil>; options false; root again false\nPASS\n"; err != nil || string(out) != want {
		t.Errorf("%s%v; want %s", out, err, want)
	}
}

func dropAndReport(state string) {
	app := App{State: filepath.Join(state, "edged")}
	if err := app.DropRights(); err != nil {
		fmt.Println(err)
	}
	_, settings := os.ReadFile(filepath.Join(app.State, "settings.json"))
	_, options := os.ReadFile(filepath.Join(state, "options.json"))
	back := exec.CommandContext(context.Background(), "true")
	back.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{}}
	fmt.Printf("user %d, group %d; settings %v; options %t; root again %t\n", os.Getuid(), os.Getgid(), settings, options == nil, back.Run() == nil)
}
