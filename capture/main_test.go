package capture

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// showing is a Sink that hands every frame to see and examines none.
func showing(see func(*Frame)) Sink {
	return func(f *Frame) Finding {
		see(f)
		return Finding{}
	}
}

// ignore is a Sink that examines no frame.
func ignore(*Frame) Finding { return Finding{} }
