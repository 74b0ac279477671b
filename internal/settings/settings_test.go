package settings

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edged/internal/testkit"
)

func open(t *testing.T, dir string) (*Store, *testkit.Log) {
	t.Helper()
	log := new(testkit.Log)
	s := New(slog.New(slog.NewTextHandler(log, nil)))
	if err := s.Open(dir); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// keep writes what has changed, as edged does when it ends.
func keep(s *Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.Keep(ctx)
}

func TestSettingsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	s.SetEnabled("front/door", false)
	s.SetThreshold("front/door", "m", "wave", 0.7)
	s.SetThreshold("front/door", "m", "wave", 0.8)
	s.SetThreshold("yard", "m", "rise", 1)
	keep(s)

	again, _ := open(t, dir)
	door, yard := again.View("front/door"), again.View("yard")
	if door.Enabled == nil || *door.Enabled || door.Thresholds["wave"] != 0.8 {
		t.Errorf("door: %+v", door)
	}
	if yard.Enabled != nil || yard.Thresholds["rise"] != 1 {
		t.Errorf("yard: %+v", yard)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
}

func TestADamagedFileIsPutAside(t *testing.T) {
	for _, content := range []string{"", "{", "null", `{"format":2}`, `{"format":1,"views":{"a":{"thresholds":{"b":7}}}}`, "\x00\x00"} {
		dir := t.TempDir()
		path := filepath.Join(dir, fileName)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, log := open(t, dir)
		kept, err := os.ReadFile(path + ".damaged")
		if err != nil || string(kept) != content || !strings.Contains(log.String(), "damaged") {
			t.Errorf("%q: kept %q, %v; log %s", content, kept, err, log)
		}
		s.SetEnabled("a", false)
		keep(s)
		if again, _ := open(t, dir); again.View("a").Enabled == nil {
			t.Errorf("%q: nothing is kept afterwards", content)
		}
	}
}

// If one setting in a file is wrong, none of the file's settings holds. Which others hold must not depend on chance.
func TestAllOfAFileOrNothing(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		content := `{"format":1,"views":{"a":{"enabled":false},"b":{"enabled":false},"c":{"thresholds":{"wave":7}},"d":{"enabled":false}}}`
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := open(t, dir)
		for _, path := range []string{"a", "b", "d"} {
			if s.View(path).Enabled != nil {
				t.Fatalf("view %s has its settings of a file that was put aside", path)
			}
		}
	}
}

// A file that cannot be read now may be readable at the next start.
func TestAFileThatCannotBeReadStays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	if err := os.Symlink(fileName, path); err != nil { // too many levels of links, even for root
		t.Fatal(err)
	}
	s := New(slog.New(slog.DiscardHandler))
	err := s.Open(dir)
	if err == nil || s.Err() == nil {
		t.Fatalf("error %v, afterwards %v", err, s.Err())
	}
	s.SetEnabled("a", false)
	keep(s)
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the file was replaced (%v)", err)
	}
	if v := s.View("a"); v.Enabled == nil || *v.Enabled {
		t.Errorf("%+v", v)
	}
}

func TestWithoutAFolderNothingIsWritten(t *testing.T) {
	s, log := open(t, "")
	s.SetEnabled("a", false)
	keep(s)
	if v := s.View("a"); v.Enabled == nil || *v.Enabled || log.String() != "" {
		t.Errorf("%+v, log %s", v, log)
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	s, log := open(t, dir)
	s.SetEnabled("a", false)
	s.save()
	if !strings.Contains(log.String(), "not written") {
		t.Errorf("log: %s", log)
	}
}

// A full card must not lose settings for longer than it is full.
func TestWhatCouldNotBeWrittenIsTriedAgain(t *testing.T) {
	for _, when := range []string{"after a pause", "at the end"} {
		t.Run(when, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "later")
			synctest.Test(t, func(t *testing.T) {
				s, log := open(t, dir)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					s.Keep(ctx)
				}()
				s.SetEnabled("a", false)
				time.Sleep(time.Minute)
				if s.Err() == nil || strings.Count(log.String(), "not written") != 1 {
					t.Errorf("error %v; log %s", s.Err(), log)
				}
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if when == "after a pause" {
					time.Sleep(time.Minute)
				} else {
					cancel()
					<-ended
				}
				if again, _ := open(t, dir); again.View("a").Enabled == nil || s.Err() != nil {
					t.Errorf("not written: %v", s.Err())
				}
			})
		})
	}
}

