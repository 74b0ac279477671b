package capture

import (
	"fmt"
	"strings"
	"time"
)

// rtspWidth is the width of a network camera's pictures where nobody says another.
const rtspWidth = 640

// rtspOpens is how long ffmpeg may need to connect to a network camera, and to wait for a picture that it can decode without
// earlier ones. Cameras send such a picture every 1 to 4 s.
const rtspOpens = 5 * time.Second

// isAddress tells whether this is the address of a network camera.
func isAddress(s string) bool {
	return strings.HasPrefix(s, "rtsp://") || strings.HasPrefix(s, "rtsps://")
}

// rtspLine is the line for sh -c in which ffmpeg reads a network camera. It scales wider pictures down to this width, and keeps the
// camera's own times. ffmpeg would look at the stream for up to 5 s before it shows anything: one second is enough for a single video.
func rtspLine(address string, width int) string {
	if width == 0 {
		width = rtspWidth
	}
	quoted := "'" + strings.ReplaceAll(address, "'", `'\''`) + "'"
	return fmt.Sprintf(`exec ffmpeg -nostdin -loglevel error -rtsp_flags prefer_tcp -analyzeduration 1000000 -i %s -an -vf "scale='min(iw,%d)':-2,format=yuv420p" `+
		`-enc_time_base 1:1000 -c:v rawvideo -f matroska -`, quoted, width)
}
