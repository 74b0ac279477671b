// Command uvcsim is a USB camera in user space: it plugs itself into the running kernel through vhci_hcd, so that the
// real uvcvideo driver binds it, and plays a file of concatenated JPEGs in a loop, in real time.
//
//	uvcsim [-rate 15] [-isochronous] CLIP.mjpeg
//
// It obeys one command a line on standard input, answers each with a line on standard output, and ends with its input:
//
//	plug, unplug  the cable (it starts plugged)
//	error         the next frame carries the UVC error bit
//	truncate      the next frame's JPEG stops after a third, unflagged
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("uvcsim: ")
	rate := flag.Int("rate", 15, "frames a second, of the camera and of the clip")
	isochronous := flag.Bool("isochronous", false, "stream over an isochronous endpoint, as most webcams do, instead of a bulk one")
	flag.Parse()
	if flag.NArg() != 1 || *rate < 1 {
		log.Fatal("usage: uvcsim [-rate N] [-isochronous] CLIP.mjpeg")
	}
	clip, err := openClip(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	sim := &simulator{model: model{clip: clip, interval: time.Second / time.Duration(*rate), isochronous: *isochronous}}
	if err := sim.obey(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// simulator is the hand that holds the camera's cable.
type simulator struct {
	model   model
	plugged *camera // nil while the cable is out
}

// obey plugs the camera in and carries out the commands read from in until its end.
func (s *simulator) obey(in io.Reader, out io.Writer) error {
	if err := s.do("plug"); err != nil {
		return err
	}
	fmt.Fprintf(out, "plug: %d JPEGs of %dx%d\n", len(s.model.clip.frames), s.model.clip.width, s.model.clip.height)
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		if err := s.do(commands.Text()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: done\n", commands.Text())
	}
	return commands.Err()
}

func (s *simulator) do(command string) error {
	switch {
	case command == "plug" && s.plugged == nil:
		end, err := attach()
		if err != nil {
			return err
		}
		s.plugged = newCamera(s.model, end)
		go s.plugged.run()
	case s.plugged == nil:
		return fmt.Errorf("%s: the camera is unplugged", command)
	case command == "unplug":
		s.plugged.close()
		s.plugged = nil
	case command == "error":
		s.plugged.spoilNext(errorBit)
	case command == "truncate":
		s.plugged.spoilNext(truncated)
	default:
		return fmt.Errorf("unknown command %q", command)
	}
	return nil
}