// A reload changes or takes away the folder. What users have set stays.
func TestOpenAgainKeepsWhatWasSet(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	old, _ := open(t, second)
	old.SetThreshold("gate", "m", "wave", 0.3)
	old.SetThreshold("gate", "m", "rise", 0.4)
	old.SetEnabled("yard", false)
	keep(old)

	s, _ := open(t, "")
	s.SetEnabled("gate", false)
	s.SetThreshold("gate", "m", "wave", 0.9)
	check := func(when string) {
		t.Helper()
		if v := s.View("gate"); v.Enabled == nil || *v.Enabled || v.Thresholds["wave"] != 0.9 {
			t.Errorf("%s: %+v", when, v)
		}
	}
	for _, dir := range []string{"", first, second, ""} {
		if err := s.Open(dir); err != nil {
			t.Fatal(err)
		}
		check("in " + dir)
		keep(s)
		if dir != "" {
			again, _ := open(t, dir)
			if v := again.View("gate"); v.Enabled == nil || *v.Enabled {
				t.Errorf("%s: not on disk: %+v", dir, v)
			}
		}
	}
	if v := s.View("gate"); v.Thresholds["rise"] != 0.4 {
		t.Errorf("a threshold of the second folder's file is lost: %+v", v)
	}
	if v := s.View("yard"); v.Enabled == nil || *v.Enabled {
		t.Errorf("a switch of the second folder's file is lost: %+v", v)
	}
}

// A file that can be read only later holds from then on, and what was set meanwhile wins.
func TestAFileThatCanBeReadLater(t *testing.T) {
	dir := t.TempDir()
	old, _ := open(t, dir)
	old.SetEnabled("gate", false)
	old.SetEnabled("yard", false)
	keep(old)
	path := filepath.Join(dir, fileName)
	if err := os.Rename(path, path+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fileName, path); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := New(slog.New(slog.DiscardHandler))
		loaded := make(chan struct{}, 1)
		defer s.OnLoaded(func() { loaded <- struct{}{} })()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Keep(ctx) // before the settings are opened, as a process does
		time.Sleep(time.Second)
		if s.Open(dir) == nil {
			t.Error("a file that cannot be read gives no error")
		}
		time.Sleep(time.Minute)
		if err := os.Rename(path+".real", path); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		select {
		case <-loaded:
		default:
			t.Error("nobody learns that the file was read")
		}
		if gate, yard := s.View("gate"), s.View("yard"); gate.Enabled == nil || *gate.Enabled || *yard.Enabled || s.Err() != nil {
			t.Errorf("gate %+v, yard %+v, %v", gate, yard, s.Err())
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format":1,"views":{"front":{"enabled":false,"thresholds":{"wave":0.7}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		views, err := parse(data)
		if err != nil {
			return
		}
		for _, v := range views {
			for _, score := range v.Thresholds {
				if score <= 0 || score > 1 {
					t.Errorf("threshold %g of %s", score, data)
				}
			}
		}
	})
}

// The scores of another model mean something else.
func TestThresholdsBelongToAModel(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	s.SetThreshold("gate", "motions", "fall", 0.98)
	s.SetThreshold("gate", "motions", "wave", 0.9)
	s.SetThreshold("gate", "people", "fall", 0.5)
	if v := s.View("gate"); v.Model != "people" || len(v.Thresholds) != 1 || v.Thresholds["fall"] != 0.5 {
		t.Errorf("%+v", v)
	}
	keep(s)
	other, _ := open(t, "")
	other.SetThreshold("gate", "motions", "wave", 0.7)
	if err := other.Open(dir); err != nil {
		t.Fatal(err)
	}
	if v := other.View("gate"); v.Model != "motions" || len(v.Thresholds) != 1 || v.Thresholds["wave"] != 0.7 {
		t.Errorf("after the file of another model was read: %+v", v)
	}
}
