package weightcache

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/mattn/go-tflite"

	"edged/infer/engine"
)

// fingerprint describes what decides how weights are packed: the library's file and what the CPU can do.
var fingerprint = sync.OnceValues(func() (string, error) {
	library, err := checksum(engine.LibraryPath())
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	cpu, err := cpuKinds(text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("tflite %s %s%s", tflite.Version(), library, cpu), nil
})

// cpuKeys are the lines of /proc/cpuinfo that tell kinds of CPU apart, on x86 and on ARM.
var cpuKeys = []string{
	"vendor_id", "cpu family", "model", "model name", "stepping", "flags",
	"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features",
}

// cpuKinds returns those lines, each once, however many cores have it.
func cpuKinds(cpuinfo []byte) (string, error) {
	var lines []string
	for scanner := bufio.NewScanner(bytes.NewReader(cpuinfo)); scanner.Scan(); {
		key, _, _ := strings.Cut(scanner.Text(), ":")
		if slices.Contains(cpuKeys, strings.TrimSpace(key)) && !slices.Contains(lines, scanner.Text()) {
			lines = append(lines, scanner.Text())
		}
	}
	if len(lines) == 0 {
		return "", fmt.Errorf("/proc/cpuinfo describes no CPU")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}
