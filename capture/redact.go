package capture

import (
	"path"
	"regexp"
	"strings"
)

// The places where passwords stand: before the host of an address (RFC 3986, 3.2.1), in NAME=VALUE (parameters, options, paths of
// recorders), in a header, and after an option of a command line.
const (
	value = `('[^']*'|"[^"]*"|[^\s&"'#]+)`
	names = `(?:user|usr|login|pass|pwd|pw|auth|token|secret|key)`
)

var (
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#]+)@`)
	named    = regexp.MustCompile(`(?i)([\w-]*` + names + `[\w-]*=)` + value)
	header   = regexp.MustCompile(`(?i)(authorization:\s*)([^\r\n;"']+)`)
	option   = regexp.MustCompile(`(?i)(\s-(?:[up]|-?[\w-]*` + names + `[\w-]*\s)\s*)` + value)

	// programName is the first word of a command line, after the variables that the line sets, where both can be read without a shell.
	programName = regexp.MustCompile(`^\s*(?:[A-Za-z_]\w*=[^\s'"\\` + "`" + `$()]*\s+)*([\w./+-]+)(?:\s|$)`)
)

// Redact hides user names and passwords in a text, such as what ffmpeg says when it cannot connect.
func Redact(text string) string {
	text = userInfo.ReplaceAllString(text, "${1}***@")
	text = named.ReplaceAllString(text, "${1}***")
	return header.ReplaceAllString(text, "${1}***")
}

// ShownSource returns a camera's name that everybody may read. Of a command it shows the program alone: its line may contain a
// password in more forms than anybody can recognise.
func ShownSource(source string) string {
	line, found := strings.CutPrefix(source, string(KindCommand)+":")
	if !found {
		return Redact(source)
	}
	if found := programName.FindStringSubmatch(line); found != nil {
		return string(KindCommand) + ":" + path.Base(found[1])
	}
	return string(KindCommand) + ":***"
}

// redactFor hides passwords in a program's words: also those of its command line, wherever the words repeat them.
func redactFor(line, words string) string {
	words = Redact(words)
	for _, where := range []*regexp.Regexp{userInfo, named, header, option} {
		for _, found := range where.FindAllStringSubmatch(line, -1) {
			secret := strings.Trim(found[2], `'";`)
			_, password, _ := strings.Cut(secret, ":") // of user:password
			for _, s := range []string{secret, password} {
				if len(s) > 2 { // shorter ones are part of many words
					words = strings.ReplaceAll(words, s, "***")
				}
			}
		}
	}
	return words
}
