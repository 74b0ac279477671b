package trial

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"edged/infer/engine"
	"edged/internal/self"
	"edged/models"
)

// refused is the child's exit status if TFLite or edged refused the model. Go's own for a crash is 2.
const refused = 78

// Child is the child's side: it reads a request, tries the model and writes what is wrong with it. It returns the exit status.
func Child(in io.Reader, out io.Writer) (status int) {
	if err := try(in); err != nil {
		fmt.Fprint(out, err)
		return refused
	}
	return 0
}

func try(in io.Reader) error {
	// If memory runs out, the kernel kills this process first. If it does not let us ask for that, nothing else changes.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	var r request
	if err := gob.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("trial: %w", err)
	}
	m, err := models.Load(r.Path)
	if err != nil {
		return err
	}
	if m.SHA256 != r.SHA256 {
		return fmt.Errorf("trial: %s: changed while it was being read", r.Path)
	}
	if err := confine(len(m.Data)); err != nil {
		return fmt.Errorf("trial: %w", err)
	}
	if r.Pack {
		return pack(m, r.Options)
	}
	_, err = scoresOf(m, r.Options)
	return err
}

// scoresOf loads the model and returns its scores for noise and for white.
func scoresOf(m *models.Model, o engine.Options) ([]float32, error) {
	e, err := engine.New(m, o)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	clip, err := e.NewClip()
	if err != nil {
		return nil, err
	}
	frame, scores := make([]byte, m.Manifest.FrameBytes()), make([]float32, len(m.Labels))
	random := rand.NewChaCha8([32]byte{})
	for range m.Manifest.Frames {
		_, _ = random.Read(frame)
		clip.Push(frame)
	}
	if err := clip.Invoke(); err != nil {
		return nil, err
	}
	clip.Scores(scores)
	all := slices.Clone(scores)
	for i := range frame {
		frame[i] = 255
	}
	for range m.Manifest.Frames {
		clip.Push(frame)
	}
	err = clip.Invoke()
	clip.Scores(scores)
	return append(all, scores...), err
}

// pack has XNNPACK write its packed weights, loads them and compares.
func pack(m *models.Model, o engine.Options) error {
	plain := o
	plain.WeightCache = ""
	want, err := scoresOf(m, plain)
	if err != nil {
		return err
	}
	_ = os.Remove(o.WeightCache)
	if _, err := scoresOf(m, o); err != nil {
		return err
	}
	written, err := os.Stat(o.WeightCache)
	if err != nil {
		return fmt.Errorf("trial: XNNPACK wrote no packed weights: %w", err)
	}
	got, err := scoresOf(m, o)
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return errors.New("trial: with packed weights from a file the model computes other scores")
	}
	if loaded, err := os.Stat(o.WeightCache); err != nil || !os.SameFile(written, loaded) || !loaded.ModTime().Equal(written.ModTime()) {
		return errors.New("trial: XNNPACK does not load its packed weights, but writes them again")
	}
	return nil
}

// A model needs memory for the values between its layers, and for its weights twice: as they are and as XNNPACK packs them. The full
// model takes 120 MB.
const (
	allowance        = 256 << 20
	allowancePerByte = 4
)

// confine limits the memory that this process may take from now on: a model that asks for all memory must not take it from the
// daemon. It also keeps a crash from leaving a core file.
func confine(modelBytes int) error {
	used, err := self.Memory("VmData") // what RLIMIT_DATA counts: private memory that can be written to
	if err != nil {
		return err
	}
	most := used + allowance + allowancePerByte*uint64(modelBytes)
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}
