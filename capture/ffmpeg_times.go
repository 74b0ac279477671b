package capture

import (
	"fmt"
	"time"
)

// ffmpeg bends times in four places, and each needs an option of its own: the demuxer removes jumps from some containers
// (-copyts), the frame rate policy drops and repeats frames (-fps_mode or -vsync), the encoder rounds to a time base that ffmpeg
// guesses (-enc_time_base), and the muxer lets no time be before the last one. For the muxer, timesFilter writes times as stamps
// that only grow. A stamp counts ticks. It is the frame's time plus one era for each time that the file's clock went back.
// In Matroska, whose unit is a millisecond, a stamp is that many milliseconds: so a tick can be finer than a millisecond.
const (
	tick = 10 * time.Microsecond
	era  = 1e12 // ticks: 115 days
	// backStep is how far a time must go back to begin an era. Smaller steps are frames in the wrong order: the muxer gives them
	// the last frame's time.
	backStep = 500 * time.Millisecond
)

// The filter counts the eras in its register 0. It must live as long as the file does: hence -reinit_filter 0, which also keeps the
// size of the pictures.
var timesFilter = fmt.Sprintf("settb=1/%d,setpts='%d*(PTS+(1+st(0,ld(0)+lt(PTS,PREV_INPTS-%d)))*%d)'",
	time.Second/tick, time.Millisecond/tick, backStep/tick, int64(era))

// frameTime recovers the frame's time from its stamp. It may be negative.
func frameTime(stamp time.Duration) time.Duration {
	const half = era / 2
	return ((stamp+half)%era - half) * tick
}
