package trial

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"golang.org/x/sys/unix"

	"edged/infer/engine"
	"edged/internal/self"
	"edged/models"
)

// refused is the child's exit status where the model is wrong and TFLite or edged has said so; Go's own for a crash is 2.
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
	// The first to go where memory ends. A kernel that does not let us changes nothing else.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	var r request
	if err := gob.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("trial: %w", err)
	}
	m, err := open(r.Path)
	if err != nil {
		return err
	}
	if m.SHA256 != r.SHA256 {
		return fmt.Errorf("trial: %s: changed while it was being read", r.Path)
	}
	if err := confine(len(m.Data)); err != nil {
		return fmt.Errorf("trial: %w", err)
	}
	e, err := engine.New(m, r.Options)
	if err != nil {
		return err
	}
	defer e.Close()
	return exercise(e, m)
}

func open(path string) (*models.Model, error) {
	if path == models.BuiltIn {
		return models.Starter()
	}
	return models.Open(path)
}

// exercise runs the model on noise and on white.
func exercise(e *engine.Engine, m *models.Model) error {
	clip, err := e.NewClip()
	if err != nil {
		return err
	}
	frame := make([]byte, m.Manifest.FrameBytes())
	random := rand.NewChaCha8([32]byte{})
	for range m.Manifest.Frames {
		_, _ = random.Read(frame)
		clip.Push(frame)
	}
	if err := clip.Invoke(); err != nil {
		return err
	}
	for i := range frame {
		frame[i] = 255
	}
	for range m.Manifest.Frames {
		clip.Push(frame)
	}
	return clip.Invoke()
}

// A model needs memory for what lies between its layers, and for its weights twice: as they are and as XNNPACK packs them.
// The full model takes 120 MB.
const (
	allowance        = 256 << 20
	allowancePerByte = 4
)

// confine limits the memory that this process may take from now on, so that a model that asks for all there is
// is refused it and not the daemon beside it; and keeps a crash from leaving a core file.
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
