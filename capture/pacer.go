package capture

import (
	"log/slog"
	"time"
)

// pacer gives times to frames that have none. Where frames come one by one, a frame's time is that of its arrival. A program that
// buffers delivers many frames at once and then none for a while: then the pacer spaces their times evenly, at the rate at which
// they come, a little behind their arrival.
type pacer struct {
	log *slog.Logger

	count   int64         // frames so far
	arrival time.Duration // of the last frame
	time    time.Duration // given to the last frame
	mean    time.Duration // between two frames
	longest time.Duration // between two frames lately
	clumped float64       // which part of the frames came right after another
	bursts  bursts
	pacing  bool
	told    bool
}

const (
	// A frame that comes in less than a quarter of the mean interval comes right after the one before.
	clumpedBelow = 4
	// The parts of clumped frames at which the pacer begins and ends to space times.
	clumpedOn, clumpedOff = 0.25, 0.1
	// smoothing is over how many frames the pacer averages, and forgetting in how many it forgets a long interval.
	smoothing, forgetting = 64, 512
	// hurry is the most by which the pacer shortens or lengthens an interval, as a part of it, to follow the arrivals.
	hurry = 4
)

// next returns the time of a frame that arrives now. restart says that it does not continue the times before it.
func (p *pacer) next(now time.Duration) (t time.Duration, restart bool) {
	begins := p.measure(now)
	if begins {
		defer p.bursts.add(now, p.count)
	}
	switch {
	case p.count == 1:
		p.time = now
	case p.pacing && p.clumped < clumpedOff:
		p.pacing, restart = false, true
		p.time = now
	case p.pacing:
		restart = p.space(now, begins)
	case begins && p.clumped > clumpedOn && p.bursts.enough():
		p.pacing, restart = true, true
		p.time = now - p.lag()
		p.tell()
	default:
		p.time = max(now, p.time+1)
	}
	return p.time, restart
}

// measure takes an arrival into account. It returns whether the frame begins a burst.
func (p *pacer) measure(now time.Duration) (begins bool) {
	p.count++
	interval := now - p.arrival
	p.arrival = now
	if p.count == 1 {
		return true
	}
	n := min(p.count-1, smoothing)
	p.mean += (interval - p.mean) / time.Duration(n)
	clumped := 0.0
	if interval < p.mean/clumpedBelow {
		clumped = 1
	}
	p.clumped += (clumped - p.clumped) / float64(n)
	if !p.pacing && interval > 3*p.longest {
		p.bursts.n = 0 // what looked like bursts were frames of the first one
	}
	p.longest = max(interval, p.longest-p.longest/forgetting)
	return interval >= p.longest/2
}

// lag is how far behind its arrival a burst's first frame is timed, so that its last is not ahead.
func (p *pacer) lag() time.Duration { return p.bursts.period() + p.bursts.interval() }

// space sets the frame's time an even interval after the last one. Where a burst begins, it also follows the arrivals a little. A
// burst that comes later, or earlier, by more than a whole burst does not continue the stream: frames may be lost between.
func (p *pacer) space(now time.Duration, begins bool) (restart bool) {
	interval := p.bursts.interval()
	p.time += interval
	if begins {
		late := now - p.lag() - p.time
		if restart = late.Abs() > p.lag()+interval; restart {
			p.bursts.forget(now, p.count)
		} else {
			late = min(max(late, -interval/hurry), interval/hurry)
		}
		p.time += late
	}
	p.time = min(p.time, now)
	return restart
}

func (p *pacer) tell() {
	if p.told {
		return
	}
	p.told = true
	p.log.Warn("frames arrive in bursts; edged spaces their times evenly",
		"burst_every", p.bursts.period().Round(time.Millisecond), "frames_per_second", rounded1(1/p.bursts.interval().Seconds()))
}

// bursts are the beginnings of the last few bursts.
type bursts struct {
	begin [8]struct {
		at    time.Duration
		count int64 // of frames, up to the burst's first
	}
	n int // how many have been added; the newest is at (n-1) % 8
}

func (b *bursts) add(at time.Duration, count int64) {
	e := &b.begin[b.n%len(b.begin)]
	e.at, e.count = at, count
	b.n++
}

// forget makes the burst that begins now the first after one of the usual length and rate.
func (b *bursts) forget(now time.Duration, count int64) {
	interval, period := b.interval(), b.period()
	b.n = 0
	b.add(now-period, count-int64(period/interval))
}

// enough says whether the rate and the period are known.
func (b *bursts) enough() bool { return b.n > 2 && b.interval() > 0 }

// span returns how long ago the oldest burst began before the newest, and how many frames and bursts came between.
func (b *bursts) span() (d time.Duration, frames int64, count int) {
	count = min(b.n, len(b.begin)) - 1
	newest, oldest := b.begin[(b.n-1)%len(b.begin)], b.begin[(b.n-1-count)%len(b.begin)]
	return newest.at - oldest.at, newest.count - oldest.count, count
}

// interval is the mean time between two frames.
func (b *bursts) interval() time.Duration {
	d, frames, _ := b.span()
	if frames == 0 {
		return 0
	}
	return d / time.Duration(frames)
}

// period is the mean time between two bursts.
func (b *bursts) period() time.Duration {
	d, _, count := b.span()
	if count == 0 {
		return 0
	}
	return d / time.Duration(count)
}

func rounded1(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }
