package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edged/infer/trial"
	"edged/internal/testkit"
	"edged/models"
)

// If this variable is set, the test binary is edged itself. So tests start and kill the real program.
const asEdged = "EDGED_TEST_AS_EDGED"

func TestMain(m *testing.M) {
	if os.Getenv(asEdged) != "" || len(os.Args) > 1 && os.Args[1] == trial.Command {
		main()
	}
	os.Exit(m.Run())
}

// edged runs a command in this process.
func edged(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = execute(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// footage returns a file out of the cache of build/deps.sh.
func footage(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make deps, and the tests by make test or with eval \"$(make -s env)\"", err)
	}
	return path
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommands(t *testing.T) {
	good := write(t, "good.yaml", "node: test\ndetect: {labels: {wave: {enter: 0.9}}}\n")
	bad := write(t, "bad.yaml", "node: 'a b'\nmodel: {threads: -1}\ndetect: {labels: {fly: {enter: 0.9}}}\n")
	newer := write(t, "newer.yaml", "quantum: true\n")
	badLabel := write(t, "label.yaml", "detect: {labels: {fly: {enter: 0.9}}}\n")
	secret := write(t, "secret.yaml", "mqtt: {broker: 'tcp://127.0.0.1:1', username: u, password_file: "+canary+"}\nweb: {listen: '127.0.0.1:1'}\n")
	notModel := write(t, "model.tflite", strings.Repeat("not a model ", 10))
	for _, c := range []struct {
		name   string
		args   []string
		status int
		stdout []string
		stderr []string
	}{
		{"nothing", nil, 0, []string{"Usage: edged <command>", "78 wrong"}, nil},
		{"help", []string{"run", "--help"}, 0, []string{"--camera", "--broker"}, nil},
		{"unknown command", []string{"fly"}, exitUsage, nil, []string{"fly"}},
		{"unknown flag", []string{"run", "--fast"}, exitUsage, nil, []string{"--fast"}},
		{"version", []string{"version"}, 0, []string{"edged ", "TFLite 2."}, nil},
		{"check defaults", []string{"check"}, 0, []string{"v4l2:auto", "built-in people", "built in, on 127.0.0.1:1883", "ok"}, nil},
		{"check good", []string{"check", "-c", good}, 0, []string{"ok"}, nil},
		{"check bad", []string{"check", "-c", bad}, exitConfig, nil, []string{"bad.yaml:1: node", "bad.yaml:2: model.threads"}},
		{"check newer", []string{"check", "-c", newer}, exitConfig, nil, []string{"newer.yaml:1: quantum: no such key", "this is edged " + version + ";"}},
		{"check unknown label", []string{"check", "-c", badLabel}, exitConfig, nil, []string{"detect.labels.fly", "walk"}},
		{"check no file", []string{"check", "-c", "/does/not/exist"}, exitConfig, nil, []string{"/does/not/exist"}},
		{"check secret", []string{"check", "-c", secret}, exitConfig, nil, []string{"secret.yaml:1: mqtt.password_file: must be the path"}},
		{"status reads no secret", []string{"status", "-c", secret}, exitFailed, nil, []string{"no edged answers"}},
		{"run bad", []string{"run", "-c", bad}, exitConfig, nil, []string{"bad.yaml:1: node"}},
		{"run bad camera", []string{"run", "--camera", "webcam"}, exitConfig, nil, []string{"webcam", "v4l2:auto"}},
		{"run bad broker", []string{"run", "--broker", "http://x"}, exitConfig, nil, []string{"mqtt.broker", "tcp://HOST:PORT"}},
		{"model", []string{"model"}, 0, []string{"int8 [1 96 96 48]", "embedding  ", "[1 576]", "xnnpack", "walk", "other"}, nil},
		{"model people", []string{"model", "people"}, 0, []string{"built-in people", "walk", "embedding  "}, nil},
		{"model absent", []string{"model", "dogs"}, exitUsage, nil, []string{"dogs", "no such file"}},
		{"model json", []string{"model", "--json"}, 0, []string{`"nodes_delegated"`, `"scale"`}, nil},
		{"model not a model", []string{"model", notModel}, exitConfig, nil, []string{notModel}},
		{"model with labels that no topic can have", []string{"model", withLabels(t, "state", "a/b")}, exitConfig, nil, []string{
			`labels.tflite: publish: label "state": edged uses this name`, `label "a/b": '/' has a special meaning`,
		}},
		{"too many threads", []string{"model", "--threads", "4096"}, exitUsage, nil, []string{"--threads 4096", "number of cores"}},
		{"no such delegate", []string{"model", "--delegate", "tpu"}, exitUsage, nil, []string{"tpu", "xnnpack"}},
		{"negative stride", []string{"replay", "--stride=-3", notModel}, exitUsage, nil, []string{"--stride -3"}},
		{"huge stride", []string{"replay", "--stride", "999999999999", notModel}, exitUsage, nil, []string{"--stride 999999999999: must be 1 to 64"}},
		{"no frame rate", []string{"replay", "--frame-rate", "nan", notModel}, exitUsage, nil, []string{"--frame-rate NaN", "0.01 to 240"}},
		{"infinite frame rate", []string{"replay", "--frame-rate", "inf", notModel}, exitUsage, nil, []string{"--frame-rate +Inf"}},
		{"negative frame rate", []string{"replay", "--frame-rate=-1", notModel}, exitUsage, nil, []string{"--frame-rate -1"}},
		{"hardly any frame rate", []string{"replay", "--frame-rate", "1e-300", notModel}, exitUsage, nil, []string{"--frame-rate 1e-300"}},
		{"no duration", []string{"bench", "--seconds", "nan"}, exitUsage, nil, []string{"--seconds NaN"}},
		{"model cpu", []string{"model", "--delegate", "cpu"}, 0, []string{"cpu, 0/"}, nil},
		{"model gpu falls back", []string{"model", "--delegate", "gpu"}, 0, []string{"xnnpack, ", "gpu not used: "}, nil},
		{"replay no file", []string{"replay", "/does/not/exist.avi"}, exitFailed, nil, []string{"/does/not/exist.avi"}},
		{"replay not a video", []string{"replay", notModel}, exitFailed, nil, []string{notModel}},
		{"probe", []string{"probe"}, 0, []string{"TFLite", "xnnpack"}, nil},
		{"probe json", []string{"probe", "--json"}, 0, []string{`"cameras"`, `"delegates"`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := edged(t, c.args...)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			for _, want := range c.stdout {
				if !strings.Contains(stdout, want) {
					t.Errorf("stdout lacks %q", want)
				}
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q", want)
				}
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", stdout, stderr)
			}
		})
	}
}

