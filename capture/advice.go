package capture

import (
	"regexp"
	"strings"
)

// What ffmpeg says, and what it means here. Some of its messages advise to change options that edged sets, to send files to its
// developers, or to build it anew: whoever follows that is led away.
var meanings = []struct{ says, means string }{
	{"matches no streams", "no video in it"},
	{"does not contain any stream", "no video in it"},
	{"moov atom not found", "it has no index (moov atom), because its recording was not finished, or it is damaged"},
	{"Invalid data found when processing input", "it is not a video, or its beginning is damaged"},
	{"Error parsing options for output file", ""},
	{"Error opening output file", ""},
	{"Failed to set value", ""},
	{"Error parsing global options", ""},
	{"Conversion failed!", ""},
	{"-vsync is deprecated", ""},
	{"If you want to help, upload a sample", ""},
	{"Last message repeated", ""},
	{"detected only with low score of", ""},
}

// advice is a sentence that tells a person what to do with ffmpeg.
var advice = regexp.MustCompile(`(?i)(^|[.!;,:]\s+)(to ignore this|consider |use -|try |add |please |if you want|if the problem still|update your)[^.!;]*([.!;]|$)`)

// withoutAdvice returns what a line of a program's words says about its input, or "" where it says nothing.
func withoutAdvice(text string) string {
	for _, m := range meanings {
		if strings.Contains(text, m.says) {
			if m.means == "" {
				return ""
			}
			return m.means
		}
	}
	for advice.MatchString(text) {
		text = advice.ReplaceAllString(text, "$1")
	}
	return strings.TrimRight(strings.TrimSpace(text), " ,;:")
}
