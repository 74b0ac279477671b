package pictures

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// LiveInterval is the time from one live picture to the next while somebody watches.
const LiveInterval = 250 * time.Millisecond

// Live is the consumer for people who watch a camera now. While nobody watches, it needs no picture.
type Live struct {
	viewers atomic.Int32

	mu      sync.Mutex // guards what follows
	last    time.Duration
	current *Shot
	changed chan struct{} // closed with the next picture; nil: nobody waits
}

// Shot is a live picture. It is never changed.
type Shot struct {
	JPEG []byte
	Time time.Duration // of capture
}

// Due implements Consumer.
func (l *Live) Due(t time.Duration, _ bool) bool {
	if l.viewers.Load() == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current == nil || t < l.last || t-l.last >= LiveInterval-LiveInterval/8
}

// Picture implements Consumer.
func (l *Live) Picture(p Picture) {
	shot := &Shot{JPEG: bytes.Clone(p.JPEG), Time: p.Time}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.viewers.Load() == 0 {
		return
	}
	l.current, l.last = shot, p.Time
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// Wipe implements Consumer.
func (l *Live) Wipe() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
}

// Watch announces a viewer. Leave must be called once, when the viewer goes.
func (l *Live) Watch() (leave func()) {
	l.viewers.Add(1)
	return func() {
		if l.viewers.Add(-1) == 0 {
			l.Wipe()
		}
	}
}

// Next waits for a picture that differs from the one given, which may be nil. It returns nil if ctx ends first.
func (l *Live) Next(ctx context.Context, last *Shot) *Shot {
	for {
		l.mu.Lock()
		current := l.current
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if current != nil && current != last {
			return current
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// Viewers returns how many watch now.
func (l *Live) Viewers() int { return int(l.viewers.Load()) }
