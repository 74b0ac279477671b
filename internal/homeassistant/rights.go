package homeassistant

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// The user and the group that edged has in its container images.
const (
	user  = 990
	group = 44 // Debian's video
)

// DropRights gives the state folder to edged's own user, and makes the process that user for good. It keeps the groups of the video
// devices, whatever numbers the board has for them. It does nothing if the process is not root.
func (a App) DropRights() error {
	if os.Getuid() != 0 {
		return nil
	}
	if err := os.MkdirAll(a.State, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if err := giveAway(a.State); err != nil {
		return fmt.Errorf("give the state folder to the user %d: %w", user, err)
	}
	if err := syscall.Setgroups(videoGroups("/dev")); err != nil {
		return fmt.Errorf("set the groups: %w", err)
	}
	if err := syscall.Setgid(group); err != nil {
		return fmt.Errorf("set the group: %w", err)
	}
	if err := syscall.Setuid(user); err != nil {
		return fmt.Errorf("set the user: %w", err)
	}
	return nil
}

// giveAway gives everything in the folder to edged's user: a restored backup belongs to root.
func giveAway(dir string) error {
	root, err := os.OpenRoot(dir) // no symbolic link leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, user, group)
	})
}

// videoGroups returns the groups of the video devices, and Debian's.
func videoGroups(dev string) []int {
	groups := []int{group}
	for _, pattern := range []string{"video*", "media*"} {
		paths, _ := filepath.Glob(filepath.Join(dev, pattern))
		for _, path := range paths {
			var s syscall.Stat_t
			if err := syscall.Stat(path, &s); err == nil && s.Gid != 0 && !slices.Contains(groups, int(s.Gid)) {
				groups = append(groups, int(s.Gid))
			}
		}
	}
	return groups
}
