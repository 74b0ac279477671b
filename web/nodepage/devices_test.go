package nodepage

import (
	"testing"
	"testing/synctest"
	"time"

	"edged/capture"
)

// The page shows what it knows, however long a driver takes. No second call goes to a driver that has not answered.
func TestADriverThatHangsDelaysThePageByASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, answer := 0, make(chan []capture.Device)
		d := &devices{probe: func() []capture.Device { calls++; return <-answer }}
		for range 3 {
			began := time.Now()
			if got := d.get(); len(got) != 0 || time.Since(began) > probeWait {
				t.Errorf("%v after %v", got, time.Since(began))
			}
		}
		answer <- []capture.Device{{Path: "/dev/video0"}}
		synctest.Wait()
		for range 3 {
			if got := d.get(); len(got) != 1 || calls != 1 {
				t.Errorf("%v after %d calls", got, calls)
			}
		}
		time.Sleep(probeEvery + time.Second)
		go func() { answer <- nil }()
		if got := d.get(); len(got) != 0 || calls != 2 {
			t.Errorf("after a minute: %v, %d calls", got, calls)
		}
	})
}
