package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edged/internal/testkit"
)

// What viewers and recording cost: edged itself, with a camera of 640x480 MJPEG at 30 frames a second in which people walk by, and the
// starter. EDGED_COST=long measures for a minute each. CPU is the time that the process had, which other work on the machine changes
// little.
func TestCostOfViewers(t *testing.T) {
	testkit.Slow(t)
	lasts := 4 * time.Second
	if os.Getenv("EDGED_COST") == "long" {
		lasts = time.Minute
	}
	dir := t.TempDir()
	edged, film := filepath.Join(dir, "edged"), filepath.Join(dir, "film.mjpeg")
	run(t, "go", "build", "-o", edged, "edged/cmd/edged")
	run(t, "ffmpeg", "-v", "error", "-i", footage(t), "-an", "-vf", "scale=640:480,fps=30", "-q:v", "6", "-f", "mjpeg", film)
	both := []*daemon{startDaemon(t, edged, film, false), startDaemon(t, edged, film, true)}
	t.Log("| viewers | recording off: CPU, memory | recording on: CPU, memory |")
	for _, viewers := range []int{0, 1, 5} {
		stop := startViewers(t, both, viewers)
		time.Sleep(lasts / 4) // until all have their first pictures
		for _, d := range both {
			d.mark(t)
		}
		time.Sleep(lasts)
		row := fmt.Sprintf("| %d |", viewers)
		for _, d := range both {
			cpu, megabytes := d.since(t)
			if viewers == 0 {
				d.alone = cpu
			}
			first := both[0].alone
			row += fmt.Sprintf(" %.2f %% of a core (× %.2f), %.0f MB |", cpu, cpu/first, megabytes)
			if extra := cpu - d.alone; extra > 5*float64(viewers)+1 { // percent of a core for a viewer and camera
				t.Errorf("%d viewers take %.1f %% of a core", viewers, extra)
			}
		}
		stop()
		t.Log(row)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// daemon is edged in a process of its own.
type daemon struct {
	pid   int
	url   string
	alone float64       // percent of a core without viewers
	at    time.Time     // of the last mark
	cpu   time.Duration // at the last mark
}

const serving = "serving the page" // what edged logs then

func startDaemon(t *testing.T, edged, film string, records bool) *daemon {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	yaml := fmt.Sprintf("node: cost\nmqtt: {broker: 'tcp://127.0.0.1:1'}\nstate_dir: %s\nrecord: {enabled: %t}\nweb: {listen: '%s'}\n"+
		"cameras: [{name: gate, format: mjpeg, source: 'command:ffmpeg -v error -re -stream_loop -1 -framerate 30 -i %s -c copy -f mjpeg -'}]\n", dir, records, address, film)
	config := filepath.Join(dir, "edged.yaml")
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), edged, "run", "--config", config)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it finishes its clips
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	var text strings.Builder
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), serving) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, log)
				_ = c.Wait()
			}()
			t.Cleanup(func() { // before its folder is removed
				_ = c.Process.Signal(os.Interrupt)
				<-ended
			})
			return &daemon{pid: c.Process.Pid, url: "http://" + address}
		}
	}
	t.Fatalf("edged does not serve its page:\n%s", text.String())
	return nil
}

// mark begins a measurement.
func (d *daemon) mark(t *testing.T) {
	t.Helper()
	d.at, d.cpu = time.Now(), d.processTime(t)
}

// since returns the process's CPU time since the mark, in percent of a core, and its memory now.
func (d *daemon) since(t *testing.T) (percent, megabytes float64) {
	t.Helper()
	percent = 100 * float64(d.processTime(t)-d.cpu) / float64(time.Since(d.at))
	statm := strings.Fields(d.proc(t, "statm"))
	pages, _ := strconv.Atoi(statm[1])
	return percent, float64(pages*os.Getpagesize()) / 1e6
}

// processTime is utime and stime of proc(5), in ticks of 10 ms.
func (d *daemon) processTime(t *testing.T) (total time.Duration) {
	t.Helper()
	stat := d.proc(t, "stat")
	for _, ticks := range strings.Fields(stat[strings.LastIndex(stat, ")"):])[12:14] {
		n, _ := strconv.Atoi(ticks)
		total += time.Duration(n) * 10 * time.Millisecond
	}
	return total
}

func (d *daemon) proc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", d.pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// startViewers lets that many look at each daemon's page: pictures and scores, as the page reads them.
func startViewers(t *testing.T, daemons []*daemon, n int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, d := range daemons {
		for range n {
			for _, path := range []string{"/api/v1/live", "/api/v1/stream"} {
				all.Go(func() {
					r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
					if err != nil {
						t.Error(err)
						return
					}
					reply, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					defer reply.Body.Close()
					if got, _ := io.Copy(io.Discard, reply.Body); reply.StatusCode != http.StatusOK || got == 0 {
						t.Errorf("%s: status %d, %d bytes: this viewer costs nothing", path, reply.StatusCode, got)
					}
				})
			}
		}
	}
	return func() { cancel(); all.Wait() }
}
