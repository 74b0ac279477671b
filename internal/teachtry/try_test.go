package teachtry

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/testkit"
	"edged/models"
)

// film makes a clip of two seconds in which a dark ball goes the way of x, an expression of ffmpeg's in the time t.
func film(t *testing.T, path, x string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:s=192x192:r=16:d=3", "-f", "lavfi",
		"-i", "color=black:s=36x60:r=16:d=3", "-filter_complex", "[0]noise=alls=6:allf=t[n];[n][1]overlay=x='"+x+"':y=70:shortest=1", "-c:v", "mjpeg", "-q:v", "4", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

func TestTryLearnsFromFilesAndTriesOnOthers(t *testing.T) {
	testkit.Slow(t)
	dir := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	for i, speed := range []string{"50", "55", "60"} {
		film(t, in("examples", "crosses", string(rune('a'+i))+".mkv"), speed+"*t")
		film(t, in("life", string(rune('a'+i))+".mkv"), "150-"+speed+"*t")
	}
	film(t, in("life", "still.mkv"), "80")
	film(t, in("test", "crosses", "one.mkv"), "4+52*t")
	film(t, in("test", "other", "back.mkv"), "146-52*t")
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	inputs := Inputs{Model: m, Actions: map[string]string{"crosses": in("examples", "crosses")}, Ordinary: []string{in("life")}, Test: []string{in("test")}}
	r, err := Try(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	if r.Hits != 1 || r.Missed != 0 || r.FalseAlarms != 0 || len(r.Files) != 2 || r.Actions[0].Examples != 3 || r.Hours <= 0 {
		t.Errorf("result %+v", r)
	}
}

func TestTryRefuses(t *testing.T) {
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	plain := *m
	plain.Manifest.Embedding = models.Embedding{}
	for _, c := range []struct {
		in   Inputs
		want string
	}{
		{Inputs{Model: &plain}, "has no embedding"},
		{Inputs{Model: m, Actions: map[string]string{"wave": empty}}, `already has an action "wave"`},
		{Inputs{Model: m, Ordinary: []string{filepath.Join(empty, "nothing")}}, "no such file"},
		{Inputs{Model: m, Ordinary: []string{empty}}, "no files in it"},
	} {
		if _, err := Try(t.Context(), c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}
