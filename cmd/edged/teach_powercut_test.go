//go:build powercut

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"edged/internal/testkit"
)

// What edged has answered to be done survives a power cut in the next instant. It needs root and loop devices.
func TestPowerCutsWhileTaught(t *testing.T) {
	const cuts = 30
	broker, image := testkit.StartMosquitto(t), testkit.NewDiskImage(t, "64M")
	state, copies := testkit.MountImage(t, image), make([]string, cuts)
	l := newLesson(t, broker.URL(), "gate")
	p := startEdged(t, "run", "-c", lessonConfig(t, broker.URL(), state))
	p.line(t, "online")
	acknowledged, unsure := make([]map[string]int, cuts), make([]string, cuts)
	for n := range cuts {
		end, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			l.teachUntil(end)
		}()
		time.Sleep(500*time.Millisecond + rand.N(2*time.Second))
		close(end)
		<-ended
		acknowledged[n], unsure[n] = maps.Clone(l.examples), l.unsure
		copies[n] = testkit.CopyImage(t, image)
		l.drain()
	}
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for n := range cuts {
		t.Run("", func(t *testing.T) {
			l.t = t
			lost += l.check(fmt.Sprintf("cut %d", n+1), testkit.MountImage(t, copies[n]), acknowledged[n], unsure[n])
		})
	}
	if l.acked < cuts {
		t.Errorf("edged acknowledged %d of %d commands: that tests nothing", l.acked, l.commands)
	}
	t.Logf("| power cut at %d instants (copies of an ext4 image) while edged is taught | %d of %d commands acknowledged | %d lost |", cuts, l.acked, l.commands, lost)
}
