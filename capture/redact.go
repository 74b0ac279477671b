package capture

import (
	"path"
	"regexp"
	"strings"
)

// Where passwords stand: before the host of an address (RFC 3986, 3.2.1), in NAME=VALUE (parameters, options, paths of recorders), in a
// header, or after an option of a command line.
const (
	value = `('[^']*'|"[^"]*"|[^\s&"'#]+)`
	names = `(?:user|usr|login|pass|pwd|pw|auth|token|secret|key)`
)

var (
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#]+)@`)
	named    = regexp.MustCompile(`(?i)([\w-]*` + names + `[\w-]*=)` + value)
	header   = regexp.MustCompile(`(?i)(authorization:\s*)([^\r\n;"']+)`)
	option   = regexp.MustCompile(`(?i)(\s-(?:[up]|-?[\w-]*` + names + `[\w-]*\s)\s*)` + value)

	// programName is the first word of a command line, after variables that are set for it, where both can be read without a shell.
	programName = regexp.MustCompile(`^\s*(?:[A-Za-z_]\w*=[^\s'"\\` + "`" + `$()]*\s+)*([\w./+-]+)(?:\s|$)`)
)

// Redact hides user names and passwords in a text: of what ffmpeg says when it cannot connect.
func Redact(text string) string {
	text = userInfo.ReplaceAllString(text, "${1}***@")
	text = named.ReplaceAllString(text, "${1}***")
	return header.ReplaceAllString(text, "${1}***")
}

// ShownSource is a camera's name for everybody to read: of a command the program alone, since its line may hold a password in
// more ways than can be told.
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

// redactFor hides in a program's words also the passwords of its command line, wherever they stand.
func redactFor(line, words string) string {
	words = Redact(words)
	for _, where := range []*regexp.Regexp{userInfo, named, header, option} {
		for _, found := range where.FindAllStringSubmatch(line, -1) {
			secret := strings.Trim(found[2], `'";`)
			_, password, _ := strings.Cut(secret, ":") // of user:password
			for _, s := range []string{secret, password} {
				if len(s) > 2 { // fewer letters are in every other word
					words = strings.ReplaceAll(words, s, "***")
				}
			}
		}
	}
	return words
}