// withLabels returns a copy of the starter with these as its first labels.
func withLabels(t *testing.T, first ...string) string {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(m.Data), int64(len(m.Data)))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := fs.ReadFile(archive, "edged.json")
	if err != nil {
		t.Fatal(err)
	}
	labels := slices.Concat(first, m.Labels[len(first):])
	labels[len(first)] = m.Manifest.Background
	path := filepath.Join(t.TempDir(), "labels.tflite")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(m.Data); err != nil {
		t.Fatal(err)
	}
	tail := zip.NewWriter(f)
	for name, text := range map[string]string{"labels.txt": strings.Join(labels, "\n"), "edged.json": string(manifest)} {
		w, err := tail.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := tail.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// blockedReplay starts a replay that waits for somebody to read what it prints.
func blockedReplay(t *testing.T) (cmd *exec.Cmd, ended <-chan error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), os.Args[0], "replay", "--windows", footage(t, "walkers.mkv"))
	cmd.Env = append(os.Environ(), asEdged+"=1")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d bytes were written, error %v", n, err)
		} else if n == 4096 {
			break
		}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return cmd, done
}

// A person who presses Ctrl-C again wants the command to end at once, whatever it waits for.
func TestASecondInterruptEnds(t *testing.T) {
	testkit.Slow(t)
	cmd, ended := blockedReplay(t)
	for tries := 1; ; tries++ {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case err := <-ended:
			if tries == 1 || err == nil || !strings.Contains(err.Error(), "interrupt") {
				t.Errorf("after signal %d: %v", tries, err)
			}
			return
		case <-time.After(100 * time.Millisecond):
			if tries == 50 {
				_ = cmd.Process.Kill()
				t.Fatal("it goes on")
			}
		}
	}
}

// One signal is enough, also if nobody sends a second one.
func TestOneSignalEndsWhateverACommandWaitsFor(t *testing.T) {
	testkit.Slow(t)
	for _, s := range []os.Signal{os.Interrupt, unix.SIGTERM} {
		cmd, ended := blockedReplay(t)
		_ = cmd.Process.Signal(s)
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("%v: no error", s)
			}
		case <-time.After(endsWithin + patience):
			_ = cmd.Process.Kill()
			t.Fatalf("%v: it goes on", s)
		}
	}
}

func TestCancelledReplayEndsWithoutEvents(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if status := execute(ctx, []string{"replay", footage(t, "vtest.avi")}, &out, &errs); status != exitFailed || out.Len() > 0 {
		t.Errorf("status %d, stdout %q, stderr %q", status, &out, &errs)
	}
}
