package nodepage

import (
	"sync"
	"time"

	"edged/capture"
)

const (
	// probeEvery is how old what is known of the devices may be.
	probeEvery = time.Minute
	// probeWait is how long the page waits for the devices. A driver may take for ever.
	probeWait = time.Second
)

// devices knows this machine's cameras. It asks the drivers in the background, one time after another.
type devices struct {
	probe func() []capture.Device

	mu    sync.Mutex
	found []capture.Device
	at    time.Time     // when they were found
	busy  chan struct{} // closed when the drivers have answered; nil: nobody asks them
}

// get returns what is known of the devices.
func (d *devices) get() []capture.Device {
	d.mu.Lock()
	if d.busy == nil && (d.at.IsZero() || time.Since(d.at) > probeEvery) {
		d.busy = make(chan struct{})
		go d.ask(d.busy)
	}
	busy := d.busy
	d.mu.Unlock()
	if busy != nil {
		select {
		case <-busy:
		case <-time.After(probeWait):
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.found
}

func (d *devices) ask(done chan struct{}) {
	found := d.probe()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.found, d.at, d.busy = found, time.Now(), nil
	close(done)
}
