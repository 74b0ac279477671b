package e2e

import (
	"bytes"
	"os"
	"time"
)

// play is the program of a "command:" camera: it writes the clip's JPEGs to its output, ten a second, for ever. A word in the
// file named by order makes it misbehave for as long as it stands there, also when it is started again.
func play(clip, order string) {
	data, err := os.ReadFile(clip)
	if err != nil {
		panic(err)
	}
	frames := bytes.SplitAfter(data, []byte{0xff, 0xd9}) // entropy-coded data holds none
	for n := 0; ; n++ {
		frame := frames[n%(len(frames)-1)]
		switch word, _ := os.ReadFile(order); string(word) {
		case "exit":
			_, _ = os.Stderr.WriteString("told to exit\n")
			os.Exit(3)
		case "hang":
			time.Sleep(time.Hour)
		case "half":
			_, _ = os.Stdout.Write(frame[:len(frame)/2])
			os.Exit(4)
		}
		_, _ = os.Stdout.Write(frame)
		time.Sleep(100 * time.Millisecond)
	}
}
