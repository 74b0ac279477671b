package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"edged/infer/engine"
	"edged/internal/testkit"
	"edged/models"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Command {
		switch os.Getenv(childDoes) {
		case "die":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case "hang":
			time.Sleep(time.Hour)
		case "tell":
			fmt.Println(os.Environ())
			os.Exit(refused)
		}
		os.Exit(Child(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// childDoes is the environment variable that says what the child does in place of its work.
const childDoes = "EDGED_TEST_CHILD_DOES"

// A machine that has no memory or no time left says nothing of the model.
func TestNoVerdictWhereTheMachineIsToBlame(t *testing.T) {
	for does, want := range map[string]string{"die": "was killed", "hang": "could not load and run it within"} {
		t.Setenv(childDoes, does)
		m, err := models.Starter()
		if err != nil {
			t.Fatal(err)
		}
		limit := Limit
		if does == "hang" {
			limit = 100 * time.Millisecond
		}
		verdict, err := run(t.Context(), m, request{}, limit)
		if verdict != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: verdict %v, error %v", does, verdict, err)
		}
	}
}

// What may crash has no need of the broker's password.
func TestTheChildKnowsNoPassword(t *testing.T) {
	t.Setenv(childDoes, "tell")
	t.Setenv("EDGED_MQTT_PASSWORD", "c4nary")
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	environment, err := Run(t.Context(), m, engine.Options{})
	if err != nil || strings.Contains(environment.Error(), "c4nary") || !strings.Contains(environment.Error(), childDoes) {
		t.Errorf("error %v, the password is there: %t", err, strings.Contains(environment.Error(), "c4nary"))
	}
}

// starter returns the starter's bytes, and openCopy what stands in a file of these.
func starter(t *testing.T) []byte {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(m.Data)
}

func openCopy(t *testing.T, dir string, data []byte) (*models.Model, error) {
	t.Helper()
	path := filepath.Join(dir, "model.tflite")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return models.Open(path)
}

func TestAGoodModelIsTriedOnce(t *testing.T) {
	m, err := openCopy(t, t.TempDir(), starter(t))
	if err != nil {
		t.Fatal(err)
	}
	dir, o := t.TempDir(), engine.Options{Delegate: "xnnpack"}
	if Known(dir, m, o) || Known("", m, o) {
		t.Error("known before it was tried")
	}
	if verdict, err := Run(t.Context(), m, o); verdict != nil || err != nil {
		t.Fatalf("verdict %v, error %v", verdict, err)
	}
	for range maxKnown + 3 {
		if err := Remember(dir, m, o); err != nil {
			t.Fatal(err)
		}
	}
	if !Known(dir, m, o) || len(known(dir)) != maxKnown {
		t.Errorf("%d lines in %s, known: %t", len(known(dir)), fileName, Known(dir, m, o))
	}
	if Known(dir, m, engine.Options{Delegate: "cpu"}) {
		t.Error("another delegate takes other ways through the model")
	}
	if Known(dir, m, engine.Options{Delegate: "xnnpack", Plugin: map[string]string{"fast": "yes"}}) {
		t.Error("so does one with other options")
	}
	m.SHA256 = strings.Repeat("0", 64)
	if Known(dir, m, o) {
		t.Error("another model is known")
	}
	if verdict, err := Run(t.Context(), m, o); err != nil || verdict == nil || !strings.Contains(verdict.Error(), "changed while it was being read") {
		t.Errorf("another hash than the file's: verdict %v, error %v", verdict, err)
	}
}

func TestTheVerdictIsTheEnginesOwn(t *testing.T) {
	m, err := openCopy(t, t.TempDir(), starter(t))
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := Run(t.Context(), m, engine.Options{Delegate: "gpu:/no/such.so", Strict: true})
	if err != nil || verdict == nil || !strings.Contains(verdict.Error(), "/no/such.so") || !strings.Contains(verdict.Error(), m.Path) {
		t.Errorf("verdict %v, error %v", verdict, err)
	}
	built, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	if verdict, err := Run(t.Context(), built, engine.Options{}); verdict != nil || err != nil {
		t.Errorf("the built-in one: verdict %v, error %v", verdict, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if verdict, err := Run(ended, m, engine.Options{}); verdict != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: verdict %v, error %v", verdict, err)
	}
}

func TestLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"": "nothing said",
		"INFO: Created delegate.\nSIGSEGV: segmentation violation\nPC=0x7f": "SIGSEGV: segmentation violation",
		"terminate called after throwing an instance of 'std::bad_alloc'\n": "terminate called after throwing an instance of 'std::bad_alloc'",
	} {
		if got := lastWords(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

// Mutated models reach TFLite in a child alone, and those that it lets pass are loaded and run right here: a crash would end
// this test. EDGED_MUTATIONS is how many (make test-mutations: 10,000).
func TestMutatedModelsKillNobody(t *testing.T) {
	testkit.Slow(t)
	n, err := strconv.Atoi(os.Getenv("EDGED_MUTATIONS"))
	if err != nil {
		n = 100
	}
	original, dir := starter(t), t.TempDir()
	var unread, refused, crashed, accepted int
	for seed := range n {
		m, err := openCopy(t, dir, mutate(original, uint64(seed)))
		if err != nil {
			unread++
			continue
		}
		verdict, err := Run(t.Context(), m, engine.Options{})
		switch {
		case err != nil:
			t.Fatalf("mutation %d: %v", seed, err)
		case verdict == nil:
			accepted++
			if _, err := scoresOf(m, engine.Options{}); err != nil {
				t.Errorf("mutation %d: good in the child, but here: %v", seed, err)
			}
		case strings.Contains(verdict.Error(), "crashed"):
			crashed++
			t.Logf("mutation %d: %v", seed, verdict)
		default:
			refused++
		}
	}
	t.Logf("%d mutations: %d refused by edged's own reading of the file, %d by TFLite or the checks of its tensors in the child, %d crashed the child, %d ran, here too",
		n, unread, refused, crashed, accepted)
	if accepted == 0 || refused+crashed == 0 {
		t.Error("a trial that says the same of all models tries none")
	}
}

// mutate changes a few bytes: half of the time anywhere, most of which is weights, else where tables and offsets are dense.
func mutate(original []byte, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 7))
	data := bytes.Clone(original)
	from, to := 0, len(data)
	if random.IntN(2) == 0 {
		from = len(data) * 6 / 7
	}
	for range 1 + random.IntN(8) {
		at := from + random.IntN(to-from)
		switch random.IntN(3) {
		case 0:
			data[at] ^= 1 << random.IntN(8)
		case 1:
			data[at] = byte(random.IntN(256))
		case 2:
			data[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[random.IntN(5)]
		}
	}
	return data
}

// A path is bytes: the child must open the very file.
func TestAModelsPathNeedNotBeUTF8(t *testing.T) {
	starter, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m\xff%03d.tflite")
	if err := os.WriteFile(path, starter.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if verdict, err := Run(t.Context(), m, engine.Options{Delegate: "xnnpack", Threads: 1}); verdict != nil || err != nil {
		t.Errorf("verdict %v, error %v", verdict, err)
	}
}

// A file that cannot be written is no fault of the model, and what was written loads.
func TestPack(t *testing.T) {
	dir := t.TempDir()
	m, err := openCopy(t, dir, starter(t))
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{WeightCache: filepath.Join(dir, "weights")}
	if err := Pack(t.Context(), m, o); err != nil {
		t.Fatal(err)
	}
	first, err := os.Stat(o.WeightCache)
	if err != nil || first.Size() < 100_000 {
		t.Fatalf("%v, %v", first, err)
	}
	e, err := engine.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Info().WeightCache; got != o.WeightCache {
		t.Errorf("Info names the weight cache %q, want %q", got, o.WeightCache)
	}
	e.Close()
	if after, err := os.Stat(o.WeightCache); err != nil || !after.ModTime().Equal(first.ModTime()) {
		t.Errorf("the weights were written again: %v", err)
	}
	o.WeightCache = filepath.Join(dir, "absent", "weights")
	if err := Pack(t.Context(), m, o); err == nil {
		t.Error("packed into a folder that does not exist")
	}
	if verdict, err := Run(t.Context(), m, o); verdict != nil || err != nil {
		t.Errorf("the model without it: %v, %v", verdict, err)
	}
}
