package publish

import (
	"slices"
	"sync"
)

// commandQueue holds the commands that wait for Publisher.OnCommand. A new command replaces one of the same kind for the same view
// and label, so the number of views and labels bounds the queue, whatever comes in. Commands to teach replace none, but few may wait.
type commandQueue struct {
	mu      sync.Mutex
	waiting []Command
	wake    chan struct{} // one token: a command waits
}

// maxCommands bounds the queue: every command that changes a setting fits, and then some.
const maxCommands = 10_000

func newCommandQueue() *commandQueue { return &commandQueue{wake: make(chan struct{}, 1)} }

func (q *commandQueue) put(c Command) {
	q.mu.Lock()
	q.waiting = append(slices.DeleteFunc(q.waiting, func(w Command) bool {
		return w.Path == c.Path && w.Kind == c.Kind && w.Label == c.Label && w.Clip == c.Clip
	}), c)
	if len(q.waiting) > maxCommands {
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
	q.mu.Unlock()
	q.signal()
}

// putTeach adds a command to teach, which replaces none: each is an example, or a step. It is false if too many wait.
func (q *commandQueue) putTeach(c Command) bool {
	q.mu.Lock()
	waiting := 0
	for _, w := range q.waiting {
		if w.Kind == Teach {
			waiting++
		}
	}
	if waiting < maxTeachWaiting {
		q.waiting = append(q.waiting, c)
	}
	q.mu.Unlock()
	q.signal()
	return waiting < maxTeachWaiting
}

func (q *commandQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest command.
func (q *commandQueue) take() (Command, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return Command{}, false
	}
	c := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	return c, true
}
