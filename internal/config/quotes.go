package config

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// entry is a line with a key and a value.
	entry = regexp.MustCompile(`^\s*(?:-\s+)?(\w+):\s+(\S.*?)\s*$`)
	// comment is one at the end of a line.
	comment = regexp.MustCompile(`\s+#.*$`)
	// mapping is a value that YAML takes for a key with a value of its own.
	mapping = regexp.MustCompile(`:(\s|$)`)
)

// missingQuotes says how a line is to be written whose value YAML does not take for a text; "" where that is not what is wrong.
func missingQuotes(line string) string {
	found := entry.FindStringSubmatch(comment.ReplaceAllString(line, ""))
	if found == nil {
		return ""
	}
	key, value := found[1], found[2]
	special := !strings.ContainsAny(value[:1], `"'[{|>`) && mapping.MatchString(value) || // source: command: ffmpeg
		strings.ContainsAny(value[:1], "@`") ||
		strings.HasPrefix(value, `"`) && strings.Contains(value, `\`) // in double quotes a backslash begins a special character
	if !special {
		return ""
	}
	if strings.ContainsAny(value, ` @/\'"`) { // it may hold a password, and quoting it is not as simple
		value = "…"
	}
	return fmt.Sprintf("; put the value in single quotes: %s: '%s'", key, value)
}

// lineOf returns a line of the file, counted from 1.
func lineOf(data []byte, n int) string {
	lines := strings.Split(string(data), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], "\r")
}
